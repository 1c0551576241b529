"""What DOKS's cloud controller does in the account for Services of type LoadBalancer and for claims."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator import things
from tests.emulator.clusters import Cluster
from tests.support.live import eventually

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.server import EmulatorServer

pytestmark = [
    pytest.mark.serial,
    pytest.mark.slow,
    pytest.mark.may_skip("the programs of a control plane are not on this machine"),
]

Json = dict[str, Any]
SERVICES = "/api/v1/namespaces/default/services"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
LB = "service.beta.kubernetes.io/do-loadbalancer-"
ID = "kubernetes.digitalocean.com/load-balancer-id"
DISOWN = "service.kubernetes.io/do-loadbalancer-disown"


def service(name: str, annotations: Json | None = None, **spec: Any) -> Json:
    return {
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}], **spec},
    }


def claim(name: str, storage: str = "5Gi", **spec: Any) -> Json:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"metadata": {"name": name}, "spec": {**asked, **spec}}


def balancers(api: httpx.Client) -> list[Json]:
    found: list[Json] = api.get("/v2/load_balancers").json()["load_balancers"]
    return found


def volumes(api: httpx.Client) -> list[Json]:
    found: list[Json] = api.get("/v2/volumes").json()["volumes"]
    return found


def address(client: httpx.Client, name: str) -> str:
    """The address in the status of a Service, once it has one."""
    shown = client.get(f"{SERVICES}/{name}").json()
    ingress = shown["status"]["loadBalancer"].get("ingress") or [{}]
    return str(ingress[0].get("ip", ""))


def is_bound(client: httpx.Client, name: str) -> bool:
    return bool(client.get(f"{CLAIMS}/{name}").json()["status"]["phase"] == "Bound")


def warnings(client: httpx.Client, reason: str) -> list[str]:
    events = client.get("/api/v1/namespaces/default/events").json()["items"]
    return [event["message"] for event in events if event["reason"] == reason]


def test_a_service_gets_a_load_balancer_that_goes_with_it(planes_api: httpx.Client, cluster: Cluster) -> None:
    shown = cluster.show()
    with cluster.client() as client:
        with cluster.with_object(client, SERVICES, service("web")):
            eventually(lambda: address(client, "web"))
            live = client.get(f"{SERVICES}/web").json()
            [balancer] = balancers(planes_api)
            assert balancer["ip"] == address(client, "web")
            assert live["metadata"]["annotations"][ID] == balancer["id"]
            assert balancer["name"] == ("a" + live["metadata"]["uid"].replace("-", ""))[:32]
            assert balancer["vpc_uuid"] == shown["vpc_uuid"]
            assert balancer["type"] == "REGIONAL_NETWORK"
            [rule] = balancer["forwarding_rules"]
            assert (rule["entry_protocol"], rule["entry_port"], rule["target_port"]) == ("tcp", 80, 80)
            droplets = [int(n["droplet_id"]) for pool in shown["node_pools"] for n in pool["nodes"]]
            assert sorted(balancer["droplet_ids"]) == sorted(droplets)
            path = f"/v2/kubernetes/clusters/{cluster.id}/destroy_with_associated_resources"
            assert [one["id"] for one in planes_api.get(path).json()["load_balancers"]] == [balancer["id"]]
        eventually(lambda: not balancers(planes_api))
        eventually(lambda: client.get(f"{SERVICES}/web").status_code == 404)


def test_annotations_shape_the_load_balancer_and_changes_arrive(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    certificate = planes.control.put("certificates", name="own")
    notes = {
        f"{LB}name": "front",
        f"{LB}type": "REGIONAL",
        f"{LB}protocol": "http",
        f"{LB}size-unit": "3",
        f"{LB}certificate-id": certificate["id"],
        f"{LB}redirect-http-to-https": "true",
    }
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    with (
        cluster.client() as client,
        cluster.with_object(client, SERVICES, service("web", notes, ports=ports)),
    ):
        eventually(lambda: address(client, "web"))
        [balancer] = balancers(planes_api)
        node_ports = {p["port"]: p["nodePort"] for p in client.get(f"{SERVICES}/web").json()["spec"]["ports"]}
        assert (balancer["name"], balancer["size_unit"]) == ("front", 3)
        assert balancer["redirect_http_to_https"] is True
        plain, secure = balancer["forwarding_rules"]
        assert (plain["entry_protocol"], plain["target_port"]) == ("http", node_ports[80])
        assert (secure["entry_protocol"], secure["target_protocol"]) == ("https", "http")
        assert (secure["certificate_id"], secure["target_port"]) == (certificate["id"], node_ports[443])
        change = {"metadata": {"annotations": {f"{LB}size-unit": "2"}}}
        client.patch(f"{SERVICES}/web", json=change, headers=things.MERGE).raise_for_status()
        eventually(lambda: [one["size_unit"] for one in balancers(planes_api)] == [2])
        assert balancers(planes_api)[0]["id"] == balancer["id"]
    eventually(lambda: not balancers(planes_api))


def test_annotations_that_do_not_fit_make_nothing_and_are_said(
    planes_api: httpx.Client, cluster: Cluster
) -> None:
    notes = {f"{LB}type": "REGIONAL", f"{LB}protocol": "https"}
    with cluster.client() as client, cluster.with_object(client, SERVICES, service("web", notes)):
        eventually(lambda: warnings(client, "SyncLoadBalancerFailed"))
        assert "certificate" in warnings(client, "SyncLoadBalancerFailed")[0]
        assert not balancers(planes_api)


def test_new_nodes_become_targets(planes_api: httpx.Client, cluster: Cluster) -> None:
    pools = f"/v2/kubernetes/clusters/{cluster.id}/node_pools"
    with cluster.client() as client, cluster.with_object(client, SERVICES, service("web")):
        eventually(lambda: address(client, "web"))
        pool = things.made(planes_api.post(pools, json=things.pool(name="more")))
        eventually(lambda: len(balancers(planes_api)[0]["droplet_ids"]) == 3)
        planes_api.delete(f"{pools}/{pool['id']}").raise_for_status()
        eventually(lambda: len(balancers(planes_api)[0]["droplet_ids"]) == 2)
    eventually(lambda: not balancers(planes_api))


def test_an_existing_load_balancer_is_taken_over_by_id(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    other = planes.control.put("load_balancers", name="before", ip="198.51.100.7")
    notes = {ID: other["id"], f"{LB}name": "after"}
    with cluster.client() as client, cluster.with_object(client, SERVICES, service("web", notes)):
        eventually(lambda: address(client, "web") == "198.51.100.7")
        [balancer] = balancers(planes_api)
        assert (balancer["id"], balancer["name"], balancer["type"]) == (other["id"], "after", "REGIONAL")
        # Disowned, it is left alone: it stays when the Service goes.
        change = {"metadata": {"annotations": {DISOWN: "true"}}}
        client.patch(f"{SERVICES}/web", json=change, headers=things.MERGE).raise_for_status()
    with cluster.client() as client:
        eventually(lambda: client.get(f"{SERVICES}/web").status_code == 404)
    assert [one["id"] for one in balancers(planes_api)] == [other["id"]]
    planes.control.remove("load_balancers", other["id"])


def test_a_service_of_another_type_gets_none_and_loses_the_one_it_had(
    planes_api: httpx.Client, cluster: Cluster
) -> None:
    with (
        cluster.client() as client,
        cluster.with_object(client, SERVICES, service("nodes", type="NodePort")),
        cluster.with_object(client, SERVICES, service("web")),
    ):
        eventually(lambda: address(client, "web"))
        assert len(balancers(planes_api)) == 1
        client.patch(
            f"{SERVICES}/web", json={"spec": {"type": "ClusterIP"}}, headers=things.MERGE
        ).raise_for_status()
        eventually(lambda: not balancers(planes_api))
        eventually(lambda: not client.get(f"{SERVICES}/web").json()["metadata"].get("finalizers"))
        assert address(client, "web") == ""


def test_a_claim_gets_a_volume_that_grows_and_goes_with_it(
    planes_api: httpx.Client, cluster: Cluster
) -> None:
    with cluster.client() as client:
        with cluster.with_object(client, CLAIMS, claim("data")):
            eventually(lambda: is_bound(client, "data"))
            uid = client.get(f"{CLAIMS}/data").json()["metadata"]["uid"]
            [volume] = volumes(planes_api)
            assert (volume["name"], volume["size_gigabytes"]) == (f"pvc-{uid}", 5)
            live = client.get(f"{VOLUMES}/pvc-{uid}").json()
            assert live["spec"]["csi"]["volumeHandle"] == volume["id"]
            more = {"spec": {"resources": {"requests": {"storage": "8Gi"}}}}
            client.patch(f"{CLAIMS}/data", json=more, headers=things.MERGE).raise_for_status()
            eventually(lambda: volumes(planes_api)[0]["size_gigabytes"] == 8)
            eventually(lambda: client.get(f"{CLAIMS}/data").json()["status"]["capacity"]["storage"] == "8Gi")
        eventually(lambda: not volumes(planes_api))
        eventually(lambda: not client.get(VOLUMES).json()["items"])


def test_a_retained_volume_outlives_its_claim_and_a_shared_one_is_refused(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    kept = claim("kept", storageClassName="do-block-storage-retain")
    shared = claim("shared", accessModes=["ReadWriteMany"])
    with cluster.client() as client:
        with cluster.with_object(client, CLAIMS, kept), cluster.with_object(client, CLAIMS, shared):
            eventually(lambda: is_bound(client, "kept"))
            name = client.get(f"{CLAIMS}/kept").json()["spec"]["volumeName"]
            eventually(lambda: warnings(client, "ProvisioningFailed"))
        eventually(lambda: client.get(f"{VOLUMES}/{name}").json()["status"]["phase"] == "Released")
        assert [one["name"] for one in volumes(planes_api)] == [name]
        client.delete(f"{VOLUMES}/{name}").raise_for_status()
    planes.control.remove("volumes", volumes(planes_api)[0]["id"])


def test_pods_of_a_set_get_their_volumes(planes_api: httpx.Client, cluster: Cluster) -> None:
    path = "/apis/apps/v1/namespaces/default/statefulsets"
    template = things.deployment("db", replicas=1)["spec"]["template"]
    manifest = {
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 1,
            "selector": {"matchLabels": {"app": "db"}},
            "template": template,
            "volumeClaimTemplates": [claim("data")],
        },
    }
    with cluster.client() as client:
        with cluster.with_object(client, path, manifest):
            eventually(lambda: client.get(f"{path}/db").json()["status"].get("availableReplicas") == 1)
            assert len(volumes(planes_api)) == 1
        # The claim of a set stays, and with it the volume.
        eventually(lambda: not cluster.pods(client, "app=db"))
        assert len(volumes(planes_api)) == 1
        client.delete(f"{CLAIMS}/data-db-0").raise_for_status()
        eventually(lambda: not volumes(planes_api))


def test_a_disruption_budget_holds_while_a_node_is_drained(
    planes_api: httpx.Client, cluster: Cluster
) -> None:
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    budget = {
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 3, "selector": {"matchLabels": {"app": "web"}}},
    }
    lowest = 4
    with (
        cluster.client() as client,
        cluster.with_object(client, deployments, things.deployment("web", replicas=4)),
        cluster.with_object(client, budgets, budget),
    ):

        def available() -> int:
            return int(client.get(f"{deployments}/web").json()["status"].get("availableReplicas", 0))

        eventually(lambda: available() == 4)
        pool = cluster.show()["node_pools"][0]
        url = f"/v2/kubernetes/clusters/{cluster.id}/node_pools/{pool['id']}/recycle"
        before = {node["name"] for node in pool["nodes"]}
        planes_api.post(url, json={}).raise_for_status()

        def moved() -> bool:
            nonlocal lowest
            lowest = min(lowest, available())
            return not before & {node["metadata"]["name"] for node in cluster.nodes(client, "")}

        eventually(moved)
        eventually(lambda: available() == 4)
    assert lowest >= 3


def test_a_deleted_cluster_leaves_load_balancers_and_volumes_but_those_that_are_named(
    planes: EmulatorServer, planes_api: httpx.Client
) -> None:
    destroy = "/destroy_with_associated_resources"
    for ending in ("", f"{destroy}/selective", f"{destroy}/dangerous"):
        own = Cluster.create(planes_api, name="own")
        with own.client() as client:
            client.post(SERVICES, json=service("web")).raise_for_status()
            client.post(CLAIMS, json=claim("data")).raise_for_status()
            eventually(partial(address, client, "web"))
            eventually(partial(is_bound, client, "data"))
        [balancer], [volume] = balancers(planes_api), volumes(planes_api)
        listed = planes_api.get(f"/v2/kubernetes/clusters/{own.id}{destroy}").json()
        assert [one["id"] for one in listed["load_balancers"]] == [balancer["id"]]
        assert [one["id"] for one in listed["volumes"]] == [volume["id"]]
        chosen = {"volumes": [volume["id"]]} if ending.endswith("selective") else None
        url = f"/v2/kubernetes/clusters/{own.id}{ending}"
        planes_api.request("DELETE", url, json=chosen).raise_for_status()
        eventually(lambda: len(planes.control.kubernetes()) == 1)
        left = (len(balancers(planes_api)), len(volumes(planes_api)))
        assert left == {"": (1, 1), f"{destroy}/selective": (1, 0)}.get(ending, (0, 0))
        for kind, items in (("load_balancers", balancers(planes_api)), ("volumes", volumes(planes_api))):
            for item in items:
                planes.control.remove(kind, item["id"])
