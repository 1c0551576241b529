"""A destroy as people and machines read it. Everything from an account is cleaned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from formerr_infra.destroy.model import ENDS, Fate
from formerr_infra.report import clean

if TYPE_CHECKING:
    from rich.console import Console

    from formerr_infra.destroy.model import Outcome, Piece, Plan
    from formerr_infra.destroy.stops import Stop

_STYLE = {
    Fate.GOES: "red",
    Fate.WITH: "red",
    Fate.GONE: "dim",
    Fate.ADOPTED: "blue",
    Fate.RETAINED: "yellow",
    Fate.PROTECTED: "bold red",
}
_ONE_LINE_EACH = frozenset({Fate.RETAINED, Fate.PROTECTED})


def show_plan(plan: Plan, console: Console) -> None:
    """What goes and what stays, a line each; of the objects on a cluster, those that stay, and a count."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{plan.stack}: what a destroy does", title_justify="left", expand=False)
    for column in ("what", "id", "becomes", "why"):
        table.add_column(column, overflow="fold")
    for piece in plan.pieces:
        if not _summed(piece):
            table.add_row(
                Text(clean(piece.resource.label)), Text(clean(piece.resource.id)),
                Text(piece.fate.value, style=_STYLE[piece.fate]), Text(clean(piece.reason)),
            )  # fmt: skip
    for fate, many in Counter(one.fate for one in plan.pieces if _summed(one)).items():
        table.add_row(
            f"{many} objects on the cluster",
            "",
            Text(fate.value, style=_STYLE[fate]),
            "what the application is made of",
        )
    for trace in plan.traces:
        fate = Fate.GOES if trace.goes else Fate.RETAINED
        kind = trace.thing.kind.removesuffix("s").replace("_", " ")
        table.add_row(
            Text(clean(f"{kind} {trace.thing.name}")), Text(clean(trace.thing.id)),
            Text("goes" if trace.goes else "stays", style=_STYLE[fate]), Text(clean(trace.reason)),
        )  # fmt: skip
    console.print(table)
    for kind, one in plan.strays:
        console.print(
            Text(
                clean(
                    f"note: {kind} {one.name} {one.id} carries the mark of this stack and is not in its state; a destroy does "
                    "not take it"
                )
            )
        )


def _summed(piece: Piece) -> bool:
    return piece.resource.on_cluster and piece.fate not in _ONE_LINE_EACH


def show_outcome(outcome: Outcome, console: Console) -> None:
    """What is left, and why."""
    from rich.table import Table
    from rich.text import Text

    if outcome.left:
        table = Table(title="what is left", title_justify="left", expand=False)
        for column in ("what", "id", "", "why"):
            table.add_column(column, overflow="fold")
        for one in outcome.left:
            kind = one.kind.replace("_", "-")
            named = one.name if one.name.startswith(kind) else f"{kind} {one.name}"
            mark = Text("as it should") if one.expected else Text("should not be", style="bold red")
            table.add_row(Text(clean(named)), Text(clean(one.id)), mark, Text(clean(one.reason)))
        console.print(table)
    for reason in outcome.unknown:
        console.print(Text(clean(f"not known: {reason}")))
    console.print(f"{outcome.confirmed} seen to be gone, {len(outcome.left)} left")


def left_message(outcome: Outcome) -> str:
    """What should not be there, for the error."""
    lines = [f"{len(outcome.unexpected)} left that should not be:"]
    lines += [f"  {one.kind} {one.name} {one.id}: {one.reason}" for one in outcome.unexpected]
    return "\n".join(lines)


def document(plan: Plan, stops: tuple[Stop, ...], outcome: Outcome | None) -> dict[str, Any]:
    """Everything, for machines.

    Shape: `{stack, ok, destroyed, resources: [{urn, name, type, id, becomes, goes, reason}], made_by_cluster: [{kind, id,
    name, goes, reason}], strays: [{kind, id, name}], stops: [{reason, settle, unknown}], left: [{kind, id, name, reason,
    expected}], unknown, confirmed}`; the last three are null where nothing was deleted.
    """
    return {
        "stack": plan.stack,
        "ok": not stops and (outcome is None or not (outcome.unexpected or outcome.unknown)),
        "destroyed": outcome is not None,
        "resources": [
            {
                "urn": one.resource.urn,
                "name": one.resource.label,
                "type": one.resource.type,
                "id": one.resource.id,
                "becomes": one.fate.name.lower(),
                "goes": one.fate in ENDS,
                "reason": one.reason,
            }
            for one in plan.pieces
        ],
        "made_by_cluster": [
            {
                "kind": one.thing.kind,
                "id": one.thing.id,
                "name": one.thing.name,
                "goes": one.goes,
                "reason": one.reason,
            }
            for one in plan.traces
        ],
        "strays": [{"kind": kind, "id": one.id, "name": one.name} for kind, one in plan.strays],
        "stops": [{"reason": one.reason, "settle": one.settle, "unknown": one.unknown} for one in stops],
        "left": None
        if outcome is None
        else [
            {
                "kind": one.kind,
                "id": one.id,
                "name": one.name,
                "reason": one.reason,
                "expected": one.expected,
            }
            for one in outcome.left
        ],
        "unknown": None if outcome is None else list(outcome.unknown),
        "confirmed": None if outcome is None else outcome.confirmed,
    }
