"""What a run is expected to decide: a digest of an assessment, by which the program notices that the world has moved.

`formerr deploy` previews, asks, and then starts an update, whose program decides anew. It hands that program the digest
of what was decided for the preview; a program that decides anything else stops before its first resource.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.detect import Assessment
    from formerr_infra.model import Decision

VARIABLE = "FORMERR_EXPECTED_DECISIONS"
#: In the message, so that it is known again in what the engine says.
MOVED = "decided otherwise than for the preview"
#: Facts that come and go by themselves and decide nothing, other than whether a thing is usable, which the table says.
_PASSING = frozenset({"status"})


class WorldMoved(Refused):
    """State or account are not any more as they were for the preview; nothing was written."""


def parts(assessment: Assessment) -> dict[str, str]:
    """Slot, or key of an object -> what was decided and seen, as text that is the same for the same."""
    each = {**assessment.decisions, **assessment.objects}
    return {
        **{key: _text(_decision(one)) for key, one in each.items()},
        "version": _text(assessment.version),
    }


def digest(assessment: Assessment) -> str:
    """The same in a few characters."""
    return hashlib.sha256(_text(parts(assessment)).encode()).hexdigest()


def require(assessment: Assessment, environ: Mapping[str, str]) -> None:
    """Stop here if something else was expected.

    Raises:
        WorldMoved: it was.
    """
    expected = environ.get(VARIABLE)
    if expected and expected != digest(assessment):
        raise WorldMoved(f"{MOVED}: state or account have changed since. Nothing was written; preview again.")


def _decision(one: Decision) -> dict[str, Any]:
    target = one.target
    return {
        "outcome": one.outcome.value,
        "row": one.row,
        "id": one.id,
        "held": [one.held.holding.value, one.held.id],
        "replaces": one.replaces,
        "found": sorted(found.id for found in one.found),
        "target": None
        if target is None
        else [
            target.id,
            target.mark.value,
            target.owner,
            sorted((key, value) for key, value in target.facts.items() if key not in _PASSING),
        ],
    }


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
