"""What the user should know of what stands around the cluster, before the first write; pure.

A managed database that is only read may not let the cluster in, and its list of trusted sources is never written to: so
the exact command is said. An error where the cluster is there, because the application could not come up; a warning
where it is only about to be made, because its id, which the command needs, is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra import naming
from formerr_infra.inventory.facts import DatabaseParts, Rule, Unknown
from formerr_infra.inventory.moments import moment
from formerr_infra.model import READ_ONLY, Decision, Found, Outcome
from formerr_infra.pools import pools
from formerr_infra.preflight.demand import Finding, Severity
from formerr_infra.service_slots import certificate_name, ends_tls, serves_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.settings.schema import Settings

#: When the end of a certificate is worth a warning: one's own in time to get another, DigitalOcean's when a renewal failed.
OWN_CERTIFICATE, THEIR_CERTIFICATE = timedelta(days=30), timedelta(days=7)
_EVERYBODY = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Around:
    """What the checks are made from.

    Attributes:
        stack: its name; in the mark.
        settings: what is wanted.
        decisions: none of them refused.
        databases: what the managed database says besides itself, by id.
        now: the time, UTC.
    """

    stack: str
    settings: Settings
    decisions: Mapping[str, Decision]
    databases: Mapping[str, DatabaseParts] = field(default_factory=lambda: MappingProxyType({}))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def around(given: Around) -> list[Finding]:
    """Everything that stands against what is wanted around the cluster, or should be known; errors first."""
    if not given.settings.services:
        return []
    found = [*_plain_http(given), *_certificate(given), *_database(given), *_balancer(given)]
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))


def host_differs(host: str | None, database: Found | None) -> Finding | None:
    """Whether the application is told another host than the managed database's.

    Args:
        host: out of DATABASE_URL or DB_HOST; nothing else of them comes here.
        database: the live one.
    """
    if not host or database is None:
        return None
    known = _hosts(database)
    if not known or host.lower() in known:
        return None
    return Finding(
        Severity.WARNING,
        "database-host",
        f"DATABASE_URL or DB_HOST names the host {host}, and the database {database.name!r} ({database.id}) answers at "
        f"{' and '.join(known)}; set it to one of them, or databaseId to the database that is meant",
        "databaseId",
    )


def _hosts(database: Found) -> list[str]:
    found = []
    for name in ("private_connection", "connection"):
        connection = database.details.get(name)
        host = connection.get("host") if isinstance(connection, dict) else None
        if isinstance(host, str) and host:
            found.append(host.lower())
    return found


def _plain_http(given: Around) -> Iterator[Finding]:
    if serves_tls(given.decisions):
        return
    zone, certificate = given.settings.domain, given.decisions.get("certificate")
    if certificate is not None and certificate.outcome is not Outcome.OMIT:
        balancer = given.decisions["loadBalancer"].id
        yield Finding(
            Severity.WARNING,
            "plain-http",
            f"the load balancer {balancer} is only read and has no rule for https: the application answers on plain http. "
            f"Put the certificate {certificate_name(given.settings)!r} onto it yourself, or set loadBalancerPolicy=import",
            "loadBalancerPolicy",
        )
        return
    why = f"the domain {zone} is not in this account's DNS" if zone else "no domain is set"
    yield Finding(
        Severity.WARNING if zone else Severity.NOTE,
        "plain-http",
        f"{why}, and no certificate: the application answers on plain http. Add the domain to the account's DNS and set "
        "domain, or set certificateName to a certificate of the account",
        "domain",
    )


def _certificate(given: Around) -> Iterator[Finding]:
    decision = given.decisions.get("certificate")
    if decision is None or decision.target is None:
        return
    found = decision.target
    if found.facts.get("status") == "pending":
        yield Finding(
            Severity.NOTE,
            "certificate",
            f"the certificate {found.name!r} is still being issued",
            "certificateName",
        )
        return
    ends = moment(found.facts.get("not_after"))
    if ends is None:
        return
    left = ends - given.now
    soon = left < (OWN_CERTIFICATE if found.facts.get("type") == "custom" else THEIR_CERTIFICATE)
    said = f"ends on {ends:%Y-%m-%d}, in {left.days} days" if left.days >= 0 else f"ended on {ends:%Y-%m-%d}"
    yield Finding(
        Severity.WARNING if soon else Severity.NOTE,
        "certificate",
        f"the certificate {found.name!r} {said}"
        + ("; set certificateName to a newer one, or find out why it is not renewed" if soon else ""),
        "certificateName",
    )


def _database(given: Around) -> Iterator[Finding]:
    decision = given.decisions.get("database")
    if decision is None or decision.target is None or decision.id is None:
        return
    parts = given.databases.get(decision.id)
    rules = parts.rules if parts is not None else Unknown("not asked for")
    if given.settings.deploy_application and (parts is None or isinstance(parts.authority, Unknown)):
        reason = parts.authority.reason if parts and isinstance(parts.authority, Unknown) else "not asked for"
        yield Finding(
            Severity.ERROR,
            "unknown",
            f"the certificate authority of the database {decision.id} could not be learned, so that its server could not "
            f"be checked: {reason}",
        )
    if decision.outcome is Outcome.IMPORT and isinstance(rules, Unknown):
        yield Finding(
            Severity.ERROR,
            "unknown",
            f"the trusted sources of the database {decision.id} could not be learned, so that importing it would change "
            f"them: {rules.reason}",
        )
    if decision.outcome in READ_ONLY:
        yield from _sources(given, decision.target, rules)


def _sources(given: Around, database: Found, rules: tuple[Rule, ...] | Unknown) -> Iterator[Finding]:
    who = f"the database {database.name!r} ({database.id})"
    if isinstance(rules, Unknown):
        yield Finding(
            Severity.WARNING,
            "database-sources",
            f"whether {who} lets the cluster in could not be learned: {rules.reason}",
        )
        return
    if not rules:
        yield Finding(
            Severity.WARNING,
            "database-open",
            f"{who} has no trusted sources, so that every address may try to log in",
        )
        return
    cluster = given.decisions["cluster"]
    there = None if cluster.anew else cluster.id
    if any(_admits(rule, given, there) for rule in rules):
        return
    command = (
        f"doctl databases firewalls append {database.id} --rule k8s:{there or '<id of the new cluster>'}"
    )
    listed = ", ".join(f"{rule.type}:{rule.value}" for rule in rules[:10])
    perhaps = any(_may_hold_the_nodes(rule, given) for rule in rules)
    if there is None:
        when = f"it will not let the new cluster in. As soon as that is there: `{command}`"
        severity = Severity.WARNING
    elif perhaps:
        when = (
            f"whether one of its ranges holds every node of the cluster is not sure. To be sure: `{command}`"
        )
        severity = Severity.WARNING
    else:
        when = f"it does not let the cluster {there} in. Nothing is written to a list that is not this stack's; run `{command}`"
        severity = Severity.ERROR if given.settings.deploy_application else Severity.WARNING
    yield Finding(severity, "database-sources", f"{who} has trusted sources ({listed}): {when}", "databaseId")


def _admits(rule: Rule, given: Around, cluster: str | None) -> bool:
    match rule.type:
        case "k8s":
            return cluster is not None and rule.value == cluster
        case "tag":
            return rule.value in _tags_of_nodes(given, cluster)
        case "ip_addr":
            return rule.value in _EVERYBODY[:1]
        case _:
            return False


def _tags_of_nodes(given: Around, cluster: str | None) -> set[str]:
    """Tags that every node has; of a cluster that is only read, those that all its pools have."""
    always = {"k8s", "k8s:worker"} | ({f"k8s:{cluster}"} if cluster else set())
    decision = given.decisions["cluster"]
    if decision.outcome not in READ_ONLY or decision.target is None:
        return always | {naming.mark_text(naming.PROJECT, given.stack), *given.settings.tags}
    tags = [_texts(pool.details.get("tags")) for pool in pools(decision.target) or ()]
    return always | (set.intersection(*tags) if tags else set())


def _texts(value: object) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list) else set()


def _may_hold_the_nodes(rule: Rule, given: Around) -> bool:
    vpc = given.decisions["vpc"].target
    text = str(vpc.facts.get("ip_range") or "") if vpc is not None else given.settings.vpc_cidr or ""
    if rule.type != "ip_addr" or not text:
        return rule.type == "droplet"
    try:
        trusted, network = ip_network(rule.value, strict=False), ip_network(text, strict=False)
    except ValueError:
        return False
    return trusted.version == network.version and trusted.overlaps(network)


def _balancer(given: Around) -> Iterator[Finding]:
    """A load balancer that is only read and reaches the ingress otherwise than it expects; `reachable` says whether at all."""
    decision, port = given.decisions["loadBalancer"], given.settings.ingress_node_port
    if decision.outcome not in READ_ONLY or decision.target is None or not given.settings.deploy_application:
        return
    wrong = []
    if ends_tls(decision.target) and not ends_tls(decision.target, port):
        wrong.append(f"its rule for https does not lead to port {port}")
    if decision.target.details.get("enable_proxy_protocol"):
        wrong.append("it speaks the PROXY protocol, which the ingress does not expect")
    if wrong:
        yield Finding(
            Severity.WARNING,
            "load-balancer",
            f"the load balancer {decision.target.name!r} ({decision.id}) is only read, and {'; '.join(wrong)}. Change it, or "
            "set loadBalancerPolicy=import to have this stack do it",
            "loadBalancerPolicy",
        )
