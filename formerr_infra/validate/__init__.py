"""Everything about a checkout that can be known to be wrong without an engine and an account, all at once."""

from __future__ import annotations

from formerr_infra.validate.checkout import STACKS, validate
from formerr_infra.validate.finding import Finding, Level, sarif

__all__ = ["STACKS", "Finding", "Level", "sarif", "validate"]
