"""Changes of a stack file that touch no line but those of the keys that change: text in, text out.

In the reader's own map a new key would come between a comment and the key it is about, and the whole file would be
written anew, with other blanks and line ends. Where a file has not one key a line, it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import CollectionNode, MappingNode

from formerr_infra.errors import SettingsError
from formerr_infra.settings.document import document, line_end, rewritten, written
from formerr_infra.settings.parsing import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.nodes import Node


def with_values(text: str, wanted: Mapping[str, Any], name: str) -> str:
    """The file with other values for keys that it has.

    Args:
        text: of the file.
        wanted: key, with its namespace, to value.
        name: of the file, for what is wrong with it.
    """
    if not wanted:
        return text
    read = document(text, name)
    have = read["config"]
    try:
        made = _set(text, wanted)
        if dict(document(made, name)["config"]) == {**have, **wanted}:
            return made
    except (LookupError, SettingsError, TypeError):
        pass
    have.update(wanted)
    return rewritten(read, text)


def with_key(text: str, key: str, wanted: CommentedMap, name: str) -> str:
    """The file with one more key, behind the nearest one before it in production's order that the file has.

    Args:
        text: of the file.
        key: the new one.
        wanted: production's configuration.
        name: of the file, for what is wrong with it.
    """
    read = document(text, name)
    have = read["config"]
    try:
        made = _with_line(text, read, key, wanted)
        if dict(document(made, name)["config"]) == {**have, key: wanted[key]}:
            return made
    except (KeyError, SettingsError):
        pass
    have[key] = wanted[key]  # no file of one key a line
    return rewritten(read, text)


def pairs(text: str) -> Iterator[tuple[str, Node, Node]]:
    """The keys of `config` that have a line of their own, each with where it and its value stand."""
    top = reader().compose(text)
    for named, config in top.value if isinstance(top, MappingNode) else ():
        if named.value == "config" and isinstance(config, MappingNode) and not config.flow_style:
            yield from ((str(key.value), key, value) for key, value in config.value)


def _set(text: str, wanted: Mapping[str, Any]) -> str:
    """The same, if each key has a line of its own.

    Raises:
        LookupError: one has not.
        TypeError: a value that has no form on one line.
    """
    there = {key: (at, value) for key, at, value in pairs(text)}
    for key in sorted(wanted, key=lambda one: -there[one][0].start_mark.index):
        at, value = there[key]
        colon = text.index(":", at.end_mark.index) + 1
        begin, end = value.start_mark.index, _end(value)
        if begin == end:
            begin = end = colon  # nothing is said; its mark is that of what comes next
        if begin < colon:
            raise LookupError(key)  # an alias: it stands where its anchor is
        while end > begin and text[end - 1] in " \r\n":
            end -= 1
        # A comment between the key and what stands below it stays.
        between = text[colon:begin]
        between = between[: between.rfind("\n")].rstrip("\r") if "\n" in between else ""
        blanks = text[colon:begin] if not between and begin < end else " "
        text = (
            text[:colon]
            + (" " if "\n" in blanks else blanks)
            + _on_one_line(wanted[key])
            + between
            + text[end:]
        )
    return text


def _end(node: Node) -> int:
    """Where a value ends: its last piece, and not the comments behind it."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _on_one_line(value: Any) -> str:
    shown = written([value]).removeprefix("- ").rstrip("\n")
    return json.dumps(value, ensure_ascii=False) if "\n" in shown else shown


def _with_line(text: str, read: CommentedMap, key: str, wanted: CommentedMap) -> str:
    """The same, if the file has a line for each key; what is merged in from elsewhere has none.

    Raises:
        KeyError: it has not.
    """
    have = read["config"]
    order, present = list(wanted), list(have)
    before = [one for one in order[: order.index(key)] if one in have]
    lines = text.splitlines(keepends=True)
    if before:
        at = present.index(before[-1])
        start = have.lc.key(before[-1])[0]
        keys = [have.lc.key(present[at + 1])[0]] if at + 1 < len(present) else []
        keys += [read.lc.key(top)[0] for top in read if read.lc.key(top)[0] > start]
        line = min(keys, default=len(lines))
        while line > start + 1 and (not (said := lines[line - 1].strip()) or said.startswith("#")):
            line -= 1
    else:
        line = read.lc.key("config")[0] + 1
    column, end = have.lc.key(present[0])[1] if present else 2, line_end(text)
    more = [" " * column + one + end for one in written({key: wanted[key]}).splitlines()]
    if line and not lines[line - 1].endswith("\n"):
        lines[line - 1] += end
    return "".join([*lines[:line], *more, *lines[line:]])
