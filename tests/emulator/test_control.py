"""The control plane: foreign resources, seeds, changes behind the API's back, and who may reach it."""

from __future__ import annotations

import itertools
import time
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import httpx
import pytest

from formerr_infra.emulator.client import ControlClient, ControlError
from formerr_infra.emulator.kinds import KINDS
from tests.emulator import things

if TYPE_CHECKING:
    from formerr_infra.emulator.server import EmulatorServer

PATHS = {
    "kubernetes_clusters": "/v2/kubernetes/clusters/{id}",
    "registries": "/v2/registries/{name}",
    "tags": "/v2/tags/{name}",
    "domains": "/v2/domains/{name}",
    "repositories": "/v2/registries/{registry_name}/repositories/{name}/tags",
    "domain_records": "/v2/domains/some.example/records/{id}",
    "alert_policies": "/v2/monitoring/alerts/{uuid}",
    "uptime_checks": "/v2/uptime/checks/{id}",
    "uptime_alerts": "/v2/uptime/checks/some-check/alerts/{id}",
}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"volume_snapshots"}))
def test_a_foreign_resource_looks_like_one_made_through_the_api(
    api: httpx.Client, control: ControlClient, kind: str
) -> None:
    given = {"tags": {"name": "t"}, "domain_records": {"domain": "some.example"}}
    fields = (given | {"uptime_alerts": {"check_id": "some-check"}}).get(kind, {})
    if kind == "uptime_alerts":
        control.put("uptime_checks", id="some-check")
    if kind == "domain_records":
        control.put("domains", name="some.example")
    if kind == "repositories":
        control.put("registries", name="reg")
    made = control.put(kind, **fields)
    path = PATHS.get(kind, f"/v2/{kind}/{{id}}").format(**made)
    shown = api.get(path)
    assert shown.status_code == 200
    assert made in control.list(kind)
    key = (
        made.get("id")
        or made.get("uuid")
        or (f"reg/{made['name']}" if kind == "repositories" else made["name"])
    )
    control.remove(kind, key)
    assert api.get(path).status_code == 404


def test_ten_thousand_vpcs_are_made_in_one_quick_call_and_do_not_overlap(
    raw: httpx.Client, control: ControlClient
) -> None:
    started = time.process_time(), time.monotonic()
    ids = control.seed("vpcs", 10_000, name="foreign-{n}", region="fra1")
    assert time.monotonic() - started[1] < 3
    assert len(set(ids)) == 10_000
    found = control.list("vpcs")
    networks = sorted((IPv4Network(vpc["ip_range"]) for vpc in found), key=lambda n: int(n.network_address))
    assert all(a.broadcast_address < b.network_address for a, b in itertools.pairwise(networks))
    assert {"foreign-1", "foreign-10000"} <= {vpc["name"] for vpc in found}
    assert raw.post("/v2/vpcs", json=things.vpc()).status_code == 201


def test_put_goes_past_every_check(api: httpx.Client, control: ControlClient) -> None:
    control.account(droplet_limit=1)
    twice = [control.put("vpcs", name="same", ip_range="10.10.0.0/16") for _ in range(2)]
    assert twice[0]["id"] != twice[1]["id"]
    control.put("kubernetes_clusters", name="big", node_pools=[things.pool(count=5)])
    assert len(control.list("droplets")) == 5


def test_update_changes_what_is_there_and_nodes_by_their_pool(
    api: httpx.Client, control: ControlClient
) -> None:
    cluster = control.put("cluster", name="c")
    control.update(
        "cluster", cluster["id"], status={"state": "degraded", "message": ""}, version="1.31.0-do.0"
    )
    shown = things.made(api.get(f"/v2/kubernetes/clusters/{cluster['id']}"))
    assert (shown["status"]["state"], shown["version"]) == ("degraded", "1.31.0-do.0")
    control.update("node_pools", cluster["node_pools"][0]["id"], count=3)
    shown = things.made(api.get(f"/v2/kubernetes/clusters/{cluster['id']}"))
    assert len(shown["node_pools"][0]["nodes"]) == shown["node_pools"][0]["count"] == 3
    assert len(control.list("droplets")) == 3
    vpc = control.put("vpc", name="v")
    control.update("vpc", vpc["id"], ip_range="10.77.0.0/16")
    overlap = api.post("/v2/vpcs", json=things.vpc("w", ip_range="10.77.1.0/24"))
    assert overlap.status_code == 422


def test_a_put_cluster_can_be_in_any_state(api: httpx.Client, control: ControlClient) -> None:
    for status in ({"state": "error", "message": "broken"}, "degraded"):
        made = control.put("cluster", name="c", status=status)
        shown = things.made(api.get(f"/v2/kubernetes/clusters/{made['id']}"))
        assert status in (shown["status"], shown["status"]["state"])


def test_unknown_kinds_ids_and_settings_are_refused(control: ControlClient) -> None:
    for attempt in (
        lambda: control.put("nothing"),
        lambda: control.remove("vpcs", "none"),
        lambda: control.account(nonsense=1),
        lambda: control.transitions(nonsense=1),
        lambda: control.settings(nonsense=1),
        lambda: control.list("vpcs", token="none"),
        lambda: control.save(),
    ):
        with pytest.raises(ControlError):
            attempt()


def test_reset_takes_everything_away(api: httpx.Client, control: ControlClient) -> None:
    control.put("vpcs", name="v")
    control.account(token="second", droplet_limit=3)
    control.fault("GET", "", status=500)
    control.latency(0.01)
    control.reset()
    assert api.get("/v2/account").status_code == 200
    assert "v" not in {vpc["name"] for vpc in control.list("vpcs")}
    assert [account["name"] for account in control.status()["accounts"]] == ["local"]


def test_a_web_page_cannot_reach_the_control_plane(server: EmulatorServer, control: ControlClient) -> None:
    url = f"{server.endpoint}/_control/reset"
    with httpx.Client(trust_env=False) as client:
        plain = client.post(url, content="{}", headers={"Content-Type": "text/plain"})
        rebound = client.post(url, json={}, headers={"Host": "attacker.example:80"})
        read = client.get(url)
    assert (plain.status_code, rebound.status_code, read.status_code) == (415, 403, 405)


def test_the_client_takes_only_plain_http_endpoints() -> None:
    with pytest.raises(ValueError, match="not the endpoint"):
        ControlClient("file:///etc/passwd")
