"""What the answers of probes mean; pure.

The backend answers 200 also when it is not well, so its body decides. A page is judged by its status. No redirect is
ever followed: where one leads is said.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from formerr_infra.health.model import State
from formerr_infra.health.web import Answer, NoAnswer, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What the backend's body says when it is well, and when it is not (docs/application.md).
WELL = frozenset({"healthy", "ok"})
NOT_WELL = frozenset({"unhealthy", "degraded", "error", "down"})
#: Fields of the body that may be repeated: short words, nothing that could be an address or a secret.
_TOLD = ("database", "version", "environment")
_WORD = re.compile(r"[A-Za-z0-9 ._-]{1,40}")

Judged = tuple[State, str]


def health(asked: Answer | NoAnswer, target: Target) -> Judged:
    """The backend's `/health`, by its body."""
    if isinstance(asked, NoAnswer):
        return _none(asked, target)
    where = f"{target.url}/health"
    if 300 <= asked.status < 400:
        return State.FAILED, f"{where} {_leads(asked, target)}; it is not followed"
    if not asked.whole:
        return State.FAILED, f"{where} answers more than a health check has to say ({asked.status})"
    document = _object(asked.body)
    if document is None:
        return State.FAILED, f"{where} answers {asked.status}, and not in JSON: something else answers there"
    said = document.get("status")
    if not isinstance(said, str):
        return State.FAILED, f"{where} answers {asked.status} without a status: something else answers there"
    more = _told(document)
    word = said.strip().lower()
    if word in NOT_WELL:
        return State.FAILED, f"the backend says that it is {word}{more} ({asked.status})"
    if asked.status != 200:
        return State.FAILED, f"{where} answers {asked.status}"
    if word in WELL:
        return State.OK, f"the backend says that it is {word}{more}"
    shown = word if _WORD.fullmatch(word) else "something else"
    return State.UNKNOWN, f"the backend's status is neither healthy nor unhealthy: {shown}"


def page(asked: Answer | NoAnswer, target: Target) -> Judged:
    """The frontend's page: 2xx, or a redirect on the same host."""
    if isinstance(asked, NoAnswer):
        return _none(asked, target)
    if 300 <= asked.status < 400:
        home = _destination(asked, target)
        if home is not None and (home.hostname or "").lower() == target.host.lower():
            return State.OK, f"{target.url}/ {_leads(asked, target)}"
        return State.FAILED, f"{target.url}/ {_leads(asked, target)}; it is not followed"
    if 200 <= asked.status < 300:
        return State.OK, f"{target.url}/ answers {asked.status}"
    return State.FAILED, f"{target.url}/ answers {asked.status}"


def way_in(asked: Answer | NoAnswer, target: Target) -> Judged:
    """The ingress controller behind the load balancer, by the path that it answers for every host."""
    if isinstance(asked, NoAnswer):
        return _none(asked, target)
    if asked.status == 200:
        return State.OK, f"{target.address} answers, and the ingress behind it"
    if asked.status in (502, 503, 504):
        return State.FAILED, f"{target.address} answers {asked.status}: nothing behind it does"
    return State.FAILED, f"{target.address} answers {asked.status}; the ingress answers 200 there"


def certificate(days: float | NoAnswer, target: Target, threshold: float) -> Judged:
    """How long a certificate is still good."""
    if isinstance(days, NoAnswer):
        return _none(days, target)
    return ends_in(days, threshold, f"the certificate of {target.host}")


def ends_in(days: float, threshold: float, what: str) -> Judged:
    """How long is left, against the days that it must have left."""
    if days <= 0:
        return State.FAILED, f"{what} ended {-days:.0f} days ago"
    if days < threshold:
        return State.FAILED, f"{what} ends in {days:.0f} days; {threshold:g} are wanted"
    return State.OK, f"{what} is good for {days:.0f} days"


def _none(asked: NoAnswer, target: Target) -> Judged:
    state = State.UNKNOWN if asked.own else State.FAILED
    return state, f"{target.url} at {target.address}: {asked.reason}"


def _destination(asked: Answer, target: Target) -> Any:
    try:
        return urlsplit(urljoin(f"{target.url}/", asked.headers.get("location", "")))
    except ValueError:
        return None


def _leads(asked: Answer, target: Target) -> str:
    """Where a redirect goes: host and path, never a query, which may hold what a login needs."""
    home = _destination(asked, target)
    shown = f"{home.scheme}://{home.hostname}{home.path}" if home is not None and home.hostname else "nowhere"
    return f"redirects ({asked.status}) to {shown[:200]}"


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except (RecursionError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _told(document: Mapping[str, Any]) -> str:
    words = []
    for name in _TOLD:
        value = document.get(name)
        if isinstance(value, bool):
            words.append(f"{name} {str(value).lower()}")
        elif isinstance(value, str) and _WORD.fullmatch(value):
            words.append(f"{name} {value}")
    return f" ({', '.join(words)})" if words else ""
