"""The programs that tests of the real engine need: the engine, its language host, a DigitalOcean plugin.

They come from where set-up put them (`formerr_infra.local`); a checkout whose set-up was never run falls back to the
PATH. Nothing is fetched or built here.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from formerr_infra.errors import FormerrError
from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.tools import KUBERNETES_PLUGIN, PLUGIN, PluginChoice, Toolbox

OFFICIAL_VARIABLE = "FORMERR_TEST_OFFICIAL_PLUGIN"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run of the engine needs.

    Attributes:
        pulumi: the engine.
        folders: what the PATH starts with: the plugin, the language host, the Kubernetes plugin if it is there,
            the interpreter.
        official: whether the plugin is the official one.
    """

    pulumi: Path
    folders: tuple[Path, ...]
    official: bool


def find(shim: Path) -> Tools:
    """The programs.

    Args:
        shim: a folder to put the stand-in's executable into, if it is the stand-in.

    Raises:
        LookupError: there is no engine or no language host, or the official plugin is demanded and not there.
    """
    pulumi, host, official = _remembered()
    if pulumi is None or host is None:
        raise LookupError("neither set-up's tools nor the PATH have the engine: run `make setup`")
    plugin = official.parent if official is not None else write_shim(shim)
    kubernetes = _kubernetes_plugin()
    # The credential's `python3` is this one too: a version manager's takes longer to find one than to run it.
    python = Path(sys.executable).parent
    folders = tuple(dict.fromkeys((plugin, pulumi.parent, host.parent, *kubernetes, python)))
    return Tools(pulumi, folders, official is not None)


def check(name: str) -> Path:
    """A program that only tests use, as `make test` sets it up.

    Raises:
        LookupError: it is not there.
    """
    toolbox = Toolbox(LocalPaths.of(), os.environ)
    try:
        return toolbox.programs()[name].path
    except (FormerrError, KeyError):
        found = shutil.which(name, path=toolbox.search_path())
        if found is None:
            raise LookupError(
                f"{name} is not there: run `make test`, or `python setup/bootstrap.py --checks`"
            ) from None
        return Path(found)


def _remembered() -> tuple[Path | None, Path | None, Path | None]:
    """Engine, language host, official plugin."""
    toolbox = Toolbox(LocalPaths.of(), os.environ)
    pulumi: Path | None
    host: Path | None
    try:
        programs = toolbox.programs()
        pulumi, host = programs["pulumi"].path, programs["pulumi-language-python"].path
        plugin = programs[PLUGIN].path if PLUGIN in programs else None
    except FormerrError:
        search = toolbox.search_path()
        found = [shutil.which(name, path=search) for name in ("pulumi", "pulumi-language-python", PLUGIN)]
        pulumi, host, plugin = (Path(one) if one else None for one in found)
    named = os.environ.get(OFFICIAL_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or Path(named).name != PLUGIN:
            raise LookupError(f"{OFFICIAL_VARIABLE}={named}: it is not an executable of the name {PLUGIN}")
        return pulumi, host, Path(named)
    if toolbox.plugin is PluginChoice.OFFICIAL:
        if plugin is None:
            raise LookupError(
                "FORMERR_PLUGIN=official, and the official plugin is not there: run `make setup`"
            )
        return pulumi, host, plugin
    return pulumi, host, None


def _kubernetes_plugin() -> tuple[Path, ...]:
    """The folder of the Kubernetes plugin where set-up has it; else the PATH may."""
    try:
        found = Toolbox(LocalPaths.of(), os.environ).programs().get(KUBERNETES_PLUGIN)
    except FormerrError:
        return ()
    return (found.path.parent,) if found is not None else ()


def write_shim(folder: Path) -> Path:
    """An executable that starts this checkout's stand-in; gives its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shim = folder / PLUGIN
    shim.write_text(
        f'#!/bin/sh\nPYTHONPATH="{CHECKOUT}:$PYTHONPATH" '
        f'exec "{sys.executable}" -m formerr_infra.local.standin "$@"\n'
    )
    shim.chmod(0o755)
    return folder
