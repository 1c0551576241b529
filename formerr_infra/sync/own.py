"""Which keys are a stack's own: another value there is meant, so no pattern is carried over.

A key is known by what its name ends in, so that a key that is added later falls on the right side by being named like the
others. What is nobody's own is pattern: versions, policies, and switches.
"""

from __future__ import annotations

import re

from formerr_infra.naming import PROJECT

#: Names, ids, hosts, ranges, sizes and counts.
_OWN = re.compile(
    r".*(Name|Id|Host|Cidr|Subnet|Size|Count|Min|Max|Prefix|Port|At|Replicas|Tier|Nodes|Emails|Tag)|slack.*|.*Slack.*|domain|region|.*Region|tags"
)
#: What makes production careful and dear, and what lets one run do more than others.
_CARE = frozenset(
    {
        "protect", "retainOnDelete", "recreateMissing", "deleteData", "highlyAvailable", "databaseMode",
        "takeOver", "allowReplace",
    }
)  # fmt: skip


def is_own(key: str, value: object) -> bool:
    """Whether a key of a stack file belongs to the stack alone.

    Args:
        key: with its namespace; keys of other namespaces (a provider's token, say) are all a stack's own.
        value: as read; a secret is a stack's own whatever its key.
    """
    namespace, _, name = key.partition(":")
    if namespace != PROJECT or (isinstance(value, dict) and "secure" in value):
        return True
    return name in _CARE or _OWN.fullmatch(name) is not None
