"""What stops a plan of the engine before it writes: a delete or a replacement that nobody asked for by name, and a step
that is not what was decided."""

from __future__ import annotations

from formerr_infra.guard.judge import judge
from formerr_infra.guard.verdict import Code, GuardStopped, Stop, Verdict

__all__ = ["Code", "GuardStopped", "Stop", "Verdict", "judge"]
