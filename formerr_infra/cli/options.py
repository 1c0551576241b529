"""What every command shares: its arguments and options, and how it prints."""

from __future__ import annotations

import functools
import inspect
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.switches import is_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

#: What no option says twice: set while a command runs, read where something is printed.
NO_COLOR, VERBOSE = "NO_COLOR", "FORMERR_VERBOSE"

Environment = Annotated[
    str, typer.Argument(help="The stack, as in Pulumi.<environment>.yaml: staging or production.")
]
Folder = Annotated[Path, typer.Option("--cwd", "-C", help="The folder of Pulumi.yaml.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="Read the state from a file made by `pulumi stack export` instead of asking Pulumi.",
        exists=True,
        dir_okay=False,
    ),
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, max=300, help="Seconds to wait for each answer.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """The command with `--no-color` and `--verbose`, which every command has and none needs among its own parameters."""

    @functools.wraps(command)
    def run(*arguments: Any, **words: Any) -> None:
        for name, variable in _SHARED.items():
            if words.pop(name):
                os.environ[variable] = "1"
        command(*arguments, **words)

    signature = inspect.signature(command, eval_str=True)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in (("no_color", _NoColor), ("verbose", _Verbose))
    ]
    signature = signature.replace(parameters=[*signature.parameters.values(), *more])
    # Typer reads both.
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    return run


_NoColor = Annotated[
    bool, typer.Option("--no-color", help="No colours, as with NO_COLOR; a file or a pipe gets none anyway.")
]
_Verbose = Annotated[bool, typer.Option("--verbose", help="Say more: what the engine says, line by line.")]
_SHARED = {"no_color": NO_COLOR, "verbose": VERBOSE}


def complain(error: Exception) -> None:
    """What stopped a command, on stderr; nothing of it is a control character."""
    from formerr_infra.report import clean

    typer.echo("\n".join(clean(line) for line in f"error: {error}".splitlines()), err=True)


def as_text(document: object, *, indent: int | None = 2) -> str:
    """A document as JSON in printable ASCII, of which neither a terminal nor a runner of GitHub takes anything for a command."""
    text = json.dumps(document, indent=indent, default=str)
    # Both stand within texts only, where a character may be written as its number.
    return text.replace("\x7f", "\\u007f").replace("##[", "\\u0023#[")


def put(file: Path, text: str) -> None:
    """Put a text where an option says; see `files.put`.

    Raises:
        SettingsError: it cannot be written.
    """
    from formerr_infra import files
    from formerr_infra.errors import SettingsError

    try:
        files.put(file, text)
    except OSError as error:
        raise SettingsError([f"{file}: cannot be written: {error}"]) from None


def verbose() -> bool:
    """Whether `--verbose` was given, or FORMERR_VERBOSE is set."""
    return is_on(os.environ, VERBOSE)


def console(*, stderr: bool = False) -> Console:
    """Where tables go: no colours where the output is no terminal, or nobody wants them; a bracket is a bracket."""
    from rich.console import Console

    no_color = True if os.environ.get(NO_COLOR) else None
    return Console(stderr=stderr, no_color=no_color, highlight=False, markup=False, emoji=False)
