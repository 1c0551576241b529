"""What `formerr local up` ends with: the decisions and the outputs as tables. The one place that decides how
it looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from formerr_infra.local.runs import LocalRun


def show(run: LocalRun, stack: str, console: Console) -> None:
    """Print the summary of a stack that is up.

    Raises:
        EngineFailed: the outputs cannot be read.
    """
    outputs = run.outputs(stack)
    decisions = outputs.pop("decisions", None)
    if isinstance(decisions, dict):
        console.print(_decisions(decisions))
    console.print(_outputs(stack, outputs))
    said = f"The local DigitalOcean is {run.running.endpoint}, with the {run.plugin.why}."
    console.print(said, soft_wrap=True, highlight=False)
    # Without the application a run needs the copy of the stack file, which says so.
    file = "" if run.application else f" --config-file {run.paths.config / f'Pulumi.{stack}.yaml'}"
    after = f'Next: source .venv/bin/activate; eval "$(formerr local env)"; pulumi preview -s {stack}{file}'
    console.print(after, soft_wrap=True, highlight=False)


def _outputs(stack: str, outputs: Mapping[str, object]) -> object:
    from rich.table import Table

    table = Table(title=f"Outputs of {stack}", title_justify="left")
    table.add_column("output", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in sorted(outputs.items()):
        table.add_row(name, _plain(value))
    return table


#: What is shown of a decision, in this order; the rest is in `pulumi stack output decisions`.
_SHOWN = ("outcome", "ownership", "row", "reason")


def _decisions(decisions: Mapping[str, Mapping[str, object]]) -> object:
    from rich.table import Table

    table = Table(title="Decisions", title_justify="left")
    table.add_column("slot", no_wrap=True)
    for key in _SHOWN:
        table.add_column(key, overflow="fold", no_wrap=key != "reason")
    for slot, facts in sorted(decisions.items(), key=lambda item: _order(item[0])):
        table.add_row(slot, *(_plain(facts.get(key, "")) for key in _SHOWN))
    return table


def _order(slot: str) -> int:
    from formerr_infra.slots import SLOTS

    keys = [one.key for one in SLOTS]
    return keys.index(slot) if slot in keys else len(keys)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
