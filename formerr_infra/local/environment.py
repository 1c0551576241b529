"""The environment in which plain Pulumi works on the local DigitalOcean: what `formerr local env` prints.

Everything that points at a real account, a real cluster or another state is taken away. It reads nothing but
what it is given and the generated secrets of the local folder.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from formerr_infra.local import demo
from formerr_infra.tokens import of_stacks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from formerr_infra.local.paths import LocalPaths
    from formerr_infra.local.plugin import Plugin
    from formerr_infra.local.tools import Toolbox

TOKEN = "local-token"  # noqa: S105  (of the emulator, on loopback)
PASSPHRASE = "formerr-local"  # noqa: S105  (of a state in the local folder)

UNSET = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN",
    "DO_TOKEN",
    "KUBECONFIG",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_DEBUG_PROVIDERS",
    "PULUMI_STACK",
    "SPACES_ACCESS_KEY_ID",
    "SPACES_SECRET_ACCESS_KEY",
)


def unset(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names to take away from an environment: `UNSET`, and the tokens of stacks' own accounts."""
    return (*UNSET, *of_stacks(environ))


def backend(folder: Path) -> str:
    """The address of a state in a folder.

    Without the files of attributes that the backend would put beside its own: it does not write those in one step, and
    an engine that is killed meanwhile leaves one empty, which no later run can read ("failed to load checkpoint: EOF").
    """
    return f"{folder.as_uri()}?metadata=skip"


def exports(
    paths: LocalPaths, toolbox: Toolbox, plugin: Plugin, endpoint: str, *, application: bool = True
) -> dict[str, str]:
    """Name to value; `unset` has the names to take away. Using it twice changes nothing more.

    For the `application`, generated values of its secrets are among them, but for what the user has set.

    Raises:
        SetupError: set-up has not been run.
    """
    folders = [*([plugin.on_path] if plugin.on_path is not None else []), *toolbox.folders()]
    pointed = {
        "DIGITALOCEAN_API_URL": endpoint,
        "DIGITALOCEAN_TOKEN": TOKEN,
        "FORMERR_LOCAL": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",  # the engine lists packages by pip, which asks for a newer pip
        "PATH": os.pathsep.join([*map(os.fspath, folders), toolbox.search_path()]),
        "PULUMI_BACKEND_URL": backend(paths.state),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": os.fspath(paths.pulumi_home),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
    }
    return pointed | (demo.exports(paths.demo_secrets, toolbox.environ) if application else {})


def applied(environ: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the exports in force."""
    away = frozenset(unset(environ))
    return {name: value for name, value in environ.items() if name not in away} | dict(wanted)


def as_sh(wanted: Mapping[str, str], away: Sequence[str] = UNSET) -> str:
    """Lines for `eval` in sh, bash or zsh; `away` are the names that are taken away."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in wanted.items()]
    return "\n".join([*lines, f"unset {' '.join(away)}"])


def as_fish(wanted: Mapping[str, str], away: Sequence[str] = UNSET) -> str:
    """The same for `source` in fish, whose PATH is a list."""

    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = []
    for name, value in wanted.items():
        parts = value.split(os.pathsep) if name == "PATH" else [value]
        lines.append(f"set -gx {name} {' '.join(map(quoted, parts))}")
    return "\n".join([*lines, *(f"set -e {name}" for name in away)])
