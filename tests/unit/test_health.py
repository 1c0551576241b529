"""What follows from checks, and what objects of a cluster say of themselves: pure functions of `formerr health`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.health import Check, HealthUnknown, State, Unhealthy, Verdict, judged, require, verdict
from formerr_infra.health import cluster as clusters
from formerr_infra.health.images import Image, declared
from formerr_infra.health.web import Answer, NoAnswer, Target
from formerr_infra.inventory.facts import Unknown
from formerr_infra.ledger import Ledger
from formerr_infra.model import Found

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
TARGET = Target("127.0.0.1", 443, "api.example", tls=True)


def made(*states: State) -> list[Check]:
    return [Check(f"check-{number}", state, "found") for number, state in enumerate(states)]


@given(st.lists(st.sampled_from(State), max_size=6))
def test_only_what_was_seen_to_be_well_is_healthy(states: list[State]) -> None:
    found = verdict(made(*states))
    assert (found is Verdict.UNHEALTHY) == (State.FAILED in states)
    if found is Verdict.HEALTHY:
        assert State.OK in states
        assert State.UNKNOWN not in states


def test_nothing_but_skipped_is_not_healthy() -> None:
    assert verdict([]) is Verdict.UNKNOWN
    assert verdict(made(State.SKIPPED, State.SKIPPED)) is Verdict.UNKNOWN


def test_what_stops_names_what_failed_and_ends_with_its_code() -> None:
    require(made(State.OK, State.SKIPPED))
    with pytest.raises(Unhealthy, match="check-0: found") as failed:
        require(made(State.FAILED, State.UNKNOWN))
    with pytest.raises(HealthUnknown, match="check-1: found") as unknown:
        require(made(State.OK, State.UNKNOWN))
    assert (failed.value.exit_code, unknown.value.exit_code) == (8, 4)


# -- answers -------------------------------------------------------------------------------------------------


@given(st.integers(100, 599), JSON)
def test_no_body_but_a_well_one_with_200_is_ok(status: int, body: Any) -> None:
    state, message = judged.health(Answer(status, {}, json.dumps(body).encode()), TARGET)
    well = isinstance(body, dict) and str(body.get("status")).strip().lower() in judged.WELL
    assert (state is State.OK) <= (status == 200 and well)
    assert message


@given(
    st.binary(max_size=200), st.dictionaries(st.just("location"), st.text(max_size=60)), st.integers(100, 599)
)
def test_no_answer_whatever_it_holds_raises_or_shows_a_control_character(
    body: bytes, headers: dict[str, str], status: int
) -> None:
    for judge in (judged.health, judged.page, judged.way_in):
        state, _ = judge(Answer(status, headers, body), TARGET)
        assert isinstance(state, State)
    assert judged.health(NoAnswer("none"), TARGET)[0] is State.FAILED


# -- objects of a cluster ------------------------------------------------------------------------------------


def deployment(wanted: int = 2, **status: Any) -> dict[str, Any]:
    well = {"availableReplicas": wanted, "updatedReplicas": wanted, "observedGeneration": 3}
    return {"metadata": {"generation": 3}, "spec": {"replicas": wanted}, "status": well | status}


@pytest.mark.parametrize(
    ("live", "state", "said"),
    [
        (deployment(), State.OK, "2 of 2 pods are available"),
        (deployment(updatedReplicas=1), State.OK, "a roll is under way"),
        (deployment(observedGeneration=2), State.OK, "a roll is under way"),
        (deployment(availableReplicas=1), State.FAILED, "1 of 2"),
        (deployment(availableReplicas=None), State.FAILED, "0 of 2"),
        (deployment(0), State.FAILED, "no pod at all"),
        (
            deployment(
                conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
            ),
            State.FAILED,
            "stuck (ProgressDeadlineExceeded)",
        ),
        ({"metadata": {}, "spec": {}, "status": None}, State.FAILED, "0 of 1"),
        (None, State.FAILED, "not on the cluster"),
        (Unknown("no answer"), State.UNKNOWN, "no answer"),
    ],
)
def test_a_workload_is_well_only_with_every_pod_that_it_wants(live: Any, state: State, said: str) -> None:
    told = clusters.workload(live)
    assert told[0] is state
    assert said in told[1]


def node(name: str, ready: str = "True", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def listed(*items: Any, **more: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"items": list(items), "metadata": more}).encode()


def a_cluster(count: int = 2, **facts: Any) -> Found:
    return Found("id", "c", facts={"status": "running"} | facts, details={"node_pools": [{"count": count}]})


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (listed(node("a"), node("b")), State.OK, "2 of 2 nodes are ready"),
        (listed(node("a"), node("b", unschedulable=True)), State.OK, "1 closed to new pods"),
        (listed(node("a"), node("b", "Unknown")), State.FAILED, "not ready: b"),
        (listed(node("a")), State.FAILED, "1 nodes are ready, the pools have 2"),
        (listed(), State.FAILED, "0 nodes"),
        (listed(node("a"), **{"continue": "more"}), State.UNKNOWN, "longer"),
        (listed("node"), State.UNKNOWN, "is none"),
        ((403, b"{}"), State.UNKNOWN, "403"),
        ((200, b"<html>"), State.UNKNOWN, "is none"),
        (Unknown("no answer"), State.UNKNOWN, "no answer"),
    ],
)
def test_nodes_are_well_only_if_all_that_the_pools_have_are_ready(
    answer: Any, state: State, said: str
) -> None:
    told = clusters.nodes(a_cluster(), answer)
    assert told[0] is state
    assert said in told[1]


def test_a_cluster_without_a_node_is_never_well() -> None:
    assert clusters.nodes(a_cluster(0), listed())[0] is State.FAILED


@pytest.mark.parametrize(
    ("status", "answer", "state"),
    [
        ("running", (200, b"ok"), State.OK),
        ("upgrading", (200, b"ok"), State.OK),
        ("degraded", (200, b"ok"), State.FAILED),
        ("running", (500, b"[-]etcd failed"), State.FAILED),
        ("running", (401, b""), State.UNKNOWN),
        ("running", Unknown("refused"), State.FAILED),
    ],
)
def test_a_cluster_is_well_if_its_api_server_is_ready_and_digitalocean_agrees(
    status: str, answer: Any, state: State
) -> None:
    assert clusters.answers(a_cluster(status=status), answer)[0] is state


@pytest.mark.parametrize("status", ["error", "deleted", "provisioning", "invalid", None])
def test_a_cluster_that_does_not_run_is_not_asked(status: str | None) -> None:
    told = clusters.status(a_cluster(status=status))
    assert told is not None
    assert told[0] is State.FAILED


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (listed(node("postgres-0")), State.OK),
        (listed(node("postgres-0", "False")), State.FAILED),
        (listed(), State.FAILED),
        ((500, b""), State.UNKNOWN),
    ],
)
def test_a_database_in_the_cluster_is_as_ready_as_its_pod(answer: Any, state: State) -> None:
    assert clusters.pods(answer, "PostgreSQL")[0] is state


# -- images --------------------------------------------------------------------------------------------------


def ledger(**images: Any) -> Ledger:
    return Ledger(
        {},
        object_inputs={
            key.replace("__", "/"): {"spec": {"template": {"spec": {"containers": [{"image": image}]}}}}
            for key, image in images.items()
        },
    )


def test_images_are_those_of_the_declared_workloads_in_a_digitalocean_registry() -> None:
    digest = f"sha256:{'a' * 64}"
    found = declared(
        ledger(
            deployment__n__one="registry.digitalocean.com/r/team/app:1f0e2d3",
            deployment__n__two=f"registry.digitalocean.com/r/other@{digest}",
            deployment__n__same="registry.digitalocean.com/r/team/app:1f0e2d3",
            deployment__n__edge="docker.io/library/traefik:v3",
            cronjob__n__dump="registry.digitalocean.com/r/dump:1",
            deployment__n__odd=7,
        )
    )
    assert found == [
        Image("r", "team/app", "1f0e2d3", None),
        Image("r", "other", None, digest),
    ]


@given(JSON)
def test_inputs_of_any_form_have_no_image_and_no_failure(inputs: Any) -> None:
    held = Ledger(
        {}, object_inputs={"deployment/n/x": inputs if isinstance(inputs, dict) else {"spec": inputs}}
    )
    assert declared(held) == []
