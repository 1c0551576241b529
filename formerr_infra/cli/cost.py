"""`formerr cost`: what environments cost a month; reads only, runs no engine."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli.detect import assessment
from formerr_infra.cli.options import AsJson, Folder, State, as_text, console
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from formerr_infra.cost import Bill, Line, Price, Total
    from formerr_infra.detect import Assessment


def cost(
    environment: Annotated[
        str | None,
        typer.Argument(
            help="The stack, as in Pulumi.<environment>.yaml. Not said: every stack of the folder."
        ),
    ] = None,
    folder: Folder = Path(),
    state: State = None,
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Also what is paid now, and what the next update would add.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what each resource costs a month once its decisions are carried out, and the sums. Changes nothing.

    What is adopted costs the account the same, and is shown apart. A price that is not known is said, never counted as 0.

    Examples:  formerr cost  |  formerr cost production  |  formerr cost staging --preview  |  formerr cost --json
    """
    names = [environment] if environment is not None else _stacks(folder)
    if state is not None and len(names) > 1:
        raise SettingsError(["--state is the state of one stack: say which environment"])
    bills = [bill_of(name, folder, state)[1] for name in names]
    if as_json:
        from formerr_infra.cost.form import document

        typer.echo(as_text(document(bills)))
    else:
        show(bills, preview=preview)


def bill_of(stack: str, folder: Path, state: Path | None) -> tuple[Assessment, Bill]:
    """A stack assessed, and priced.

    Raises:
        FormerrError: what makes that impossible.
    """
    from formerr_infra.cost import bill
    from formerr_infra.inventory.prices import read_prices
    from formerr_infra.settings import access_of

    reach = access_of(stack)
    assessed = assessment(stack, folder, state, reach)
    found = bill(assessed, read_prices(reach), in_spaces=in_spaces(os.environ), account=_label(reach.token))
    return assessed, found


def _label(token: str) -> str:
    """What tells accounts apart, without the token."""
    return hashlib.blake2b(token.encode(), digest_size=8).hexdigest()


def in_spaces(environ: Mapping[str, str]) -> bool:
    """Whether the state is kept in DigitalOcean's Spaces, as far as the environment says."""
    return re.match(r"s3://.*\bdigitaloceanspaces\.com", environ.get("PULUMI_BACKEND_URL", "")) is not None


def show(bills: Sequence[Bill], *, preview: bool) -> None:
    """Print a table for each environment, and the sum of all."""
    from formerr_infra.cost import total
    from formerr_infra.cost.bill import all_of, difference
    from formerr_infra.cost.table import CHECKED

    out = console()
    for bill in bills:
        _table(bill, out, preview=preview)
    if len(bills) > 1:
        lines = all_of(bills)
        then = total((one, one.then) for one in lines)
        now, added = total((one, one.now) for one in lines), difference(lines)
        out.print(_sum("all environments", then, now if preview else None, added), highlight=False)
    out.print(
        f"US dollars a month, before tax; traffic and storage beyond what is included are not in it. "
        f"Sizes and registry plans by the API, the rest by the table of {CHECKED}.",
        style="dim",
    )


def _table(bill: Bill, out: Console, *, preview: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.cost.amount import TIMES
    from formerr_infra.cost.bill import OWNERS
    from formerr_infra.report import clean

    table = Table(title=f"{bill.environment}: cost a month", title_justify="left", expand=False)
    for column in ("slot", "what", "owner"):
        table.add_column(column, overflow="fold")
    for column in ("now", "then", "change") if preview else ("a month",):
        table.add_column(column, justify="right")
    free = Counter(clean(one.what) for one in bill.lines if _is_free(one))
    for line in bill.lines:
        if not _is_free(line):
            cells = (line.now, line.then) if preview else (line.then,)
            shown = [Text(_shown(one)) for one in cells]
            table.add_row(
                line.slot,
                Text(clean(line.what)),
                line.owner,
                *shown,
                *([Text(_changed(line))] if preview else ()),
            )
    out.print(table)
    if free:
        named = (what if many == 1 else f"{many} {TIMES} {what}" for what, many in free.items())
        out.print(Text(f"free: {', '.join(named)}"))
    for owner in OWNERS:
        if any(one.owner == owner and not _is_free(one) for one in bill.lines):
            said = {"adopted": "adopted, paid anyway"}.get(owner, owner)
            now = bill.now(owner) if preview else None
            out.print(_sum(said, bill.then(owner), now))
    now = bill.now() if preview else None
    out.print(_sum(bill.environment, bill.then(), now, bill.change))
    for missing in bill.then().unknown:
        out.print(Text(f"unknown: {clean(missing)}"))


def _sum(what: str, then: Total, now: Total | None = None, added: Total | None = None) -> str:
    from formerr_infra.cost import change

    if now is None:
        return f"{what}: {then} a month"
    more = "" if added is None else f"; {change(added.amount)}"
    missing = f" and {len(added.unknown)} unknown" if added is not None and added.unknown else ""
    return f"{what}: {now} now, {then} then{more}{missing}"


def _is_free(line: Line) -> bool:
    from formerr_infra.cost import FREE

    return line.now == line.then == FREE


def _shown(price: Price) -> str:
    from formerr_infra.cost import Unpriced

    return "unknown" if isinstance(price, Unpriced) else str(price)


def _changed(line: Line) -> str:
    from formerr_infra.cost import Amount, change

    if isinstance(line.now, Amount) and isinstance(line.then, Amount):
        return change(line.then - line.now)
    return "no change" if line.now == line.then and line.owner != "refused" else "unknown"


def _stacks(folder: Path) -> list[str]:
    """The stacks that the folder has a file of."""
    from formerr_infra.settings.folder import stacks_of

    names = [*stacks_of(folder)]
    if not names:
        raise SettingsError([f"{folder}: there is no Pulumi.<stack>.yaml"])
    return names
