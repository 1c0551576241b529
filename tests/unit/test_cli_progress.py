"""What a person sees while a deployment goes on: each phase and each step with its time, drawn at a terminal, lines elsewhere."""

from __future__ import annotations

import re

import pytest

from formerr_infra.cli.options import VERBOSE
from formerr_infra.cli.progress import Screen
from formerr_infra.engine import Change, Diagnostic, Event, Phase

VPC = Change("urn::vpc", "digitalocean:index/vpc:Vpc", "vpc\x1b[2J", "create", new_id="id-of-vpc")
STEPS = (
    Event(Phase.BEGUN, change=VPC),
    Event(Phase.BEGUN, change=Change("urn::net", "formerr:network:Network", "network", "create")),
    Event(Phase.BEGUN, change=Change("urn::lb", "digitalocean:x:Y", "balancer", "same")),
    Event(Phase.BEGUN, change=Change("urn::db", "digitalocean:x:Y", "database", "create"), planning=True),
    Event(Phase.SAID, diagnostic=Diagnostic("info", "said by the program")),
    Event(Phase.DONE, change=VPC),
    Event(Phase.BEGUN, change=Change("urn::c", "digitalocean:x:Y", "cluster", "update")),
    Event(Phase.FAILED, change=Change("urn::c", "digitalocean:x:Y", "cluster", "update", id="c1")),
)


def _seen(capsys: pytest.CaptureFixture[str]) -> str:
    screen = Screen(None)

    def fail() -> None:
        with screen.phase("update"):
            for step in STEPS:
                screen.event(step)
            raise LookupError("it failed")

    with pytest.raises(LookupError):
        fail()
    seen = capsys.readouterr()
    assert seen.out == ""
    return seen.err


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", VERBOSE):
        monkeypatch.delenv(name, raising=False)


def test_without_a_terminal_there_is_a_line_for_each_beginning_and_each_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [re.sub(r"\d+\.\d s", "T", line) for line in _seen(capsys).splitlines()]

    vpc = "vpc\N{REPLACEMENT CHARACTER}[2J"
    assert lines == [
        "update",
        f"  {vpc}: create",
        f"  {vpc}: create done in T (id-of-vpc)",
        "  cluster: update",
        "  cluster: update failed in T (c1)",
        "update    failed in T",
    ]


def test_at_a_terminal_what_runs_is_drawn_and_what_has_ended_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    seen = _seen(capsys)

    assert "create vpc" in seen
    assert re.search(r"vpc\N{REPLACEMENT CHARACTER}\[2J: create done in \d", seen)
    assert "\x1b[2J" not in seen
    assert "network" not in seen


def test_what_the_engine_says_is_shown_to_whoever_wants_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "said by the program" not in _seen(capsys)

    monkeypatch.setenv(VERBOSE, "1")
    assert "said by the program" in _seen(capsys)
