"""The emulator as somebody else has it: a wheel, its extra and nothing more; the example of its page as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution, files, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from formerr_infra.local.paths import CHECKOUT


@pytest.fixture(scope="module", name="elsewhere")
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the package's wheel, what its extra `emulator` asks for, and pytest."""
    folder = tmp_path_factory.mktemp("elsewhere")
    built = folder / "built"
    source = shutil.copytree(
        CHECKOUT / "formerr_infra", folder / "source" / "formerr_infra", ignore=_COMPILED
    ).parent
    shutil.copytree(CHECKOUT / "requirements", source / "requirements")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(CHECKOUT / name, source)
    build = "import sys, setuptools.build_meta as meta; print(meta.build_wheel(sys.argv[1]))"
    run(sys.executable, "-c", build, os.fspath(built), cwd=source)
    (wheel,) = built.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (about,) = site.glob("formerr_infra-*.dist-info/METADATA")
    asked = [Requirement(line) for line in re.findall(r"(?m)^Requires-Dist: (.*)$", about.read_text("utf-8"))]
    assert all(one.marker is not None for one in asked), "the package asks for something without an extra"
    wanted = [
        one.name for one in asked if one.marker is not None and one.marker.evaluate({"extra": "emulator"})
    ]
    for name in closure([*wanted, "pytest"]):
        for top in sorted({file.parts[0] for file in files(name) or () if file.parts[0] != ".."}):
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    return folder / "venv" / "bin" / "python"


_COMPILED = shutil.ignore_patterns("__pycache__")


def closure(names: list[str]) -> set[str]:
    """These distributions and all that they need here."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in found:
            found.add(name)
            needs = [Requirement(line) for line in requires(name) or ()]
            todo += [one.name for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """What a program says that ends with this code."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=bare,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_example_of_the_page_passes_in_a_project_of_its_own(elsewhere: Path, tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "emulator.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (plugins,) = re.findall(r"`(pytest_plugins = [^`]+)`", page)
    (tmp_path / "conftest.py").write_text(f"{plugins}\n", "utf-8")
    (tmp_path / "test_example.py").write_text(example, "utf-8")
    assert "2 passed" in run(elsewhere, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)


def test_without_what_they_need_the_commands_say_so(elsewhere: Path, tmp_path: Path) -> None:
    assert "--state-file" in run(elsewhere, "-m", "formerr_infra.emulator", "--help", cwd=tmp_path)
    said = run(elsewhere, "-m", "formerr_infra.cli.entry", "--help", cwd=tmp_path, code=7)
    assert said.startswith("error: typer is not installed; `pip install 'formerr-infra[program]'`")
    assert "Traceback" not in said


def test_it_imports_nothing_of_the_program_and_neither_engine_nor_client() -> None:
    code = (
        "import sys, formerr_infra.emulator.fixtures, formerr_infra.emulator.serve\n"
        "own = [name for name in sys.modules if name.startswith('formerr_infra.') and '.emulator' not in name]\n"
        "print(own, [name for name in ('pulumi', 'pydo', 'pydantic', 'typer') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    ).stdout  # fmt: skip

    assert said == "[] []\n"
