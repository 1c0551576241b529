"""`formerr local`: the DigitalOcean on this machine, and the stack on it.

Only what a command uses is imported, when it is used: `--help` must be quick. Errors are raised, and printed
without a traceback at the edge (`main`).
"""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.errors import FormerrError

if TYPE_CHECKING:
    from formerr_infra.emulator.client import RequestRecord
    from formerr_infra.local.daemon import Daemon
    from formerr_infra.local.paths import LocalPaths

app = typer.Typer(
    help="Run the bundled DigitalOcean on this machine, and a stack on it. Nothing leaves the machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]
Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack.")]

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
    as_json: Json = False,
) -> None:
    """Start the local DigitalOcean, and wait until it answers. Nothing happens if it runs."""
    running, new = _daemon().start(transition_seconds=transition_seconds, seed=seed)
    if as_json:
        _print_json({"endpoint": running.endpoint, "pid": running.pid, "log": running.log, "started": new})
    else:
        typer.echo(f"the local DigitalOcean {'started' if new else 'runs already'}: {running.endpoint}")
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
    as_json: Json = False,
) -> None:
    """Print what to export, so that plain `pulumi` works on the local DigitalOcean.

    In sh, bash and zsh: eval "$(formerr local env)". In fish: formerr local env --shell fish | source
    """
    from formerr_infra.local import environment, plugin
    from formerr_infra.local.tools import Toolbox

    paths = _paths()
    toolbox = Toolbox(paths, os.environ)
    running = _daemon(paths).require()
    wanted = environment.exports(paths, toolbox, plugin.choose(toolbox, paths), running.endpoint)
    paths.state.mkdir(parents=True, exist_ok=True)
    if as_json:
        _print_json({"export": wanted, "unset": list(environment.UNSET)})
    else:
        typer.echo(environment.as_fish(wanted) if shell is Shell.FISH else environment.as_sh(wanted))


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

    running = _daemon().require()
    asked = ControlClient(running.endpoint).requests(writes=writes, since_mark=since_mark)
    if as_json:
        _print_json([_record(one) for one in asked])
        return
    for one in asked:
        query = f"?{urlencode(one.query)}" if one.query else ""
        changed = ", changed nothing" if one.method in WRITES and not one.applied else ""
        typer.echo(f"{one.method:6} {one.path}{query} -> {one.status or 'no answer'}{changed}")
    changing = sum(one.method in WRITES for one in asked)
    typer.echo(f"{len(asked)} requests, {changing} of them writes", err=True)


@app.command()
def up(stack: Stack = "staging") -> None:
    """Bring a stack up on the local DigitalOcean, and show what was decided and what came of it."""
    from rich.console import Console

    from formerr_infra.local import summary
    from formerr_infra.local.runs import LocalRun

    run = LocalRun.prepare(_paths(), os.environ)
    typer.echo(f"the local DigitalOcean: {run.running.endpoint}, with the {run.plugin.why}", err=True)
    run.up(stack)
    summary.show(run, stack, Console())


@app.command()
def destroy(stack: Stack = "staging") -> None:
    """Take a stack on the local DigitalOcean down. What the stack only adopted stays."""
    from formerr_infra.local.runs import LocalRun

    LocalRun.prepare(_paths(), os.environ).destroy(stack)


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
    typer.echo(json.dumps(value, indent=2))


def main() -> int:
    """The same commands without the rest of `formerr`, which `make` uses; the exit code."""
    try:
        app(prog_name="formerr local")
    except FormerrError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
