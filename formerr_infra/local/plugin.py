"""Which DigitalOcean plugin local mode runs on, and how the engine finds it.

The official one wherever it is to be had. The stand-in is a file in a folder of its own, which nothing but
the environment of local mode puts on a PATH, and only when it was chosen: a run against the real cloud cannot
pick it up.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.errors import SetupError
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.local.tools import KUBERNETES_PLUGIN, PLUGIN, PluginChoice, plugin_folder

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.local.paths import LocalPaths
    from formerr_infra.local.toolchain import Found
    from formerr_infra.local.tools import Toolbox


@dataclass(frozen=True, slots=True)
class Plugin:
    """The plugin that was chosen.

    Attributes:
        official: the real one, not the stand-in.
        program: the executable.
        why: one sentence for a user.
        on_path: the folder to put first on the PATH; None where the engine finds it without.
    """

    official: bool
    program: Path
    why: str
    on_path: Path | None


def choose(toolbox: Toolbox, paths: LocalPaths) -> Plugin:
    """The DigitalOcean plugin, put where the engine finds it, as is the Kubernetes plugin.

    Raises:
        SetupError: the official one is demanded and not there, or set-up has not been run.
    """
    kubernetes = toolbox.programs().get(KUBERNETES_PLUGIN)
    if kubernetes is not None and _belongs_to_the_plugins(toolbox, paths, kubernetes):
        _link(paths, kubernetes)
    found = toolbox.programs().get(PLUGIN)
    if found is not None and toolbox.plugin is not PluginChoice.STAND_IN:
        if found.path.parent.is_relative_to(paths.tools) or not _is_on(toolbox.search_path(), found.path):
            _link(paths, found)
        return Plugin(
            official=True,
            program=found.path,
            why=f"official DigitalOcean plugin {found.version}",
            on_path=None,
        )
    if toolbox.plugin is PluginChoice.OFFICIAL:
        raise SetupError(
            "FORMERR_PLUGIN=official, and the official DigitalOcean plugin is not there. Run: make setup\n"
            f"{toolbox.why_no_plugin()}"
        )
    asked = toolbox.plugin is PluginChoice.STAND_IN
    why = "as FORMERR_PLUGIN asks" if asked else "the official one is not to be had here"
    return Plugin(
        official=False,
        program=_write_stand_in(paths),
        why=f"stand-in DigitalOcean plugin ({why})",
        on_path=paths.stand_in,
    )


def _is_on(search: str, program: Path) -> bool:
    return os.fspath(program.parent) in search.split(os.pathsep)


def _belongs_to_the_plugins(toolbox: Toolbox, paths: LocalPaths, plugin: Found) -> bool:
    """Whether the engine finds it in its folder of plugins or nowhere: it is on no PATH, the user's or ours."""
    if plugin.path.is_relative_to(paths.tools):
        return toolbox.is_plugin_of_the_sdk(plugin)
    return not _is_on(toolbox.search_path(), plugin.path)


def _link(paths: LocalPaths, plugin: Found) -> None:
    """Let the engine's own plugin folder name the program; a folder and a link, so nothing is copied."""
    folder = paths.pulumi_home / "plugins" / plugin_folder(plugin.name, plugin.version)
    link = folder / plugin.name
    if link.exists() and link.samefile(plugin.path):
        return
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{plugin.name}.{os.getpid()}"
    new.symlink_to(plugin.path)
    new.replace(link)


def _write_stand_in(paths: LocalPaths) -> Path:
    program = paths.stand_in / PLUGIN
    text = (
        "#!/bin/sh\n"
        "# The stand-in plugin of local mode; it refuses every endpoint that is not loopback.\n"
        f"PYTHONPATH={shlex.quote(os.fspath(CHECKOUT))}${{PYTHONPATH:+:$PYTHONPATH}} \\\n"
        f'exec {shlex.quote(os.fspath(paths.python))} -m formerr_infra.local.standin "$@"\n'
    )
    if not program.exists() or program.read_text("utf-8") != text:
        paths.stand_in.mkdir(parents=True, exist_ok=True)
        new = paths.stand_in / f".{PLUGIN}.{os.getpid()}"
        new.write_text(text, "utf-8")
        new.chmod(0o755)
        new.replace(program)
    return program
