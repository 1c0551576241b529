"""What holds for every operation: who may ask, how lists are paged, how errors look, how often one may ask."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formerr_infra.emulator.server import EmulatorServer
from tests.emulator import things
from tests.emulator.conftest import bearer

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient


def test_an_unknown_token_is_answered_401_on_every_path(api: httpx.Client) -> None:
    for headers in (bearer("another"), {"Authorization": ""}, {"Authorization": "Basic bG9jYWw="}):
        for path in ("/v2/account", "/v2/vpcs", "/v2/registry"):
            response = api.get(path, headers=headers)
            assert (response.status_code, response.json()["id"]) == (401, "Unauthorized")


def test_a_token_without_the_scope_is_answered_403_and_changes_nothing(
    api: httpx.Client, control: ControlClient
) -> None:
    control.account(scopes=["account:read", "vpc:read"])
    assert api.get("/v2/account").status_code == 200
    assert api.get("/v2/vpcs").status_code == 200
    before = control.list("vpcs")
    for response in (
        api.post("/v2/vpcs", json=things.vpc()),
        api.delete(f"/v2/vpcs/{before[0]['id']}"),
        api.get("/v2/kubernetes/clusters"),
    ):
        assert (response.status_code, response.json()["id"]) == (403, "forbidden")
    assert control.list("vpcs") == before
    control.account(scopes=None)
    assert api.post("/v2/vpcs", json=things.vpc()).status_code == 201


def test_accounts_do_not_see_each_other(api: httpx.Client, control: ControlClient) -> None:
    control.account(token="second", name="second", default_vpcs=False)
    mine = things.made(api.post("/v2/vpcs", json=things.vpc()))
    assert api.get("/v2/vpcs", headers=bearer("second")).json()["vpcs"] == []
    assert api.get(f"/v2/vpcs/{mine['id']}", headers=bearer("second")).status_code == 404
    assert api.post("/v2/vpcs", json=things.vpc(), headers=bearer("second")).status_code == 201


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"name=v", "application/x-www-form-urlencoded"),
        (b'{"name": "v", "region": "nyc3"}', "text/plain"),
        (b'{"name": ', "application/json"),
        (b"[1]", "application/json"),
        (b"\xff\xfe", "application/json"),
    ],
)
def test_a_post_that_is_no_json_object_is_answered_400(api: httpx.Client, content: bytes, kind: str) -> None:
    response = api.post("/v2/vpcs", content=content, headers={"Content-Type": kind})
    assert (response.status_code, response.json()["id"]) == (400, "bad_request")


def test_errors_carry_id_message_and_request_id(api: httpx.Client) -> None:
    for path, status in (("/v2/vpcs/none", 404), ("/v2/nothing", 404), ("/v2/registries/", 404)):
        response = httpx.get(api.base_url.join(path), headers=bearer(), trust_env=False)
        assert response.status_code == status
        assert set(response.json()) == {"id", "message", "request_id"}


def test_an_unknown_method_is_answered_405_with_the_known_ones(raw: httpx.Client) -> None:
    response = raw.request("DELETE", "/v2/vpcs")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_rate_limit_headers_count_down_and_429_names_when_to_come_back(
    api: httpx.Client, control: ControlClient
) -> None:
    control.account(rate_limit=3, rate_window=60)
    left = []
    for _ in range(3):
        response = api.get("/v2/account")
        assert response.status_code == 200
        assert response.headers["ratelimit-limit"] == "3"
        assert time.time() < int(response.headers["ratelimit-reset"]) <= time.time() + 61
        left.append(int(response.headers["ratelimit-remaining"]))
    assert left == [2, 1, 0]
    response = api.get("/v2/account")
    assert (response.status_code, response.json()["id"]) == (429, "too_many_requests")
    assert 1 <= int(response.headers["retry-after"]) <= 60
    control.account(rate_limit=1000)
    assert api.get("/v2/account").status_code == 200


def test_the_rate_window_passes(api: httpx.Client, control: ControlClient) -> None:
    control.account(rate_limit=1, rate_window=0.3)
    assert api.get("/v2/account").status_code == 200
    assert api.get("/v2/account").status_code == 429
    deadline = time.monotonic() + 5
    while api.get("/v2/account").status_code == 429:
        assert time.monotonic() < deadline


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(total=st.integers(0, 60), per_page=st.integers(1, 25))
def test_pages_hold_each_item_once_in_order(
    raw: httpx.Client, control: ControlClient, total: int, per_page: int
) -> None:
    control.reset(default_vpcs=False)
    ids = control.seed("vpcs", total) if total else []
    seen: list[str] = []
    url: str | None = f"/v2/vpcs?per_page={per_page}"
    while url is not None:
        body = raw.get(url).json()
        assert body["meta"]["total"] == total
        assert len(body["vpcs"]) <= per_page
        seen += [vpc["id"] for vpc in body["vpcs"]]
        pages = body["links"].get("pages", {})
        assert ("next" in pages) == ("last" in pages) == (len(seen) < total)
        url = pages.get("next")
        assert url is None or url.startswith("http://127.0.0.1:")
    assert seen == ids


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(page=st.integers(1, 40), per_page=st.integers(1, 400))
def test_links_point_within_the_list(
    raw: httpx.Client, control: ControlClient, page: int, per_page: int
) -> None:
    body = raw.get("/v2/regions", params={"page": page, "per_page": per_page}).json()
    total = body["meta"]["total"]
    last = max(1, -(-total // min(per_page, 200)))
    pages = {name: int(httpx.URL(url).params["page"]) for name, url in body["links"].get("pages", {}).items()}
    expected = {} if page == 1 else {"first": 1, "prev": min(page - 1, last)}
    if page < last:
        expected |= {"next": page + 1, "last": last}
    assert pages == expected
    assert len(body["regions"]) == max(0, min(min(per_page, 200), total - (page - 1) * min(per_page, 200)))


def test_a_page_holds_20_by_default_and_never_more_than_200(
    api: httpx.Client, control: ControlClient
) -> None:
    control.seed("vpcs", 250)
    assert len(api.get("/v2/vpcs").json()["vpcs"]) == 20
    assert len(api.get("/v2/vpcs", params={"per_page": 1000}).json()["vpcs"]) == 200


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=1.5"])
def test_a_page_that_is_none_is_answered_422(api: httpx.Client, query: str) -> None:
    assert api.get(f"/v2/vpcs?{query}").status_code == 422


def test_answers_to_parallel_requests_wait_side_by_side(
    server: EmulatorServer, control: ControlClient
) -> None:
    control.latency(0.3)
    with httpx.Client(base_url=server.endpoint, headers=bearer(), trust_env=False) as client:
        started = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            statuses = list(pool.map(lambda _: client.get("/v2/account").status_code, range(10)))
        elapsed = time.monotonic() - started
    assert statuses == [200] * 10
    assert 0.3 <= elapsed < 1.5


def test_ids_are_the_same_for_the_same_seed() -> None:
    def ids(seed: int) -> list[str]:
        with EmulatorServer(seed=seed) as server:
            made = [server.control.put("vpcs", name="a"), server.control.put("kubernetes_clusters", name="c")]
            return [item["id"] for item in made]

    assert ids(7) == ids(7)
    assert ids(7) != ids(8)
