"""The checks before the first write: what stands against a demand is said, all of it, and unknown is never room."""

from __future__ import annotations

import ipaddress
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.inventory.facts import AccountFacts, KubernetesOptions, Network, Unknown
from formerr_infra.preflight import (
    ClusterDemand,
    Demand,
    Finding,
    PoolDemand,
    RegistryDemand,
    Severity,
    VersionNotOffered,
    VpcDemand,
    check,
    declared_tier,
    resolve_version,
)

OPTIONS = KubernetesOptions(
    versions=("1.35.1-do.0", "1.34.4-do.1", "1.34.3-do.0", "1.33.9-do.2"),
    regions=("nyc3", "fra1"),
    sizes=("s-2vcpu-4gb", "s-4vcpu-8gb", "g-2vcpu-8gb"),
)
DEFAULT = Network("v-0", "default-nyc3", "nyc3", "10.108.0.0/20", default=True)
ROOMY = AccountFacts(
    status="active",
    droplet_limit=25,
    droplets=2,
    kubernetes=OPTIONS,
    registry_tier=None,
    registries=(),
    vpcs=(DEFAULT,),
)
POOLS = (
    PoolDemand("s-2vcpu-4gb", 3, 6),
    PoolDemand("s-2vcpu-4gb", 1, 1, "systemNodeSize", "systemNodeCount"),
)
EVERYTHING = Demand(
    region="nyc3",
    vpc=VpcDemand("formerr-staging-vpc", "10.20.0.0/16"),
    cluster=ClusterDemand("1.34"),
    pools=POOLS,
    registry=RegistryDemand("formerr-staging", "basic"),
    load_balancer=True,
)


def codes(findings: list[Finding], severity: Severity = Severity.ERROR) -> list[str]:
    return [finding.code for finding in findings if finding.severity is severity]


def test_a_roomy_account_has_nothing_against_everything() -> None:
    assert check(EVERYTHING, ROOMY) == []


@pytest.mark.parametrize(
    "fact", [field.name for field in fields(AccountFacts) if field.name != "missing_scopes"]
)
def test_an_unknown_fact_is_never_taken_for_room(fact: str) -> None:
    unknown: Any = {fact: Unknown("GET /v2/x: 403")}
    account = replace(ROOMY, **unknown)
    findings = check(EVERYTHING, account)
    severity = Severity.WARNING if fact == "status" else Severity.ERROR
    assert codes(findings, severity) == ["unknown"]
    assert "GET /v2/x: 403" in findings[0].message


def test_a_limit_that_the_api_does_not_tell_is_said_and_stops_nothing() -> None:
    """The API holds these up itself; what it has to tell about VPCs and registries is never optional."""
    missing = Unknown("GET /v2/x: 404", missing=True)
    for fact in ("status", "droplet_limit", "droplets"):
        told: Any = {fact: missing}
        findings = check(EVERYTHING, replace(ROOMY, **told))
        assert codes(findings) == []
        assert codes(findings, Severity.WARNING) == ["unknown"]
    for fact in ("vpcs", "registries", "registry_tier"):
        told = {fact: missing}
        assert codes(check(EVERYTHING, replace(ROOMY, **told))) == ["unknown"]


def test_without_the_offers_of_doks_an_exact_version_is_taken_and_a_minor_is_not() -> None:
    account = replace(ROOMY, kubernetes=Unknown("GET /v2/kubernetes/options: 404", missing=True))
    assert codes(check(EVERYTHING, account)) == ["version"]
    exact = replace(EVERYTHING, cluster=ClusterDemand("1.34.4-do.1"))
    assert codes(check(exact, account)) == []
    assert codes(check(exact, account), Severity.WARNING) == ["unknown"]


def test_sizes_and_regions_that_are_not_told_are_not_checked() -> None:
    account = replace(ROOMY, kubernetes=KubernetesOptions(OPTIONS.versions, None, None))
    demand = replace(EVERYTHING, pools=(PoolDemand("anything", 1, 1),))
    assert codes(check(demand, account)) == []


def test_nothing_is_found_where_nothing_is_made() -> None:
    unknown = Unknown("403")
    nothing_known = AccountFacts(unknown, unknown, unknown, unknown, unknown, unknown, unknown, ("vpc:read",))
    assert check(Demand("mars1"), nothing_known) == []


def test_all_findings_come_at_once_and_errors_come_first() -> None:
    account = AccountFacts(
        status="warning",
        droplet_limit=5,
        droplets=2,
        kubernetes=OPTIONS,
        registry_tier="basic",
        registries=("theirs",),
        vpcs=(Network("v-1", "formerr-staging-vpc", "fra1", "10.20.32.0/20", default=True),),
        missing_scopes=("droplet:read",),
    )
    demand = replace(
        EVERYTHING, region="nyc9", cluster=ClusterDemand("1.21"), pools=(PoolDemand("s-2vcpu-4gbx", 4, 4),)
    )
    findings = check(demand, account)
    assert set(codes(findings)) == {
        "missing-scope",
        "region",
        "name-taken",
        "range-overlaps",
        "version",
        "size",
        "droplet-limit",
        "registry-slot",
    }
    assert codes(findings, Severity.WARNING) == ["account-status"]
    assert codes(findings, Severity.NOTE) == ["becomes-default"]
    assert [finding.severity for finding in findings] == sorted(
        (finding.severity for finding in findings), key=list(Severity).index
    )


def test_findings_name_what_is_in_the_way_and_the_setting() -> None:
    account = replace(
        ROOMY,
        vpcs=(DEFAULT, Network("v-7", "theirs", "fra1", "10.20.128.0/20", default=True)),
        registries=("other",),
    )
    by_code = {finding.code: finding for finding in check(EVERYTHING, account)}
    assert "v-7" in by_code["range-overlaps"].message
    assert "'theirs'" in by_code["range-overlaps"].message
    assert by_code["range-overlaps"].key == "vpcCidr"
    assert "other" in by_code["registry-slot"].message
    assert by_code["registry-slot"].key == "registryId"


def test_a_misspelled_slug_is_answered_with_the_nearest_ones() -> None:
    demand = replace(EVERYTHING, pools=(PoolDemand("s-4vcpu-8g", 1, 1),))
    (finding,) = check(demand, ROOMY)
    assert finding.code == "size"
    assert "offered: s-4vcpu-8gb" in finding.message


def test_a_locked_account_is_refused() -> None:
    assert codes(check(EVERYTHING, replace(ROOMY, status="locked"))) == ["account-locked"]


def test_a_new_vpc_that_becomes_the_default_one_is_said() -> None:
    findings = check(EVERYTHING, replace(ROOMY, vpcs=(replace(DEFAULT, region="fra1"),)))
    assert codes(findings, Severity.NOTE) == ["becomes-default"]
    assert codes(findings) == []


def test_a_vpc_without_a_known_range_is_not_taken_for_one_that_is_apart() -> None:
    findings = check(
        EVERYTHING, replace(ROOMY, vpcs=(DEFAULT, replace(DEFAULT, id="v-1", name="x", ip_range=None)))
    )
    assert codes(findings) == ["unknown"]


def test_a_scope_that_this_demand_does_not_need_does_not_stop_it() -> None:
    only_registry = Demand("nyc3", registry=RegistryDemand("formerr-staging", "basic"))
    findings = check(only_registry, replace(ROOMY, vpcs=Unknown("403"), missing_scopes=("vpc:read",)))
    assert codes(findings) == []
    assert codes(findings, Severity.WARNING) == ["missing-scope"]


@given(
    limit=st.integers(0, 60),
    used=st.integers(0, 60),
    pools=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=3),
    surge=st.booleans(),
)
def test_nodes_that_may_ever_be_needed_fit_below_the_droplet_limit_or_stop_the_run(
    limit: int, used: int, pools: list[tuple[int, int]], surge: bool
) -> None:
    demand = Demand(
        "nyc3",
        pools=tuple(PoolDemand("s-2vcpu-4gb", nodes, nodes + more) for nodes, more in pools),
        surge=surge,
    )
    findings = check(demand, replace(ROOMY, droplet_limit=limit, droplets=used))
    most = sum(nodes + more for nodes, more in pools)
    assert codes(findings) == (["droplet-limit"] if used + most > limit else [])
    if used + most <= limit:
        extra = min(10, max(nodes + more for nodes, more in pools)) if surge else 0
        assert ("droplet-limit-peak" in codes(findings, Severity.WARNING)) == (used + most + extra > limit)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    length = draw(st.integers(16, 28))
    address = draw(st.integers(0, 2**24 - 1)) + (10 << 24)
    return str(ipaddress.ip_network((address, length), strict=False))


@given(wanted=ranges(), taken=st.lists(ranges(), max_size=4))
def test_a_range_is_refused_exactly_when_an_address_is_in_both(wanted: str, taken: list[str]) -> None:
    networks = tuple(
        Network(f"v-{number}", f"n-{number}", "nyc3", text, default=number == 0)
        for number, text in enumerate(taken)
    )
    findings = check(Demand("nyc3", vpc=VpcDemand("mine", wanted)), replace(ROOMY, vpcs=networks))
    ours = ipaddress.ip_network(wanted)
    shared = [
        text
        for text in taken
        if ours[0] in ipaddress.ip_network(text) or ipaddress.ip_network(text)[0] in ours
    ]
    assert codes(findings).count("range-overlaps") == len(shared)


def test_registries_fit_by_plan() -> None:
    one = replace(ROOMY, registries=("theirs",))
    ten = tuple(f"r{number}" for number in range(10))
    for tier, names, expected in [
        (None, ("theirs",), ["registry-slot"]),
        ("starter", ("theirs",), ["registry-slot"]),
        ("basic", ("theirs",), ["registry-slot"]),
        ("professional", ("theirs",), []),
        ("professional", ten, ["registry-slot"]),
        ("basic", (), []),
        ("basic", ("formerr-staging",), ["name-taken"]),
    ]:
        assert codes(check(EVERYTHING, replace(one, registry_tier=tier, registries=names))) == expected, (
            tier,
            names,
        )


@given(
    wanted=st.sampled_from(("starter", "basic", "professional")),
    subscription=st.sampled_from(("starter", "basic", "professional", "enterprise", None)),
)
def test_a_plan_is_never_lowered(wanted: str, subscription: str | None) -> None:
    order = ["starter", "basic", "professional", "enterprise"]
    declared = declared_tier(wanted, subscription)
    assert subscription is None or order.index(declared) >= order.index(subscription)
    assert declared in {wanted, subscription}


# -- versions ------------------------------------------------------------------------------------------------

slugs = st.builds("1.{}.{}-do.{}".format, st.integers(30, 36), st.integers(0, 12), st.integers(0, 3))


def parts(slug: str) -> tuple[int, ...]:
    return tuple(int(part) for part in slug.replace("-do.", ".").split("."))


@given(
    wanted=slugs | st.builds("1.{}".format, st.integers(30, 36)),
    live=slugs | st.none(),
    offered=st.lists(slugs, max_size=6, unique=True),
)
def test_a_version_is_never_lowered_and_never_invented(
    wanted: str, live: str | None, offered: list[str]
) -> None:
    try:
        resolved = resolve_version(wanted, live, offered)
    except VersionNotOffered as caught:
        error = caught
    else:
        assert resolved in {*offered, live}
        assert live is None or parts(resolved) >= parts(live)
        return
    assert wanted in str(error)
    assert all(slug in str(error) for slug in offered)
    assert wanted not in offered


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [
        ("1.34", None, "1.34.4-do.1"),
        ("1.34", "1.34.3-do.0", "1.34.4-do.1"),
        ("1.34", "1.34.5-do.0", "1.34.5-do.0"),
        ("1.34", "1.35.1-do.0", "1.35.1-do.0"),
        ("1.32", "1.32.9-do.0", "1.32.9-do.0"),
        ("1.34.3-do.0", None, "1.34.3-do.0"),
        ("1.34.3-do.0", "1.34.4-do.1", "1.34.4-do.1"),
        ("1.31.1-do.0", "1.31.1-do.0", "1.31.1-do.0"),
    ],
)
def test_versions_resolve(wanted: str, live: str | None, expected: str) -> None:
    assert resolve_version(wanted, live, OPTIONS.versions) == expected


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ("1.21", None),
        ("1.34.0-do.0", None),
        ("1.34.9-do.0", "1.34.4-do.1"),
        ("latest", None),
        ("1.34", "weird"),
    ],
)
def test_a_version_that_cannot_be_had_lists_those_that_can(wanted: str, live: str | None) -> None:
    with pytest.raises(VersionNotOffered, match=r"1\.35\.1-do\.0, 1\.34\.4-do\.1"):
        resolve_version(wanted, live, OPTIONS.versions)
