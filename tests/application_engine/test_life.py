"""From the first deployment to the destroy: every pod available, nothing changed by a second run, rolls without a gap."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING

from formerr_infra.local.paths import CHECKOUT
from tests.support import account
from tests.support.live import Watch, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack

APPS = ("formerr-backend", "formerr-frontend")


def rolled(cluster: Live, *names: str) -> None:
    """Wait for the end of a roll.

    The plugin waits until as many new pods are ready as the new ReplicaSet has been given so far, which may be amid it
    (`checkReplicaSetStatus` of pulumi-kubernetes 4.25). Within a `Watch`, so that no gap at its end is overlooked.
    """
    for name in names:
        eventually(lambda name=name: cluster.settled(name), f"{name} has rolled")  # type: ignore[misc]


def test_a_first_deployment_ends_with_every_deployment_available_and_a_second_one_changes_nothing(
    stack: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    stack.preview().ok()
    stack.up(preview=True).ok()
    cluster = live()
    for name in APPS:
        assert cluster.available(name) == 2
    assert cluster.available("formerr-edge", "formerr-edge") >= 1
    database = cluster.there("StatefulSet", "formerr-postgres")
    assert database["status"]["readyReplicas"] == 1
    labels = cluster.there("Namespace", "formerr", None)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {one["spec"]["type"] for one in cluster.all("Service")} <= {
        "ClusterIP",
        "ExternalName",
        "NodePort",
    }
    outputs = stack.outputs()
    assert outputs["application_url"].startswith("http")
    assert outputs["decisions"]["application"]["outcome"] == "create"

    before = cluster.versions()
    stack.up().unchanged()
    stack.preview(expect_no_changes=True).unchanged()
    assert live().versions() == before
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)


def test_a_rotated_secret_arrives_and_rolls_the_pods_that_read_it_and_no_others(
    deployed: Stack, live: Callable[[], Live]
) -> None:
    cluster = live()
    before = {name: cluster.revision(name) for name in APPS}
    made = cluster.there("Secret", "formerr-app-secret")["metadata"]["uid"]
    rotated = random.token_urlsafe(36)
    deployed.environment["JWT_SECRET"] = rotated
    with Watch(cluster, "formerr-backend") as watch:
        step = deployed.up().ok()
        rolled(cluster, "formerr-backend")
    assert cluster.secret_value("formerr-app-secret", "JWT_SECRET") == rotated
    assert cluster.there("Secret", "formerr-app-secret")["metadata"]["uid"] == made
    assert rotated not in step.said
    assert cluster.revision("formerr-backend") != before["formerr-backend"]
    assert cluster.revision("formerr-frontend") == before["formerr-frontend"]
    assert watch.looks > 5
    assert watch.least >= 2
    deployed.up().unchanged()


def test_another_image_rolls_without_a_gap(deployed: Stack, live: Callable[[], Live]) -> None:
    cluster = live()
    deployed.config(imageTag="2a3b4c5", frontendImageTag=f"sha256:{'ab' * 32}")
    with Watch(cluster, "formerr-backend") as backend, Watch(cluster, "formerr-frontend") as frontend:
        deployed.up().ok()
        rolled(cluster, *APPS)
    images = {
        name: cluster.there("Deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in APPS
    }
    assert images["formerr-backend"].endswith("/formerr-backend:2a3b4c5")
    assert images["formerr-frontend"].endswith(f"/formerr-frontend@sha256:{'ab' * 32}")
    for watch in (backend, frontend):
        assert watch.looks > 5
        assert watch.least >= 2
    deployed.up().unchanged()


def test_a_pod_count_that_the_autoscaler_has_chosen_is_left_to_it(
    deployed: Stack, live: Callable[[], Live]
) -> None:
    cluster = live()
    cluster.change("Deployment", "formerr-backend", {"spec": {"replicas": 4}})
    eventually(lambda: cluster.settled("formerr-backend"))
    deployed.up().unchanged()
    assert cluster.available("formerr-backend") == 4
    deployed.config(imageTag="2a3b4c5")
    deployed.up().ok()
    rolled(cluster, "formerr-backend")
    assert cluster.available("formerr-backend") == 4


def test_a_destroy_leaves_only_the_data_that_nobody_said_to_delete(
    deployed: Stack, cloud: ControlClient
) -> None:
    assert cloud.list("volumes") != []
    before = {one["name"] for one in cloud.list("volumes")}
    step = deployed.destroy().ok()
    left = account.counts(cloud)
    assert left == dict.fromkeys(account.KINDS, 0), step.said
    assert {one["name"] for one in cloud.list("volumes")} == before
    assert cloud.kubernetes() == []


def test_with_the_word_for_it_a_destroy_takes_the_data_too(deployed: Stack, cloud: ControlClient) -> None:
    deployed.config(deleteData=True)
    deployed.up().ok()
    deployed.destroy().ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0)
    assert cloud.list("volumes") == []


def test_a_first_deployment_killed_amid_the_application_is_taken_up_where_it_was(
    stack: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    def half_made() -> bool:
        clusters = cloud.list("kubernetes_clusters")
        ready = [plane for plane in cloud.kubernetes() if plane["state"] == "ready"]
        return bool(clusters and ready) and live().get("Deployment", "formerr-backend") is not None

    broken = stack.up(kill=half_made)
    assert broken.code != 0
    stack.cancel()
    step = stack.up().ok()
    assert not step.log.of("delete", "replace", "create-replacement", "delete-replaced", cloud=False)
    for name in APPS:
        eventually(lambda name=name: live().available(name) == 2, name)  # type: ignore[misc]
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)
    stack.refresh("--clear-pending-creates").ok()
    stack.up().unchanged()


def test_the_whole_program_breaks_no_rule_of_the_policy_pack(stack: Stack) -> None:
    pack = str(CHECKOUT / "policy")
    for step in (stack.preview("--policy-pack", pack), stack.up("--policy-pack", pack)):
        step.ok()
        assert "Policies:" in step.said
        assert "policy violation" not in step.said.lower()


def test_a_metrics_server_where_it_is_wanted_comes_stays_and_is_taken_back_after_a_lost_state(
    stack: Stack, live: Callable[[], Live]
) -> None:
    stack.config(metricsServer=True)
    stack.up().ok()
    assert live().available("formerr-metrics-server", "kube-system") == 1
    stack.up().unchanged()
    before = live().versions()
    stack.lose_state()
    assert stack.up().ok().writes == ()
    assert live().versions() == before
    stack.up().unchanged()
