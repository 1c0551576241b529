"""Properties by their paths, as text that may be shown; pure."""

from __future__ import annotations

import json
import re
from typing import Any

from formerr_infra.holdings import is_secret

#: What stands for a secret, in the engine's events and here.
HIDDEN = "[secret]"
#: Properties that are sets to the provider: DigitalOcean answers with them in any order.
SETS = frozenset(
    {
        "domains", "dropletIds", "emails", "entities", "forwardingRules", "regions", "resources", "tags", "taints",
        "targetLoadBalancerIds",
    }
)  # fmt: skip
_STEP = re.compile(r"""\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\.?(?P<name>[^.\[\]]+)""")
#: Properties whose values open something, wherever they stand and whether or not the engine knows that.
_OPENS = re.compile(
    r"(password|passwd|secret|token|private_?key|kube_?config|docker_?config|credential|webhook|stringdata|slacks?\b|uri\b)",
    re.IGNORECASE,
)
_LONGEST = 200


def steps(path: str) -> list[str | int]:
    """A path of the engine as steps: `a.b[0]["c.d"]`."""
    found: list[str | int] = []
    for one in _STEP.finditer(path):
        if one["index"] is not None:
            found.append(int(one["index"]))
        else:
            found.append(one["quoted"].replace('\\"', '"') if one["quoted"] is not None else one["name"])
    return found


def set_around(path: str) -> str | None:
    """The part of a path that ends at a set, where it leads to one or into one."""
    return next((path[: one.end()] for one in _STEP.finditer(path) if one["name"] in SETS), None)


def at(value: Any, path: str) -> Any:
    """The value at a path; None where there is none."""
    for step in steps(path):
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        elif isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        else:
            # The engine hides a secret as a whole: whatever is below it is one too.
            return value if value == HIDDEN or is_secret(value) else None
    return value


def shown(value: Any, path: str, *, hidden: bool = False) -> str:
    """A value as a person may read it: no secret, one line, not long.

    Args:
        value: from the state, an event or the API.
        path: where it stands; some names say that the value opens something.
        hidden: it is one in any case (the data of a Kubernetes Secret).
    """
    if value is None:
        return ""
    if hidden or _OPENS.search(path) or value == HIDDEN or is_secret(value):
        return HIDDEN
    value = _without_secrets(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _without_secrets(value: Any) -> Any:
    match value:
        case dict() if is_secret(value):
            return HIDDEN
        case dict():
            return {
                name: HIDDEN if _OPENS.search(name) and below not in (None, "") else _without_secrets(below)
                for name, below in value.items()
                if name not in ("__defaults", "__meta")
            }
        case list():
            return [_without_secrets(one) for one in value]
        case _:
            return value


def is_empty(value: Any) -> bool:
    """What DigitalOcean and its provider use for "nothing", each in its own way."""
    return value is None or value in ("", [], {}, False, 0)


def same_set(was: Any, now: Any) -> bool:
    """Whether two lists differ in their order only."""
    if not isinstance(was, list) or not isinstance(now, list):
        return False
    return sorted(map(_key, was)) == sorted(map(_key, now))


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
