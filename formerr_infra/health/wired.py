"""Integration tests against a deployed application: what the stack tells it, seen from outside.

That it runs is `checks`' business. Here it is asked whether the stack's settings have arrived: the login's way back, who may
call the API from a browser. No login is made, and nothing of the application's data is read or written.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from formerr_infra.health.asked.web import target_of
from formerr_infra.health.looked import look
from formerr_infra.health.model import Check, State
from formerr_infra.health.run import Job, timed
from formerr_infra.health.web import Answer, NoAnswer, Target, get
from formerr_infra.inventory.crew import StillRunning, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.health.asked.results import Told
    from formerr_infra.health.looked import Looked
    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

CALLBACK = "/auth/github/callback"
STRANGER = "https://elsewhere.invalid"
_ALLOWED = "access-control-allow-origin"


def tests(stack: str, settings: Settings, access: Access, ledger: Ledger, *, timeout: float) -> list[Check]:
    """All of them, side by side. Reads only.

    Args:
        stack, settings, access, ledger, timeout: as of `checks`.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
    """
    looked = look(stack, settings, access, ledger, timeout=timeout)
    asked = {"login-returns": _login, "browser-of-the-frontend": _own, "browser-of-a-stranger": _stranger}
    jobs = [_job(name, partial(ask, looked, timeout)) for name, ask in asked.items()]
    ended = side_by_side([partial(timed, job) for job in jobs], width=len(jobs), timeout=2 * timeout)
    found: list[Check] = []
    for name, result in zip(asked, ended, strict=True):
        late = [Check(name, State.FAILED, "no answer in time", 2 * timeout)]
        found += late if isinstance(result, StillRunning) else result
    return found


def _job(name: str, told: Callable[[], Told]) -> Job:
    return Job((name,), lambda: [(name, *told())], State.FAILED)


def _login(looked: Looked, timeout: float) -> Told:
    """GitHub sends a browser back to the callback; without what it brings, the backend must be there and refuse."""
    target = target_of(looked, looked.settings.backend_host)
    if not isinstance(target, Target):
        return target
    where = f"{target.url}{CALLBACK}"
    answer = get(target, CALLBACK, timeout=timeout)
    if isinstance(answer, NoAnswer):
        return _silent(answer, where)
    if 300 <= answer.status < 400:
        home = urlsplit(urljoin(where, answer.headers.get("location", ""))).hostname or "nowhere"
        if home == looked.settings.frontend_host.lower():
            return State.OK, f"{where} leads back to {home}"
        return State.FAILED, f"{where} leads to {home}, not to {looked.settings.frontend_host}"
    if 400 <= answer.status < 500 and answer.status not in (404, 405):
        return State.OK, f"{where} is there, and refuses what brings nothing ({answer.status})"
    return State.FAILED, f"{where} answers {answer.status}; OAUTH_CALLBACK_URL leads there after a login"


def _own(looked: Looked, timeout: float) -> Told:
    """The frontend's pages may call the API."""
    found = _allowed(looked, None, timeout)
    if not isinstance(found, str):
        return found
    origin = _origin(looked)
    if found == origin:
        return State.OK, f"pages of {origin} may call the API"
    return (
        State.FAILED,
        f"pages of {origin} may not call the API: {_ALLOWED} is {found or 'not there'} (ALLOWED_ORIGINS)",
    )


def _stranger(looked: Looked, timeout: float) -> Told:
    """Other pages may not, in the name of who is logged in."""
    found = _allowed(looked, STRANGER, timeout)
    if not isinstance(found, str):
        return found
    if found in ("*", STRANGER):
        return (
            State.FAILED,
            f"any page may call the API: {_ALLOWED} is {found} for {STRANGER} (ALLOWED_ORIGINS)",
        )
    return State.OK, "pages of strangers may not call the API"


def _allowed(looked: Looked, origin: str | None, timeout: float) -> str | Told:
    target = target_of(looked, looked.settings.backend_host)
    if not isinstance(target, Target):
        return target
    answer: Answer | NoAnswer = get(
        target, "/health", timeout=timeout, headers={"Origin": origin or _origin(looked)}
    )
    if isinstance(answer, NoAnswer):
        return _silent(answer, f"{target.url}/health")
    return answer.headers.get(_ALLOWED, "")[:200]


def _origin(looked: Looked) -> str:
    target = target_of(looked, looked.settings.frontend_host)
    scheme = "https" if isinstance(target, Target) and target.tls else "http"
    return f"{scheme}://{looked.settings.frontend_host}"


def _silent(answer: NoAnswer, where: str) -> Told:
    return (State.UNKNOWN if answer.own else State.FAILED), f"{where}: {answer.reason}"
