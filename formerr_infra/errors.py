"""Everything that stops a run on purpose.

    FormerrError                      exit 1
    ├── SettingsError                 exit 2   bad configuration or environment, before any call
    ├── Refused                       exit 3   a slot was refused by the decision table
    │   └── UnknownIsNotAbsent        exit 4   refused because something could not be known
    ├── PreflightFailed               exit 5   the account cannot take what would be written
    ├── NotLoopback                   exit 6   local mode was pointed at an address that is not loopback
    ├── LedgerUnreadable              exit 4   the state could not be read, so nothing may be concluded
    └── SetupError                    exit 7   a tool is missing, or the local DigitalOcean does not run

Set-up and local runs raise kinds of their own (exit 11 to 14), next to what raises them; `docs/exit-codes.md` has all.

Messages say what was found, which ids, and what to set or run. None of them ever holds a secret's value.
"""

from __future__ import annotations

#: What a command ends with, in a word or two, whichever error it is.
EXIT_CODES = {
    0: "done",
    1: "failure, or not agreed to",
    2: "configuration or usage",
    3: "refused",
    4: "unknown",
    5: "preflight",
    6: "not on loopback",
    7: "something is missing",
    8: "unhealthy",
    9: "drift",
    11: "packages",
    12: "tools",
    13: "local DigitalOcean",
    14: "engine",
    15: "left behind",
    16: "state",
    17: "not swept",
    18: "GitHub",
    19: "registry",
    130: "interrupted",
}


class FormerrError(Exception):
    """Base of all: caught at the edge, printed without a traceback."""

    exit_code = 1


class SettingsError(FormerrError):
    """Configuration or environment is unusable; all findings at once.

    Args:
        findings: one line each, with file, key and, where known, line.
    """

    exit_code = 2

    def __init__(self, findings: list[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(findings))


class Refused(FormerrError):
    """One or more slots were refused; nothing was written."""

    exit_code = 3


class UnknownIsNotAbsent(Refused):
    """Something that the decision needs could not be known; nothing was written."""

    exit_code = 4


class LedgerUnreadable(FormerrError):
    """The stack's state could not be read."""

    exit_code = 4


class PreflightFailed(FormerrError):
    """The account cannot take what would be written; all findings at once, nothing was written."""

    exit_code = 5

    def __init__(self, findings: list[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(findings))


class NotLoopback(FormerrError):
    """An endpoint is not on loopback although local mode or a test demands it."""

    exit_code = 6


class SetupError(FormerrError):
    """A tool is missing or a local service does not run."""

    exit_code = 7
