"""Whether what a stack has brought up is well: asked of the account, the cluster and the application itself.

Reads only. What cannot be checked is said, and never counted as fine. `checks` is what the command, a deployment and
the report use.
"""

from __future__ import annotations

from formerr_infra.health.model import (
    Check,
    HealthUnknown,
    State,
    Unhealthy,
    Verdict,
    require,
    summary,
    verdict,
)
from formerr_infra.health.run import CERTIFICATE_DAYS, TIMEOUT, checks

__all__ = (
    "CERTIFICATE_DAYS",
    "TIMEOUT",
    "Check",
    "HealthUnknown",
    "State",
    "Unhealthy",
    "Verdict",
    "checks",
    "require",
    "summary",
    "verdict",
)
