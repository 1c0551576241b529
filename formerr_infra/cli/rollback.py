"""`formerr rollback`: the application back to images that ran before; the infrastructure stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra import files
from formerr_infra.cli import options  # noqa: TC001 - typer reads the annotations
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from formerr_infra.images.pinning import Written


def rollback(
    environment: options.Environment,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            help="What `formerr images deployed -o FILE` wrote before. Left out: the newest backup with other images.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    folder: options.Folder = Path(),
    *,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Deploy the images that ran before, by digest, and write them into the stack file.

    It is a deployment like any other, with its preview, its guard and its health. Where it comes to no update, the stack
    file is put back as it was. Backups are read with FORMERR_BACKUP_PASSPHRASE. A database schema is not taken back.

    Examples:  formerr rollback staging  |  formerr rollback production --to before.json --yes
    """
    from formerr_infra.cli.asking import undone_when_told_to_end
    from formerr_infra.cli.deploy import agreement, deployment, ended
    from formerr_infra.images import pinning

    run = deployment(environment, folder, as_json=as_json)

    def work() -> bool:
        agreed = agreement(yes=yes, as_json=as_json)
        wanted = _of_file(to, environment) if to is not None else pinning.of_backups(folder, environment)
        with undone_when_told_to_end():
            written = pinning.write(folder, environment, wanted)
            try:
                for repository, said in wanted.items():
                    _say(f"{written.file.name}: {repository} {said}")
                return run.deploy(agreed)
            finally:
                if not run.report.began:
                    _take_back(written)

    ended(run, work, as_json=as_json)


def _take_back(written: Written) -> None:
    """The stack file as it was: it says what runs, and another image came to no update."""
    try:
        back = written.take_back()
    except SettingsError as error:
        _say(f"{error}; it names the images that were to run")
        return
    changed = "was changed meanwhile by somebody else, and is left as it is"
    _say(f"{written.file.name}: {'as it was before' if back else changed}")


def _say(text: str) -> None:
    from formerr_infra.report import clean

    typer.echo(clean(text), err=True)


def _of_file(file: Path, environment: str) -> dict[str, str]:
    from formerr_infra.images.pinning import BOTH

    try:
        said: Any = files.json_of(file, pipe=True)
        of, images = said["environment"], {str(key): str(value) for key, value in said["images"].items()}
    except (OSError, KeyError, TypeError, AttributeError):
        raise SettingsError([f"{file}: is not what `formerr images deployed -o` writes"]) from None
    wrong = [f"{file}: is of {of}, not of {environment}"] if of != environment else []
    wrong += [
        f"{file}: names no {one}; nothing ran there to go back to" for one in BOTH if not images.get(one)
    ]
    if wrong:
        raise SettingsError(wrong)
    return {one: images[one] for one in BOTH}
