"""Faults: each does what it says, to what it says, as often as it says, and leaves the rest alone."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from formerr_infra.emulator.client import ControlError
from tests.emulator import things
from tests.emulator.conftest import bearer

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer


def names(control: ControlClient) -> list[str]:
    return [vpc["name"] for vpc in control.list("vpcs")]


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        ({"status": 503}, 503, False),
        ({"status": 503, "after_apply": True}, 503, True),
        ({"status": 429, "retry_after": 2}, 429, False),
        ({"drop": "before"}, None, False),
        ({"drop": "after"}, None, True),
        ({"body": "cut"}, None, True),
        ({"body": "html"}, 502, True),
        ({"body": "html", "status": 504}, 504, True),
    ],
)
def test_a_fault_ends_a_write_and_the_record_says_whether_it_was_applied(
    raw: httpx.Client, control: ControlClient, fault: dict[str, Any], status: int | None, applied: bool
) -> None:
    number = control.fault("POST", "^/v2/vpcs$", **fault)
    try:
        response = raw.post("/v2/vpcs", json=things.vpc())
    except httpx.RemoteProtocolError:
        assert status is None
    else:
        assert response.status_code == status
        assert response.headers.get("retry-after") == (
            str(fault["retry_after"]) if "retry_after" in fault else None
        )
    assert ("v" in names(control)) == applied
    record = control.requests(writes=True)[-1]
    assert (record.applied, record.fault) == (applied, number)
    assert record.resource_name == ("v" if applied else "")


def test_a_truncated_body_is_whole_http_and_half_the_json(raw: httpx.Client, control: ControlClient) -> None:
    control.fault("GET", "^/v2/vpcs$", body="truncated")
    response = raw.get("/v2/vpcs")
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_a_hanging_request_ends_when_the_client_goes_and_blocks_nobody(
    raw: httpx.Client, control: ControlClient
) -> None:
    control.fault("POST", "/v2/vpcs", hang=True, after_apply=True)
    with pytest.raises(httpx.ReadTimeout):
        raw.post("/v2/vpcs", json=things.vpc(), timeout=0.2)
    assert raw.get("/v2/account").status_code == 200
    assert "v" in names(control)


def test_a_delay_lasts_as_long_as_it_says(raw: httpx.Client, control: ControlClient) -> None:
    control.fault("GET", "/v2/account", delay=0.2, times=1)
    started = time.monotonic()
    assert raw.get("/v2/account").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_skip_and_times_count_matches(raw: httpx.Client, control: ControlClient) -> None:
    control.fault("GET", "^/v2/account$", status=500, skip=2, times=3)
    statuses = [raw.get("/v2/account").status_code for _ in range(7)]
    assert statuses == [200, 200, 500, 500, 500, 200, 200]
    assert (control.faults()[0]["matched"], control.faults()[0]["fired"]) == (7, 3)


def test_a_fault_matches_method_path_and_account(raw: httpx.Client, control: ControlClient) -> None:
    control.account(token="second", name="second")
    control.fault("GET", "^/v2/vpcs", status=500, token_name="second")
    assert raw.get("/v2/vpcs").status_code == 200
    assert raw.get("/v2/vpcs", headers=bearer("second")).status_code == 500
    assert raw.get("/v2/account", headers=bearer("second")).status_code == 200
    assert raw.post("/v2/vpcs", json=things.vpc(), headers=bearer("second")).status_code == 201
    control.clear_faults()
    assert raw.get("/v2/vpcs", headers=bearer("second")).status_code == 200


def test_chances_are_drawn_from_the_seed(raw: httpx.Client, control: ControlClient) -> None:
    def draw() -> list[int]:
        control.clear_faults()
        control.fault("GET", "^/v2/account$", status=500, probability=0.5)
        return [raw.get("/v2/account").status_code for _ in range(30)]

    first = draw()
    assert set(first) == {200, 500}
    assert draw() == first


def test_a_hidden_item_is_missing_from_lists_for_as_many_reads(
    raw: httpx.Client, control: ControlClient
) -> None:
    key = control.put("vpcs", name="shy")["id"]
    control.fault("GET", "^/v2/vpcs$", hide_from_lists=key, times=2)
    seen = [key in {v["id"] for v in raw.get("/v2/vpcs").json()["vpcs"]} for _ in range(3)]
    assert seen == [False, False, True]
    assert raw.get(f"/v2/vpcs/{key}").status_code == 200


@pytest.mark.parametrize(("position", "times_seen"), [(3, 0), (0, 2)])
def test_an_item_that_moves_across_pages_is_missed_or_seen_twice(
    raw: httpx.Client, control: ControlClient, position: int, times_seen: int
) -> None:
    control.reset(default_vpcs=False)
    key = control.seed("vpcs", 4)[position]
    control.fault("GET", "^/v2/vpcs$", move_across_pages=key, times=1)
    seen: list[str] = []
    for page in (1, 2):
        query = {"per_page": 2, "page": page}
        seen += [v["id"] for v in raw.get("/v2/vpcs", params=query).json()["vpcs"]]
    assert seen.count(key) == times_seen


def test_a_fault_of_unknown_fields_or_expression_is_refused(control: ControlClient) -> None:
    with pytest.raises(ControlError, match="unknown fault fields: nonsense"):
        control.fault("GET", "", nonsense=1)
    with pytest.raises(ControlError):
        control.fault("GET", "(")


def test_the_record_holds_no_secret(
    raw: httpx.Client, control: ControlClient, server: EmulatorServer
) -> None:
    secret = "a-value-that-must-not-show"
    control.mark()
    raw.post("/v2/certificates", json={"name": "n", "private_key": secret, "leaf_certificate": secret})
    raw.get("/v2/vpcs", headers=bearer(secret))
    found = control.requests(since_mark=True)
    assert [record.body_keys for record in found] == [["leaf_certificate", "name", "private_key"], []]
    assert [record.token_name for record in found] == ["local", ""]
    for text in (repr(found), repr(control.status()), repr(control.account())):
        assert secret not in text
        assert "local-token" not in text


def test_the_record_tells_writes_from_reads_and_after_the_mark(
    raw: httpx.Client, control: ControlClient
) -> None:
    raw.get("/v2/account")
    raw.post("/v2/vpcs", json=things.vpc())
    control.mark()
    raw.post("/v2/vpcs", json=things.vpc())
    raw.get("/v2/vpcs", params={"per_page": 2})
    everything = control.requests()
    assert [r.method for r in everything] == ["GET", "POST", "POST", "GET"]
    assert [(r.status, r.applied) for r in control.requests(writes=True)] == [(201, True), (422, False)]
    assert [r.number for r in control.requests(since_mark=True)] == [3, 4]
    assert everything[-1].query == {"per_page": "2"}
