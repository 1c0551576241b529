"""The arguments that are declared: an import's describe the live resource, a kept one's never replace it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.components import cluster, load_balancer, network, project, registry
from formerr_infra.components.base import Care
from formerr_infra.demand import demand, growth
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.inventory.kinds import KINDS, found
from formerr_infra.model import Decision, Found, Outcome
from formerr_infra.pools import DEFAULT_POOL_TAG
from formerr_infra.settings import check

if TYPE_CHECKING:
    from collections.abc import Iterator

CARE = Care()
SUBNETS = {"cluster_subnet": "10.100.0.0/16", "service_subnet": "10.101.0.0/19"}


@pytest.fixture(scope="module")
def live() -> Iterator[dict[str, Found]]:
    """One resource of each kind as the bundled DigitalOcean answers for it."""
    with EmulatorServer() as server:
        control = server.control
        vpc = control.put("vpcs", name="a-vpc", region="nyc3", ip_range="10.20.0.0/16", description="theirs")
        pools = [
            {"name": "system", "size": "s-2vcpu-4gb", "count": 1, "tags": [DEFAULT_POOL_TAG, "mine"]},
            {
                "name": "workers", "size": "s-4vcpu-8gb", "auto_scale": True, "min_nodes": 1, "max_nodes": 4, "count": 2,
                "labels": {"a": "b"}, "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}],
            },
        ]  # fmt: skip
        raw_cluster = control.put(
            "kubernetes_clusters", name="a-cluster", region="nyc3", vpc_uuid=vpc["id"], node_pools=pools, tags=["t"], **SUBNETS
        )  # fmt: skip
        raw_balancer = control.put(
            "load_balancers", name="a-lb", region="nyc3", vpc_uuid=vpc["id"], tag=f"k8s:{raw_cluster['id']}",
            sticky_sessions={"type": "cookies", "cookie_name": "c", "cookie_ttl_seconds": 300},
            firewall={"allow": ["cidr:10.0.0.0/8"], "deny": []},
        )  # fmt: skip
        raw = {
            "vpc": vpc,
            "cluster": raw_cluster,
            "registry": control.put("registries", name="a-registry", region="fra1"),
            "load_balancer": raw_balancer,
            "project": control.put(
                "projects", name="a-project", description="d", purpose="p", environment="Staging"
            ),
        }
        yield {kind: found(KINDS[kind], value, "formerr-infra", "staging") for kind, value in raw.items()}


def decided(outcome: Outcome, target: Found | None = None) -> Decision:
    return Decision("x", outcome, "", "", id=target.id if target else None, target=target)


def cluster_args(decision: Decision, pool: Decision, **values: Any) -> cluster.ClusterArgs:
    fields: dict[str, Any] = {
        "name": "wanted", "region": "fra1", "version": "1.35.0-do.0", "vpc_id": "v", "subnets": ("10.1.0.0/16", "10.2.0.0/16"),
        "highly_available": False, "auto_upgrade": True, "surge_upgrade": True, "tags": ("mark",),
        "system": cluster.Pool("s-1vcpu-2gb", 1), "workers": cluster.Pool("s-2vcpu-4gb", 3), "take_volumes": False, "care": CARE, "began": "now",
    }  # fmt: skip
    return cluster.ClusterArgs(decision=decision, pool_decision=pool, **(fields | values))


def balancer_args(decision: Decision) -> load_balancer.LoadBalancerArgs:
    return load_balancer.LoadBalancerArgs(decision, "wanted", "fra1", "v", "k", 30080, CARE, "now")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


# -- imports -------------------------------------------------------------------------------------------------


def test_an_imported_vpc_is_described_as_it_is(live: dict[str, Found]) -> None:
    args = network.NetworkArgs(
        decided(Outcome.IMPORT, live["vpc"]), "wanted", "fra1", "10.9.0.0/16", "mark", CARE, "now"
    )
    assert network.arguments(args) == {
        "name": "a-vpc",
        "region": "nyc3",
        "ip_range": "10.20.0.0/16",
        "description": "theirs",
    }


def test_a_region_may_be_a_slug_or_an_object_with_one(live: dict[str, Found]) -> None:
    for region in ("nyc3", {"slug": "nyc3", "name": "New York 3"}):
        targets = {
            kind: replace(one, details=dict(one.details) | {"region": region}) for kind, one in live.items()
        }
        imported = {kind: decided(Outcome.IMPORT, one) for kind, one in targets.items()}
        net = network.NetworkArgs(imported["vpc"], "wanted", "fra1", None, "mark", CARE, "now")
        assert network.arguments(net)["region"] == "nyc3"
        declared = cluster.arguments(cluster_args(imported["cluster"], decided(Outcome.OMIT)))
        assert declared["region"] == "nyc3"
        assert load_balancer.arguments(balancer_args(imported["load_balancer"]))["region"] == "nyc3"


def test_a_kept_vpc_whose_range_is_not_told_declares_none(live: dict[str, Found]) -> None:
    target = replace(live["vpc"], facts={"region": "nyc3", "ip_range": None})
    net = network.NetworkArgs(decided(Outcome.KEEP, target), "a-vpc", "nyc3", None, "mark", CARE, "now")
    assert "ip_range" not in network.arguments(net)


def test_an_imported_cluster_is_described_as_it_is_with_its_default_pool(live: dict[str, Found]) -> None:
    target = live["cluster"]
    declared = cluster.arguments(cluster_args(decided(Outcome.IMPORT, target), decided(Outcome.OMIT)))
    assert declared["name"] == "a-cluster"
    assert declared["region"] == "nyc3"
    assert declared["version"] == target.facts["version"]
    assert declared["vpc_uuid"] == target.facts["vpc_id"]
    assert {key: declared[key] for key in SUBNETS} == SUBNETS
    assert declared["tags"] == ["t"]
    assert declared["node_pool"] == {
        "name": "system",
        "size": "s-2vcpu-4gb",
        "node_count": 1,
        "tags": ["mine"],
    }


def test_an_imported_pool_is_described_as_it_is(live: dict[str, Found]) -> None:
    raw = next(pool for pool in live["cluster"].details["node_pools"] if pool["name"] == "workers")  # type: ignore[attr-defined]  # raw API
    pool = Found(raw["id"], "workers", details=raw)
    args = cluster_args(decided(Outcome.IMPORT, live["cluster"]), decided(Outcome.IMPORT, pool))
    assert cluster.pool_arguments(args, "k") == {
        "cluster_id": "k", "name": "workers", "size": "s-4vcpu-8gb", "auto_scale": True, "min_nodes": 1, "max_nodes": 4,
        "labels": {"a": "b"}, "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}],
    }  # fmt: skip


def test_an_imported_load_balancer_is_described_as_it_is(live: dict[str, Found]) -> None:
    declared = load_balancer.arguments(balancer_args(decided(Outcome.IMPORT, live["load_balancer"])))
    raw = live["load_balancer"].details
    assert (declared["name"], declared["region"], declared["vpc_uuid"]) == ("a-lb", "nyc3", raw["vpc_uuid"])
    assert declared["droplet_tag"] == f"k8s:{live['cluster'].id}"
    assert "droplet_ids" not in declared
    assert declared["sticky_sessions"] == {"type": "cookies", "cookie_name": "c", "cookie_ttl_seconds": 300}
    assert declared["firewall"] == {"allows": ["cidr:10.0.0.0/8"]}
    assert len(declared["forwarding_rules"]) == len(raw["forwarding_rules"])  # type: ignore[arg-type]  # raw API
    assert all(rule["entry_port"] and rule["target_port"] for rule in declared["forwarding_rules"])
    assert declared["healthcheck"]["port"] == raw["health_check"]["port"]  # type: ignore[index]  # raw API


def _with(found: Found, **details: Any) -> Found:
    return replace(found, details={**found.details, **details})


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        (None, None),
        ({}, [{}]),
        (
            {"scale_down_utilization_threshold": 0.5, "scale_down_unneeded_time": "1m30s", "expanders": ["priority", "random"]},
            [{"scale_down_utilization_threshold": 0.5, "scale_down_unneeded_time": "1m30s", "expanders": ["priority", "random"]}],
        ),
        ({"scale_down_utilization_threshold": None, "scale_down_unneeded_time": "", "expanders": []}, [{}]),
    ],
)  # fmt: skip
def test_how_an_imported_cluster_scales_is_declared_as_it_is(
    live: dict[str, Found], given: dict[str, Any] | None, declared: list[dict[str, Any]] | None
) -> None:
    target = _with(live["cluster"], cluster_autoscaler_configuration=given)
    made = cluster.arguments(cluster_args(decided(Outcome.IMPORT, target), decided(Outcome.OMIT)))
    assert made.get("cluster_autoscaler_configurations") == declared


def test_bounds_that_an_imported_pool_still_has_and_taints_without_a_value_are_declared() -> None:
    raw = {
        "name": "workers", "size": "c-4", "count": 2, "auto_scale": False, "min_nodes": 1, "max_nodes": 5,
        "taints": [{"key": "only", "value": "", "effect": "NoSchedule"}], "tags": ["k8s", "k8s:1", "k8s-of-mine"],
    }  # fmt: skip
    assert cluster.live_pool(raw) == {
        "name": "workers", "size": "c-4", "node_count": 2, "min_nodes": 1, "max_nodes": 5,
        "taints": [{"key": "only", "value": "", "effect": "NoSchedule"}], "tags": ["k8s-of-mine"],
    }  # fmt: skip
    assert "min_nodes" not in cluster.live_pool({**raw, "min_nodes": 0, "max_nodes": 0})


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        ({"algorithm": "least_connections"}, {"algorithm": "least_connections", "size_unit": 1}),
        ({"algorithm": "round_robin"}, {"size_unit": 1}),
        ({"size": "lb-medium", "size_unit": None}, {"size": "lb-medium"}),
        ({"size": "lb-medium", "size_unit": 0}, {"size": "lb-medium"}),
        ({"size": "lb-medium", "size_unit": 3}, {"size_unit": 3}),
    ],
)
def test_how_large_an_imported_load_balancer_is_and_how_it_shares_out_are_declared_as_they_are(
    live: dict[str, Found], given: dict[str, Any], declared: dict[str, Any]
) -> None:
    made = load_balancer.arguments(
        balancer_args(decided(Outcome.IMPORT, _with(live["load_balancer"], **given)))
    )
    assert {name: made[name] for name in ("algorithm", "size", "size_unit") if name in made} == declared


def test_what_an_import_has_recorded_and_no_setting_governs_stays_declared(live: dict[str, Found]) -> None:
    scaling = [{"__defaults": [], "scaleDownUnneededTime": "5m"}]
    taints = [{"key": "k", "value": "", "effect": "NoSchedule"}]
    pool = {"labels": {"a": "b"}, "taints": taints}
    recorded = {"clusterAutoscalerConfigurations": scaling, "nodePool": pool, **pool}
    balancer = {"algorithm": "least_connections", "size": "lb-medium", "enableBackendKeepalive": True}
    for outcome, stays in ((Outcome.KEEP, True), (Outcome.CREATE, False), (Outcome.RECREATE, False)):
        decision = decided(outcome, live["cluster"] if stays else None)
        args = cluster_args(decision, decided(outcome), inputs=recorded, pool_inputs=recorded)
        made = cluster.arguments(args)
        assert made.get("cluster_autoscaler_configurations") == (
            [{"scaleDownUnneededTime": "5m"}] if stays else None
        )
        for one in (made["node_pool"], cluster.pool_arguments(args, "k")):
            assert (one.get("labels"), one.get("taints")) == (({"a": "b"}, taints) if stays else (None, None))
        declared = load_balancer.arguments(replace(balancer_args(decided(outcome)), inputs=balancer))
        assert ({"algorithm", "size", "enable_backend_keepalive"} <= set(declared)) is stays
    usual = {"algorithm": "round_robin", "size": "", "enableBackendKeepalive": False}
    declared = load_balancer.arguments(replace(balancer_args(decided(Outcome.KEEP)), inputs=usual))
    assert not {"algorithm", "size", "enable_backend_keepalive"} & set(declared)


def test_an_imported_project_is_described_as_it_is(live: dict[str, Found]) -> None:
    args = project.ProjectArgs(
        decided(Outcome.IMPORT, live["project"]), "wanted", "mark", "Production", (), CARE, "now"
    )
    assert project.arguments(args) == {
        "name": "a-project", "description": "d", "environment": "Staging", "purpose": "p",
    }  # fmt: skip


def test_an_imported_registry_keeps_its_name_and_region(live: dict[str, Found]) -> None:
    args = registry.RegistryArgs(
        decided(Outcome.IMPORT, live["registry"]), "a-registry", "basic", True, "nyc3", CARE, "now"
    )
    assert registry.arguments(args) == {
        "name": "a-registry",
        "subscription_tier_slug": "basic",
        "region": "fra1",
    }


def test_nothing_that_docks_or_the_provider_hide_is_ever_declared(live: dict[str, Found]) -> None:
    """They are hidden from what is read back: a declared one is a difference for ever."""
    target = live["cluster"]
    pool = Found(
        "p", "workers", details={"name": "workers", "tags": ["k8s", "k8s:worker", DEFAULT_POOL_TAG, "x"]}
    )
    for outcome in (Outcome.IMPORT, Outcome.KEEP):
        args = cluster_args(decided(outcome, target), decided(outcome, pool))
        declared = [cluster.arguments(args), cluster.pool_arguments(args, "k")]
        assert not [text for text in strings(declared) if text.startswith(("k8s", "terraform:"))]


# -- what is kept, and what is made --------------------------------------------------------------------------


def test_a_kept_cluster_is_declared_so_that_nothing_replaces_it(live: dict[str, Found]) -> None:
    target = live["cluster"]
    declared = cluster.arguments(cluster_args(decided(Outcome.KEEP, target), decided(Outcome.KEEP)))
    assert declared["node_pool"]["size"] == "s-2vcpu-4gb"
    assert {key: declared[key] for key in SUBNETS} == SUBNETS
    assert declared["tags"] == ["mark"]


def test_what_cannot_be_switched_off_again_stays_on(live: dict[str, Found]) -> None:
    raw = {**live["cluster"].details, "ha": True}
    target = Found("k", "a-cluster", facts=live["cluster"].facts, details=raw)
    assert cluster.arguments(cluster_args(decided(Outcome.KEEP, target), decided(Outcome.KEEP)))["ha"] is True


def test_a_kept_cluster_with_a_foreign_default_pool_keeps_that_pool_as_it_is() -> None:
    pool = {
        "name": "theirs",
        "size": "c-4",
        "auto_scale": True,
        "min_nodes": 2,
        "max_nodes": 9,
        "tags": [DEFAULT_POOL_TAG],
    }
    target = Found("k", "a-cluster", details={"node_pools": [pool]})
    declared = cluster.arguments(cluster_args(decided(Outcome.KEEP, target), decided(Outcome.KEEP)))
    assert declared["node_pool"] == {
        "name": "theirs",
        "size": "c-4",
        "auto_scale": True,
        "min_nodes": 2,
        "max_nodes": 9,
    }


def test_a_new_cluster_is_what_the_settings_say() -> None:
    args = cluster_args(decided(Outcome.CREATE), decided(Outcome.CREATE))
    declared = cluster.arguments(args)
    assert (declared["cluster_subnet"], declared["service_subnet"]) == ("10.1.0.0/16", "10.2.0.0/16")
    assert declared["node_pool"] == {
        "name": "system",
        "size": "s-1vcpu-2gb",
        "node_count": 1,
        "tags": ["mark"],
    }
    assert cluster.pool_arguments(args, "k") == {
        "cluster_id": "k", "name": "workers", "size": "s-2vcpu-4gb", "tags": ["mark"], "node_count": 3,
    }  # fmt: skip
    scaled = cluster_args(
        decided(Outcome.CREATE), decided(Outcome.CREATE), workers=cluster.Pool("s", None, 1, 5)
    )
    declared = cluster.pool_arguments(scaled, "k")
    assert (declared["auto_scale"], declared["min_nodes"], declared["max_nodes"]) == (True, 1, 5)
    assert "node_count" not in declared


def test_a_kept_vpc_without_a_wanted_range_keeps_the_one_it_has(live: dict[str, Found]) -> None:
    args = network.NetworkArgs(decided(Outcome.KEEP, live["vpc"]), "a-vpc", "nyc3", None, "mark", CARE, "now")
    assert network.arguments(args)["ip_range"] == "10.20.0.0/16"
    new = network.NetworkArgs(decided(Outcome.CREATE), "a-vpc", "nyc3", None, "mark", CARE, "now")
    assert "ip_range" not in network.arguments(new)


def test_a_new_load_balancer_targets_the_nodes_by_the_clusters_tag() -> None:
    declared = load_balancer.arguments(balancer_args(decided(Outcome.CREATE)))
    assert "droplet_ids" not in declared
    assert "droplet_tag" in declared


# -- demand --------------------------------------------------------------------------------------------------

ALL = ("vpc", "cluster", "nodePool", "registry", "loadBalancer")


def decisions(outcome: Outcome, **others: Decision) -> dict[str, Decision]:
    return {key: others.get(key, Decision(key, outcome, "", "")) for key in ALL}


def test_nothing_is_demanded_where_nothing_is_made() -> None:
    for outcome in (Outcome.KEEP, Outcome.ADOPT, Outcome.IMPORT, Outcome.RELEASE, Outcome.OMIT):
        assert demand(check({"nodeCount": 3}, "staging"), decisions(outcome)).nothing


@pytest.mark.parametrize("outcome", [Outcome.CREATE, Outcome.RECREATE])
def test_everything_is_demanded_where_everything_is_made(outcome: Outcome) -> None:
    wanted = demand(
        check({"nodeMin": 2, "nodeMax": 6, "vpcCidr": "10.20.0.0/16"}, "staging"), decisions(outcome)
    )
    assert wanted.vpc is not None
    assert wanted.vpc.ip_range == "10.20.0.0/16"
    assert wanted.cluster is not None
    assert wanted.registry is not None
    assert wanted.load_balancer
    assert [(pool.nodes, pool.most) for pool in wanted.pools] == [(1, 1), (2, 6)]


@pytest.mark.parametrize(("count", "more"), [(3, 2), (5, 0), (9, 0), (None, 0), ("3", 0)])
def test_a_kept_pool_demands_only_what_it_grows_by(count: object, more: int) -> None:
    kept = Decision("nodePool", Outcome.KEEP, "3", "", target=Found("p", "workers", details={"count": count}))
    wanted = check({"nodeCount": 5}, "staging")
    assert growth(wanted, kept) == more
    pools = demand(wanted, decisions(Outcome.KEEP, nodePool=kept)).pools
    assert [pool.nodes for pool in pools] == ([more] if more else [])
