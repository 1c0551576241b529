"""The emulator as somebody else's tests have it: the example of its page, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_of_the_page_passes_in_a_project_of_its_own(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "emulator.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (plugins,) = re.findall(r"`(pytest_plugins = [^`]+)`", page)
    (tmp_path / "conftest.py").write_text(f"{plugins}\n", "utf-8")
    (tmp_path / "test_example.py").write_text(example, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath={CHECKOUT}"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


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
