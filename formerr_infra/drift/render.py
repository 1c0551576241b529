"""Drift as people and machines read it, and as the text of an issue. Everything from an account is cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.drift.model import Finding, Item, Report
from formerr_infra.page.comment import escaped
from formerr_infra.report import clean

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = {Finding.CHANGED: "yellow", Finding.GONE: "bold red", Finding.UNKNOWN: "magenta"}


def show(report: Report, console: Console, *, noise: bool) -> None:
    """A line for each property that differs, and for each resource that is gone or unknown.

    Args:
        report: what was found.
        console: where to.
        noise: also what differs and is no drift.
    """
    from rich.table import Table
    from rich.text import Text

    loud = report.of(Finding.CHANGED, Finding.GONE, Finding.UNKNOWN)
    if loud:
        table = Table(title=f"{report.stack}: behind the stack's back", title_justify="left", expand=False)
        for column in ("what", "", "", "property", "was", "is"):
            table.add_column(column, overflow="fold")
        for item in loud:
            for row in _rows(item):
                table.add_row(*(Text(clean(cell)) for cell in row[:2]), Text(row[2], style=_STYLE[item.finding]),
                              *(Text(clean(cell)) for cell in row[3:]))  # fmt: skip
        console.print(table)
    if noise:
        for one in report.noise:
            console.print(Text(clean(f"no drift: {one.label}: {one.path}: {one.reason}"), style="dim"))
    console.print(Text(summary(report)))


def _rows(item: Item) -> list[tuple[str, str, str, str, str, str]]:
    owner = "owned" if item.owned else "adopted"
    if item.differences:
        return [
            (item.label, owner, item.finding.value, one.path, one.was, one.now) for one in item.differences
        ]
    return [(item.label, owner, item.finding.value, "", item.id, item.reason)]


def summary(report: Report) -> str:
    """One sentence: how many of each."""
    counts = {finding: len(report.of(finding)) for finding in Finding}
    told = ", ".join(f"{many} {finding.value}" for finding, many in counts.items() if many)
    quiet = f"; {len(report.noise)} differences are no drift" if report.noise else ""
    return f"{report.stack}: {len(report.items)} resources looked at: {told or 'nothing'}{quiet}; nothing was changed"


def document(report: Report) -> dict[str, Any]:
    """Everything, for machines.

    Shape: `{stack, ok, resources, drifted: [{urn, name, type, id, owned, finding, reason, differences: [{path, was,
    now}]}], unknown: [the same], noise: [{name, path, reason}]}`; values of secrets are `[secret]`.
    """
    return {
        "stack": report.stack,
        "ok": not report.drifted and not report.unknown,
        "resources": len(report.items),
        "drifted": [_item(one) for one in report.drifted],
        "unknown": [_item(one) for one in report.unknown],
        "noise": [{"name": one.label, "path": one.path, "reason": one.reason} for one in report.noise],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "urn": item.urn,
        "name": item.label,
        "type": item.type,
        "id": item.id,
        "owned": item.owned,
        "finding": item.finding.value,
        "reason": item.reason,
        "differences": [{"path": one.path, "was": one.was, "now": one.now} for one in item.differences],
    }


def markdown(report: Report) -> str:
    """The text of an issue or a comment."""
    lines = [f"## Drift of `{report.stack}`", "", escaped(summary(report)) + ".", ""]
    changed = [(item, one) for item in report.of(Finding.CHANGED) for one in item.differences]
    if changed:
        lines += ["| resource | owned | property | was | is |", "| --- | --- | --- | --- | --- |"]
        lines += [
            _line(item.label, "yes" if item.owned else "adopted", one.path, one.was, one.now)
            for item, one in changed
        ]
        lines.append("")
    rest = report.of(Finding.GONE, Finding.UNKNOWN)
    if rest:
        lines += ["| resource | owned | id | finding | why |", "| --- | --- | --- | --- | --- |"]
        lines += [
            _line(item.label, "yes" if item.owned else "adopted", item.id, item.finding.value, item.reason)
            for item in rest
        ]
        lines.append("")
    if report.of(Finding.CHANGED, Finding.GONE):
        lines += [
            (
                f"`formerr deploy {report.stack}` puts back what the stack owns; `pulumi refresh -s {report.stack}` takes it "
                "over into the state. What is adopted is its owner's."
            ),
            "",
        ]
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return "| " + " | ".join(_code(cell) for cell in cells) + " |"


def _code(cell: str) -> str:
    """A cell as code: nothing in it is markup, and a pipe ends no cell."""
    text = clean(cell).replace("|", "\\|")
    if not text.strip():
        return ""
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if fence != "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
