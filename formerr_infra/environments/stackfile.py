"""The text of an environment's stack file: staging's, line by line, with what is the environment's own put in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from formerr_infra.environments.pattern import Choice, Entry, is_secret, left_out
from formerr_infra.naming import PROJECT
from formerr_infra.settings.document import document, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ruamel.yaml.comments import CommentedMap

#: Of the file that is copied: what its secrets are encrypted with.
_OF_SECRETS = frozenset({"encryptionsalt", "secretsprovider", "encryptedkey"})
_PREFIX = f"{PROJECT}:"


def compose(
    staging: str, source: str, own: Mapping[str, Entry], choice: Choice
) -> tuple[str, tuple[str, ...]]:
    """The environment's file, and the secrets of staging's that are not in it.

    Comments and order of staging's file stay where its keys do. What differs stands where staging has it; what is new
    stands at the end, each with its reason.

    Args:
        staging: text of staging's file.
        source: its name.
        own: see `pattern.entries`.
        choice: what was asked for.

    Raises:
        SettingsError: it is no stack file.
    """
    read = document(staging, source)
    config = read["config"]
    secrets = tuple(key for key, value in config.items() if is_secret(_name(key), value))
    out = set(secrets) | {
        key
        for key, value in config.items()
        if key.startswith(_PREFIX) and left_out(_name(key), value, own, choice)
    }
    kept = [key for key in config if key not in out]
    wanted = {key: config[key] for key in kept} | {f"{_PREFIX}{key}": one.value for key, one in own.items()}
    try:
        blocks = _blocks(staging, read, config)
    except KeyError:
        blocks = {}  # what is merged in from elsewhere has no line
    lines = [_head(choice, source), "config:\n"]
    for key in kept:
        entry = own.get(_name(key)) if key.startswith(_PREFIX) else None
        same = entry is None or entry.value == config[key]
        lines += blocks[key] if same and key in blocks else _lines(key, wanted[key], entry)
    lines += [
        line
        for key, entry in own.items()
        if f"{_PREFIX}{key}" not in kept
        for line in _lines(f"{_PREFIX}{key}", entry.value, entry)
    ]
    rest = {key: value for key, value in read.items() if key != "config" and key not in _OF_SECRETS}
    text = "".join(lines) + (written(rest) if rest else "")
    if dict(document(text, source)["config"]) != wanted:
        text = _head(choice, source) + written({"config": wanted} | rest)
    return text, secrets


def secrets_of(text: str) -> str:
    """The lines that say what a file's secrets are encrypted with."""
    names = "|".join(sorted(_OF_SECRETS))
    return "".join(f"{line}\n" for line in re.findall(rf"^(?:{names}):.*$", text, re.MULTILINE))


def with_key(text: str, file: str, key: str, value: str) -> str:
    """A file with another value of one key, and every other line as it is.

    Raises:
        SettingsError: it is no stack file.
    """
    full = f"{_PREFIX}{key}"
    pattern = re.compile(rf"^(\s*)(['\"]?){re.escape(full)}\2\s*:.*$", re.MULTILINE)
    read = document(text, file)
    wanted = dict(read["config"]) | {full: value}
    made = pattern.sub(lambda found: f'{found[1]}{full}: "{value}"', text, count=1)
    if not pattern.search(text):
        made = text.replace("config:\n", "config:\n" + "".join(_lines(full, value, None)), 1)
    if dict(document(made, file)["config"]) == wanted:
        return made
    read["config"][full] = DoubleQuotedScalarString(value)
    return written(read)


def _head(choice: Choice, source: str) -> str:
    where = "on staging's cluster" if choice.shared else "with a cluster of its own"
    return (
        f"# The environment {choice.name}, {where}, made from {source} by `formerr env new`.\n"
        f"# Preview and deploy it like any other: `formerr preview {choice.name}`, `formerr deploy {choice.name}`.\n"
    )


def _blocks(text: str, read: CommentedMap, config: CommentedMap) -> dict[str, list[str]]:
    """Each key's own lines with the comments above them; empty where the keys do not each begin a line."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    keys = list(config)
    starts = [config.lc.key(key)[0] for key in keys]
    column = {config.lc.key(key)[1] for key in keys}
    if len(set(starts)) != len(starts) or column != {2}:
        return {}
    after = [line for key in read if (line := read.lc.key(key)[0]) > max(starts, default=0)]
    ends = [*starts[1:], min(after, default=len(lines))]
    begins = [_above(lines, start, read.lc.key("config")[0]) for start in starts]
    stops = [*begins[1:], ends[-1] if ends else 0]
    return {key: lines[begin:stop] for key, begin, stop in zip(keys, begins, stops, strict=True)}


def _above(lines: list[str], line: int, top: int) -> int:
    while line - 1 > top and (not (said := lines[line - 1].strip()) or said.startswith("#")):
        line -= 1
    return line


def _lines(key: str, value: Any, entry: Entry | None) -> list[str]:
    comment = [f"  # {entry.comment}\n"] if entry is not None and entry.comment else []
    return [*comment, *(f"  {line}" for line in written({key: _scalar(value)}).splitlines(keepends=True))]


def _scalar(value: Any) -> Any:
    """A time in quotes, or YAML makes another thing of it."""
    quoted = isinstance(value, str) and re.match(r"\d{4}-", value)
    return DoubleQuotedScalarString(value) if quoted else value


def _name(key: str) -> str:
    return key.rpartition(":")[2]
