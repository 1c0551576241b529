"""What a registry keeps of deleted images until a garbage collection, and that one at a time runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.test_vpcs import refused

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.client import ControlClient

REGISTRY = "/v2/registries/reg"
APP = f"{REGISTRY}/repositories/app"
SIZE = 1000


@pytest.fixture(autouse=True)
def _registry(control: ControlClient) -> None:
    control.put("registries", name="reg")
    control.put("repositories", registry_name="reg", name="app", tags=["one", "two"], size_bytes=SIZE)


def manifests(api: httpx.Client) -> dict[str, list[str]]:
    listed = api.get(f"{APP}/digests").json()["manifests"]
    return {one["digest"]: one["tags"] for one in listed}


def collected(api: httpx.Client, body: dict[str, str] | None = None) -> Any:
    started = api.post(f"{REGISTRY}/garbage-collection", json=body)
    assert started.status_code == 201, started.text
    (newest, *_) = api.get(f"{REGISTRY}/garbage-collections").json()["garbage_collections"]
    assert newest["uuid"] == started.json()["garbage_collection"]["uuid"]
    return newest


def used(api: httpx.Client) -> int:
    return int(api.get(REGISTRY).json()["registry"]["storage_usage_bytes"])


def test_a_manifest_outlives_its_last_tag(api: httpx.Client) -> None:
    before = manifests(api)
    assert api.delete(f"{APP}/tags/one").status_code == 204
    assert list(manifests(api).values()) == [["two"], []]
    assert set(manifests(api)) == set(before)
    refused(api.delete(f"{APP}/tags/one"), 404, "not")


def test_what_a_deleted_manifest_took_up_is_freed_by_a_collection(api: httpx.Client) -> None:
    (first, _) = manifests(api)
    assert api.delete(f"{APP}/digests/{first}").status_code == 204
    assert used(api) == 2 * SIZE
    assert (done := collected(api))["status"] == "succeeded"
    assert (done["blobs_deleted"], done["freed_bytes"], used(api)) == (1, SIZE, SIZE)
    assert collected(api)["blobs_deleted"] == 0


def test_manifests_without_a_tag_go_only_where_that_is_said(api: httpx.Client) -> None:
    api.delete(f"{APP}/tags/one")
    assert collected(api)["blobs_deleted"] == 0
    assert len(manifests(api)) == 2
    done = collected(api, {"type": "untagged manifests and unreferenced blobs"})
    assert (done["blobs_deleted"], len(manifests(api))) == (1, 1)
    refused(api.post(f"{REGISTRY}/garbage-collection", json={"type": "everything"}), 422, "type")


def test_one_collection_runs_at_a_time_and_can_be_cancelled(
    api: httpx.Client, control: ControlClient
) -> None:
    control.transitions(collection_seconds=60)
    refused(api.get(f"{REGISTRY}/garbage-collection"), 404, "no active")
    running = collected(api)
    assert running["status"] == "requested"
    refused(api.post(f"{REGISTRY}/garbage-collection"), 409, "already")
    path = f"{REGISTRY}/garbage-collection/{running['uuid']}"
    assert api.put(path, json={"cancel": True}).json()["garbage_collection"]["status"] == "cancelled"
    refused(api.get(f"{REGISTRY}/garbage-collection"), 404, "no active")

    collected(api)
    assert api.get(f"{REGISTRY}/garbage-collection").status_code == 200
    control.advance(61)
    refused(api.get(f"{REGISTRY}/garbage-collection"), 404, "no active")
    (newest, *_) = api.get(f"{REGISTRY}/garbage-collections").json()["garbage_collections"]
    assert newest["status"] == "succeeded"
