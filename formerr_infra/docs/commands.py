"""The page of the `formerr` command: what `--help` says, of every command, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.docs.page import page, table

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands() -> str:
    """Every command with its arguments and options."""
    from typer.main import get_command

    from formerr_infra.cli.app import app

    found = list(_leaves(get_command(app), "formerr"))
    listed = [(f"[`{name}`](#{name.replace(' ', '-')})", _first(command)) for name, command in found]
    return page(
        "The formerr command",
        "Every command answers `--help`. Those that take an environment take any stack: staging, production, or one of "
        "`formerr env new`. What they end with: [exit codes](exit-codes.md).",
        "With `--json` a command asks nobody and prints one document: without `--yes` (`--confirm` of `destroy`) of what it "
        "would do. Where an error stops it before, there is none, but for `preview`, `deploy` and `rollback`, whose document "
        "holds the error; what it says is on standard error anyway.",
        table(("command", "what it does"), listed),
        *(part for name, command in found for part in _told(name, command)),
    )


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for key, one in below.items():
        yield from _leaves(one, f"{name} {key}")


def _first(command: Any) -> str:
    return _text((command.help or "").strip().partition("\n\n")[0])


def _text(words: str) -> str:
    """On one line, and no markup: `Pulumi.<stack>.yaml` would be an element of the page."""
    return " ".join(words.split()).replace("<", "&lt;")


def _told(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    arguments = " ".join(
        f"[{one.name.upper()}]" if not one.required else one.name.upper()
        for one in command.params
        if one.param_type_name == "argument"
    )
    yield f"    {name} {arguments}".rstrip()
    for part in (command.help or "").strip().split("\n\n"):
        text = " ".join(part.split())
        if not text.startswith("Example"):
            yield _text(text)
            continue
        examples = text.partition(":")[2].split(" | ")
        yield "\n".join(f"    {one.strip()}" for one in examples)
    rows = [
        (_spelled(one), _text(getattr(one, "help", None) or ""))
        for one in command.params
        if one.name not in _SHARED
    ]
    if rows:
        yield table(("argument or option", "what it says"), rows)


#: What every command has, so that it is told once, by `formerr <command> --help`.
_SHARED = frozenset({"help", "no_color", "verbose"})


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
