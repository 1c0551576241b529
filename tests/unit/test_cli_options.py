"""What every command of `formerr` knows without naming it: `--no-color`, `--verbose`, help."""

from __future__ import annotations

import os
import re

import pytest
import typer

from formerr_infra.cli import app as formerr
from formerr_infra.cli.options import NO_COLOR, VERBOSE, console, shared, verbose

_ALL = typer.main.get_command(formerr.app).commands  # type: ignore[attr-defined]  # a group
#: Those of `formerr local` are for whoever works on this checkout.
COMMANDS = {name: command for name, command in _ALL.items() if not hasattr(command, "commands")} | {
    f"{group} {name}": command
    for group, commands in _ALL.items()
    if hasattr(commands, "commands") and group != "local"
    for name, command in commands.commands.items()
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set first, so that what a command sets is taken back too.
    for name in (NO_COLOR, VERBOSE):
        monkeypatch.setenv(name, "1")
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_shared_options_json_and_examples(name: str) -> None:
    command = COMMANDS[name]
    options = {option for parameter in command.params for option in parameter.opts}

    assert {"--no-color", "--verbose", "--json"} <= options
    assert "Example" in (command.help or "")


def test_a_shared_option_holds_from_its_command_on() -> None:
    app = typer.Typer()

    @shared
    def shown() -> None:
        """Examples: shown"""

    app.command()(shown)
    command = typer.main.get_command(app)
    command.main([], standalone_mode=False)
    assert (os.environ.get(NO_COLOR), verbose()) == (None, False)

    command.main(["--no-color", "--verbose"], standalone_mode=False)
    assert (os.environ.get(NO_COLOR), verbose()) == ("1", True)


def test_no_color_takes_colours_away_even_from_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console().print("red", style="red")
    assert re.search(r"\x1b\[31m", capsys.readouterr().out)

    monkeypatch.setenv(NO_COLOR, "1")
    console().print("red", style="red")
    assert "\x1b[31m" not in capsys.readouterr().out
