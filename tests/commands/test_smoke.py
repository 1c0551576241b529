"""`formerr smoke` against a real server where the load balancer is: whether the stack's settings have arrived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands.test_health import BACKEND, FRONTEND, World
from tests.support.web import answer, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.web import Site

OWN = f"http://{FRONTEND}"
CALLBACK = "/auth/github/callback"


class Application:
    """A backend as the application's is: a callback, and one origin that may call it."""

    def __init__(self) -> None:
        self.callback = answer('{"detail": "code is missing"}', 422)
        self.allowed: Callable[[str], str | None] = lambda origin: origin if origin == OWN else None
        self.site: Site | None = None

    def reply(self, connection: socket.socket, host: str, path: str) -> None:
        assert self.site is not None
        head = self.site.requests[-1].split("\r\n")
        (origin,) = [line[8:] for line in head if line.lower().startswith("origin: ")] or [""]
        if host != BACKEND:
            connection.sendall(answer("<html>"))
        elif path == CALLBACK:
            connection.sendall(self.callback)
        else:
            allowed = self.allowed(origin)
            more: dict[str, Any] = {} if allowed is None else {"Access_Control_Allow_Origin": allowed}
            connection.sendall(answer('{"status": "healthy"}', **more))


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    with serving(made.reply) as site:
        made.site = site
        yield made


@pytest.fixture
def world(
    tmp_path: Path,
    cloud: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    application: Application,
) -> World:
    made = World(tmp_path, cloud, monkeypatch, capsys)
    assert application.site is not None
    made.balance(("http", application.site))
    return made


def smoke(world: World, code: int) -> dict[str, Any]:
    """What each test found."""
    ended, out, err = world("--json", command="smoke")
    assert ended == code, err
    document = json.loads(out)
    return {one["name"]: (one["state"], one["message"]) for one in document["checks"]}


def test_an_application_that_was_told_what_the_stack_says_passes(world: World) -> None:
    found = smoke(world, 0)
    assert {name: state for name, (state, _) in found.items()} == {
        "login-returns": "ok", "browser-of-the-frontend": "ok", "browser-of-a-stranger": "ok",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("callback", "said"),
    [
        (answer("no", 404), "404"),
        (answer("no", 500), "500"),
        (answer("", 302, Location="https://elsewhere.invalid/login"), "leads to elsewhere.invalid"),
    ],
)
def test_a_login_that_does_not_come_back_fails(
    world: World, application: Application, callback: bytes, said: str
) -> None:
    application.callback = callback
    state, message = smoke(world, 8)["login-returns"]
    assert state == "failed"
    assert said in message


def test_a_login_may_lead_back_to_the_frontend(world: World, application: Application) -> None:
    application.callback = answer("", 302, Location=f"{OWN}/login?error=1")
    assert smoke(world, 0)["login-returns"][0] == "ok"


@pytest.mark.parametrize(
    ("allowed", "failed"),
    [
        (lambda _origin: None, "browser-of-the-frontend"),
        (lambda _origin: "http://old.example", "browser-of-the-frontend"),
        (lambda origin: origin, "browser-of-a-stranger"),
    ],
)
def test_origins_that_are_not_those_of_the_stack_fail(
    world: World, application: Application, allowed: Callable[[str], str | None], failed: str
) -> None:
    application.allowed = allowed
    found = smoke(world, 8)
    assert [name for name, (state, _) in found.items() if state == "failed"] == [failed]
    assert "ALLOWED_ORIGINS" in found[failed][1]


def test_an_api_that_is_open_to_all_fails_twice(world: World, application: Application) -> None:
    application.allowed = lambda _origin: "*"
    assert [name for name, (state, _) in smoke(world, 8).items() if state == "failed"] == [
        "browser-of-the-frontend", "browser-of-a-stranger",
    ]  # fmt: skip


def test_where_nothing_forwards_nothing_was_tested_and_that_is_not_fine(world: World) -> None:
    world.cloud.update("load_balancers", world.ids["loadBalancer"], ip="198.18.0.9")
    assert {state for state, _ in smoke(world, 4).values()} == {"skipped"}


def test_a_stack_whose_load_balancer_nothing_is_known_of_was_not_tested(world: World) -> None:
    del world.ids["loadBalancer"]
    assert {state for state, _ in smoke(world, 4).values()} == {"unknown"}
