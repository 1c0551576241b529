"""`formerr state`: backups of a stack's state, the way back, and a place for it that is not this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli.asking import agreed, somebody
from formerr_infra.cli.options import AsJson, Environment, Folder, Yes, as_text, console, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.backup.remote import Checked, Moved
    from formerr_infra.backup.restore import Plan
    from formerr_infra.backup.shelf import Shelf
    from formerr_infra.engine.locks import Lock

app = typer.Typer(
    help="Back the state of a stack up, restore it, and keep it in a bucket or in Pulumi Cloud.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="Where the backups lie: a folder, or s3://BUCKET/FOLDER?endpoint=... "
        "[default: FORMERR_BACKUP_TO, or the folder `backups` beside Pulumi.yaml]",
        show_default=False,
    ),
]


def backup(
    environment: Environment,
    to: To = None,
    keep: Annotated[
        int,
        typer.Option(
            "--keep", min=1, help="How many of the newest stay, beside one a day, a week and a month."
        ),
    ] = 10,
    folder: Folder = Path(),
    *,
    as_json: AsJson = False,
) -> None:
    """Back a stack up: its export, encrypted whole with FORMERR_BACKUP_PASSPHRASE. Changes nothing in the stack.

    Old backups go: the newest stay, and one for each of the last 7 days, 5 weeks and 12 months that have any. The
    newest never goes, nor anything that is no backup of this stack.

    Examples:  formerr state backup production  |  formerr state backup production --to s3://formerr-backups?endpoint=https://nyc3.digitaloceanspaces.com --json
    """
    from formerr_infra.backup import take

    done = take(folder, environment, to=to, keep=keep)
    if as_json:
        document = done.backup.header.document() | {"name": done.backup.name, "where": done.backup.where}
        typer.echo(as_text(document | {"size": done.backup.size, "removed": list(done.removed)}))
        return
    _say(
        f"written: {done.backup.name} in {done.backup.where}: {done.backup.resources} resources, {done.backup.size} bytes"
    )
    for name in done.removed:
        _say(f"removed: {name}")


def list_backups(
    environment: Environment,
    to: To = None,
    folder: Folder = Path(),
    *,
    decrypt: Annotated[
        bool,
        typer.Option("--decrypt", help="Decrypt each one too; needs the passphrase, half a second each."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the backups of a stack, newest first, each read whole and its checksum verified.

    Exit codes: 0 all are what was written, or there are none; 16 one is damaged.

    Examples:  formerr state list production  |  formerr state list production --decrypt --json
    """
    from formerr_infra.backup import Damaged, shelf
    from formerr_infra.backup.errors import StateFailed

    found = shelf(folder, environment, to=to)
    entries = [_decrypted(one, found) if decrypt else one for one in found.entries()]
    damaged = sum(isinstance(one, Damaged) for one in entries)
    if as_json:
        rows = [
            {"name": one.name, "damaged": one.why}
            if isinstance(one, Damaged)
            else one.header.document() | {"name": one.name, "size": one.size, "damaged": None}
            for one in entries
        ]
        typer.echo(as_text({"where": found.place.shown, "backups": rows}))
    else:
        _table(entries, found)
    if damaged:
        raise typer.Exit(StateFailed.exit_code)


def restore(
    environment: Environment,
    backup: Annotated[
        str,
        typer.Argument(
            help="A name as `formerr state list` shows it, a file, or `latest`.", metavar="FILE|latest"
        ),
    ],
    to: To = None,
    folder: Folder = Path(),
    *,
    break_lock: Annotated[
        bool,
        typer.Option(
            "--break-lock",
            help="Clear the lock of a run that is gone, and go on; one that still runs here keeps it.",
        ),
    ] = False,
    despite_pending: Annotated[
        bool,
        typer.Option("--despite-pending", help="Forget the operations that the state notes as interrupted."),
    ] = False,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; restores only with --yes.")] = False,
) -> None:
    """Put a backup in the place of a stack's state. Touches no resource; shows what differs, and asks.

    What is the state until then is backed up first. Afterwards look before anything else: formerr preview. What the
    state forgets stays in the account, and the next run takes in what carries the stack's mark.

    Examples:  formerr state restore staging latest  |  formerr state restore production 20260103T021700Z-1f2e3d4c.backup --yes --json
    """
    from formerr_infra.backup import RestoreRefused, locks, remote, take
    from formerr_infra.backup import restore as way
    from formerr_infra.backup import shelf as shelf_of
    from formerr_infra.backup.key import passphrase
    from formerr_infra.doctor.locks import runs_here
    from formerr_infra.engine import Engine
    from formerr_infra.naming import PROJECT

    engine = Engine(folder, environment)
    key = passphrase(os.environ)
    shelf = shelf_of(folder, environment, to=to)
    plan = way.prepare(engine, shelf, backup, key)
    address = remote.current(folder, os.environ)

    def locks_of() -> tuple[Lock, ...]:
        return () if address is None else locks.held(address, PROJECT, environment, os.environ)

    held = locks_of()
    way.refuse(
        plan, held, environment, despite_pending=despite_pending, break_lock=break_lock, alive=runs_here
    )
    if not as_json:
        _show(plan, held)
    if not yes and (as_json or not somebody()):
        if as_json:
            typer.echo(as_text(_document(plan, held) | {"restored": None, "before": None}))
        raise RestoreRefused(
            "nothing was restored: there is nobody to ask. --yes restores without a question"
        )
    if not yes and not agreed(f"Restore the state of {environment}?"):
        raise RestoreRefused("nothing was restored")
    if held:
        way.require_no_other(held, now := locks_of(), environment)
        if now:
            engine.cancel()
    first = None
    if plan.present is not None:
        first = take(folder, environment, to=to, export=plan.present).backup
        if not as_json:
            _say(f"the state until now: {first.name} in {first.where}")
    way.carry_out(engine, plan)
    if as_json:
        typer.echo(as_text(_document(plan, held) | {"before": first.name if first else None}))
    else:
        _say(f"restored: {plan.backup.name}. Next: formerr preview {environment}")


def init(
    url: Annotated[
        str, typer.Argument(help="s3://BUCKET/FOLDER?endpoint=..., https://api.pulumi.com, or a folder.")
    ],
    folder: Folder = Path(),
    *,
    versioning: Annotated[
        bool, typer.Option("--versioning", help="Turn the bucket's versioning on.")
    ] = False,
    migrate: Annotated[
        list[str] | None,
        typer.Option("--migrate", help="Put the state of this stack there too; may be given again."),
    ] = None,
    login: Annotated[
        bool, typer.Option("--login", help="`pulumi login` there, so that it holds in every shell.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Try a place for the state, and print what to export for it: eval "$(formerr state init ...)".

    Credentials come by environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for a bucket (of Spaces too), PULUMI_ACCESS_TOKEN
    for Pulumi Cloud. A file is written, read back and removed. With --migrate the state is exported, imported there and
    compared; the old one stays.

    Examples:  formerr state init 's3://formerr-state?endpoint=https://nyc3.digitaloceanspaces.com' --versioning  |  formerr state init https://api.pulumi.com --migrate production --json
    """
    from formerr_infra.backup import remote
    from formerr_infra.backup.address import Bucket, parse
    from formerr_infra.errors import SettingsError

    address = parse(url, Path.cwd())
    if versioning and not isinstance(address, Bucket):
        raise SettingsError([f"--versioning is for a bucket, and {address.shown} is none"])
    checked = remote.check(address, folder, os.environ, turn_on_versions=versioning)
    moved = [remote.move(folder, stack, address, os.environ) for stack in migrate or []]
    if login:
        remote.login(address, folder, os.environ)
    if as_json:
        document = {
            "backend": address.backend,
            "user": checked.user,
            "versioning": checked.versions,
            "migrated": [
                {"stack": one.stack, "resources": one.resources, "new": not one.was_there} for one in moved
            ],
            "export": {remote.URL: address.backend},
        }
        typer.echo(as_text(document))
    else:
        _explain(checked, moved)


# -- how it is shown ---------------------------------------------------------------------------------------------


def _say(text: str, *, err: bool = False) -> None:
    from formerr_infra.report import clean

    typer.echo(clean(text), err=err)


def _decrypted(one: Any, shelf: Shelf) -> Any:
    from formerr_infra.backup import Backup, BackupDamaged, Damaged, sealed
    from formerr_infra.backup.key import passphrase

    key = passphrase(os.environ)
    if not isinstance(one, Backup):
        return one
    try:
        sealed.unseal(sealed.inspect(shelf.read(one.name)), key)
    except BackupDamaged as error:
        return Damaged(one.name, str(error))
    return one


def _table(entries: list[Any], shelf: Shelf) -> None:
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.backup import Damaged
    from formerr_infra.report import clean

    if not entries:
        _say(f"there is no backup of {shelf.folder} in {shelf.place.shown}")
        return
    table = Table(title=clean(f"{shelf.folder} in {shelf.place.shown}"), title_justify="left", expand=False)
    for column in ("backup", "taken (UTC)", "resources", "pending", "engine", "bytes", "checksum"):
        table.add_column(column, overflow="fold")
    for one in entries:
        if isinstance(one, Damaged):
            table.add_row(
                Text(clean(one.name)), "", "", "", "", "", Text(clean(f"damaged: {one.why}"), style="red")
            )
            continue
        head = one.header
        table.add_row(
            Text(clean(one.name)),
            f"{head.taken:%Y-%m-%d %H:%M:%S}",
            str(head.resources),
            str(head.pending),
            Text(clean(head.engine)),
            str(one.size),
            "right",
        )
    console().print(table)


def _show(plan: Plan, held: Sequence[Lock]) -> None:
    head = plan.backup.header
    saved = f", saved {head.saved:%Y-%m-%d %H:%M:%S} UTC" if head.saved else ""
    _say(
        f"{plan.backup.name}: {head.project}/{head.stack}, taken {head.taken:%Y-%m-%d %H:%M:%S} UTC{saved}, "
        f"{head.resources} resources"
    )
    if plan.missing:
        _say("the backend does not know the stack: it is made")
    difference = plan.difference
    if difference.none:
        _say("the state has the same resources")
    for title, lines in (
        (
            "the state would forget (they stay in the account):",
            [f"- {one.shown}" for one in difference.forgotten],
        ),
        (
            "the state would have again (gone or not, the next run looks):",
            [f"+ {one.shown}" for one in difference.back],
        ),
        (
            "the state would have another one:",
            [f"~ {now.shown} -> {then.shown}" for now, then in difference.other],
        ),
    ):
        if lines:
            _say(title)
            for line in lines:
                _say(f"  {line}")
    for urn in plan.pending:
        _say(f"interrupted, and forgotten: {urn}")
    for one in held:
        _say(f"its lock is cleared first: {one.holder}")


def _document(plan: Plan, held: Sequence[Lock]) -> dict[str, Any]:
    difference = plan.difference
    return {
        "restored": plan.backup.name,
        "backup": plan.backup.header.document(),
        "forgotten": [{"urn": one.urn, "id": one.id} for one in difference.forgotten],
        "back": [{"urn": one.urn, "id": one.id} for one in difference.back],
        "other": [{"urn": now.urn, "id": now.id, "then": then.id} for now, then in difference.other],
        "pending_forgotten": list(plan.pending),
        "locks_cleared": [
            {"user": one.user, "host": one.host, "pid": one.pid, "since": one.since} for one in held
        ],
    }


def _explain(checked: Checked, moved: list[Moved]) -> None:
    """What to export goes to stdout, for a shell to read; everything else to stderr."""
    import shlex

    from formerr_infra.backup import remote
    from formerr_infra.backup.address import Bucket, Folder

    address = checked.address
    _say(f"{address.shown}: written, read back and removed; the engine opens it as {checked.user}", err=True)
    if isinstance(address, Folder):
        _say("only this machine sees that folder: for production take a bucket or Pulumi Cloud", err=True)
    if isinstance(address, Bucket) and checked.versions:
        _say("versioning is on: an earlier state can be had back from the bucket", err=True)
    if isinstance(address, Bucket) and not checked.versions:
        at = f" --endpoint {address.endpoint}" if address.endpoint else ""
        _say(
            "versioning is off: a state that was overwritten is gone. --versioning turns it on, or: aws s3api "
            f"put-bucket-versioning --bucket {address.name}{at} --versioning-configuration Status=Enabled",
            err=True,
        )
    for one in moved:
        how = "stood there already" if one.was_there else "exported, imported and compared"
        _say(
            f"{one.stack}: {one.resources} resources, {how}; the old state stays where it is, run nothing on it any more",
            err=True,
        )
    typer.echo(f"export {remote.URL}={shlex.quote(address.backend)}")


app.command("backup")(shared(backup))
app.command("list")(shared(list_backups))
app.command("restore")(shared(restore))
app.command("init")(shared(init))
