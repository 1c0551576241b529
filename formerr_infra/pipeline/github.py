"""GitHub's API, as far as a pipeline writes: comments and issues of one repository.

The address comes from GITHUB_API_URL, the token from GITHUB_TOKEN; it goes nowhere but there, by https, or by http on
loopback. A GET is repeated once; what writes is sent once.
"""

from __future__ import annotations

import json
import re
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.loopback import is_loopback, shown
from formerr_infra.pipeline.texts import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REAL = "https://api.github.com"
VERSION = "2022-11-28"
TIMEOUT = 20.0
PER_PAGE = 100
MOST_PAGES = 50
_LARGEST = 8 << 20
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


class GitHubFailed(FormerrError):
    """GitHub did not take what a pipeline had to say; the message says what it answered."""

    exit_code = 18


class GitHub:
    """The repository that a pipeline runs for.

    Args:
        api: base address.
        repository: owner/name.
        token: for it; never printed.
    """

    def __init__(self, api: str, repository: str, token: str) -> None:
        self._api = urlsplit(api.rstrip("/"))
        self._repository = repository
        self._token = token

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitHub:
        """The one that the environment of a workflow names.

        Raises:
            SettingsError: it does not, or the token would travel in the open.
        """
        missing = [
            f"{name} is not set"
            for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN")
            if not environment.get(name)
        ]
        if missing:
            raise SettingsError(
                [*missing, "A workflow of GitHub Actions has both (the token as `env` of the step)."]
            )
        api = environment.get("GITHUB_API_URL") or REAL
        if not api.startswith("https://") and not (api.startswith("http://") and is_loopback(api)):
            raise SettingsError(
                [f"GITHUB_API_URL is {shown(api)!r}: only https, or http on loopback, gets the token"]
            )
        repository = environment["GITHUB_REPOSITORY"]
        if not _REPOSITORY.fullmatch(repository):
            raise SettingsError([f"GITHUB_REPOSITORY is {repository!r}; owner/name is expected"])
        if not re.fullmatch(r"[\x21-\x7e]+", environment["GITHUB_TOKEN"]):
            raise SettingsError(["GITHUB_TOKEN holds white space or characters that no token has"])
        return cls(api, repository, environment["GITHUB_TOKEN"])

    def comment(self, number: int, key: str, text: str) -> str:
        """Write the comment of that key below a pull request, or edit it where it is; its address."""
        for one in self._pages(f"issues/{number}/comments"):
            if is_ours(key, one):
                if one.get("body") == text:
                    return _address(one)
                return _address(self._send("PATCH", f"issues/comments/{_id(one, 'id')}", {"body": text}))
        return _address(self._send("POST", f"issues/{number}/comments", {"body": text}))

    def open(self, key: str, title: str, text: str, label: str) -> str:
        """Open the issue of that key, or bring the open one up to date; its address."""
        one = self._issue(key, label)
        if one is None:
            return _address(self._send("POST", "issues", {"title": title, "body": text, "labels": [label]}))
        if (one.get("body"), one.get("title")) == (text, title):
            return _address(one)
        return _address(self._send("PATCH", f"issues/{_id(one, 'number')}", {"title": title, "body": text}))

    def close(self, key: str, label: str, said: str) -> str | None:
        """Close the issue of that key with a last comment; its address, None where none is open."""
        one = self._issue(key, label)
        if one is None:
            return None
        number = _id(one, "number")
        self._send("POST", f"issues/{number}/comments", {"body": said})
        return _address(
            self._send("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})
        )

    def _issue(self, key: str, label: str) -> Mapping[str, Any] | None:
        """The open issue of that key; the oldest, should somebody have made two."""
        listed = self._pages("issues", state="open", labels=label, sort="created", direction="asc")
        return next((one for one in listed if "pull_request" not in one and is_ours(key, one)), None)

    def _pages(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            asked = urlencode({**query, "per_page": PER_PAGE, "page": page})
            listed = self._read(f"{path}?{asked}")
            if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
                raise GitHubFailed(f"GitHub's answer for {path} is no list")
            yield from listed
            if len(listed) < PER_PAGE:
                return

    def _read(self, path: str) -> Any:
        try:
            return self._exchange("GET", path, None)
        except (OSError, HTTPException):
            return self._sent("GET", path, None)

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        return self._sent(method, path, body)

    def _sent(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        try:
            return self._exchange(method, path, body)
        except (OSError, HTTPException) as error:
            raise GitHubFailed(f"{method} {path}: {type(error).__name__}") from None

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        host, port = self._api.hostname or "", self._api.port
        connection = (
            HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if self._api.scheme == "https"
            else HTTPConnection(host, port, timeout=TIMEOUT)
        )
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
            "User-Agent": "formerr",
        }
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body)
        try:
            connection.request(
                method, f"{self._api.path}/repos/{self._repository}/{path}", body=sent, headers=headers
            )
            answer = connection.getresponse()
            status, raw = answer.status, answer.read(_LARGEST)
        finally:
            connection.close()
        try:
            document = json.loads(raw or b"null")
        except (RecursionError, ValueError):
            document = None
        if status not in (200, 201):
            raise GitHubFailed(
                f"{method} {path.partition('?')[0]}: GitHub answered {status}{_why(document, status)}"
            )
        return document


def _why(document: Any, status: int) -> str:
    said = document.get("message") if isinstance(document, dict) else None
    why = f" ({' '.join(str(said).split())[:200]})" if said else ""
    if status in (403, 404):
        why += "; the job needs `permissions: pull-requests: write` for comments, `issues: write` for issues"
    return why


def _address(said: Any) -> str:
    return str(said.get("html_url") or "") if isinstance(said, dict) else ""


def _id(said: Mapping[str, Any], key: str) -> int:
    number = said.get(key)
    if not isinstance(number, int) or isinstance(number, bool):
        raise GitHubFailed(f"GitHub's answer has no {key}")
    return number
