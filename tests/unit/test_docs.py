"""The generated pages say what the code says, and decision records have their form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from formerr_infra import docs, errors
from formerr_infra.cli.app import app
from formerr_infra.decide.published import published
from formerr_infra.docs.outputs import OUTPUTS
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import Code
from formerr_infra.settings.schema import Settings

if TYPE_CHECKING:
    from pathlib import Path

DOCS = docs.FOLDER


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_generated_page_is_not_stale(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == docs.PAGES[name](), (
        "run `python -m formerr_infra.docs`"
    )


def test_a_stale_page_is_found_and_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--folder", str(tmp_path)]
    assert docs.main([*arguments, "--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert docs.main(arguments) == 0
    assert docs.main([*arguments, "--check"]) == 0
    (tmp_path / "exit-codes.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert docs.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out == "stale: exit-codes.md\n"


def test_the_page_has_every_row_and_every_reason_to_refuse() -> None:
    page = docs.decision_table()
    assert all(f"\n| {row.number} | " in page for row in published())
    assert all(f"`{code}`" in page for code in Code)


def test_every_reason_to_refuse_is_named_by_a_row() -> None:
    cells = " ".join(row.outcome for row in published())
    assert [code for code in Code if f"`{code}`" not in cells] == []


def test_the_page_has_every_key() -> None:
    page = docs.configuration()
    assert all(f"| `{info.alias}` |" in page for info in Settings.model_fields.values())


def test_every_error_has_an_exit_code_that_the_command_tells() -> None:
    page, said = docs.exit_codes(), str(app.info.epilog)
    kinds: list[type[errors.FormerrError]] = [
        errors.SettingsError,
        errors.Refused,
        errors.UnknownIsNotAbsent,
        errors.PreflightFailed,
        errors.SetupError,
    ]
    for kind in kinds:
        assert f"| {kind.exit_code} | `{kind.__name__}` |" in page
        assert f"{kind.exit_code} " in said


def test_every_decision_record_has_its_three_parts_and_its_number() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert len(set(numbers)) == len(numbers)
    listed = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    assert [record.name for record in records if f"({record.name})" not in listed] == []
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.match(rf"# {int(record.name[:4])}\. ", text), record.name
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in text, (record.name, part)


def test_every_output_of_the_program_is_on_its_page_and_no_other() -> None:
    program = CHECKOUT / "formerr_infra"
    exported = {
        name
        for file in (*program.glob("declare*.py"), *program.glob("components/*.py"))
        for name in re.findall(r'pulumi\.export\(\s*"([a-z_]+)"', file.read_text("utf-8"))
    }
    assert exported == set(OUTPUTS)
