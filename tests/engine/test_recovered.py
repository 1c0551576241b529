"""Runs that broke off: answers lost, limits hit, processes killed. The next run ends where an unbroken one ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Snapshot, Stack

pytestmark = pytest.mark.engine

ONE_EACH = dict.fromkeys(account.KINDS, 1)
#: The five creates of a first deployment, in an order in which none waits for one that comes later.
CREATES = {
    "vpc": "^/v2/vpcs$",
    "registry": "^/v2/registr(y|ies)$",
    "cluster": "^/v2/kubernetes/clusters$",
    "workers": "^/v2/kubernetes/clusters/[^/]+/node_pools$",
    "load-balancer": "^/v2/load_balancers$",
}
#: Every request that makes, changes or deletes; the question for the registry's name is none.
A_CREATE = "^/v2/(?!registries/validate-name)"


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param({"status": 503, "after_apply": True}, id="answered-503"),
        pytest.param({"drop": "after"}, id="connection-dropped"),
    ],
)
def test_a_create_whose_answer_is_lost_is_taken_in_by_the_next_run_and_never_made_twice(
    stack: Stack, cloud: ControlClient, lost: dict[str, Any], risen: Snapshot
) -> None:
    """Each of the five creates in turn: what one run lost, the next one takes in, and loses its own."""
    cloud.reset()
    for path in CREATES.values():
        cloud.fault("POST", path, times=1, **lost)
    broken = 0
    while (run := stack.up()).code != 0:
        broken += 1
        assert broken <= len(CREATES), run.said
        assert len(run.writes) == len(set(run.writes)), f"sent twice in one run: {run.writes}"
        assert max(account.counts(cloud).values()) <= 1, run.said
    assert all(fault["fired"] == 1 for fault in cloud.faults())
    assert "import" in run.log.ops.values()
    assert account.shape(account.world(cloud)) == risen.shape
    stack.preview(expect_no_changes=True).unchanged()


@pytest.mark.parametrize("write", range(1, len(CREATES) + 1))
def test_a_first_deployment_killed_after_any_write_ends_as_if_it_had_not_been(
    stack: Stack, cloud: ControlClient, write: int, risen: Snapshot
) -> None:
    """SIGKILL to engine, language host, program and plugin, once the write is applied and before its answer."""
    cloud.reset()
    cloud.fault("POST", A_CREATE, hang=True, after_apply=True, skip=write - 1, times=1)
    killed = stack.up(kill=lambda: bool(cloud.faults()[0]["fired"]))
    assert killed.code < 0
    cloud.clear_faults()

    stack.cancel()
    left = account.world(cloud)
    stack.preview().ok()
    assert account.world(cloud) == left
    stack.up().ok()
    made = [one.path for one in cloud.requests(writes=True) if one.applied]
    assert len(made) == len(set(made)) == len(CREATES), made
    assert account.shape(account.world(cloud)) == risen.shape
    after = stack.preview(expect_no_changes=True).unchanged()
    assert set(after.log.ops.values()) == {"same"}


def test_a_droplet_limit_hit_in_mid_run_keeps_the_rest_and_the_next_run_goes_on(
    stack: Stack, cloud: ControlClient
) -> None:
    """The limit was lowered, or used up by somebody else, after the preflight had looked."""
    message = "creating this/these droplet(s) will exceed your droplet limit"
    cloud.fault("POST", CREATES["cluster"], status=422, message=message)
    stopped = stack.up()
    assert stopped.code != 0
    assert message in stopped.said
    kept = {name: one["id"] for name, one in stack.resources().items()}
    assert "vpc" in kept
    cloud.clear_faults()
    went_on = stack.up().ok()
    assert not went_on.log.of("delete", "replace", "delete-replaced", "create-replacement")
    assert kept.items() <= {name: one["id"] for name, one in stack.resources().items()}.items()
    assert account.counts(cloud) == ONE_EACH
    stack.preview(expect_no_changes=True).unchanged()


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("load_balancers", {"load-balancer"}),
        ("kubernetes_clusters", {"cluster", "workers"}),
        ("registries", {"registry"}),
        ("node_pools", {"workers"}),
    ],
)
def test_what_was_deleted_out_of_band_is_made_again_in_staging(
    deployed: Stack, cloud: ControlClient, kind: str, made: set[str], risen: Snapshot
) -> None:
    account.lose(cloud, kind)
    plan = deployed.preview().ok()
    assert {step.name for step in plan.log.of("create")} == made
    again = deployed.up().ok()
    assert {step.name for step in again.log.of("create")} == made
    assert not again.log.of("delete", "replace", "delete-replaced")
    assert account.shape(account.world(cloud)) == risen.shape
    deployed.preview(expect_no_changes=True).unchanged()


def test_production_refuses_to_make_what_was_deleted_out_of_band_until_it_is_told_to(
    production: Stack, cloud: ControlClient
) -> None:
    production.up().ok()
    account.lose(cloud, "load_balancers")
    # The refresh of the first refused run drops it from the state; the refusal outlives that.
    for run in (production.up, production.preview, production.up):
        run().refused("loadBalancer: refused (gone", "recreateMissing")
    production.refresh().ok()
    production.up().refused("loadBalancer: refused (gone", "recreateMissing")
    again = production.config(recreateMissing=True).up().ok()
    assert {step.name for step in again.log.of("create")} == {"load-balancer"}
    assert account.counts(cloud) == ONE_EACH
    production.config(recreateMissing=False).preview(expect_no_changes=True).unchanged()


def test_a_network_that_became_the_default_one_stays_and_does_not_hold_up_a_destroy(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.reset(default_vpcs=False)
    made = stack.up().ok()
    assert "default" in made.said
    (network,) = cloud.list("vpcs")
    assert network["default"]
    live = account.world(cloud)
    stack.preview(expect_no_changes=True).unchanged()

    gone = stack.destroy().ok()
    assert not any(write.startswith("DELETE /v2/vpcs") for write in gone.writes), gone.writes
    assert "default" in gone.said
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0) | {"vpcs": 1}
    assert cloud.list("vpcs") == [network]

    back = stack.up().ok()
    assert back.log.ops["vpc"] == "import"
    assert not any(write.split()[1].startswith("/v2/vpcs") for write in back.writes)
    assert account.shape(account.world(cloud)) == account.shape(live)


def test_the_backend_writes_no_file_that_a_kill_could_leave_empty(deployed: Stack) -> None:
    """It replaces its own files in one step, but creates those of their attributes and then fills them."""
    assert deployed.checkpoint.stat().st_size
    assert list((deployed.folder / "state").rglob("*.attrs")) == []


@pytest.mark.parametrize(("fails", "made"), [("vpc", ["registries"]), ("cluster", ["registries", "vpcs"])])
def test_a_run_that_goes_on_after_an_error_makes_what_does_not_need_it_and_shows_no_traceback(
    stack: Stack, cloud: ControlClient, fails: str, made: list[str], risen: Snapshot
) -> None:
    cloud.reset()
    cloud.fault("POST", CREATES[fails], status=500, times=1)
    step = stack.up("--continue-on-error")
    assert step.code != 0
    assert "Traceback" not in step.said
    assert [kind for kind, many in sorted(account.counts(cloud).items()) if many] == made, step.said
    stack.up().ok()
    assert account.shape(account.world(cloud)) == risen.shape
    stack.preview(expect_no_changes=True).unchanged()


def test_a_run_that_goes_on_after_an_error_deletes_nothing_of_what_it_left_out(
    deployed: Stack, cloud: ControlClient
) -> None:
    """Workers and load balancer need the cluster: what was not declared for that reason is wanted all the same."""
    there = account.ids(cloud, "load_balancers")
    deployed.config(tags=["another"], nodeCount=4)
    cloud.fault("PUT", "^/v2/kubernetes/clusters/[^/]+$", status=500, times=1)
    step = deployed.up("--continue-on-error")
    assert step.code != 0
    assert "was left as it is (resource cluster" in step.said
    assert "Traceback" not in step.said
    assert [one for one in step.writes if one.startswith("DELETE")] == []
    assert account.ids(cloud, "load_balancers") == there
    step = deployed.up()
    step.ok()
    assert not [one for one in step.writes if one.startswith(("DELETE", "POST"))]
    deployed.preview(expect_no_changes=True).unchanged()
