"""`formerr images`: what a stack's registry holds, what it runs, what may go; and the stack file told which to run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli.asking import agreed
from formerr_infra.cli.options import AsJson, Environment, Folder, Yes, as_text, console, put, shared
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from formerr_infra.images.model import Reference
    from formerr_infra.images.registry import Registry

app = typer.Typer(
    help="The application's images: those in the registry, those that run, and which ones a stack is told to run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def listed(environment: Environment, folder: Folder = Path(), *, as_json: AsJson = False) -> None:
    """List what the stack's registry holds, and what of it runs. Changes nothing.

    Examples:  formerr images list staging  |  formerr images list production --json
    """
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.images.running import running
    from formerr_infra.report import clean

    with _registry(environment, folder) as registry:
        images = registry.images()
    runs = running(folder, registry.name)
    rows: list[dict[str, Any]] = [
        {
            "repository": one.repository,
            "digest": one.digest,
            "tags": list(one.tags),
            "updated": one.updated.isoformat(),
            "size": one.size,
            "runs": any(one.is_named_by(reference) for reference in runs),
        }
        for one in images
    ]
    if as_json:
        _print_json({"registry": registry.name, "images": rows})
        return
    table = Table(title=Text(clean(f"registry {registry.name}")), title_justify="left")
    for column in ("repository", "tags", "digest", "updated", "MB", "runs"):
        table.add_column(column, overflow="fold")
    for row in rows:
        texts = (row["repository"], ", ".join(row["tags"]), row["digest"], row["updated"][:16])
        table.add_row(
            *(Text(clean(text)) for text in texts), f"{row['size'] / 1e6:.1f}", "yes" if row["runs"] else ""
        )
    console().print(table)


def pin(
    environment: Environment,
    tag: Annotated[str, typer.Option(help="The tag of both images, looked up in the registry.")] = "",
    folder: Folder = Path(),
    *,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="The images that the stack runs, whatever its file says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the digests of both images into the stack file, so that what was looked at is what is deployed.

    Without an option the tags that the file names are looked up. Comments and order of the file stay.

    Examples:  formerr images pin production --tag 1f0e2d3  |  formerr images pin staging --deployed
    """
    from formerr_infra.cli.pipeline import hand
    from formerr_infra.images import pinning
    from formerr_infra.images.pinning import outputs_of
    from formerr_infra.report import clean

    if tag and deployed:
        raise SettingsError(["--tag and --deployed exclude each other"])
    if deployed:
        wanted = pinning.of_state(folder, environment)
    else:
        with _registry(environment, folder) as registry:
            wanted = pinning.of_registry(registry, folder, environment, tag)
    file = pinning.write(folder, environment, wanted).file
    hand(outputs_of(wanted))
    if as_json:
        _print_json({"file": file.name, "images": wanted})
        return
    for repository, said in wanted.items():
        typer.echo(clean(f"{file.name}: {repository} {said}"))


def deployed(
    environment: Environment,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the JSON to a file.", dir_okay=False)
    ] = None,
    folder: Folder = Path(),
    *,
    as_json: AsJson = False,
) -> None:
    """Say which images the stack runs, as its state has it.

    In a workflow the outputs `deployed`, `registry`, `backend` and `frontend` are set.

    Examples:  formerr images deployed production -o before.json  |  formerr images deployed staging --json
    """
    from formerr_infra.cli.pipeline import hand
    from formerr_infra.images.model import HOST
    from formerr_infra.images.pinning import BOTH, outputs_of
    from formerr_infra.images.running import of_stack
    from formerr_infra.report import clean

    runs = of_stack(folder, environment)
    held = {one.repository: one.wanted for one in runs}
    document: dict[str, Any] = {"environment": environment, "images": held}
    if output is not None:
        put(output, json.dumps(document, indent=2) + "\n")
    lines = [f"deployed={'true' if runs else 'false'}", *outputs_of(held)]
    hand([*lines, *{f"registry={HOST}/{one.registry}" for one in runs if one.repository in BOTH}])
    if as_json:
        _print_json(document)
        return
    for one in runs:
        typer.echo(clean(str(one)))
    if not runs:
        typer.echo(f"{environment} runs no image of a DigitalOcean registry")


def retain(
    environment: Environment,
    keep: Annotated[int, typer.Option(help="The newest of each repository that stay.", min=1, max=1000)] = 20,
    days: Annotated[int, typer.Option(help="Younger ones stay too.", min=1, max=3650)] = 30,
    folder: Folder = Path(),
    *,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete old images of the stack's registry; never one that a stack of this backend runs, nor one without a tag.

    Without --yes it asks, and without a terminal, or with --json, it only says what would go. What they took up is freed by `images gc`.

    Examples:  formerr images retain staging  |  formerr images retain production --keep 30 --days 90 --yes
    """
    from formerr_infra.images.retention import plan
    from formerr_infra.images.running import running
    from formerr_infra.report import clean

    with _registry(environment, folder) as registry:
        runs = running(folder, registry.name)
        found = plan(registry.images(), runs, now=datetime.now(UTC), keep=keep, days=days)
        _all_there(found.missing, registry.name)
        if not as_json:
            for one in found.going:
                typer.echo(
                    clean(
                        f"goes: {one.repository}:{','.join(one.tags)} {one.digest} of {one.updated:%Y-%m-%d}"
                    )
                )
            typer.echo(f"{len(found.kept)} stay, {len(found.going)} go ({found.freed / 1e6:.1f} MB at most)")
        sure = yes or (bool(found.going) and not as_json and agreed("Delete them?"))
        gone = registry.delete(found.going) if sure and found.going else 0
    if as_json:
        kept = [
            {"repository": one.image.repository, "digest": one.image.digest, "why": one.why}
            for one in found.kept
        ]
        going = [
            {"repository": one.repository, "digest": one.digest, "tags": list(one.tags)}
            for one in found.going
        ]
        _print_json({"registry": registry.name, "kept": kept, "going": going, "deleted": gone})
    else:
        typer.echo(f"{gone} deleted")


def gc(
    environment: Environment,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for its end.", min=1)] = 3600.0,
    folder: Folder = Path(),
    *,
    as_json: AsJson = False,
) -> None:
    """Free what deleted images took up: a garbage collection of the stack's registry, waited for.

    The registry takes no pushes meanwhile; pulls go on. Manifests without a tag stay.

    Examples:  formerr images gc staging  |  formerr images gc production --timeout 7200
    """
    from formerr_infra.report import clean

    with _registry(environment, folder) as registry:
        done = registry.collect(timeout=timeout, progress=lambda said: typer.echo(clean(said), err=True))
    blobs, freed = done.get("blobs_deleted"), done.get("freed_bytes")
    if as_json:
        _print_json({"registry": registry.name, "blobs_deleted": blobs, "freed_bytes": freed})
    else:
        typer.echo(clean(f"registry {registry.name}: {blobs} blobs deleted, {freed} bytes freed"))


def login(
    environment: Environment,
    seconds: Annotated[int, typer.Option(help="How long it is good for.", min=60, max=86_400)] = 3600,
    folder: Folder = Path(),
    *,
    as_json: AsJson = False,
) -> None:
    """Let docker push to the stack's registry for a while: credentials in its configuration (DOCKER_CONFIG).

    They are made for this registry and end by themselves; the API token is not among them.

    Examples:  formerr images login staging  |  formerr images login production --seconds 1800
    """
    from formerr_infra.images.docker import add_auths
    from formerr_infra.report import clean

    with _registry(environment, folder) as registry:
        file = add_auths(registry.login(seconds=seconds))
    if as_json:
        _print_json({"registry": registry.name, "file": str(file), "seconds": seconds})
    else:
        typer.echo(clean(f"{file}: may push to registry {registry.name} for {seconds} s"))


def _registry(environment: str, folder: Path) -> Registry:
    from formerr_infra.images.registry import Registry
    from formerr_infra.settings import access_of, from_files

    settings = from_files(folder, environment)
    return Registry(access_of(environment), settings.registry_id or settings.registry_name)


def _all_there(missing: tuple[Reference, ...], registry: str) -> None:
    from formerr_infra.errors import Refused

    if missing:
        raise Refused(
            f"registry {registry} does not hold what runs: {', '.join(map(str, missing))}. Nothing was deleted; is it the "
            "right registry (registryName), and does the state tell the truth (`formerr drift`)?"
        )


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(as_text(document))


for _name, _command in (
    ("list", listed), ("pin", pin), ("deployed", deployed), ("retain", retain), ("gc", gc), ("login", login),
):  # fmt: skip
    app.command(_name)(shared(_command))
