"""Reads a checkout and the environment, and has every check say what it finds; writes nothing, asks no account."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formerr_infra import children
from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings import Settings, access_of, complete, from_files
from formerr_infra.settings.located import lines_of
from formerr_infra.settings.secrets import DATABASE, KEYS
from formerr_infra.validate.finding import Finding, placed
from formerr_infra.validate.pair import collisions, missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STACKS = ("production", "staging")
_SECRET = re.compile(r".*(token|secret|password|passphrase|api_?key|access_?key|private_?key)", re.IGNORECASE)
IMPORT_SECONDS = 60


def validate(
    folder: Path,
    environment: Mapping[str, str],
    stacks: Sequence[str] = STACKS,
    *,
    elsewhere: bool = True,
) -> list[Finding]:
    """Every finding, by file and line. Both stacks are read for what concerns the two of them.

    Args:
        folder: of Pulumi.yaml.
        environment: of a run.
        stacks: that are asked about.
        elsewhere: policy pack and workflows too, which no run of the program depends on.
    """
    program = _Import(folder)  # takes longest, and meanwhile everything else is looked at
    try:
        found = _files(folder, environment, stacks)
        if elsewhere:
            found += _pack(folder) + _workflows(folder)
        found += program.findings()
    finally:
        program.end()
    return sorted(set(found))


def _files(folder: Path, environment: Mapping[str, str], stacks: Sequence[str]) -> list[Finding]:
    """What the stacks' files and the environment have."""
    found: list[Finding] = []
    settings: dict[str, Settings] = {}
    for stack in dict.fromkeys((*STACKS, *stacks)):
        try:
            settings[stack] = from_files(folder, stack)
        except SettingsError as error:
            if stack in stacks:
                found += [placed(one, _file(stack), "settings") for one in error.findings]
    raw = {stack: _config(folder / _file(stack)) for stack in dict.fromkeys((*STACKS, *stacks))}
    for stack in stacks:
        found += _plain(folder, stack, raw[stack])
        if stack in settings:
            found += _environment(stack, settings[stack], environment, raw[stack])
    first, second = STACKS
    if first in settings and second in settings and set(stacks) & set(STACKS):
        lines = {file: lines_of(folder / file) for file in (_file(first), _file(second))}
        found += collisions(
            (_file(first), settings[first]),
            (_file(second), settings[second]),
            lambda file, key: lines[file].get(f"{PROJECT}:{key}", 0),
        )
        found += missing((_file(first), raw[first]), (_file(second), raw[second]))
    return found


def _file(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"


def _load(file: Path, where: str) -> Any:
    from formerr_infra.settings.document import text_of
    from formerr_infra.settings.parsing import parsed

    return parsed(text_of(file), where)


def _config(file: Path) -> dict[str, Any]:
    """The configuration of a file as it stands; empty where it cannot be read, which the settings have said."""
    try:
        config = _load(file, file.name)["config"]
    except (SettingsError, LookupError, TypeError):
        return {}
    return {str(key): value for key, value in config.items()} if isinstance(config, dict) else {}


def _plain(folder: Path, stack: str, config: Mapping[str, Any]) -> list[Finding]:
    lines = lines_of(folder / _file(stack))
    return [
        Finding(
            _file(stack),
            lines.get(key, 0),
            "plain-secret",
            f"{key}: is a secret and stands in the open; run `pulumi config set --secret` for it, and make a new one",
        )
        for key, value in config.items()
        if isinstance(value, str) and value and _SECRET.fullmatch(key) and key.rpartition(":")[2] not in KEYS
    ]


def _environment(
    stack: str, settings: Settings, environment: Mapping[str, str], config: Mapping[str, Any]
) -> list[Finding]:
    """What a run would miss; an encrypted secret of the configuration counts as there, and is not judged."""
    held = {KEYS[name] for key in config if (name := key.rpartition(":")[2]) in KEYS}
    messages: list[str] = []
    if "digitalocean:token" not in config:
        try:
            access_of(stack, environment)
        except FormerrError as error:
            messages += str(error).splitlines()
    try:
        complete(settings, environment, {})
    except SettingsError as error:
        messages += [one for one in error.findings[:-1] if one.partition(":")[0] not in held]
    if {*DATABASE} <= {*held, *environment}:
        messages = [one for one in messages if not one.startswith("DATABASE_URL: is missing")]
    return [Finding(_file(stack), 0, "environment", one) for one in messages]


class _Import:
    """Whether the program can be imported, in a process of its own that declares nothing."""

    def __init__(self, folder: Path) -> None:
        self._process: subprocess.Popen[str] | None = None
        if (folder / "__main__.py").is_file():
            self._process = subprocess.Popen(
                [sys.executable, "-c", "import formerr_infra.program"],
                cwd=folder,
                env=children.for_tool(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )

    def findings(self) -> list[Finding]:
        """Waited for."""
        if self._process is None:
            return [Finding("__main__.py", 0, "program", "there is no program here")]
        try:
            _, said = self._process.communicate(timeout=IMPORT_SECONDS)
        except subprocess.TimeoutExpired:
            return [Finding("__main__.py", 0, "program", f"its import did not end within {IMPORT_SECONDS} s")]
        if self._process.returncode == 0:
            return []
        last = (said.strip().splitlines() or ["no reason was given"])[-1]
        return [Finding("__main__.py", 0, "program", f"the program cannot be imported: {last}")]

    def end(self) -> None:
        """Nothing of it is left."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def _pack(folder: Path) -> list[Finding]:
    file = folder / "policy" / "PulumiPolicy.yaml"
    where = "policy/PulumiPolicy.yaml"
    if not file.is_file() or not (folder / "policy" / "__main__.py").is_file():
        return [Finding(where, 0, "policy-pack", "the policy pack is not there; previews run without it")]
    document, wrong = _parsed(file, where, "policy-pack")
    if not wrong and (not isinstance(document, dict) or "runtime" not in document):
        return [Finding(where, 0, "policy-pack", "names no runtime")]
    return wrong


def _workflows(folder: Path) -> list[Finding]:
    found = []
    for file in sorted((folder / ".github" / "workflows").glob("*.y*ml")):
        where = file.relative_to(folder).as_posix()
        document, wrong = _parsed(file, where, "workflow")
        found += wrong
        if not wrong:
            keys = set(document) if isinstance(document, dict) else set()
            found += [
                Finding(where, 0, "workflow", f"has no `{key}`") for key in ("on", "jobs") if key not in keys
            ]
    return found


def _parsed(file: Path, where: str, rule: str) -> tuple[Any, list[Finding]]:
    try:
        return _load(file, where), []
    except SettingsError as error:
        return None, [replace(placed(one, where, rule), file=where) for one in error.findings]
