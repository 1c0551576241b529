"""`formerr sync-staging`: staging's stack file brought up to production's pattern; touches no other file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli.asking import agreed, somebody
from formerr_infra.cli.options import as_text
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from formerr_infra.sync import Brought

PRODUCTION, STAGING = "Pulumi.production.yaml", "Pulumi.staging.yaml"
#: Of `--check`, and of a change that was not confirmed: the file is not as the pattern wants it.
DIFFERS = 1


def sync_staging(
    folder: Annotated[
        Path, typer.Option("--cwd", "-C", help="The folder of Pulumi.yaml.", file_okay=False)
    ] = Path(),
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if something is to be written.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; writes only with --yes.")] = False,
) -> None:
    """Bring Pulumi.staging.yaml up to production's pattern. Asks before it writes, and writes no other file.

    Staging keeps what is its own: names, ids, hosts, ranges, sizes, counts, secrets, protection. Comments and order stay.
    Exit codes: 0 nothing to do, or written; 1 something is to be done and was not; 2 a file is unusable.

    Examples:  formerr sync-staging  |  formerr sync-staging --yes  |  formerr sync-staging --check --json
    """
    from formerr_infra.settings.document import text_of
    from formerr_infra.sync import bring

    if check and yes:
        raise SettingsError(["--check and --yes exclude each other"])
    found = bring(text_of(folder / PRODUCTION), text_of(folder / STAGING), (PRODUCTION, STAGING))
    if not as_json:
        _show(found)
    write = not found.is_there and not check and (yes or (not as_json and _confirmed()))
    if write:
        _write(folder / STAGING, found)
    if as_json:
        typer.echo(as_text(_document(found, written=write)))
    elif write:
        typer.echo(f"written: {STAGING}")
    if not (found.is_there or write):
        raise typer.Exit(DIFFERS)


def _show(found: Brought) -> None:
    from formerr_infra.report import clean

    for one in found.changes:
        values = f"staging {_value(one.staging)}, production {_value(one.production)}"
        typer.echo(clean(f"{one.kind.value:5} {one.key}: {values}"))
    if found.is_there:
        typer.echo(f"{STAGING} has production's pattern; what differs is staging's own")
    else:
        typer.echo("")
        for line in found.diff(STAGING).splitlines():
            typer.echo(clean(line))


def _value(value: object) -> str:
    return "-" if value is None else str(value)


def _document(found: Brought, *, written: bool) -> dict[str, object]:
    changes = [
        {"key": one.key, "kind": one.kind.value, "staging": one.staging, "production": one.production}
        for one in found.changes
    ]
    return {
        "changes": changes,
        "differs": not found.is_there,
        "diff": found.diff(STAGING),
        "written": written,
    }


def _confirmed() -> bool:
    if not somebody():
        typer.echo("not written: there is nobody to ask; --yes writes", err=True)
        return False
    return agreed(f"Write {STAGING}?")


def _write(file: Path, found: Brought) -> None:
    """Replace the file in one step, if it still says what was shown."""
    from formerr_infra.settings.document import replace_text, text_of

    if text_of(file) != found.before:
        raise SettingsError([f"{file.name}: was changed meanwhile; nothing was written. Run again."])
    replace_text(file, found.after)
