"""What the programs that are started here get of this process's environment: no secret that they have no use for.

| started | gets |
| --- | --- |
| the engine for preview, up, refresh, destroy | what the program and its plugins need: API token, the application's secrets, the state's |
| the engine for anything else (export, import, output, config, ls, init, cancel, whoami) | what opens the state, and nothing else |
| everything else (versions, imports, set-up, the local DigitalOcean) | none |

The engine hands its whole environment to the program and to every plugin, and a plugin to what it starts; no program can
keep it from that. Names that nobody here knows are passed on: what unlocks a state can have any. Standard library only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What opens the account.
CLOUD = frozenset(
    {
        "DIGITALOCEAN_ACCESS_TOKEN",
        "DIGITALOCEAN_TOKEN",
        "DO_TOKEN",
        "SPACES_ACCESS_KEY_ID",
        "SPACES_SECRET_ACCESS_KEY",
    }
)
#: What the application is given.
APPLICATION = frozenset(
    {
        "DATABASE_URL",
        "DB_CA",
        "DB_PASSWORD",
        "FORMERR_ALERT_SLACK_URL",
        "GITHUB_CLIENT_ID",
        "GITHUB_CLIENT_SECRET",
        "JWT_SECRET",
        "SESSION_SECRET",
    }
)
#: What opens the state.
STATE = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"}
)  # fmt: skip
#: What nothing but this process itself uses: backups, the words on GitHub, the runner's own.
OURS = frozenset(
    {
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "FORMERR_BACKUP_PASSPHRASE",
        "GH_TOKEN",
        "GITHUB_TOKEN",
    }
)
#: The tokens of other accounts, one for each stack: DIGITALOCEAN_TOKEN_PRODUCTION.
_OF_STACKS = re.compile(r"DIGITALOCEAN_TOKEN_\w+")
#: Shorter ones are words that stand in any text.
_SHORTEST = 6


def for_engine(environ: Mapping[str, str]) -> dict[str, str]:
    """For an operation of the engine, its program and its plugins."""
    return _without(environ, OURS)


def for_state(environ: Mapping[str, str]) -> dict[str, str]:
    """For what reads or writes a state and declares nothing."""
    return _without(environ, OURS | CLOUD | APPLICATION)


def for_tool(environ: Mapping[str, str]) -> dict[str, str]:
    """For what needs no secret at all."""
    return _without(environ, OURS | CLOUD | APPLICATION | STATE)


def secrets_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets of an environment, by name, as far as their names are known."""
    known = OURS | CLOUD | APPLICATION | STATE
    return {
        name: value
        for name, value in environ.items()
        if value and (name in known or _OF_STACKS.fullmatch(name))
    }


def hidden(text: str, environ: Mapping[str, str]) -> str:
    """A text without the secrets of an environment; for what nobody has looked at, such as a traceback."""
    for name, value in sorted(secrets_of(environ).items(), key=lambda one: -len(one[1])):
        if len(value) >= _SHORTEST:
            text = text.replace(value, f"[{name}]").replace(repr(value)[1:-1], f"[{name}]")
    return text


def _without(environ: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {
        name: value for name, value in environ.items() if name not in names and not _OF_STACKS.fullmatch(name)
    }
