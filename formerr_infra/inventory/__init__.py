"""What is live in an account: asked with pydo, answered with values, never guessed.

`look` asks; `facts` holds what is asked and answered. Importing this package does not import pydo: that
happens with the first look, unless a caller imports `transport` beside other work before.
"""

from __future__ import annotations

from formerr_infra.inventory.databases import database_authority
from formerr_infra.inventory.facts import (
    Access,
    AccountFacts,
    DatabaseParts,
    Inventory,
    KubernetesOptions,
    Limits,
    Network,
    Question,
    Rule,
    Unknown,
)
from formerr_infra.inventory.members import Members, members
from formerr_infra.inventory.survey import look
from formerr_infra.inventory.waiting import Waited, is_finished, registry_name_taken, wait_ready

__all__ = [
    "Access",
    "AccountFacts",
    "DatabaseParts",
    "Inventory",
    "KubernetesOptions",
    "Limits",
    "Members",
    "Network",
    "Question",
    "Rule",
    "Unknown",
    "Waited",
    "database_authority",
    "is_finished",
    "look",
    "members",
    "registry_name_taken",
    "wait_ready",
]
