"""`formerr cost` against the bundled DigitalOcean: what it reads, prints and never says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.inprocess import TOKEN, InProcess

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def formerr(in_process: Callable[..., InProcess]) -> InProcess:
    return in_process("staging", "production")


def lines(document: Any, environment: int = 0) -> dict[str, Any]:
    return {one["what"]: one for one in document["environments"][environment]["lines"]}


def test_a_fresh_staging_costs_what_its_file_declares_at_the_apis_prices(formerr: InProcess) -> None:
    told = formerr.json("cost", "staging")
    sizes = {"s-2vcpu-4gb": Decimal(24)}  # as the bundled catalogue has it
    nodes = 4 * sizes["s-2vcpu-4gb"]
    volumes = Decimal("0.10") * 10
    assert Decimal(told["environments"][0]["then"]["low"]) == nodes + 5 + 12 + volumes
    assert told["environments"][0]["now"]["low"] == "0.00"
    assert told["environments"][0]["then"]["unknown"] == []


def test_it_reads_only_and_asks_for_prices_once(formerr: InProcess) -> None:
    formerr.control.mark()
    formerr("cost", "staging")
    asked = [(one.method, one.path) for one in formerr.control.requests(since_mark=True)]
    assert {method for method, _ in asked} == {"GET"}
    assert sum(path == "/v2/sizes" for _, path in asked) == 1


def test_production_is_a_range_because_its_pool_scales_by_itself(formerr: InProcess) -> None:
    formerr.configure("production", databasePolicy="create")
    told = formerr.json("cost", "production")
    then = told["environments"][0]["then"]
    assert Decimal(then["high"]) - Decimal(then["low"]) == 2 * Decimal(48)
    out = formerr("cost", "production")
    assert "$144.00 to $240.00" in out
    assert "control plane, highly available" in out


def test_what_is_adopted_is_a_sum_of_its_own(formerr: InProcess) -> None:
    formerr.configure(deployApplication=False)
    vpc = formerr.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    formerr.control.put(
        "load_balancers", name="formerr-staging-lb", region="nyc3", size_unit=3, vpc_uuid=vpc["id"]
    )
    told = formerr.json("cost", "staging")["environments"][0]
    sums = {owner: told["by_owner"][owner]["then"]["low"] for owner in told["by_owner"]}
    assert sums == {"adopted": "36.00", "managed": "101.00", "refused": "0.00"}
    assert told["by_owner"]["adopted"]["now"]["low"] == "36.00"
    assert "adopted, paid anyway: $36.00 a month" in formerr("cost", "staging")


def test_a_plan_that_the_account_has_already_adds_nothing(formerr: InProcess) -> None:
    formerr.control.put("registries", name="another", subscription_tier_slug="professional")
    plan = lines(formerr.json("cost", "staging"))["registry plan professional of the account"]
    assert plan["now"] == plan["then"] == {"low": "20.00", "high": "20.00"}


def test_a_preview_tells_now_then_and_the_difference(formerr: InProcess) -> None:
    out = formerr("cost", "staging", "--preview")
    assert "staging: $0.00 now, $114.00 then; +$114.00" in out


def test_all_stacks_of_the_folder_are_priced_with_their_sum_and_the_accounts_plan_once(
    formerr: InProcess,
) -> None:
    formerr.configure("production", databasePolicy="create")
    (formerr.folder / "Pulumi.staging.bak.yaml").write_text("a copy, and no stack's\n", "utf-8")
    formerr.patch.setenv("DIGITALOCEAN_TOKEN_PRODUCTION", TOKEN)
    (formerr.folder / "pulumi").write_text("#!/bin/sh\necho 'error: no stack named x' >&2; exit 1\n", "utf-8")
    (formerr.folder / "pulumi").chmod(0o755)
    formerr.patch.setenv("PATH", f"{formerr.folder}:/bin:/usr/bin")
    told = json.loads(formerr("cost", "--json", state=False))
    assert [one["environment"] for one in told["environments"]] == ["production", "staging"]
    each = sum(Decimal(one["then"]["low"]) for one in told["environments"])
    assert Decimal(told["together"]["then"]["low"]) == each - 5
    assert "all environments: " in formerr("cost", state=False)


def test_without_prices_of_sizes_nodes_are_unknown_and_not_free(formerr: InProcess) -> None:
    formerr.control.fault("GET", "/v2/sizes", status=403)
    out = formerr("cost", "staging")
    assert "unknown: nodePool" in out
    assert "sizes:read" in out
    assert "and 2 unknown" in out


def test_a_registry_plan_is_the_table_where_the_api_tells_none(formerr: InProcess) -> None:
    formerr.control.fault("GET", "/v2/registries/options", status=500)
    told = lines(formerr.json("cost", "staging"))
    assert told["registry plan basic of the account"]["then"]["low"] == "5.00"
    assert told["registry plan basic of the account"]["source"].startswith("price table")


def test_a_state_in_spaces_is_on_the_bill_as_the_accounts(formerr: InProcess) -> None:
    formerr.patch.setenv("PULUMI_BACKEND_URL", "s3://states?endpoint=https://nyc3.digitaloceanspaces.com")
    told = lines(formerr.json("cost", "staging"))
    assert told["Spaces, of all buckets of the account"]["owner"] == "adopted"
    formerr.patch.setenv("PULUMI_BACKEND_URL", "s3://states?endpoint=https://minio.example")
    assert "Spaces, of all buckets of the account" not in lines(formerr.json("cost", "staging"))


def test_the_token_is_never_said(formerr: InProcess) -> None:
    formerr.control.fault("GET", "/v2/sizes", status=401)
    assert TOKEN not in formerr("cost", "staging", "--json")


@pytest.mark.parametrize(
    ("words", "said"),
    [(("cost", "qa"), "no such stack file"), (("cost",), "--state is the state of one stack")],
)
def test_what_cannot_be_meant_ends_with_2(formerr: InProcess, words: tuple[str, ...], said: str) -> None:
    assert said in formerr(*words, code=2)
