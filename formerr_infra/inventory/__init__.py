"""What is live in an account: asked with pydo, answered with values, never guessed.

`look` asks; `facts` holds what is asked and answered. Importing this package does not import pydo: that
happens with the first look, unless a caller imports `transport` beside other work before.
"""

from __future__ import annotations

from formerr_infra.inventory.facts import (
    Access,
    AccountFacts,
    Inventory,
    KubernetesOptions,
    Limits,
    Network,
    Question,
    Unknown,
)
from formerr_infra.inventory.survey import look
from formerr_infra.inventory.waiting import registry_name_taken, wait_ready

__all__ = [
    "Access",
    "AccountFacts",
    "Inventory",
    "KubernetesOptions",
    "Limits",
    "Network",
    "Question",
    "Unknown",
    "look",
    "registry_name_taken",
    "wait_ready",
]
