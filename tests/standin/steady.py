"""Values without what differs from run to run or says nothing, so that those of two plugins can be compared.

Left out is what the official plugin keeps for itself (`__meta`, its raw state), the order of sets, and whether nothing
is said or an empty value: none of it reaches a program.
"""

from __future__ import annotations

import json
import re
from typing import Any

from formerr_infra.local.standin.values import SIGNATURE

INTERNAL = frozenset({"__meta", "__pulumi_raw_state_delta", "__defaults"})
RACING = frozenset({"dropletIds", "ip"})
"""What depends on which of two things made side by side was there first."""
UNSTEADY = (
    (re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+"), "PEM"),  # each cluster has an authority of its own
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-\w+)?"), "ID"),
    (re.compile(r"\b(400\d{6}|\d{6,})\b"), "NUMBER"),
)


def steady(value: Any) -> Any:
    """A value without what differs from run to run or says nothing."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return {"secret": shown} if (shown := steady(json.loads(value["plaintext"]))) else None
        kept = {key: steady(item) for key, item in value.items() if key not in INTERNAL | RACING}
        return {key: item for key, item in kept.items() if item not in (None, "", 0, False, [], {})}
    if isinstance(value, list):
        return sorted((steady(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str):
        for pattern, word in UNSTEADY:
            value = pattern.sub(word, value)
    return value
