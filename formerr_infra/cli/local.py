"""`formerr local`: the DigitalOcean on this machine, and the stack on it.

Only what a command uses is imported, when it is used: `--help` must be quick. Errors are raised, and printed
without a traceback at the edge (`main`).
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra import cores
from formerr_infra.cli.options import as_text

if TYPE_CHECKING:
    from formerr_infra.emulator.client import RequestRecord
    from formerr_infra.local.daemon import Daemon, Running
    from formerr_infra.local.paths import LocalPaths

app = typer.Typer(
    help="Run the bundled DigitalOcean on this machine, and a stack on it. Nothing leaves the machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]
Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack.")]

Application = Annotated[
    bool,
    typer.Option("--application/--no-application", help="With or without the application on the cluster."),
]

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Shell(StrEnum):
    """A shell that `env` can speak to; sh is right for bash and zsh too."""

    SH = "sh"
    FISH = "fish"


@app.command()
def start(
    transition_seconds: Annotated[
        float | None, typer.Option(help="How long clusters and the like take until they run.", min=0)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What its ids and addresses are drawn from.")] = None,
    *,
    application: Annotated[
        bool | None,
        typer.Option(
            "--application/--no-application",
            help="Clusters with Kubernetes behind them, or without. Default: with, where that is set up.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Start the local DigitalOcean, and wait until it answers. Nothing happens if it runs.

    With --application, one that runs without Kubernetes is started anew; its account is kept.
    """
    from formerr_infra.local.runs import clusters_of
    from formerr_infra.local.tools import Toolbox

    paths = _paths()
    daemon = _daemon(paths)
    kubernetes = None
    if application or (application is None and daemon.running() is None):
        toolbox = Toolbox(paths, os.environ)
        kubernetes = clusters_of(toolbox) if application else toolbox.kubernetes()
    running, new = daemon.start(transition_seconds=transition_seconds, seed=seed, kubernetes=kubernetes)
    if as_json:
        _print_json(
            {
                "endpoint": running.endpoint,
                "pid": running.pid,
                "log": running.log,
                "started": new,
                "kubernetes": bool(running.kubernetes),
            }
        )
    else:
        typer.echo(f"the local DigitalOcean {'started' if new else 'runs already'}: {running.endpoint}")
        typer.echo(_behind(running), err=True)
        typer.echo('point a shell at it: eval "$(formerr local env)"', err=True)


@app.command()
def stop(*, as_json: Json = False) -> None:
    """Stop the local DigitalOcean, and wait until it has. Its account is kept for the next start."""
    ran = _daemon().stop()
    if as_json:
        _print_json({"stopped": ran})
    else:
        typer.echo("the local DigitalOcean is stopped" if ran else "the local DigitalOcean did not run")


@app.command()
def status(*, as_json: Json = False) -> None:
    """What runs, where, and on which tools. Exit code 0 if it runs, 13 if not."""
    from formerr_infra.local.daemon import LocalNotRunning
    from formerr_infra.local.tools import Toolbox

    paths = _paths()
    running = _daemon(paths).running()
    toolbox = Toolbox(paths, os.environ)
    found = toolbox.programs() if toolbox.is_ready() else {}
    if as_json:
        _print_json(
            {
                "running": running is not None,
                "endpoint": running.endpoint if running else None,
                "pid": running.pid if running else None,
                "log": running.log if running else None,
                "kubernetes": bool(running and running.kubernetes),
                "local_dir": os.fspath(paths.local_dir),
                "tools": {
                    name: {"path": os.fspath(tool.path), "version": tool.version, "way": tool.way}
                    for name, tool in found.items()
                },
            }
        )
    else:
        where = f"runs: {running.endpoint} (process {running.pid})" if running else "does not run"
        typer.echo(f"the local DigitalOcean {where}")
        if running is not None:
            typer.echo(_behind(running))
        typer.echo(f"files: {paths.local_dir}")
        for tool in found.values():
            typer.echo(toolbox.told(tool))
        if not found:
            typer.echo("the toolchain is not set up; run: make setup")
    if running is None:
        raise typer.Exit(LocalNotRunning.exit_code)


@app.command()
def env(
    shell: Annotated[Shell, typer.Option(help="The shell that will read it.")] = Shell.SH,
    *,
    application: Application = True,
    as_json: Json = False,
) -> None:
    """Print what to export, so that plain `pulumi` works on the local DigitalOcean.

    Generated secrets of the application are among it, unless they are set already or with --no-application.
    In sh, bash and zsh: eval "$(formerr local env)". In fish: formerr local env --shell fish | source
    """
    from formerr_infra.local import environment, plugin
    from formerr_infra.local.tools import Toolbox

    paths = _paths()
    toolbox = Toolbox(paths, os.environ)
    running = _daemon(paths).require()
    chosen = plugin.choose(toolbox, paths)
    wanted = environment.exports(paths, toolbox, chosen, running.endpoint, application=application)
    away = environment.unset(os.environ)
    paths.state.mkdir(parents=True, exist_ok=True)
    if as_json:
        _print_json({"export": wanted, "unset": list(away)})
    else:
        typer.echo(
            environment.as_fish(wanted, away) if shell is Shell.FISH else environment.as_sh(wanted, away)
        )


@app.command()
def mark(*, as_json: Json = False) -> None:
    """Set the mark that `requests --since-mark` counts from."""
    from formerr_infra.emulator.client import ControlClient

    running = _daemon().require()
    ControlClient(running.endpoint).mark()
    if as_json:
        _print_json({"marked": True})
    else:
        typer.echo("marked; see what is asked from here on: formerr local requests --since-mark")


@app.command()
def requests(
    *,
    writes: Annotated[bool, typer.Option("--writes", help="Only those that could change something.")] = False,
    since_mark: Annotated[bool, typer.Option("--since-mark", help="Only those since `mark`.")] = False,
    as_json: Json = False,
) -> None:
    """Show what the local DigitalOcean was asked, oldest first."""
    from urllib.parse import urlencode

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.report import clean

    running = _daemon().require()
    asked = ControlClient(running.endpoint).requests(writes=writes, since_mark=since_mark)
    if as_json:
        _print_json([_record(one) for one in asked])
        return
    for one in asked:
        query = f"?{urlencode(one.query)}" if one.query else ""
        changed = ", changed nothing" if one.method in WRITES and not one.applied else ""
        typer.echo(clean(f"{one.method:6} {one.path}{query} -> {one.status or 'no answer'}{changed}"))
    changing = sum(one.method in WRITES for one in asked)
    typer.echo(f"{len(asked)} requests, {changing} of them writes", err=True)


@app.command()
def up(stack: Stack = "staging", *, application: Application = True) -> None:
    """Bring a stack up on the local DigitalOcean, and show what was decided and what came of it."""
    from rich.console import Console

    from formerr_infra.local import summary
    from formerr_infra.local.runs import LocalRun, needs_clusters

    paths = _paths()
    clusters = needs_clusters(paths, stack, application=application)
    run = LocalRun.prepare(paths, os.environ, application=application, clusters=clusters)
    typer.echo(f"the local DigitalOcean: {run.running.endpoint}, with the {run.plugin.why}", err=True)
    typer.echo(_behind(run.running), err=True)
    run.up(stack)
    summary.show(run, stack, Console())


@app.command()
def policy(stack: Stack = "staging") -> None:
    """Preview a stack on the local DigitalOcean with the policy pack. Changes nothing; fails if a rule is broken."""
    from formerr_infra.local.runs import LocalRun

    LocalRun.prepare(_paths(), os.environ).check_policy(stack)


@app.command()
def destroy(stack: Stack = "staging", *, application: Application = True) -> None:
    """Take a stack on the local DigitalOcean down. What the stack only adopted stays.

    What it still has on a cluster is taken down with or without --no-application.
    """
    from formerr_infra.local.runs import LocalRun, needs_clusters

    paths = _paths()
    clusters = needs_clusters(paths, stack, application=False)
    LocalRun.prepare(paths, os.environ, application=application, clusters=clusters).destroy(stack)


@app.command()
def kubeconfig(
    stack: Annotated[str, typer.Argument(help="The stack whose cluster is meant.")] = "staging",
) -> None:
    """Write a kubeconfig for a stack's cluster, and print its path. Its token is good for twelve hours."""
    from formerr_infra.errors import SetupError
    from formerr_infra.local import kubeconfig as access
    from formerr_infra.local.runs import LocalRun

    paths = _paths()
    if not _daemon(paths).require().kubernetes:
        raise SetupError("Nothing runs behind the clusters of this local DigitalOcean. Run: formerr local up")
    run = LocalRun.prepare(paths, os.environ, start=False)
    outputs = run.outputs(stack)
    cluster, name = outputs.get("cluster_id"), outputs.get("cluster_name")
    if not cluster:
        raise SetupError(f"The stack {stack} has no cluster. Bring it up: formerr local up -s {stack}")
    found = access.fetch(run.running.endpoint, str(cluster))
    file = access.write(paths.kubeconfigs / f"{stack}.yaml", found, str(name or cluster))
    typer.echo(os.fspath(file))
    typer.echo(f"good until {found.expires}; then write it again", err=True)


def _behind(running: Running) -> str:
    """What stands behind the clusters, in a sentence."""
    if running.kubernetes:
        return (
            "behind each of its clusters: a Kubernetes control plane in processes of this machine, with nodes "
            "played by kwok (kind, k3d and docker are not used)"
        )
    return "behind its clusters: nothing, so that no application can be brought up on them"


def _paths() -> LocalPaths:
    from formerr_infra.local.paths import LocalPaths

    return LocalPaths.of()


def _daemon(paths: LocalPaths | None = None) -> Daemon:
    from formerr_infra.local.daemon import Daemon
    from formerr_infra.local.runs import interpreter

    where = _paths() if paths is None else paths
    return Daemon(where, os.environ, interpreter(where))


def _record(one: RequestRecord) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(one)


def _print_json(value: object) -> None:
    typer.echo(as_text(value))


def main() -> int:
    """The same commands without the rest of `formerr`, which `make` uses; the exit code."""
    cores.none()
    try:
        app(prog_name="formerr local")
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from formerr_infra.cli.ending import stopped

        return stopped(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
