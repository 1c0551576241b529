"""A GitHub of its own on loopback: comments and issues of one repository, as its REST API answers, and nothing else."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_local"
REPOSITORY = "some/where"
BOT = {"login": "github-actions[bot]", "type": "Bot"}

Json = dict[str, Any]


class FakeGitHub:
    """Comments and issues, what was asked, and what is refused next."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.comments: list[Json] = []
        self.issues: list[Json] = []
        self.asked: list[tuple[str, str]] = []
        #: Answers given instead of the real ones, first one first; None drops the connection.
        self.trouble: list[tuple[int, str] | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """As a workflow has it."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": self.token,
            "GITHUB_SERVER_URL": "https://github.invalid",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SHA": "0123456789abcdef",
        }

    @property
    def writes(self) -> list[str]:
        return [f"{method} {path}" for method, path in self.asked if method != "GET"]

    def say(self, number: int, body: str, user: Json = BOT) -> Json:
        """A comment below an issue or a pull request."""
        made = {
            "id": 1000 + len(self.comments), "issue": number, "body": body, "user": user,
            "html_url": f"https://github.invalid/{number}#{len(self.comments)}",
        }  # fmt: skip
        self.comments.append(made)
        return made

    def file(self, title: str, body: str, labels: list[str], user: Json = BOT) -> Json:
        """An issue."""
        number = 1 + len(self.issues)
        made = {
            "number": number, "title": title, "body": body, "state": "open", "user": user,
            "labels": [{"name": label} for label in labels], "html_url": f"https://github.invalid/{number}",
        }  # fmt: skip
        self.issues.append(made)
        return made

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json) -> tuple[int, Any]:
        root = f"/repos/{REPOSITORY}/"
        if not path.startswith(root):
            return 404, {"message": "Not Found"}
        rest = path.removeprefix(root)
        if match := re.fullmatch(r"issues/(\d+)/comments", rest):
            number = int(match[1])
            if method == "POST":
                return 201, self.say(number, body["body"])
            return 200, _page([one for one in self.comments if one["issue"] == number], query)
        if match := re.fullmatch(r"issues/comments/(\d+)", rest):
            comment = next(one for one in self.comments if one["id"] == int(match[1]))
            comment["body"] = body["body"]
            return 200, comment
        if rest == "issues" and method == "POST":
            return 201, self.file(body["title"], body["body"], body["labels"])
        if rest == "issues":
            return 200, _page(self._listed(query), query)
        if match := re.fullmatch(r"issues/(\d+)", rest):
            issue = self.issues[int(match[1]) - 1]
            issue.update({key: body[key] for key in ("title", "body", "state") if key in body})
            return 200, issue
        return 404, {"message": "Not Found"}

    def _listed(self, query: dict[str, list[str]]) -> list[Json]:
        wanted = query.get("labels", [""])[0]
        return [
            one
            for one in self.issues
            if one["state"] == query.get("state", ["open"])[0]
            and (not wanted or wanted in [label["name"] for label in one["labels"]])
        ]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                parts = urlsplit(self.path)
                github.asked.append((self.command, parts.path))
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                trouble = github.trouble.pop(0) if github.trouble else (0, "")
                if trouble is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, document = trouble[0], {"message": trouble[1]}
                if not status and self.headers.get("authorization") != f"Bearer {github.token}":
                    status, document = 401, {"message": "Bad credentials"}
                if not status:
                    status, document = github.answer(self.command, parts.path, parse_qs(parts.query), body)
                raw = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = _do  # noqa: N815 - as the server calls them

            def log_message(self, *_: object) -> None:
                return None

        return Handler


def _page(items: list[Json], query: dict[str, list[str]]) -> list[Json]:
    size, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    return items[(number - 1) * size : number * size]
