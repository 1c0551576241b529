"""A visit to this machine and its stacks: what would stop a run, what is not known, and what to do about it.

Reads only. Each check stands by itself: one that cannot be made says so, and takes no other with it. Nothing is needed:
neither engine nor token, state or stack file.
"""

from __future__ import annotations

from formerr_infra.doctor.model import Finding, Level, Slot, Visit
from formerr_infra.doctor.run import TIMEOUT, visit

__all__ = ("TIMEOUT", "Finding", "Level", "Slot", "Visit", "visit")
