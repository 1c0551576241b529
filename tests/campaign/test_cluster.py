"""A sample of the sweep of a cluster's calls, always the same cells, and what it asks; `make campaign` does all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.cluster import looks, sweep, together
from tests.campaign.cluster.site import site
from tests.campaign.parts import name
from tests.campaign.sweep import FAULTS, KILLS, Call, Cell, disturb
from tests.support import account
from tests.support.etcd import Entry

if TYPE_CHECKING:
    from pathlib import Path

CALLS = {
    "first deployment": tuple(
        Call("PATCH", f"/api/v1/namespaces/formerr/configmaps/{n}", 0) for n in range(13)
    ),
    "change": tuple(Call("PATCH", "/apis/apps/v1/namespaces/formerr/deployments/one", n) for n in range(2)),
    "destroy": (Call("DELETE", "/api/v1/namespaces/formerr", 0),),
}


#: What of a namespace that a destroy leaves is Kubernetes' own.
NOBODYS = ("ServiceAccount formerr/default", "ConfigMap formerr/kube-root-ca.crt")


@pytest.mark.engine
@pytest.mark.slow
def test_a_destroy_that_was_killed_at_a_call_and_refused_at_another_leaves_the_data_and_others_things(
    tmp_path: Path,
) -> None:
    with site() as stands:
        there = looks.objects(stands.live)
        arena = stands.begin("deployed", tmp_path / "destroy")
        deployed, before = looks.objects(stands.live), stands.etcd.content()
        for fault, path in {
            "killed-after": "/apis/apps/v1/namespaces/formerr/deployments/formerr-backend",
            "500": "/api/v1/namespaces/formerr/secrets/formerr-db-secret",
        }.items():
            step, fired = disturb(
                arena, stands.proxy, Cell("destroy", Call("DELETE", path, 0), fault), "destroy"
            )
            assert fired
            assert (step.code < 0) == (fault in KILLS), step.said
            if step.code < 0:
                arena.first.stack.cancel()
        assert arena.run(arena.first, "destroy").code == 0
        assert not list(looks.disturbed(before, stands.etcd.content()))
        kept = {
            key: one
            for key, one in deployed.items()
            if key.startswith(("PersistentVolumeClaim ", "Namespace /formerr")) or key in NOBODYS
        }
        del kept["Namespace /formerr-edge"]
        assert len(kept) > len(NOBODYS) + 1
        assert not looks.differences(looks.objects(stands.live), there | kept)
        assert looks.held(arena.first.stack.checkpoint) == {}
        assert account.counts(arena.cloud) == dict.fromkeys(account.KINDS, 0)


# -- which cells there are -------------------------------------------------------------------------------------


def test_each_call_meets_both_kills_and_another_fault_and_each_kind_of_call_meets_every_fault() -> None:
    met: dict[tuple[str, Call], set[str]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for cell in sweep.cells(CALLS.items(), every=False):
        met[cell.operation, cell.call].add(cell.fault)
        kinds[sweep.kind(cell.call)].add(cell.fault)
    assert met.keys() == {(operation, call) for operation, calls in CALLS.items() for call in calls}
    assert all(faults >= KILLS.keys() and len(faults) > len(KILLS) for faults in met.values())
    assert set(kinds) == {"PATCH configmaps", "PATCH deployments", "DELETE namespaces"}
    assert all(faults == set(FAULTS) for faults in kinds.values())


def test_the_cells_are_the_same_in_whatever_order_the_calls_arrived() -> None:
    other = {operation: calls[::-1] for operation, calls in reversed(CALLS.items())}
    assert set(sweep.cells(other.items(), every=False)) == set(sweep.cells(CALLS.items(), every=False))


def test_all_of_them_are_every_fault_at_every_call() -> None:
    cells = sweep.cells(CALLS.items(), every=True)
    assert len(cells) == len(set(cells)) == sum(map(len, CALLS.values())) * len(FAULTS)


# -- many faults in one run --------------------------------------------------------------------------------------


def test_what_is_not_run_alone_is_in_one_part_of_what_is_run_together() -> None:
    split = [together.left(CALLS, part, 3) for part in range(3)]
    assert all(split)
    alone = sweep.cells(CALLS.items(), every=False)
    every = sweep.cells(CALLS.items(), every=True)
    assert sorted(map(name, [*alone, *(cell for part in split for cell in part)])) == sorted(map(name, every))


@given(
    parents=st.lists(st.integers(-1, 11), min_size=1, max_size=12),
    gone=st.integers(0, 2**12 - 1),
    faults=st.integers(1, len(sweep.OTHERS)),
)
def test_each_call_meets_each_fault_though_what_fails_keeps_others_from_coming(
    parents: list[int], gone: int, faults: int
) -> None:
    """Call n comes after call `parents[n]`, if that is an earlier one, and unless it fails; some never come."""
    calls = [Call("PATCH", f"/api/v1/{n // 2}", n % 2) for n in range(len(parents))]
    waiting = {Cell("change", call, fault) for call in calls for fault in sweep.OTHERS[:faults]}
    rounds, met, runs = together.Rounds(sorted(waiting, key=name)), set[Cell](), 0
    while drawn := rounds.draw():
        assert len({cell.call.path for cell in drawn}) == len(drawn)
        failing = {calls.index(cell.call) for cell in drawn}
        came: set[int] = set()
        for number, parent in enumerate(parents):
            after = parent if parent < number else -1
            if not gone >> number & 1 and (after < 0 or (after in came and after not in failing)):
                came.add(number)
        done = rounds.met(drawn, [calls.index(cell.call) in came for cell in drawn])
        assert done
        assert not met & set(done)
        met |= set(done)
        runs += 1
    assert met == waiting
    assert runs <= len(waiting)


# -- what is asked of others' things -----------------------------------------------------------------------------

MARKED = b"..formerr.tech/stack.."
BEFORE = {
    "/registry/namespaces/formerr": Entry(MARKED, 1),
    "/registry/configmaps/formerr/kube-root-ca.crt": Entry(b"", 2),
    "/registry/deployments/default/ours": Entry(MARKED, 3),
    "/registry/configmaps/somebody/notes": Entry(b"theirs", 4),
    "/registry/clusterroles/theirs": Entry(b"theirs", 5),
    "/registry/pods/somebody/comes-and-goes": Entry(b"", 6),
}


def test_what_the_stack_may_change_disturbs_nobody() -> None:
    assert list(looks.disturbed(BEFORE, BEFORE)) == []
    theirs = {key: one for key, one in BEFORE.items() if one.revision in (4, 5)}
    assert list(looks.disturbed(BEFORE, theirs)) == []


@pytest.mark.parametrize("key", ["/registry/configmaps/somebody/notes", "/registry/clusterroles/theirs"])
def test_another_s_thing_that_is_written_to_or_deleted_is_seen(key: str) -> None:
    written = BEFORE | {key: Entry(BEFORE[key].value, 9)}
    assert list(looks.disturbed(BEFORE, written)) == [f"{key} was written to and is not the stack's"]
    deleted = {other: one for other, one in BEFORE.items() if other != key}
    assert list(looks.disturbed(BEFORE, deleted)) == [f"{key} was deleted and is not the stack's"]


def test_what_is_left_over_missing_or_otherwise_is_told_by_name() -> None:
    wanted = {"ConfigMap a/b": {"data": {"x": "1", "y": "2"}}, "Secret a/c": {}}
    assert looks.differences({"ConfigMap a/b": {"data": {"x": "1", "y": "3"}}, "Role a/d": {}}, wanted) == [
        "there is no Secret a/c",
        "there is Role a/d, and should not be",
        "ConfigMap a/b is {'data': {'y': '3'}}, not {'data': {'y': '2'}}",
    ]
    assert looks.differences(wanted, wanted) == []
