"""The first step runs on any Python 3, and what follows on a bare one."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

BOOTSTRAP = CHECKOUT / "setup" / "bootstrap.py"


def _fake_python(folder: Path, version: str) -> Path:
    program = folder / "python-fake"
    program.write_text(f"#!/bin/sh\necho {version}\n", "utf-8")
    program.chmod(0o755)
    return program


def test_the_first_step_is_read_by_old_pythons() -> None:
    ast.parse(BOOTSTRAP.read_text("utf-8"), feature_version=(3, 4))


def test_a_python_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    python = _fake_python(tmp_path, "3 9")

    done = subprocess.run(
        [sys.executable, BOOTSTRAP], env={"FORMERR_PYTHON": os.fspath(python), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 10
    assert "Python 3.11 or newer is needed" in done.stderr
    assert f"{python} (FORMERR_PYTHON) is Python 3.9" in done.stderr


def test_a_python_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, BOOTSTRAP], env={"FORMERR_PYTHON": os.fspath(tmp_path / "none"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 10
    assert "does not run" in done.stderr


def test_set_up_imports_nothing_but_the_standard_library(tmp_path: Path) -> None:
    for module in ("__init__", "children", "errors", "files", "loopback"):
        name = f"formerr_infra/{module}.py"
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    shutil.copytree(CHECKOUT / "formerr_infra" / "local", tmp_path / "formerr_infra" / "local")
    bare = [sys.executable, "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {os.fspath(tmp_path)!r}); import formerr_infra.local.install"

    done = subprocess.run([*bare, code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_an_argument_that_there_is_not_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "formerr_infra.local.install", "--fast"], cwd=CHECKOUT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "--fast" in done.stderr


def test_an_unknown_way_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    local = tmp_path / "local"
    env = os.environ | {"FORMERR_TOOLCHAIN": "magic", "FORMERR_LOCAL_DIR": os.fspath(local)}

    done = subprocess.run(
        [sys.executable, "-m", "formerr_infra.local.install"], cwd=CHECKOUT, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "FORMERR_TOOLCHAIN=magic: it is one of auto, path, release, build" in done.stderr
    assert not local.exists()
