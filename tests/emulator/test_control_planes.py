"""A real control plane behind each cluster: it comes, opens to whom it should, follows the pools, and goes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from formerr_infra.emulator.server import EmulatorServer
from tests.emulator import things
from tests.emulator.clusters import Cluster, has_ended, processes
from tests.emulator.conftest import bearer
from tests.support.live import eventually

pytestmark = [
    pytest.mark.serial,
    pytest.mark.slow,
    pytest.mark.may_skip("the programs of a control plane are not on this machine"),
]


def test_a_cluster_runs_when_its_api_server_is_ready(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    shown = cluster.show()
    assert shown["status"]["state"] == "running"
    assert shown["endpoint"].startswith("https://127.0.0.1:")
    with cluster.client() as client:
        assert client.get("/readyz").text == "ok"


def test_nodes_are_those_of_the_pools_with_the_labels_of_the_service(cluster: Cluster) -> None:
    shown = cluster.show()
    pool = shown["node_pools"][0]
    vpc = cluster.api.get(f"/v2/vpcs/{shown['vpc_uuid']}").json()["vpc"]
    with cluster.client() as client:
        nodes = {node["metadata"]["name"]: node for node in client.get("/api/v1/nodes").json()["items"]}
    assert set(nodes) == {node["name"] for node in pool["nodes"]}
    for node in pool["nodes"]:
        live = nodes[node["name"]]
        labels = live["metadata"]["labels"]
        assert labels["doks.digitalocean.com/node-id"] == node["id"]
        assert labels["doks.digitalocean.com/node-pool"] == pool["name"]
        assert labels["doks.digitalocean.com/node-pool-id"] == pool["id"]
        assert labels["node.kubernetes.io/instance-type"] == pool["size"]
        assert labels["topology.kubernetes.io/region"] == shown["region"]
        assert labels["doks.digitalocean.com/version"] == shown["version"]
        assert live["spec"]["providerID"] == f"digitalocean://{node['droplet_id']}"
        addresses = {a["type"]: a["address"] for a in live["status"]["addresses"]}
        assert things.inside(addresses["InternalIP"], vpc["ip_range"])
        assert int(live["status"]["capacity"]["cpu"]) == 2


def test_a_deployment_becomes_available_and_a_rollout_replaces_its_pods(cluster: Cluster) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    with cluster.client() as client, cluster.with_object(client, path, things.deployment("web", replicas=2)):
        eventually(lambda: client.get(f"{path}/web").json()["status"].get("availableReplicas") == 2)
        before = {pod["metadata"]["name"] for pod in cluster.pods(client, "app=web")}
        image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}}}
        client.patch(f"{path}/web", json=image, headers=things.MERGE).raise_for_status()
        eventually(
            lambda: (
                len(cluster.pods(client, "app=web")) == 2
                and not before & {pod["metadata"]["name"] for pod in cluster.pods(client, "app=web")}
            )
        )
        assert client.get(f"{path}/web").json()["status"]["availableReplicas"] >= 2


def test_a_job_completes_and_a_deleted_pod_goes(cluster: Cluster) -> None:
    jobs, pods = "/apis/batch/v1/namespaces/default/jobs", "/api/v1/namespaces/default/pods"
    job = {
        "metadata": {"name": "once"},
        "spec": {"template": {"spec": {**things.POD, "restartPolicy": "Never"}}},
    }
    with cluster.client() as client:
        with cluster.with_object(client, jobs, job):
            eventually(lambda: client.get(f"{jobs}/once").json()["status"].get("succeeded") == 1)
        with cluster.with_object(client, pods, {"metadata": {"name": "alone"}, "spec": things.POD}):
            eventually(lambda: client.get(f"{pods}/alone").json()["status"].get("phase") == "Running")
        eventually(lambda: client.get(f"{pods}/alone").status_code == 404)


def test_nodes_follow_the_pools(cluster: Cluster) -> None:
    pools = f"/v2/kubernetes/clusters/{cluster.id}/node_pools"
    pool = things.made(
        cluster.api.post(
            pools,
            json=things.pool(
                name="extra",
                count=1,
                labels={"tier": "batch"},
                taints=[{"key": "batch", "value": "only", "effect": "NoSchedule"}],
            ),
        )
    )

    def own() -> list[Any]:
        return cluster.nodes(client, f"doks.digitalocean.com/node-pool-id={pool['id']}")

    with cluster.client() as client:
        eventually(lambda: len(own()) == 1)
        assert own()[0]["metadata"]["labels"]["tier"] == "batch"
        assert {"key": "batch", "value": "only", "effect": "NoSchedule"} in own()[0]["spec"]["taints"]
        first = own()[0]["metadata"]["name"]
        changed = {**things.pool(name="extra", count=2), "labels": {"tier": "web"}, "taints": []}
        cluster.api.put(f"{pools}/{pool['id']}", json=changed).raise_for_status()
        eventually(lambda: [n["metadata"]["labels"].get("tier") for n in own()] == ["web", "web"])
        eventually(lambda: not any(n["spec"].get("taints") for n in own()))
        cluster.api.post(f"{pools}/{pool['id']}/recycle", json={}).raise_for_status()
        eventually(lambda: len(own()) == 2 and first not in {n["metadata"]["name"] for n in own()})
        cluster.api.delete(f"{pools}/{pool['id']}").raise_for_status()
        eventually(lambda: not own())


def test_an_upgrade_replaces_the_nodes_by_such_of_the_new_version(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    del cluster  # it is asked for so that it stays the first
    own, newer = Cluster.create(planes_api, name="own"), "1.34.9-do.0"
    planes.control.settings(versions=[newer, things.VERSION])
    url = f"/v2/kubernetes/clusters/{own.id}"
    with own.client() as client:
        [before] = own.nodes(client, "")
        planes_api.post(f"{url}/upgrade", json={"version": newer}).raise_for_status()
        eventually(
            lambda: before["metadata"]["name"] not in {n["metadata"]["name"] for n in own.nodes(client, "")}
        )
        [after] = own.nodes(client, "")
    assert after["metadata"]["labels"]["doks.digitalocean.com/version"] == newer
    assert after["status"]["nodeInfo"]["kubeletVersion"] == "v1.34.9"
    planes_api.delete(url).raise_for_status()
    eventually(lambda: len(planes.control.kubernetes()) == 1)


def test_pods_of_a_removed_node_move(cluster: Cluster) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    shown = cluster.show()
    pool = shown["node_pools"][0]
    with cluster.client() as client, cluster.with_object(client, path, things.deployment("web", replicas=4)):
        eventually(lambda: client.get(f"{path}/web").json()["status"].get("availableReplicas") == 4)
        gone = pool["nodes"][0]
        url = f"/v2/kubernetes/clusters/{cluster.id}/node_pools/{pool['id']}/nodes/{gone['id']}?replace=1"
        cluster.api.delete(url).raise_for_status()

        def moved() -> bool:
            pods = cluster.pods(client, "app=web")
            running = [p for p in pods if p["status"]["phase"] == "Running"]
            return len(running) == 4 and all(p["spec"]["nodeName"] != gone["name"] for p in pods)

        eventually(moved)


def test_storage_classes_and_the_dns_service_are_there(cluster: Cluster) -> None:
    with cluster.client() as client:
        classes = {
            c["metadata"]["name"]: c
            for c in client.get("/apis/storage.k8s.io/v1/storageclasses").json()["items"]
        }
        dns = client.get("/api/v1/namespaces/kube-system/services/kube-dns").json()
    default = [n for n, c in classes.items() if "true" in (c["metadata"].get("annotations") or {}).values()]
    assert default == ["do-block-storage"]
    assert classes["do-block-storage-retain"]["reclaimPolicy"] == "Retain"
    assert things.inside(dns["spec"]["clusterIP"], cluster.show()["service_subnet"])


def test_a_token_opens_until_it_expires_by_the_emulators_clock(
    planes: EmulatorServer, cluster: Cluster
) -> None:
    with cluster.client(seconds=600) as short, cluster.client(seconds=7200) as long:
        assert short.get("/api/v1/nodes").status_code == 200
        assert long.get("/api/v1/nodes").status_code == 200
        planes.control.advance(601)
        eventually(lambda: short.get("/api/v1/nodes").status_code == 401, seconds=15)
        assert long.get("/api/v1/nodes").status_code == 200


def test_nobody_gets_in_without_a_token_or_with_anothers(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    with cluster.client(token="local-guessed") as client:
        assert client.get("/api/v1/nodes").status_code == 401
    with cluster.client(token="") as client:
        assert client.get("/api/v1/nodes").status_code in (401, 403)
    planes.control.account(token="reader", name="reader", scopes=["kubernetes:read"])
    path = f"/v2/kubernetes/clusters/{cluster.id}/credentials"
    assert planes_api.get(path, headers=bearer("reader")).status_code == 403


def test_a_cluster_can_be_made_unreachable_and_reachable_again(
    planes: EmulatorServer, cluster: Cluster
) -> None:
    with cluster.client() as client:
        planes.control.stop_kubernetes(cluster.id)
        with pytest.raises(httpx.TransportError):
            client.get("/api/v1/nodes")
        assert cluster.show()["status"]["state"] == "running"
        planes.control.start_kubernetes(cluster.id)
        assert client.get("/api/v1/nodes").status_code == 200


def test_a_program_that_dies_is_replaced(planes: EmulatorServer, cluster: Cluster) -> None:
    plane = planes.control.wait_for_kubernetes(cluster.id)
    os.kill(min(processes(plane["folder"])), signal.SIGKILL)
    eventually(lambda: planes.control.kubernetes()[0]["starts"] > plane["starts"])
    planes.control.wait_for_kubernetes(cluster.id)
    with cluster.client() as client:
        assert len(client.get("/api/v1/nodes").json()["items"]) == 2


def test_two_clusters_are_apart_and_a_deleted_one_leaves_nothing(
    planes: EmulatorServer, planes_api: httpx.Client, cluster: Cluster
) -> None:
    other = Cluster.create(planes_api, name="other")
    plane = planes.control.wait_for_kubernetes(other.id)
    token = other.credentials()["token"]
    with other.client() as client:
        assert client.get("/api/v1/nodes").status_code == 200
    with cluster.client(token=token) as client:
        assert client.get("/api/v1/nodes").status_code == 401
    planes_api.delete(f"/v2/kubernetes/clusters/{other.id}").raise_for_status()
    eventually(lambda: has_ended(plane["folder"]) and not Path(plane["folder"]).exists())
    with cluster.client() as client:
        assert client.get("/api/v1/nodes").status_code == 200


def test_a_saved_state_brings_its_clusters_back(programs: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with EmulatorServer(state_file=state, kubernetes=programs) as first:
        cluster = Cluster.create(_client(first))
        address, credentials = cluster.show()["endpoint"], cluster.credentials()
        with cluster.client() as client:
            client.post("/api/v1/namespaces", json={"metadata": {"name": "kept"}}).raise_for_status()
        folder = first.control.kubernetes()[0]["folder"]
    assert has_ended(folder)
    assert credentials["token"] not in state.read_text()
    with EmulatorServer(state_file=state, kubernetes=programs) as second:
        again = Cluster(_client(second), cluster.id)
        assert again.show()["endpoint"] == address
        assert again.show()["status"]["state"] == "running"
        with again.client(token=credentials["token"]) as client:
            assert client.get("/api/v1/namespaces/kept").status_code == 200


def test_a_crash_keeps_the_clusters_of_a_saved_state(programs: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = EmulatorServer(state_file=state, kubernetes=programs).start()
    cluster = Cluster.create(_client(first))
    token = cluster.credentials()["token"]
    with cluster.client() as client:
        client.post("/api/v1/namespaces", json={"metadata": {"name": "kept"}}).raise_for_status()
        names = {node["metadata"]["name"] for node in cluster.nodes(client, "")}
    first.kill()
    with EmulatorServer(state_file=state, kubernetes=programs) as second:
        again = Cluster(_client(second), cluster.id)
        second.control.wait_for_kubernetes(cluster.id)
        with again.client(token=token) as client:
            assert client.get("/api/v1/namespaces/kept").status_code == 200
            assert {node["metadata"]["name"] for node in again.nodes(client, "")} == names


def test_an_authority_handed_out_before_anything_ran_is_that_of_the_control_plane_later(
    programs: Path, tmp_path: Path
) -> None:
    """Who brought up the cloud alone has it in a state, and keeps it there when the application follows."""
    state = tmp_path / "state.json"
    with EmulatorServer(state_file=state) as first:
        cluster = Cluster.create(_client(first))
        before = cluster.credentials()["certificate_authority_data"]
        assert cluster.credentials()["certificate_authority_data"] == before
    with EmulatorServer(state_file=state, kubernetes=programs) as second:
        second.control.wait_for_kubernetes(cluster.id)
        again = Cluster(_client(second), cluster.id)
        assert again.credentials()["certificate_authority_data"] == before
        with again.client() as client:
            assert client.get("/readyz").text == "ok"


@pytest.mark.parametrize("with_state", [True, False])
def test_a_killed_emulator_leaves_no_process(programs: Path, tmp_path: Path, with_state: bool) -> None:
    server = EmulatorServer(
        state_file=tmp_path / "s.json" if with_state else None, kubernetes=programs
    ).start()
    cluster = Cluster.create(_client(server))
    folder = server.control.wait_for_kubernetes(cluster.id)["folder"]
    assert processes(folder)
    server.kill()
    eventually(lambda: has_ended(folder))
    eventually(lambda: Path(folder).exists() is with_state)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a killed process")
def test_a_killed_supervisor_takes_the_programs_along(planes: EmulatorServer, cluster: Cluster) -> None:
    plane = planes.control.wait_for_kubernetes(cluster.id)
    before = processes(plane["folder"])
    assert len(before) == 5
    os.kill(plane["pid"], signal.SIGKILL)
    eventually(lambda: not before & processes(plane["folder"]))
    eventually(lambda: planes.control.kubernetes()[0]["starts"] > plane["starts"])
    after = planes.control.wait_for_kubernetes(cluster.id)
    assert after["server"] == plane["server"]
    with cluster.client() as client:
        assert len(client.get("/api/v1/nodes").json()["items"]) == 2


def _client(server: EmulatorServer) -> httpx.Client:
    return httpx.Client(base_url=server.endpoint, headers=bearer(), trust_env=False)
