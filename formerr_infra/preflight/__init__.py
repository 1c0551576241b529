"""Whether the account can take what is going to be made, said before the first write and all at once.

Pure: a demand and the account's facts in, findings out. A fact that is needed and unknown is an error,
because unknown is not "there is room". It cannot see what the API tells nobody: scopes for writing, and what
other runs are about to make.
"""

from __future__ import annotations

from formerr_infra.preflight.checks import check, declared_tier
from formerr_infra.preflight.demand import (
    ClusterDemand,
    Demand,
    Finding,
    PoolDemand,
    RegistryDemand,
    Severity,
    VpcDemand,
)
from formerr_infra.preflight.services import Around, around, host_differs
from formerr_infra.preflight.versions import VersionNotOffered, is_exact, resolve_version

__all__ = [
    "Around",
    "ClusterDemand",
    "Demand",
    "Finding",
    "PoolDemand",
    "RegistryDemand",
    "Severity",
    "VersionNotOffered",
    "VpcDemand",
    "around",
    "check",
    "declared_tier",
    "host_differs",
    "is_exact",
    "resolve_version",
]
