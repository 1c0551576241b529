"""`formerr kubeconfig`: a file that opens a stack's cluster for twenty minutes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from formerr_infra.cli import options
from formerr_infra.errors import Refused, SettingsError, UnknownIsNotAbsent

#: Nobody wants to lose the clusters of ~/.kube/config to one that lasts twenty minutes.
_HELD = (
    "{0}: is there and holds something else than a kubeconfig of {1} alone, which would be lost. Name another file with "
    "--output, or replace it with --force"
)


def kubeconfig(
    environment: options.Environment,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file. Left out: the one that KUBECONFIG names.", dir_okay=False
        ),
    ] = None,
    folder: options.Folder = Path(),
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file even if it holds something else.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Write a kubeconfig for the stack's cluster, readable by its owner alone, with a token that ends by itself.

    Its namespace is the application's. The token is asked for anew each time and is no part of the state. A file that
    holds anything but what this command wrote for the same cluster is left as it is.

    Examples:  formerr kubeconfig staging -o staging.yaml  |  KUBECONFIG=/run/user/1000/k formerr kubeconfig production
    """
    from formerr_infra.credential import LASTS
    from formerr_infra.engine import Engine
    from formerr_infra.inventory.facts import Unknown
    from formerr_infra.kubernetes.kubeconfig import document, may_go, write
    from formerr_infra.kubernetes.reading import reach
    from formerr_infra.report import clean
    from formerr_infra.settings import access_of, from_files

    named = os.environ.get("KUBECONFIG", "")
    if output is None and (not named or os.pathsep in named):
        raise SettingsError(["which file? Say it with --output, or let KUBECONFIG name one"])
    settings = from_files(folder, environment)
    outputs = Engine(folder, environment).outputs()
    cluster, name = outputs.get("cluster_id"), outputs.get("cluster_name")
    if not cluster:
        raise Refused(f"stack {environment!r} has no cluster. Bring it up: formerr deploy {environment}")
    file, called = output or Path(named), str(name or cluster)
    try:
        if not force and not may_go(file, called):
            raise SettingsError([_HELD.format(file, called)])
        found = reach(access_of(environment), str(cluster))
        if isinstance(found, Unknown):
            raise UnknownIsNotAbsent(found.reason)
        write(file, document(found, called, settings.namespace_name))
    except OSError as error:
        raise SettingsError([f"{file}: cannot be written: {error}"]) from None
    # An older cluster's certificate lasts as long as it says.
    seconds = LASTS if found.token else None
    if as_json:
        typer.echo(options.as_text({"file": str(file), "cluster": name, "seconds": seconds}))
    else:
        how_long = f"for {seconds // 60} minutes" if seconds else "with its certificate"
        typer.echo(clean(f"{file}: opens {name} {how_long}"))
