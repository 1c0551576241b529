"""The checks themselves; see the package for what they are for."""

from __future__ import annotations

from difflib import get_close_matches
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import AccountFacts, Network, Unknown
from formerr_infra.preflight.demand import Demand, Finding, Severity
from formerr_infra.preflight.versions import VersionNotOffered, is_exact, resolve_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Nodes that DOKS adds at most at a time in a surge upgrade (DOKS documentation, "Surge Upgrades").
SURGE = 10
#: Registries of one account on the Professional plan (DigitalOcean's container registry documentation).
MOST_REGISTRIES = 10
#: Registry plans, the smallest first.
TIERS = ("starter", "basic", "professional")


def check(demand: Demand, account: AccountFacts) -> list[Finding]:
    """Everything that stands against the demand, or should be known with it; errors first.

    Nothing is found where nothing is going to be made.
    """
    if demand.nothing:
        return []
    found = [
        *_status(account),
        *_scopes(demand, account),
        *_region(demand, account),
        *_vpc(demand, account),
        *_version(demand, account),
        *_sizes(demand, account),
        *_droplets(demand, account),
        *_registry(demand, account),
    ]
    order = list(Severity)
    return sorted(dict.fromkeys(found), key=lambda finding: order.index(finding.severity))


def declared_tier(wanted: str, subscription: str | None) -> str:
    """The registry plan to declare: never below the account's, which would be lowered for everybody."""
    if subscription is None or (subscription in TIERS and wanted in TIERS):
        return max(
            wanted, subscription or wanted, key=lambda tier: TIERS.index(tier) if tier in TIERS else -1
        )
    return subscription


def _error(code: str, message: str, key: str = "") -> Finding:
    return Finding(Severity.ERROR, code, message, key)


def _warning(code: str, message: str, key: str = "") -> Finding:
    return Finding(Severity.WARNING, code, message, key)


def _unknown(what: str, unknown: Unknown, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(severity, "unknown", f"{what} could not be learned: {unknown.reason}")


def _unchecked(what: str, unknown: Unknown, severity: Severity = Severity.ERROR) -> Finding:
    """The same, for a limit that the API itself holds up: where it does not tell, a run need not stop for it."""
    return _unknown(what, unknown, Severity.WARNING if unknown.missing else severity)


def _status(account: AccountFacts) -> Iterator[Finding]:
    match account.status:
        case Unknown() as unknown:
            yield _unknown("the account's status", unknown, Severity.WARNING)
        case "active":
            return
        case "locked":
            yield _error("account-locked", "the account is locked; DigitalOcean's support unlocks it")
        case status:
            yield _warning("account-status", f"the account's status is {status!r}")


def _scopes(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    needed = {"account:read"}
    if demand.vpc:
        needed.add("vpc:read")
    if demand.cluster or demand.pools:
        needed |= {"kubernetes:read", "droplet:read"}
    if demand.registry:
        needed.add("registry:read")
    if demand.load_balancer:
        needed.add("load_balancer:read")
    for scope in account.missing_scopes:
        make = _error if scope in needed else _warning
        yield make(
            "missing-scope", f"the token lacks the scope {scope}; add it to the token, or use another token"
        )


def _region(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    if not (demand.vpc or demand.cluster or demand.pools or demand.load_balancer):
        return
    severity = Severity.ERROR if demand.cluster or demand.pools else Severity.WARNING
    options = account.kubernetes
    if isinstance(options, Unknown):
        yield _unchecked("what DOKS offers (versions, sizes, regions)", options, severity)
    elif options.regions is not None and demand.region not in options.regions:
        yield Finding(
            severity,
            "region",
            f"DOKS is not offered in {demand.region!r}{_nearest(demand.region, options.regions)}",
            "region",
        )


def _vpc(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    subnets = demand.cluster.subnets if demand.cluster else ()
    if demand.vpc is None and not subnets:
        return
    if isinstance(account.vpcs, Unknown):
        if demand.vpc:
            yield _unknown("the VPCs of the account", account.vpcs)
        else:
            yield _unknown("the VPCs of the account", account.vpcs, Severity.WARNING)
        return
    for key, text in subnets:
        yield from _overlaps(text, key, account.vpcs, Severity.WARNING)
    if demand.vpc is None:
        return
    for network in account.vpcs:
        if network.name == demand.vpc.name:
            where = network.region or "a region the API does not name"
            yield _error(
                "name-taken",
                f"the account has a VPC named {network.name!r} already: {network.id} in {where}. "
                "Set vpcId to use that one, or vpcName to another name",
                "vpcName",
            )
    if demand.vpc.ip_range is not None:
        yield from _overlaps(demand.vpc.ip_range, "vpcCidr", account.vpcs, Severity.ERROR)
    if not any(network.default and network.region == demand.region for network in account.vpcs):
        yield Finding(
            Severity.NOTE,
            "becomes-default",
            f"{demand.region} has no default VPC, so that the new one becomes it; DigitalOcean does not "
            "delete default VPCs, and a later destroy will leave it",
            "region",
        )


def _overlaps(text: str, key: str, networks: Sequence[Network], severity: Severity) -> Iterator[Finding]:
    wanted = _range(text)
    if wanted is None:
        yield _error("range", f"{text!r} is no IPv4 range", key)
        return
    for network in networks:
        who = f"the VPC {network.name!r} ({network.id}, {network.region or 'region unknown'})"
        if network.ip_range is None or (taken := _range(network.ip_range)) is None:
            yield Finding(severity, "unknown", f"the IP range of {who} could not be learned", key)
        elif wanted.overlaps(taken):
            yield Finding(
                severity,
                "range-overlaps",
                f"{text} overlaps {taken} of {who}; set {key} to a free range",
                key,
            )


def _range(text: str) -> IPv4Network | None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


def _version(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    if demand.cluster is None:
        return
    options = account.kubernetes
    if isinstance(options, Unknown):
        if options.missing and not is_exact(demand.cluster.version):
            message = (
                f"kubernetesVersion {demand.cluster.version}: which exact version that is could not be learned "
                f"({options.reason}); set an exact slug such as 1.34.1-do.0"
            )
            yield _error("version", message, "kubernetesVersion")
        return
    try:
        resolve_version(demand.cluster.version, None, options.versions)
    except VersionNotOffered as error:
        yield _error("version", error.findings[0], "kubernetesVersion")


def _sizes(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    sizes = None if isinstance(account.kubernetes, Unknown) else account.kubernetes.sizes
    if sizes is None:
        return
    for pool in demand.pools:
        if pool.size not in sizes:
            nearest = _nearest(pool.size, sizes)
            yield _error("size", f"DOKS does not offer nodes of size {pool.size!r}{nearest}", pool.size_key)


def _nearest(slug: str, offered: Sequence[str]) -> str:
    close = get_close_matches(slug, offered, n=3, cutoff=0.5) or list(offered[:12])
    return f"; offered: {', '.join(close)}" if close else "; nothing is offered"


def _droplets(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    if not demand.pools:
        return
    limit, used = account.droplet_limit, account.droplets
    for what, fact in (("the droplet limit", limit), ("the number of droplets", used)):
        if isinstance(fact, Unknown):
            yield _unchecked(what, fact)
    if isinstance(limit, Unknown) or isinstance(used, Unknown):
        return
    keys = ", ".join(dict.fromkeys(pool.nodes_key for pool in demand.pools))
    now = sum(pool.nodes for pool in demand.pools)
    if used + now > limit:
        yield _error(
            "droplet-limit",
            f"{now} nodes are needed, the account has {used} of at most {limit} droplets: "
            f"{used + now - limit} too many. Lower {keys}, delete droplets, or ask DigitalOcean for more",
            keys,
        )
        return
    most = sum(max(pool.nodes, pool.most) for pool in demand.pools)
    if used + most > limit:
        yield _error(
            "droplet-limit",
            f"with all that autoscaling may add {most} nodes are needed, the account has {used} of at most {limit} "
            f"droplets: {used + most - limit} too many. Lower {keys}, or ask DigitalOcean for a higher limit",
            keys,
        )
        return
    surge = min(SURGE, max(max(pool.nodes, pool.most) for pool in demand.pools)) if demand.surge else 0
    upgrade = f" and {surge} more during an upgrade" if surge else ""
    if used + most + surge > limit:
        yield _warning(
            "droplet-limit-peak",
            f"at its peak the cluster needs {most} nodes{upgrade}; the account "
            f"has {used} of at most {limit} droplets: {used + most + surge - limit} too many",
            keys,
        )


def _registry(demand: Demand, account: AccountFacts) -> Iterator[Finding]:
    if demand.registry is None:
        return
    names, tier = account.registries, account.registry_tier
    if isinstance(names, Unknown):
        yield _unknown("the registries of the account", names)
    if isinstance(tier, Unknown):
        yield _unknown("the registry subscription", tier)
    if not isinstance(names, Unknown) and demand.registry.name in names:
        yield _error(
            "name-taken",
            f"the account has the registry {demand.registry.name!r} already; "
            "set registryPolicy to adopt or import",
            "registryName",
        )
    if isinstance(names, Unknown) or isinstance(tier, Unknown):
        return
    yield from _tier(demand.registry.tier, tier)
    others = [name for name in names if name != demand.registry.name]
    if not others:
        return
    listed = ", ".join(others)
    if tier != TIERS[-1] and (tier is None or tier in TIERS):
        yield _error(
            "registry-slot",
            f"the account has the registry {listed} and its plan ({tier or 'none'}) allows one. Set "
            f"registryId to {others[0]} to use that one, or move the account to the professional plan first",
            "registryId",
        )
    elif len(others) >= MOST_REGISTRIES:
        yield _error(
            "registry-slot",
            f"the account has {len(others)} registries ({listed}) and may have {MOST_REGISTRIES}; "
            "set registryId to use one of them",
            "registryId",
        )


def _tier(wanted: str, subscription: str | None) -> Iterator[Finding]:
    declared = declared_tier(wanted, subscription)
    if subscription is None or subscription == wanted:
        return
    if declared != wanted:
        yield Finding(
            Severity.NOTE,
            "registry-tier",
            f"registryTier is {wanted}, the account has {subscription}; {declared} is declared, "
            "so that nobody's plan is lowered",
            "registryTier",
        )
    else:
        yield _warning(
            "registry-tier",
            f"registryTier {wanted} raises the plan of the whole account from {subscription}",
            "registryTier",
        )
