"""How many answers a run had to wait for one after the other, read off the record of its requests; pure.

That number times what each answer takes is what a run of this form cannot go below, however fast the machine is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def chain(spans: Iterable[tuple[float, float]]) -> int:
    """The longest row of requests of which each began after the answer to the one before it.

    Args:
        spans: when each request came and when it was answered.
    """
    length, until = 0, float("-inf")
    for began, ended in sorted(spans, key=lambda span: (span[1], span[0])):
        if began >= until:
            length, until = length + 1, ended
    return length
