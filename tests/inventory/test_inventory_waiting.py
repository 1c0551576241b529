"""Waiting for a resource ends when it is ready, gone, hopeless, or late; a name is taken, free, or not known."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from formerr_infra.detect import Assessment
from formerr_infra.errors import Refused
from formerr_infra.gate import before_the_first_write
from formerr_infra.inventory import Access, Limits, Waited, registry_name_taken, wait_ready
from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Decision, Found, Outcome
from formerr_infra.settings import check
from tests.inventory.liar import TOKEN, Liar, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient


def test_a_wait_ends_when_the_cluster_runs(
    control: ControlClient, access: Access, put: Callable[..., str]
) -> None:
    identity = put("cluster")
    control.update("kubernetes_clusters", identity, token=TOKEN, status={"state": "provisioning"})
    told: list[str] = []
    heard = threading.Event()

    def progress(text: str) -> None:
        told.append(text)
        heard.set()

    def finish() -> None:
        heard.wait(10)
        control.update("kubernetes_clusters", identity, token=TOKEN, status={"state": "running"})

    threading.Thread(target=finish, daemon=True).start()
    assert wait_ready(access, "cluster", identity, timeout=20, progress=progress, every=0.02).ready
    assert told == [f"cluster {identity}: provisioning", f"cluster {identity}: running"]


@pytest.mark.parametrize("kind", ["vpc", "registry", "load_balancer", "project", "cluster"])
def test_what_is_ready_is_not_waited_for(kind: str, access: Access, put: Callable[..., str]) -> None:
    identity = put(kind)
    assert wait_ready(access, kind, identity, timeout=5, every=60).ready


def test_a_wait_ends_when_the_thing_is_gone_or_will_never_be_ready(
    control: ControlClient, access: Access, put: Callable[..., str]
) -> None:
    gone = wait_ready(access, "cluster", "no-such", timeout=60, every=60)
    assert gone == Waited(ready=False, state="gone")
    identity = put("cluster")
    control.update("kubernetes_clusters", identity, token=TOKEN, status={"state": "error"})
    failed = wait_ready(access, "cluster", identity, timeout=60, every=60)
    assert failed == Waited(ready=False, state="error")


def gate(access: Access, identity: str, *, seen: str) -> list[str]:
    """What is said before the first write of a run that takes in a cluster which was seen in this state."""
    said: list[str] = []
    target = Found(identity, "c", facts={"status": seen})
    kept = {
        slot: Decision(slot, Outcome.KEEP, "", "", id="x", target=Found("x", "x"))
        for slot in ("registry", "loadBalancer")
    }
    taken = Decision("cluster", Outcome.IMPORT, "", "", id=identity, target=target)
    assessment = Assessment("staging", check({}, "staging"), EMPTY, {**kept, "cluster": taken})
    before_the_first_write(assessment, access, progress=said.append, timeout=5.0)
    return said


def test_a_degraded_cluster_is_made_and_not_waited_for(
    control: ControlClient, access: Access, put: Callable[..., str]
) -> None:
    identity = put("cluster")
    assert gate(access, identity, seen="degraded") == []
    assert control.requests() == []
    control.update("kubernetes_clusters", identity, token=TOKEN, status={"state": "degraded"})
    assert gate(access, identity, seen="upgrading") == [f"cluster {identity}: degraded"]


@pytest.mark.parametrize("state", ["error", "deleting"])
def test_what_will_never_be_ready_is_refused_at_once_and_no_time_is_said_to_be_up(
    state: str, control: ControlClient, access: Access, put: Callable[..., str]
) -> None:
    identity = put("cluster")
    control.update("kubernetes_clusters", identity, token=TOKEN, status={"state": state})
    with pytest.raises(Refused, match=f"{identity}.*{state}") as refused:
        gate(access, identity, seen="provisioning")
    assert "within" not in str(refused.value)


def test_a_wait_survives_answers_that_fail_and_ends_in_time(
    control: ControlClient, access: Access, put: Callable[..., str]
) -> None:
    identity = put("load_balancer")
    hasty = Limits(budget=0.5, retries=0, pause=0.01)
    control.fault("GET", "^/v2/load_balancers", status=500, times=3)
    told: list[str] = []
    assert wait_ready(
        access, "load_balancer", identity, timeout=20, progress=told.append, every=0.01, limits=hasty
    ).ready
    assert "unknown" in told[0]
    control.fault("GET", "^/v2/load_balancers", status=500)
    began = time.monotonic()
    assert wait_ready(access, "load_balancer", identity, timeout=0.3, every=0.05, limits=hasty).late
    assert time.monotonic() - began < 2


def test_a_registry_name_is_taken_by_any_account(control: ControlClient, access: Access) -> None:
    control.account(token="another", name="theirs")
    control.put("registries", token="another", name="theirs")
    assert registry_name_taken(access, "theirs") is True
    assert registry_name_taken(access, "nobodys") is False
    posts = control.requests(writes=True)
    assert [(record.path, record.applied) for record in posts] == [
        ("/v2/registries/validate-name", False)
    ] * 2


@pytest.mark.parametrize(
    ("statuses", "expected", "asked"),
    [
        ((404, 204), False, 2),
        ((405, 409), True, 2),
        ((404, 404), None, 2),
        ((500, 204), None, 1),
        ((403, 204), None, 1),
    ],
)
def test_a_registry_name_is_asked_once_per_endpoint_and_unknown_otherwise(
    statuses: tuple[int, int], expected: bool | None, asked: int, liar: Liar
) -> None:
    def answer(path: str) -> Reply:
        status = statuses[0] if path.startswith("/v2/registries") else statuses[1]
        return Reply(b"" if status == 204 else {"id": "said", "message": "so"}, status)

    liar.answer = answer
    assert registry_name_taken(Access(liar.endpoint, TOKEN, local=True), "name") is expected
    assert len(liar.asked) == asked


def test_jobs_run_side_by_side_but_never_more_than_allowed() -> None:
    lock = threading.Lock()
    running, most = 0, 0
    all_in = threading.Barrier(3, timeout=10)

    def job() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_in.wait()
        with lock:
            running -= 1
        return 1

    assert side_by_side([job] * 9, width=3, timeout=30) == [1] * 9
    assert most == 3


def test_a_job_that_hangs_does_not_hold_up_the_others_or_the_caller() -> None:
    never = threading.Event()
    hanging, done = side_by_side([lambda: never.wait(30), lambda: True], width=2, timeout=0.2)
    never.set()
    assert isinstance(hanging, StillRunning)
    assert done is True


def test_what_a_job_raises_is_raised_by_the_caller() -> None:
    def bad() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        side_by_side([bad], width=1, timeout=5)
