"""What can go wrong in the stand-in, in the words of the official plugin where users meet them.

StandinError              an operation failed; the message is meant for the user
├── ApiError              DigitalOcean answered with an error, or not at all
└── InitFailed            the resource was created, but what had to follow failed: it stays in state
"""

from __future__ import annotations


class StandinError(Exception):
    """An operation failed. The message never holds the token."""


class ApiError(StandinError):
    """An answer other than success.

    Args:
        status: the HTTP status; 0 where no answer came.
        message: what the API said.
        what: method, address and request id, as in `POST http://...: 422 (request "...")`.
    """

    def __init__(self, status: int, message: str, what: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{what} {message}".strip())


class InitFailed(StandinError):
    """A create (or an update) went half-way.

    Args:
        ident: the id of the resource that is there now.
        reason: what failed afterwards.
    """

    def __init__(self, ident: str, reason: str) -> None:
        self.ident = ident
        self.reason = reason
        super().__init__(reason)


class Gone(StandinError):
    """What was to be changed is not there: nothing of it is kept."""
