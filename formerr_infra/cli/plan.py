"""A preview as tables: what was decided, what the engine would change, what the guard says; and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from formerr_infra.cli.render import decisions_table
from formerr_infra.engine import Op
from formerr_infra.guard.kinds import LOGICAL
from formerr_infra.report import clean

if TYPE_CHECKING:
    from rich.console import Console

    from formerr_infra.deploy import Report
    from formerr_infra.engine import Change, Preview

_STYLE = {
    "create": "green",
    "import": "magenta",
    "update": "yellow",
    "delete": "bold red",
    "replace": "bold red",
}


def plan(report: Report, console: Console) -> None:
    """What would be done."""
    if report.assessment is not None:
        decisions_table(report.assessment, console)
    if report.preview is not None:
        changes(report.preview, "what the engine would change", console)
        for one in report.preview.violations:
            console.print(Text(clean(f"policy: {one.policy} ({one.level}): {one.message}"), style="yellow"))
    for noted in report.repairs:
        console.print(Text(clean(f"left unfinished by an earlier run: {noted.text}"), style="yellow"))
    if report.verdict is not None:
        for urn in report.verdict.allowed:
            console.print(Text(clean(f"asked for by name: {urn}"), style="yellow"))
        for urn in report.verdict.unused:
            console.print(
                Text(clean(f"--allow-replace {urn}: is neither deleted nor replaced"), style="yellow")
            )
        said = f"{len(report.verdict.stops)} stops" if report.verdict.stops else "nothing stops this plan"
        console.print(Text(f"guard: {said}", style="bold red" if report.verdict.stops else "green"))


def changes(preview: Preview, title: str, console: Console) -> None:
    """The steps that do not leave everything as it is, and what had drifted."""
    loud = [one for one in preview.loud if not one.type.startswith(LOGICAL)]
    urns = {one.urn for one in loud}
    if loud:
        table = Table(title=title, title_justify="left", expand=False)
        for column in ("operation", "resource", "id", "what differs"):
            table.add_column(column, overflow="fold")
        for one in loud:
            table.add_row(*_row(one))
        console.print(table)
    else:
        console.print(Text("nothing is to be changed"))
    # What is read anew and would not be changed back, a status for one, is no drift that anybody asks about.
    for one in (one for one in preview.drift if one.op == Op.DELETE or one.urn in urns):
        what = ", ".join(one.keys) or "gone"
        console.print(Text(clean(f"changed behind the stack's back: {one.name} ({what})"), style="yellow"))


def outcome(report: Report, console: Console) -> None:
    """What came of a deployment, and how long each phase took."""
    from formerr_infra.health import summary

    if report.result is not None:
        counts = Counter(one.op for one in report.result.loud if not one.type.startswith(LOGICAL))
        told = ", ".join(f"{many} {op}" for op, many in counts.items()) or "nothing was changed"
        console.print(Text(clean(f"{report.stack}: {told}")))
    for line in report.unforeseen:
        console.print(Text(clean(f"done, and not previewed: {line}"), style="yellow"))
    for one in report.repairs:
        console.print(Text(clean(f"repaired: {one.text}")))
    if report.health is not None:
        console.print(Text(f"health: {summary(report.health)}"))
    for name in ("application_url", "api_url", "load_balancer_ip", "registry_endpoint"):
        if report.outputs and report.outputs.get(name):
            console.print(Text(clean(f"{name}: {report.outputs[name]}")))
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.phases)
    console.print(Text(times, style="dim"))


def _row(one: Change) -> tuple[Text, ...]:
    style = _STYLE.get(one.op.partition("-")[0], "")
    differs = ", ".join(f"{key} (replaces)" if key in one.replaces else key for key in one.keys)
    external = " (only read)" if one.external else ""
    return (
        Text(clean(one.op), style=style),
        Text(clean(one.name) + external),
        Text(clean(one.id)),
        Text(clean(differs)),
    )
