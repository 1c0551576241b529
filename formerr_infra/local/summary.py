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
    if decisions:
        console.print(_decisions(decisions))
    console.print(_outputs(stack, outputs))
    said = f"The local DigitalOcean is {run.running.endpoint}, with the {run.plugin.why}."
    console.print(said, soft_wrap=True, highlight=False)
    after = f'Next: source .venv/bin/activate; eval "$(formerr local env)"; pulumi preview -s {stack}'
    console.print(after, soft_wrap=True, highlight=False)


def _outputs(stack: str, outputs: Mapping[str, object]) -> object:
    from rich.table import Table

    table = Table(title=f"Outputs of {stack}", title_justify="left")
    table.add_column("output", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in sorted(outputs.items()):
        table.add_row(name, _plain(value))
    return table


def _decisions(decisions: object) -> object:
    from rich.table import Table

    rows = list(decisions.items()) if isinstance(decisions, dict) else list(enumerate(_list(decisions)))
    keys: list[str] = []
    for _, facts in rows:
        keys += [key for key in facts if key not in keys] if isinstance(facts, dict) else []
    table = Table(title="Decisions", title_justify="left")
    table.add_column("slot", no_wrap=True)
    for key in keys or ["decision"]:
        table.add_column(key, overflow="fold")
    for name, facts in rows:
        cells = [facts.get(key, "") for key in keys] if isinstance(facts, dict) else [facts]
        table.add_row(str(name), *map(_plain, cells))
    return table


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
