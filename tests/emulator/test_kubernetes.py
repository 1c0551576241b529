"""DOKS: coming up, nodes and their droplets, versions, credentials, the three kinds of destroy."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.emulator import things
from tests.emulator.test_vpcs import refused

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.client import ControlClient

CLUSTERS = "/v2/kubernetes/clusters"


def create(api: httpx.Client, *args: str, **more: Any) -> things.Json:
    return things.made(api.post(CLUSTERS, json=things.cluster(*args, **more)))


def get(api: httpx.Client, key: str) -> things.Json:
    return things.made(api.get(f"{CLUSTERS}/{key}"))


def test_a_cluster_and_its_nodes_come_up_when_their_time_has_passed(
    api: httpx.Client, control: ControlClient
) -> None:
    control.transitions(cluster_seconds=60, node_seconds=90)
    made = create(api)
    assert made["status"]["state"] == "provisioning"
    assert made["node_pools"][0]["nodes"][0]["status"]["state"] == "provisioning"
    assert get(api, made["id"])["endpoint"] == ""
    control.advance(61)
    running = get(api, made["id"])
    assert running["status"]["state"] == "running"
    assert running["endpoint"].startswith("https://")
    assert running["node_pools"][0]["nodes"][0]["status"]["state"] == "provisioning"
    control.advance(30)
    assert get(api, made["id"])["node_pools"][0]["nodes"][0]["status"]["state"] == "running"


def test_what_providers_panic_without_is_always_there(api: httpx.Client, control: ControlClient) -> None:
    for made in (create(api), control.put("kubernetes_clusters", name="foreign")):
        shown = get(api, made["id"])
        assert set(shown["maintenance_policy"]) == {"start_time", "duration", "day"}
        assert shown["status"]["state"]
        assert all(node["status"]["state"] for pool in shown["node_pools"] for node in pool["nodes"])


def test_the_service_adds_its_tags_and_keeps_them(api: httpx.Client) -> None:
    made = create(api, tags=["own"])
    own = ["k8s", f"k8s:{made['id']}"]
    assert made["tags"] == [*own, "own"]
    assert made["node_pools"][0]["tags"] == [*own, "k8s:worker"]
    changed = things.made(api.put(f"{CLUSTERS}/{made['id']}", json={"name": "c", "tags": ["other"]}))
    assert changed["tags"] == [*own, "other"]


def test_droplets_stand_behind_nodes_by_name_and_tag(api: httpx.Client) -> None:
    made = create(api, node_pools=[things.pool(count=3)])
    tag = f"k8s:{made['id']}"
    droplets = api.get("/v2/droplets", params={"tag_name": tag}).json()["droplets"]
    nodes = made["node_pools"][0]["nodes"]
    assert {(str(d["id"]), d["name"]) for d in droplets} == {(n["droplet_id"], n["name"]) for n in nodes}
    assert all(d["vpc_uuid"] == made["vpc_uuid"] and "k8s:worker" in d["tags"] for d in droplets)
    api.delete(f"{CLUSTERS}/{made['id']}")
    assert api.get("/v2/droplets", params={"tag_name": tag}).json()["droplets"] == []


def test_the_droplet_limit_holds_for_create_pool_and_scale(api: httpx.Client, control: ControlClient) -> None:
    control.account(droplet_limit=3)
    refused(api.post(CLUSTERS, json=things.cluster(node_pools=[things.pool(count=4)])), 422, "droplet limit")
    made = create(api, node_pools=[things.pool(count=2)])
    pools = f"{CLUSTERS}/{made['id']}/node_pools"
    refused(api.post(pools, json=things.pool("more", 2)), 422, "droplet limit")
    one = f"{pools}/{made['node_pools'][0]['id']}"
    refused(api.put(one, json={"name": "work", "count": 4}), 422, "droplet limit")
    assert api.put(one, json={"name": "work", "count": 3}).status_code == 202
    assert len(control.list("droplets")) == 3


def test_a_put_with_tags_alone_leaves_the_pool_as_it_is(api: httpx.Client) -> None:
    made = create(api, node_pools=[things.pool(count=2, labels={"a": "b"})])
    before = made["node_pools"][0]
    one = f"{CLUSTERS}/{made['id']}/node_pools/{before['id']}"
    after = things.made(api.put(one, json={"tags": ["terraform:default-node-pool"]}))
    assert after == {**before, "tags": [*before["tags"], "terraform:default-node-pool"]}


def test_taints_may_be_written_in_capitals(api: httpx.Client) -> None:
    taint = {"Key": "k", "Value": "v", "Effect": "NoSchedule"}
    made = create(api, node_pools=[things.pool(taints=[taint])])
    assert made["node_pools"][0]["taints"] == [{"key": "k", "value": "v", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"region": "mars1"}, "region"),
        ({"version": "1.99.0-do.0"}, "version"),
        ({"node_pools": []}, "node pool"),
        ({"node_pools": [things.pool(size="s-1vcpu-512mb-10gb")]}, "size"),
        ({"node_pools": [things.pool(count=0)]}, "count"),
        ({"vpc_uuid": "c2a1b6b8-0000-4000-8000-000000000000"}, "VPC"),
        ({"cluster_subnet": "10.106.0.0/16"}, "overlaps"),
        ({"tags": ["no spaces"]}, "tag"),
    ],
)
def test_what_the_service_does_not_know_is_refused(
    api: httpx.Client, change: things.Json, about: str
) -> None:
    refused(api.post(CLUSTERS, json={**things.cluster(), **change}), 422, about)
    assert api.get(CLUSTERS).json()["kubernetes_clusters"] == []


def test_a_version_goes_up_by_patch_or_one_minor_and_never_down(
    api: httpx.Client, control: ControlClient
) -> None:
    control.settings(versions=["1.35.1-do.0", "1.34.4-do.0", "1.34.1-do.3", "1.33.8-do.0", "1.33.6-do.2"])
    made = create(api, version="1.33.6-do.2")
    one = f"{CLUSTERS}/{made['id']}"
    offered = [v["slug"] for v in api.get(f"{one}/upgrades").json()["available_upgrade_versions"]]
    assert offered == ["1.34.4-do.0", "1.34.1-do.3", "1.33.8-do.0"]
    refused(api.post(f"{one}/upgrade", json={"version": "1.35.1-do.0"}), 422, "cannot upgrade")
    control.transitions(cluster_seconds=60)
    assert api.post(f"{one}/upgrade", json={"version": "1.34.1-do.3"}).status_code == 202
    assert get(api, made["id"])["status"]["state"] == "upgrading"
    control.advance(61)
    assert get(api, made["id"])["status"]["state"] == "running"
    for lower in ("1.33.8-do.0", "1.34.1-do.3"):
        refused(api.post(f"{one}/upgrade", json={"version": lower}), 422, "cannot upgrade")
    assert get(api, made["id"])["version"] == "1.34.1-do.3"


def test_high_availability_is_never_switched_off(api: httpx.Client) -> None:
    made = create(api)
    one = f"{CLUSTERS}/{made['id']}"
    assert things.made(api.put(one, json={"name": "c", "ha": True}))["ha"] is True
    refused(api.put(one, json={"name": "c", "ha": False}), 422, "availability")


@pytest.mark.parametrize(("asked", "lasts"), [(None, 7 * 86400), (0, 7 * 86400), (300, 300)])
def test_credentials_expire_when_asked(api: httpx.Client, asked: int | None, lasts: int) -> None:
    made = create(api)
    query = {} if asked is None else {"expiry_seconds": asked}
    found = api.get(f"{CLUSTERS}/{made['id']}/credentials", params=query).json()
    left = datetime.fromisoformat(found["expires_at"]) - datetime.now(UTC)
    assert abs(left.total_seconds() - lasts) < 60
    assert base64.b64decode(found["certificate_authority_data"]).startswith(b"-----BEGIN CERTIFICATE-----")


def test_the_kubeconfig_is_yaml_and_agrees_with_the_credentials(
    api: httpx.Client, control: ControlClient
) -> None:
    made = create(api)
    own = {"server": "https://127.0.0.1:6443", "token": "given"}
    control.update("kubernetes_clusters", made["id"], _kubernetes=own, endpoint=own["server"])
    response = api.get(f"{CLUSTERS}/{made['id']}/kubeconfig")
    assert response.headers["content-type"] == "application/yaml"
    config = yaml.safe_load(response.text)
    assert config["clusters"][0]["cluster"]["server"] == own["server"]
    assert config["users"][0]["user"]["token"] == own["token"]
    assert "_kubernetes" not in get(api, made["id"])


def test_each_destroy_takes_what_it_says(api: httpx.Client, control: ControlClient) -> None:
    def with_balancers(name: str) -> tuple[str, list[str]]:
        key = create(api, name)["id"]
        made = [control.put("load_balancers", name=f"{name}-{n}", cluster_id=key)["id"] for n in range(2)]
        listed = api.get(f"{CLUSTERS}/{key}/destroy_with_associated_resources").json()
        assert [entry["id"] for entry in listed["load_balancers"]] == made
        return f"{CLUSTERS}/{key}", made

    def left() -> set[str]:
        return {lb["id"] for lb in control.list("load_balancers")}

    plain, kept = with_balancers("plain")
    assert api.delete(plain).status_code == 204
    assert left() == set(kept)
    some, (first, second) = with_balancers("some")
    chosen = f"{some}/destroy_with_associated_resources/selective"
    assert api.request("DELETE", chosen, json={"load_balancers": kept}).status_code == 404
    assert api.request("DELETE", chosen, json={"load_balancers": [first]}).status_code == 204
    assert left() == {*kept, second}
    every, _ = with_balancers("every")
    own = every.rpartition("/")[2]
    control.put("volumes", cluster_id=own)
    control.put("volume_snapshots", cluster_id=own)
    foreign = control.put("volumes")
    assert api.delete(f"{every}/destroy_with_associated_resources/dangerous").status_code == 204
    assert left() == {*kept, second}
    assert control.list("volumes") == [foreign]
    assert control.list("volume_snapshots") == []


def test_the_last_pool_and_an_unknown_pool_cannot_be_deleted(api: httpx.Client) -> None:
    made = create(api)
    pools = f"{CLUSTERS}/{made['id']}/node_pools"
    refused(api.delete(f"{pools}/{made['node_pools'][0]['id']}"), 422, "last node pool")
    assert api.delete(f"{pools}/none").status_code == 404


def test_an_autoscaler_configuration_of_nothing_but_nulls_is_none(api: httpx.Client) -> None:
    made = create(api)
    nulls = {"scale_down_utilization_threshold": None, "scale_down_unneeded_time": None, "expanders": None}
    body = {"name": made["name"], "cluster_autoscaler_configuration": nulls}
    changed = things.made(api.put(f"{CLUSTERS}/{made['id']}", json=body))
    assert changed.get("cluster_autoscaler_configuration") == made.get("cluster_autoscaler_configuration")
