"""GitHub's expressions, `${{ ... }}`, as far as these workflows use them; what is not known here is an error, not an empty text.

After GitHub's documentation, "Evaluate expressions in workflows and actions": texts are compared without regard to case,
`&&` and `||` give one of their sides, an unknown property is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>==|!=|&&|\|\||[!().,*]))"
)
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None}

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What expressions may name.

    Attributes:
        values: `github`, `inputs`, `steps`, ...
        functions: `success`, `hashFiles`, ...
    """

    values: Mapping[str, Any]
    functions: Mapping[str, Function] = field(default_factory=dict)


def resolve(text: Any, context: Context) -> Any:
    """The text with its expressions replaced; a text that is one expression gives that one's value."""
    if not isinstance(text, str):
        return text
    whole = _INSIDE.fullmatch(text.strip())
    if whole is not None and text.count("${{") == 1:
        return evaluate(whole[1], context)
    return _INSIDE.sub(lambda match: shown(evaluate(match[1], context)), text)


def shown(value: Any) -> str:
    """As it stands in a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def truth(value: Any) -> bool:
    """Whether it counts as true."""
    return value not in (None, False, 0, "")


def evaluate(text: str, context: Context) -> Any:
    """The value of an expression, without its braces.

    Raises:
        ValueError: it is none, or names what is not known here.
    """
    parser = _Parser(_tokens(text), context)
    value = parser.either()
    if parser.rest:
        raise ValueError(f"{text!r}: {parser.rest[0][1]!r} is one too many")
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"{text!r}: {text[at:]!r} is not known")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], context: Context) -> None:
        self.rest = tokens
        self._context = context

    def either(self) -> Any:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._next("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._not()
        while self.rest and self.rest[0][1] in ("==", "!="):
            same = self.rest.pop(0)[1] == "=="
            value = _equal(value, self._not()) is same
        return value

    def _not(self) -> Any:
        return not truth(self._not()) if self._next("!") else self._one()

    def _one(self) -> Any:
        kind, word = self.rest.pop(0) if self.rest else ("end", "")
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(word) if "." in word else int(word)
        if word == "(":
            value = self.either()
            self._need(")")
            return value
        if kind != "name":
            raise ValueError(f"a value is expected, not {word!r}")
        if word in _WORDS:
            return _WORDS[word]
        return self._called(word) if self._next("(") else self._named(word)

    def _called(self, name: str) -> Any:
        given = []
        while not self._next(")"):
            given.append(self.either())
            self._next(",")
        if name not in self._context.functions:
            raise ValueError(f"there is no function {name!r} here")
        return self._context.functions[name](*given)

    def _named(self, name: str) -> Any:
        if name not in self._context.values:
            raise ValueError(f"there is no context {name!r} here")
        value = self._context.values[name]
        while self._next("."):
            kind, key = self.rest.pop(0)
            if key == "*":
                value = list(value.values()) if isinstance(value, Mapping) else list(value or [])
            elif kind != "name":
                raise ValueError(f"a property is expected, not {key!r}")
            elif isinstance(value, list):
                value = [one.get(key) for one in value]
            else:
                value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _next(self, word: str) -> bool:
        if self.rest and self.rest[0] == ("sign", word):
            self.rest.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._next(word):
            raise ValueError(f"{word!r} is missing")


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is type(other):
        return bool(one == other)
    return _number(one) == _number(other)


def _number(value: Any) -> float:
    """As GitHub turns it into one; NaN is equal to nothing."""
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
