"""Tables for people. Colours are off where the output is no terminal; everything from an account is cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from formerr_infra.cli.options import console as make_console
from formerr_infra.decide.published import published
from formerr_infra.model import Outcome
from formerr_infra.objects import APPLICATION
from formerr_infra.report import clean, ownership

if TYPE_CHECKING:
    from rich.console import Console

    from formerr_infra.detect import Assessment

_STYLE = {
    Outcome.CREATE: "green",
    Outcome.RECREATE: "yellow",
    Outcome.KEEP: "cyan",
    Outcome.ADOPT: "blue",
    Outcome.IMPORT: "magenta",
    Outcome.RELEASE: "yellow",
    Outcome.OMIT: "dim",
    Outcome.REFUSE: "bold red",
}


def decisions_table(assessment: Assessment, console: Console | None = None) -> None:
    """Print one line a slot, then notes, findings and what settles a refusal."""
    console = console or make_console()
    table = Table(title=f"{assessment.stack}: what would be done", title_justify="left", expand=False)
    for column in ("slot", "decision", "owner", "row", "state holds", "id", "why"):
        table.add_column(column, overflow="fold")
    for one in assessment.decisions.values():
        table.add_row(
            one.slot,
            Text(one.outcome.value, style=_STYLE[one.outcome]),
            ownership(one),
            one.row,
            one.held.holding.value,
            Text(clean(one.id or "")),
            Text(clean(one.reason)),
        )
    console.print(table)
    for one in assessment.decisions.values():
        for note in one.notes:
            console.print(Text(clean(f"note: {one.slot}: {note}")))
    for one in assessment.refused:
        if one.slot not in assessment.decisions:
            console.print(Text(clean(f"{one.slot}: refused (row {one.row}): {one.reason}")))
        console.print(Text(clean(f"to go on with {one.slot}: {one.settle}")))
    for finding in assessment.findings:
        console.print(Text(f"{finding.severity}: {clean(finding.message)}"))
    for urn in assessment.ledger.pending:
        console.print(Text(f"an interrupted create is noted in the state: {clean(urn)}"))
    console.print(
        Text(f"{assessment.calls} calls, {assessment.seconds:.2f} s; nothing was changed", style="dim")
    )


def explanation(assessment: Assessment, slot: str, console: Console | None = None) -> None:
    """Print everything behind one decision; of the application, a line for each object."""
    console = console or make_console()
    one = assessment.decisions.get(slot) or assessment.objects[slot]
    row = next((row for row in published() if row.number == one.row), None)
    facts = Table(title=Text(clean(f"{slot}: {one.outcome.value}")), title_justify="left", show_header=False)
    facts.add_column("what")
    facts.add_column("value", overflow="fold")
    facts.add_row(
        "row", f"{one.row}: held {row.held}; live {row.live}; policy {row.policy}" if row else one.row
    )
    facts.add_row("why", Text(clean(one.reason)))
    if one.settle:
        facts.add_row("to go on", Text(clean(one.settle)))
    held = one.held.holding.value + (f" {one.held.id}" if one.held.id else "")
    facts.add_row("state holds", Text(clean(held)))
    for found in one.found:
        shown = ", ".join(f"{key}={value}" for key, value in found.facts.items())
        owner = f" ({found.owner})" if found.owner else ""
        facts.add_row("live", Text(clean(f"{found.name} {found.id}: {found.mark.value}{owner}; {shown}")))
    for note in one.notes:
        facts.add_row("note", Text(clean(note)))
    console.print(facts)
    if slot == APPLICATION:
        console.print(_objects(assessment))


def _objects(assessment: Assessment) -> Table:
    table = Table(expand=False)
    for column in ("object", "decision", "row", "state holds", "why"):
        table.add_column(column, overflow="fold")
    for key, one in assessment.objects.items():
        table.add_row(
            Text(clean(key)),
            Text(one.outcome.value, style=_STYLE[one.outcome]),
            one.row,
            one.held.holding.value,
            Text(clean(one.reason)),
        )
    return table
