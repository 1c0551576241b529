"""Versions: the engine, its plugins, Python and its packages, kubectl; what is wanted against what is found."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import children, installed
from formerr_infra.doctor.model import Finding, Level
from formerr_infra.local.toolchain.table import Version, tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE = 30.0
OLDEST_PYTHON = (3, 11)
#: The SDK of a plugin: the engine wants the plugin in the SDK's version.
_SDK = {"digitalocean": "pulumi-digitalocean", "kubernetes": "pulumi-kubernetes"}
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*==\s*(?P<version>[^\s;]+)")
_NUMBERS = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def engine(environ: Mapping[str, str]) -> Path | None:
    """Where `pulumi` is, as every command here looks for it."""
    found = shutil.which("pulumi", path=environ.get("PATH")) or installed.pulumi(environ)
    return Path(found) if found else None


def pulumi(environ: Mapping[str, str]) -> list[Finding]:
    """The engine, its language host and the plugins."""
    row = tool("pulumi")
    program = engine(environ)
    wanted = f"{_text(row.at_least)} or newer is wanted"
    if program is None:
        fix = f"install Pulumi {row.release.version if row.release else ''} (https://www.pulumi.com/docs/install/), or run `make setup`"
        return [Finding("pulumi", Level.STOPS, f"there is no `pulumi` on the PATH; {wanted}", fix)]
    said = _output([os.fspath(program), "version"], environ)
    version = _version(said or "")
    if version is None:
        told = "it does not say its version" if said is not None else "it cannot be run"
        return [Finding("pulumi", Level.UNKNOWN, f"{program}: {told}; {wanted}")]
    fits = row.at_least <= version < row.below
    return [
        Finding(
            "pulumi",
            Level.OK if fits else Level.STOPS,
            f"{_text(version)} at {program}; {wanted}",
            "" if fits else "install a version that fits (https://www.pulumi.com/docs/install/)",
        ),
        _language_host(program, environ),
        *_plugins(program, environ),
    ]


def _language_host(program: Path, environ: Mapping[str, str]) -> Finding:
    name = "pulumi-language-python"
    beside = program.parent / name
    found = shutil.which(name, path=environ.get("PATH")) or (os.fspath(beside) if beside.exists() else None)
    if found:
        return Finding("pulumi", Level.OK, f"{name} at {found}")
    return Finding(
        "pulumi",
        Level.STOPS,
        f"there is no {name}: the engine runs no Python program without it",
        "install Pulumi completely (https://www.pulumi.com/docs/install/), or run `make setup`",
    )


def _plugins(program: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    said = _output([os.fspath(program), "plugin", "ls", "--json"], environ)
    try:
        listed = json.loads(said or "")
        installed = {(one["name"], one["version"]) for one in listed if one.get("kind") == "resource"}
    except (LookupError, TypeError, ValueError, AttributeError):
        yield Finding("plugins", Level.UNKNOWN, "`pulumi plugin ls` does not say what is installed")
        return
    fetches = environ.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "").lower() not in ("true", "1")
    for name, package in _SDK.items():
        wanted = _installed(package)
        on_path = shutil.which(f"pulumi-resource-{name}", path=environ.get("PATH"))
        have = ", ".join(sorted(version for one, version in installed if one == name)) or "none"
        if on_path:
            yield Finding("plugins", Level.OK, f"{name}: the one on the PATH is used, {on_path}")
        elif wanted is None:
            yield Finding(
                "plugins", Level.UNKNOWN, f"{name}: which version is wanted is not known; installed: {have}"
            )
        elif (name, wanted) in installed:
            yield Finding("plugins", Level.OK, f"{name} {wanted} is installed")
        else:
            fix = f"pulumi plugin install resource {name} {wanted}"
            message = f"{name} {wanted} is wanted, installed: {have}"
            later = (
                "; the next run fetches it"
                if fetches
                else "; nothing is fetched (PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION)"
            )
            yield Finding("plugins", Level.NOTE if fetches else Level.STOPS, message + later, fix)


def packages(pinned: Mapping[str, str] | None) -> list[Finding]:
    """Python and its packages.

    Args:
        pinned: name -> version that is wanted; None where that is not known.
    """
    here = sys.version_info[:3]
    fits = here >= OLDEST_PYTHON
    found = [
        Finding(
            "python",
            Level.OK if fits else Level.STOPS,
            f"{'.'.join(map(str, here))}; {'.'.join(map(str, OLDEST_PYTHON))} or newer is wanted",
        )
    ]
    if pinned is None:
        return [*found, Finding("packages", Level.UNKNOWN, "which versions are wanted is not known here")]
    fix = "pip install -r requirements.txt (or `make setup`)"
    differs = 0
    for name, wanted in pinned.items():
        have = _installed(name)
        if have == wanted:
            continue
        differs += 1
        level = Level.STOPS if have is None else Level.WARNING
        found.append(
            Finding("packages", level, f"{name} {wanted} is wanted, {have or 'nothing'} is installed", fix)
        )
    if not differs:
        found.append(
            Finding("packages", Level.OK, f"{len(pinned)} packages are in the versions that are wanted")
        )
    return found


def pins() -> dict[str, str] | None:
    """The packages that are wanted: of this distribution, or of the checkout that it runs from."""
    try:
        lines = importlib.metadata.requires("formerr-infra") or []
    except importlib.metadata.PackageNotFoundError:
        lines = []
    file = Path(__file__).resolve().parents[2] / "requirements" / "runtime.in"
    if not lines and file.is_file():
        lines = file.read_text("utf-8").splitlines()
    lines = [line.strip() for line in lines if "extra ==" not in line]
    pinned = {match["name"]: match["version"] for line in lines if (match := _REQUIREMENT.match(line))}
    return pinned or None


def kubectl(environ: Mapping[str, str], wanted: str | None) -> Finding:
    """kubectl, which nothing here needs; one that is too far from the cluster misleads.

    Args:
        environ: of the process.
        wanted: version of the clusters, such as `1.34`; None where that is not known.
    """
    program = shutil.which("kubectl", path=environ.get("PATH"))
    if program is None:
        return Finding("kubectl", Level.OK, "there is none, and nothing here needs it")
    version = _version(_output([program, "version", "--client", "-o", "json"], environ) or "")
    if version is None:
        return Finding("kubectl", Level.NOTE, f"{program} does not say its version")
    if wanted is None:
        return Finding("kubectl", Level.OK, _text(version))
    major, minor = (int(part) for part in wanted.split(".")[:2])
    if version[0] == major and abs(version[1] - minor) <= 1:
        return Finding("kubectl", Level.OK, f"{_text(version)}, for clusters of {wanted}")
    return Finding(
        "kubectl",
        Level.WARNING,
        f"{_text(version)} is more than one minor version from the clusters ({wanted})",
        f"install kubectl {wanted} (https://kubernetes.io/docs/tasks/tools/)",
    )


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _version(text: str) -> Version | None:
    match = _NUMBERS.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _text(version: Version) -> str:
    return ".".join(map(str, version))


def _output(command: list[str], environ: Mapping[str, str]) -> str | None:
    """What a program prints; None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            env={**children.for_tool(environ), "PULUMI_SKIP_UPDATE_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
