"""How wide a text is about, without a browser: from above, so that what is cut to fit does fit."""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("ijl.,:;|!'` ()[]{}ftr-/")
_WIDE = frozenset("mwMW@%&")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """At most how wide a text of this size in pixels is."""
    return size * sum(_em(char) for char in text) * (1.08 if bold else 1.0)


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    left = room - width("…", size, bold=bold)
    kept = []
    for char in text:
        left -= width(char, size, bold=bold)
        if left < 0:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def _em(char: str) -> float:
    if ord(char) > 0x2FF:
        wide = unicodedata.east_asian_width(char) in "WFA" or ord(char) > 0xFFFF
        return 1.1 if wide else 0.75
    if char in _NARROW:
        return 0.38
    if char in _WIDE:
        return 0.97
    return 0.72 if char.isupper() else 0.62
