"""YAML that somebody else wrote, bounded in time and memory; what cannot be read is refused with file and line.

Bounded are its depth and how much it stands for once every alias is put in, because a few lines of aliases can stand for
more than any memory holds. Tags that make something else of a value than YAML's own kinds are refused. What the refusal says
holds nothing of a value: a secret can stand on the line that is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.reader import ReaderError

from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

DEEPEST = 40
#: Values, each as often as it is meant.
MOST = 20_000
_LONGEST = 200
_OWN = "tag:yaml.org,2002:"
_TAGS = frozenset(
    f"{_OWN}{kind}"
    for kind in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
)


class _Bounded(Composer):
    """Weighs what it composes while it does: each node, and each alias as what it stands for."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # the warning shows lines of the file
        self._weights: dict[int, int] = {}
        self._open = [0]

    def compose_node(self, parent: Any, index: Any) -> Node:
        event = self.parser.peek_event()
        is_alias = isinstance(event, AliasEvent)
        self._open.append(1)
        node: Node = super().compose_node(parent, index)
        weight = self._open.pop()
        if is_alias:
            weight = self._weights.get(id(node), 0)
            if not weight:
                raise ComposerError(None, None, "an alias stands within what it stands for", event.start_mark)
        elif node.tag not in _TAGS:
            raise ComposerError(None, None, "a tag that nothing here has", event.start_mark)
        self._weights[id(node)] = weight
        self._open[-1] += weight
        if self._open[-1] > MOST:
            raise ComposerError(None, None, f"more than {MOST:,} values", event.start_mark)
        return node


def reader(*, keeps_form: bool = False) -> YAML:
    """A bounded reader.

    Args:
        keeps_form: keep comments, order and quotes, so that it can be written again.
    """
    yaml = YAML() if keeps_form else YAML(typ="safe", pure=True)
    yaml.preserve_quotes = keeps_form
    yaml.Composer = _Bounded
    yaml.max_depth = DEEPEST
    return yaml


def parsed(text: str, name: str, *, keeps_form: bool = False) -> Any:
    """What a text says.

    Args:
        text: of a file.
        name: of the file, for what is wrong with it.
        keeps_form: see `reader`.

    Raises:
        SettingsError: it is not YAML, or more than is read.
    """
    try:
        return reader(keeps_form=keeps_form).load(text)
    except YAMLError as error:
        line, why = trouble(error, text)
        raise SettingsError([f"{name}{_place(text, line)}: is not YAML: {why}"]) from None
    # The reader's constructors raise whatever they meet: a 13th month, a list as a key.
    except Exception as error:
        raise SettingsError(
            [f"{name}: cannot be read: {type(error).__name__}: {_short(str(error))}"]
        ) from None


def trouble(error: YAMLError, text: str) -> tuple[int, str]:
    """The line that is wrong, 0 where none is told, and why; nothing of a value."""
    if isinstance(error, ReaderError):
        before = text[: error.position] if isinstance(error.position, int) else ""
        return before.count("\n") + 1, f"the character #x{ord(text[error.position]):04x} has no place in it"
    if not isinstance(error, MarkedYAMLError):
        return 0, _short(str(error))
    mark = error.problem_mark or error.context_mark
    why = str(error.problem or error.context or "no reason was given")
    if isinstance(error, DuplicateKeyError):
        # The reader's own words go on with both values.
        key = re.match(r'found duplicate key "(.*?)" with value', why, re.DOTALL)
        why = f"the key {key[1] if key else ''} is there twice"
    return (mark.line + 1 if mark is not None else 0), _short(why)


def _place(text: str, line: int) -> str:
    """The line and the key on it, as findings of the settings begin; empty where none is told."""
    if not line:
        return ""
    said = text.splitlines()[line - 1 : line]
    key = _KEY.match(said[0]) if said else None
    return f":{line}" + (f": {_short(key[1])}" if key else "")


#: A key as stack files have them; nothing that could be a value.
_KEY = re.compile(
    r"""\s*['"]?((?:formerr-infra|digitalocean|config|name|runtime|backend)(?::[A-Za-z]+)?)['"]?\s*:"""
)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
