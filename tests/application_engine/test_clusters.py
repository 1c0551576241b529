"""What may happen to the cluster between two runs: its token expires, it stops answering, it is gone, it is made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import account
from tests.support.live import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack

#: Longer than any credential of a cluster lives.
MONTH = 30 * 86400.0
GONE = {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}


def test_a_credential_that_expired_between_two_runs_hinders_nothing(
    deployed: Stack, cloud: ControlClient
) -> None:
    cloud.advance(MONTH)
    deployed.preview(expect_no_changes=True).unchanged()
    deployed.up().unchanged()
    deployed.refresh().ok()
    deployed.destroy().ok()


def test_a_cluster_that_is_gone_is_said_and_the_way_out_ends_with_the_same_address(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    before = deployed.outputs()
    account.lose(cloud, "kubernetes_clusters")
    for step in (deployed.up(), deployed.refresh()):
        assert step.code != 0
        assert before["cluster_id"] in step.said
        assert "is gone" in step.said
        assert "PULUMI_K8S_DELETE_UNREACHABLE=true" in step.said
    deployed.environment.update(GONE)
    deployed.up().ok()
    for name in GONE:
        del deployed.environment[name]
    after = deployed.outputs()
    assert after["cluster_id"] != before["cluster_id"]
    assert after["load_balancer_ip"] == before["load_balancer_ip"]
    assert after["load_balancer_id"] == before["load_balancer_id"]
    (balancer,) = cloud.list("load_balancers")
    assert balancer["tag"] == f"k8s:{after['cluster_id']}"
    assert live().available("formerr-backend") == 2
    deployed.up().unchanged()


def test_a_destroy_after_the_cluster_is_gone_has_the_same_way_out(
    deployed: Stack, cloud: ControlClient
) -> None:
    account.lose(cloud, "kubernetes_clusters")
    deployed.environment.update(GONE)
    deployed.destroy().ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0)


def test_a_cluster_that_does_not_answer_is_an_error_and_forgotten_by_nobody(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    before = live().versions()
    (cluster,) = cloud.list("kubernetes_clusters")
    cloud.stop_kubernetes(cluster["id"])
    for step in (deployed.up(), deployed.destroy()):
        assert step.code != 0
        assert "unreachable" in step.said
        assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)
    cloud.start_kubernetes(cluster["id"])
    deployed.up().unchanged()
    assert live().versions() == before


def test_a_destroy_takes_what_the_controller_has_made_with_the_word_for_it(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    """A Service of type LoadBalancer, by hand: the controller makes a load balancer that no state knows."""
    live().namespace("else")
    live().make(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "by-hand", "namespace": "else"},
            "spec": {"type": "LoadBalancer", "selector": {"app": "x"}, "ports": [{"port": 80}]},
        }
    )
    eventually(lambda: len(cloud.list("load_balancers")) == 2, "the controller's load balancer")
    deployed.config(deleteData=True)
    deployed.up().ok()
    deployed.destroy().ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0)
    assert cloud.list("volumes") == []


def test_what_is_foreign_on_an_adopted_cluster_outlives_the_stack(
    stack: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    there = account.three(cloud)
    cloud.wait_for_kubernetes(there.cluster)
    foreign = live()
    foreign.namespace("theirs")
    kept = foreign.secret("theirs", "theirs", word="mine")["metadata"]
    stack.config(deleteData=True)
    stack.up().ok()
    stack.destroy().ok()
    now = foreign.there("Secret", "theirs", "theirs")["metadata"]
    assert (now["uid"], now["resourceVersion"]) == (kept["uid"], kept["resourceVersion"])
    assert foreign.versions() == {}
    assert foreign.get("Namespace", "formerr", None) is None
    assert account.counts(cloud) == {
        "vpcs": 1,
        "kubernetes_clusters": 1,
        "registries": 1,
        "load_balancers": 0,
    }
    eventually(lambda: cloud.list("volumes") == [], "the volumes of the claims are gone")
