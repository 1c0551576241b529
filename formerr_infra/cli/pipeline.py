"""`formerr pipeline`: what a workflow says on GitHub, and what it hands from step to step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra import files
from formerr_infra.cli.options import AsJson, Environment, Folder, as_text, shared
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    help="What workflows say on GitHub: one comment or issue, edited in place; outputs for later steps.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Key = Annotated[str, typer.Argument(help="Names the text, so that the next run finds it: preview-staging.")]
Files = Annotated[
    list[Path],
    typer.Argument(help="Markdown, one file below the other; a missing one is said to be missing."),
]
Label = Annotated[str, typer.Option(help="The issue's label, which it is found by.")]


def comment(
    key: Key,
    files: Files,
    number: Annotated[
        int, typer.Option(help="The pull request. Left out: the one of the workflow's event.", min=0)
    ] = 0,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a comment below a pull request, or edit the one of the same key; the job's summary gets it too.

    Needs GITHUB_TOKEN, GITHUB_REPOSITORY and the workflow's event, as GitHub Actions sets them.

    Examples:  formerr pipeline comment preview-staging decisions.md guard.md
    """
    from formerr_infra.pipeline import GitHub

    text = _text(key, files)
    _summarize(text)
    address = GitHub.of(os.environ).comment(number or _pull_request(), key, text)
    _print({"key": key, "comment": address}, f"comment: {address}", as_json=as_json)


def issue(
    key: Key,
    title: Annotated[str, typer.Option(help="The issue's title.")],
    files: Files,
    label: Label = "formerr",
    *,
    as_json: AsJson = False,
) -> None:
    """Open an issue, or bring the open one of the same key up to date.

    Needs GITHUB_TOKEN and GITHUB_REPOSITORY.

    Examples:  formerr pipeline issue drift-staging --title "Drift in staging" drift.md
    """
    from formerr_infra.pipeline import GitHub

    text = _text(key, files)
    _summarize(text)
    address = GitHub.of(os.environ).open(key, title, text, label)
    _print({"key": key, "issue": address}, f"issue: {address}", as_json=as_json)


def close(key: Key, label: Label = "formerr", *, as_json: AsJson = False) -> None:
    """Close the issue of a key, where one is open: what it was about is over.

    Examples:  formerr pipeline close drift-staging
    """
    from formerr_infra.pipeline import GitHub

    said = f"Over, says {_run()}." if _run() else "Over."
    address = GitHub.of(os.environ).close(key, label, said)
    _print({"key": key, "closed": address}, f"closed: {address or 'none was open'}", as_json=as_json)


def outputs(
    environment: Environment,
    names: Annotated[list[str], typer.Argument(help="Outputs of the stack, such as registry_endpoint.")],
    folder: Folder = Path(),
    *,
    as_json: AsJson = False,
) -> None:
    """Hand outputs of a stack to later steps, through the file GITHUB_OUTPUT; prints them where there is none.

    A secret output is refused: a step's outputs are no place for it.

    Examples:  formerr pipeline outputs production registry_endpoint application_url
    """
    from formerr_infra.engine import SECRET, Engine
    from formerr_infra.pipeline.handing import handed

    held = Engine(folder, environment).outputs()
    lines = handed(held, names, environment, secret=SECRET)
    hand(lines)
    if as_json or not os.environ.get("GITHUB_OUTPUT"):
        _print({name: held[name] for name in names}, "\n".join(lines), as_json=as_json)


def hand(lines: Sequence[str]) -> None:
    """Append lines to GITHUB_OUTPUT, where there is one.

    Raises:
        SettingsError: what was meant to be one line is more, and could hand a value that nobody meant to hand; or the
            file cannot be written.
    """
    wrong = [
        f"{line.partition('=')[0]!r} is more than one line of text"
        for line in lines
        if not line.isprintable()
    ]
    if wrong:
        raise SettingsError(wrong)
    _append("GITHUB_OUTPUT", lines)


def _text(key: str, files: Sequence[Path]) -> str:
    from formerr_infra.pipeline.texts import KEY, body

    if not KEY.fullmatch(key):
        raise SettingsError([f"{key!r} is no key: lower-case letters, digits and -, at most 63"])
    return body(key, [_read(file) for file in files], footer=f"{_run() or 'formerr'}")


def _read(file: Path) -> str:
    from formerr_infra.pipeline.rendered import Unreadable, rendered

    try:
        text = files.text_of(file, most=files.BY_PROGRAM, pipe=True)
        return rendered(file.name, text) if text.strip() else _MISSING.format(file.name)
    except FileNotFoundError:
        return _MISSING.format(file.name)
    except (OSError, Unreadable) as error:
        raise SettingsError([f"{file}: cannot be read: {error}"]) from None


_MISSING = "**`{0}` is not there, or is empty**: the step that writes it did not come to its end."


def _run() -> str:
    """The run of the workflow, as a link; empty outside of one."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    if not (server and repository and run):
        return ""
    commit = os.environ.get("GITHUB_SHA", "")[:12]
    return f"[run {run}]({server}/{repository}/actions/runs/{run}){f' at {commit}' if commit else ''}"


def _pull_request() -> int:
    file = os.environ.get("GITHUB_EVENT_PATH")
    event: Any = None
    try:
        event = files.json_of(Path(file)) if file else None
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        raise SettingsError(
            ["GITHUB_EVENT_PATH names no event of a pull request: say which one with --number"]
        ) from None


def _summarize(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", [text])


def _append(variable: str, lines: Sequence[str]) -> None:
    """Append lines to the file that a variable names, if it does.

    Raises:
        SettingsError: it cannot be written.
    """
    if file := os.environ.get(variable):
        try:
            with Path(file).open("a", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise SettingsError([f"{variable}: {file}: cannot be written: {error.strerror}"]) from None


def _print(document: dict[str, Any], line: str, *, as_json: bool) -> None:
    from formerr_infra.report import clean

    typer.echo(as_text(document) if as_json else "\n".join(map(clean, line.splitlines())))


for _command in (comment, issue, close, outputs):
    app.command(_command.__name__)(shared(_command))
