"""`formerr drift` and `formerr destroy` with the application: objects of a real API server, and what its controller makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support import account
from tests.support.command import formerr
from tests.support.live import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack

NOTHING = dict.fromkeys(account.KINDS, 0)
STAGING = ("destroy", "staging", "--confirm", "staging", "--json")
NAME = "service.beta.kubernetes.io/do-loadbalancer-name"
WORD = "a-word-of-somebody-else"


def service(cluster: Live, name: str, **annotations: str) -> None:
    """A Service of type LoadBalancer, by hand."""
    meta = {"name": name, "namespace": "else", "annotations": annotations}
    spec = {"type": "LoadBalancer", "selector": {"app": "x"}, "ports": [{"port": 80}]}
    cluster.make({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})


def test_objects_drift_by_their_properties_and_a_destroy_takes_what_the_controller_has_made(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    cluster = live()
    # What an autoscaler sets is its own, and no drift.
    cluster.change("Deployment", "formerr-backend", {"spec": {"replicas": 4}})
    eventually(lambda: cluster.settled("formerr-backend"))
    assert formerr(deployed, "drift", "staging", "--json").refused(0).json["drifted"] == []

    cluster.change("ConfigMap", "formerr-backend", {"data": {"ENVIRONMENT": "other"}})
    cluster.change("Secret", "formerr-app-secret", {"stringData": {"JWT_SECRET": WORD}})
    cluster.delete("NetworkPolicy", "default-deny")
    before = deployed.checkpoint.read_bytes()
    ran = formerr(deployed, "drift", "staging", "--json").refused(9)
    assert deployed.checkpoint.read_bytes() == before
    found: dict[str, Any] = {one["name"]: one for one in ran.json["drifted"]}
    assert found.keys() == {
        "configmap/formerr/formerr-backend",
        "secret/formerr/formerr-app-secret",
        "networkpolicy/formerr/default-deny",
    }
    assert found["configmap/formerr/formerr-backend"]["differences"] == [
        {"path": "data.ENVIRONMENT", "was": "staging", "now": "other"}
    ]
    assert found["secret/formerr/formerr-app-secret"]["differences"] == [
        {"path": "data.JWT_SECRET", "was": "[secret]", "now": "[secret]"}
    ]
    assert found["networkpolicy/formerr/default-deny"]["finding"] == "gone"
    assert WORD not in ran.said
    assert deployed.environment["JWT_SECRET"] not in ran.said

    theirs = cloud.put(
        "load_balancers", name="theirs", region=account.REGION, created_at="2020-01-01T00:00:00Z"
    )
    cluster.namespace("else")
    service(cluster, "named", **{NAME: "shop"})
    service(cluster, "unnamed")
    service(cluster, "taken-over", **{"kubernetes.digitalocean.com/load-balancer-id": theirs["id"]})
    eventually(lambda: len(cloud.list("load_balancers")) == 4, "the controller's load balancers")
    volumes = {one["id"] for one in cloud.list("volumes")}
    assert volumes

    told = formerr(deployed, *STAGING).ok().json

    assert [one["id"] for one in cloud.list("load_balancers")] == [theirs["id"]]
    assert {one["id"] for one in cloud.list("volumes")} == volumes
    assert account.counts(cloud) == NOTHING | {"load_balancers": 1}
    assert {one["id"] for one in told["left"]} == volumes | {theirs["id"]}
    assert {one["becomes"] for one in told["resources"]} == {"goes", "with"}


def test_a_cluster_that_is_gone_is_drift_and_hinders_no_destroy(
    deployed: Stack, cloud: ControlClient
) -> None:
    account.lose(cloud, "kubernetes_clusters")
    told = formerr(deployed, "drift", "staging", "--json").refused(9).json
    assert told["unknown"] == []
    assert {one["finding"] for one in told["drifted"]} == {"gone"}
    assert {one["type"].split(":")[0] for one in told["drifted"]} == {"digitalocean", "kubernetes"}
    formerr(deployed, *STAGING).ok()
    assert account.counts(cloud) == NOTHING
