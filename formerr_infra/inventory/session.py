"""One look at one account: pydo with deadlines, bounded repetition of reads, and respect of the rate limit.

What cannot be used comes back as an `Answer` with `trouble`; nothing here raises for what the other side
does. Only reads are repeated, and pydo's own retrying, which repeats a POST as well, is switched off.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.credential import NOT_OFFERED as NOT_OFFERED
from formerr_infra.errors import SettingsError
from formerr_infra.inventory.pacing import Pace, wait_that_is_asked_for
from formerr_infra.loopback import is_loopback, require_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.core.rest import HttpResponse
    from pydo import GeneratedClient

    from formerr_infra.inventory.facts import Access, Limits

#: The status of an answer that a caller may want to read itself; any other but 200 is trouble.
TELLING = frozenset({404, 405, 409, 412})
#: A wait for a rate limit where the answer does not say how long; seconds.
_USUAL_WAIT = 1.0
#: `ratelimit-reset` is a time of day (epoch seconds) where it is above this, else a number of seconds.
_EPOCH = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one request, after all attempts.

    Attributes:
        status: of the last attempt; None where there was no answer at all.
        body: the decoded JSON object; None for an answer without a body.
        trouble: why nothing may be concluded from it; empty if something may.
    """

    status: int | None
    body: Mapping[str, Any] | None = None
    trouble: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether what was asked for was done; of a read, that is not yet an answer that can be used."""
        return self.status is not None and 200 <= self.status < 300


class Session:
    """One look at one account.

    Args:
        access: where and with what.
        limits: how long and how hard.

    Raises:
        NotLoopback: local mode, and the endpoint is elsewhere.
        SettingsError: plain http to another machine, or no token.
    """

    def __init__(self, access: Access, limits: Limits) -> None:
        _check(access)
        self.limits = limits
        self.deadline = time.monotonic() + limits.budget
        self.calls = 0
        self.refused: set[str] = set()
        self.older_registries = False
        self._token = access.token
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(limits.at_once)
        self._pace = Pace()
        from formerr_infra.inventory.transport import connect

        self.client: GeneratedClient = connect(access, limits)

    def __repr__(self) -> str:
        return f"<Session {self.calls} calls>"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.client.close()

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.deadline - time.monotonic()

    def allowance(self) -> tuple[int | None, float | None]:
        """Requests that the account still takes, and seconds until it takes more; None where not told."""
        return self._pace.allowance(time.monotonic())

    def read(
        self, path: str, scope: str, operation: Callable[..., Any], *args: Any, **options: Any
    ) -> Answer:
        """Ask with a GET, repeating it where that can help.

        Args:
            path: for messages.
            scope: the token's scope that this needs, for messages.
            operation: a method of pydo that sends a GET.
            args, options: for it.
        """
        trouble = ""
        pause = self.limits.pause
        attempt = 0
        while True:
            if wait := self._pace.begin(time.monotonic(), self.left):
                if wait > self.left:
                    return Answer(429, None, f"GET {path}: rate limited for another {wait:.0f} s")
                time.sleep(wait)
                continue
            try:
                answer, again = self._attempt(f"GET {path}", scope, operation, *args, **options)
            finally:
                self._pace.end()
            if not answer.trouble or not again:
                return answer
            if answer.status == 429:
                continue
            attempt += 1
            trouble = f"{answer.trouble}, {attempt} attempts" if attempt > 1 else answer.trouble
            if attempt > self.limits.retries or pause >= self.left:
                return Answer(answer.status, None, trouble)
            time.sleep(pause)
            pause *= 2

    def send_once(
        self, what: str, scope: str, operation: Callable[..., Any], *args: Any, **options: Any
    ) -> Answer:
        """Ask once, whatever comes back; for what is not a GET. Any success is one, whatever its body."""
        answer = self._attempt(what, scope, operation, *args, **options)[0]
        return Answer(answer.status, answer.body) if answer.succeeded else answer

    def _attempt(
        self, what: str, scope: str, operation: Callable[..., Any], *args: Any, **options: Any
    ) -> tuple[Answer, bool]:
        """One request: the answer, and whether another attempt could help."""
        from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

        from formerr_infra.inventory.transport import Undecodable

        with self._slots:
            with self._lock:
                self.calls += 1
            try:
                response, body = operation(*args, cls=_both, deadline=self.deadline, **options)
            except HttpResponseError as error:
                if error.response is None:
                    return Answer(None, None, f"{what}: {type(error).__name__}"), True
                response = error.response
                body = None
            except Undecodable as error:
                status = error.response.status_code
                return Answer(status, None, f"{_where(what, error.response)}: the body is not JSON"), True
            except (ServiceRequestError, ServiceResponseError) as error:
                return Answer(None, None, f"{what}: {self._clean(str(error))}"), True
            except Exception as error:
                return Answer(None, None, f"{what}: {type(error).__name__} while reading the answer"), True
        self._note_limits(response)
        return self._judge(what, scope, response, body)

    def _judge(self, what: str, scope: str, response: HttpResponse, body: object) -> tuple[Answer, bool]:
        status = response.status_code
        where = _where(what, response)
        if body is None and response.content and status != 204:
            body = _decoded(response)
        if status in (200, 201):
            if isinstance(body, dict):
                return Answer(status, body), False
            return Answer(status, None, f"{where}: the body is not a JSON object"), True
        if status == 204:
            return Answer(status), False
        if 200 <= status < 300:
            return Answer(
                status, body if isinstance(body, dict) else None, f"{where}: not a usual answer"
            ), False
        if status in TELLING:
            if isinstance(body, dict) and isinstance(body.get("id"), str):
                return Answer(status, body), False
            return Answer(status, None, f"{where}: not in the API's own words"), False
        said = self._said(body)
        if status == 401:
            return Answer(status, None, f"{where}: the token is refused{said}"), False
        if status == 403:
            with self._lock:
                self.refused.add(scope)
            return Answer(status, None, f"{where}: forbidden, the token may lack {scope}{said}"), False
        if status == 429:
            return Answer(status, None, f"{where}: rate limited{said}"), True
        return Answer(status, None, f"{where}{said}"), status >= 500 and status not in NOT_OFFERED

    def _said(self, body: object) -> str:
        message = body.get("message") if isinstance(body, dict) else None
        return f' ("{self._clean(message)}")' if isinstance(message, str) and message else ""

    def _clean(self, text: str) -> str:
        """One line of at most 200 characters, without the token."""
        flat = " ".join(text.split())
        if self._token:
            flat = flat.replace(self._token, "***")
        return flat if len(flat) <= 200 else flat[:197] + "..."

    def _note_limits(self, response: HttpResponse) -> None:
        limits = getattr(response, "limits", {})
        now = time.monotonic()
        reset = _number(limits.get("ratelimit-reset"))
        reset_in = None if reset is None else max(0.0, reset - time.time() if reset > _EPOCH else reset)
        remaining, limit = _number(limits.get("ratelimit-remaining")), _number(limits.get("ratelimit-limit"))
        if remaining is not None:
            whole = None if limit is None else int(limit)
            self._pace.tell(remaining=int(remaining), reset_in=reset_in, limit=whole, now=now)
        if response.status_code != 429:
            self._pace.accept()
            return
        after = wait_that_is_asked_for(response.headers.get("retry-after"), time.time())
        if after is None:
            after = _USUAL_WAIT if reset_in is None else reset_in
        self._pace.refuse(now, wait=after)


def _check(access: Access) -> None:
    if access.local:
        require_loopback(access.endpoint)
    if not access.endpoint.startswith("https://") and not is_loopback(access.endpoint):
        raise SettingsError(
            [f"DIGITALOCEAN_API_URL is {access.endpoint!r}: only https, or http on loopback, gets the token"]
        )
    if not re.fullmatch(r"[\x21-\x7e]+", access.token):
        raise SettingsError(["DIGITALOCEAN_TOKEN is empty or holds characters that no token has"])


def _both(pipeline_response: Any, body: object, _headers: object) -> tuple[HttpResponse, object]:
    return pipeline_response.http_response, body


def _decoded(response: HttpResponse) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _where(what: str, response: HttpResponse) -> str:
    request_id = response.headers.get("x-request-id")
    if not request_id:
        body = _decoded(response) if response.content else None
        request_id = body.get("request_id") if isinstance(body, dict) else None
    shown = f" (request {request_id[:64]})" if isinstance(request_id, str) and request_id else ""
    return f"{what}: {response.status_code}{shown}"


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is None or 0 <= value < 1e12 else None
