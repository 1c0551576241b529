"""The slots of what stands around the cluster: managed database, domain, certificate, DNS records, alerts.

A record of the host's name that points anywhere else than to the load balancer never fits: it is refused, whatever the
policy. A certificate is known by its name, because its own id changes on each renewal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formerr_infra import naming
from formerr_infra.model import (
    READ_ONLY,
    Decision,
    Found,
    Held,
    Holding,
    Mark,
    Outcome,
    Policy,
    Scalar,
    Wanted,
    Wish,
)
from formerr_infra.monitors import MONITORS, Monitor
from formerr_infra.slot import Decided, Slot, below, common, in_vpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.settings.schema import Settings

#: Version of PostgreSQL that a new database gets, and the oldest that the application runs on.
DATABASE_VERSION, OLDEST_DATABASE = "15", 13
#: Name of the list of trusted sources, below its database.
TRUSTED_SOURCES = "trusted sources"
_BY_HAND = "set manageDns=false to keep the records of the hosts by hand"


def monitor_name(settings: Settings, monitor: Monitor) -> str:
    """What a policy is known by: its description without the mark."""
    return f"{settings.name_prefix}: {monitor.text}"


def check_name(settings: Settings) -> str:
    """Name of the uptime check."""
    return f"{settings.name_prefix}-uptime"


def certificate_name(settings: Settings) -> str:
    """Name of the certificate to look for, and to make one under."""
    return settings.certificate_name or f"{settings.name_prefix}-tls"


def record_name(host: str, domain: str) -> str:
    """A host's name within its domain, as a record has it."""
    return "@" if host == domain else host.removesuffix(f".{domain}")


def serves_tls(decided: Decided) -> bool:
    """Whether the load balancer ends TLS: an own one with a certificate, or one that is only read and does so already."""
    balancer = decided.get("loadBalancer")
    if balancer is not None and balancer.outcome in READ_ONLY:
        return balancer.target is not None and ends_tls(balancer.target)
    certificate = decided.get("certificate")
    return certificate is not None and certificate.outcome not in (Outcome.OMIT, Outcome.REFUSE)


def ends_tls(balancer: Found, port: int | None = None) -> bool:
    """Whether a live load balancer has a rule that ends TLS; with `port`, one that goes there."""
    return any(
        rule.get("entry_protocol") in ("https", "http2", "http3")
        and not rule.get("tls_passthrough")
        and port in (None, rule.get("target_port"))
        for rule in forwarding_rules(balancer)
    )


def forwarding_rules(balancer: Found) -> list[Mapping[str, Any]]:
    """The rules of a live load balancer, as the API has them."""
    rules = balancer.details.get("forwarding_rules")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _new_enough(version: Scalar) -> bool:
    major = str(version or "").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_DATABASE


def _database(settings: Settings, decided: Decided) -> Wish:
    fields = {
        "region": Wanted(settings.region, "region", fixed=True),
        "engine": Wanted("pg", "databaseName", fixed=True, settle="choose a PostgreSQL database"),
        "version": Wanted(
            DATABASE_VERSION,
            "databaseName",
            test=_new_enough,
            settle=f"upgrade the database to PostgreSQL {OLDEST_DATABASE} or newer",
        ),
        "status": Wanted("online", "databaseId", settle="wait until the database is online"),
    }
    if settings.database_id is None:
        fields["name"] = Wanted(settings.database_name, "databaseName", fixed=True)
    if settings.database_network == "private":
        fields |= in_vpc(decided)
        if (vpc := fields.get("vpc_id")) and not vpc.settle:
            fields["vpc_id"] = replace(
                vpc,
                settle="set vpcId to the VPC that the database stands in, or databaseNetwork=public to reach it from outside",
            )
    return Wish(
        settings.database_policy,
        settings.database_name,
        settings.database_id,
        fields,
        policy_key="databasePolicy",
        pin_key="databaseId",
        name_key="databaseName",
        **common(settings, "database"),
    )


def _database_firewall(settings: Settings, decided: Decided) -> Wish:
    return below(settings, decided, "databaseFirewall", "database", TRUSTED_SOURCES)


def _domain(settings: Settings, _decided: Decided) -> Wish:
    return Wish(
        Policy.AUTO,
        settings.domain or "",
        only_read=True,
        otherwise="bring the domain back, or remove `domain` from the settings to go on with plain http",
        policy_key="domain",
        pin_key="domain",
        name_key="domain",
    )


def _covers(settings: Settings, names: Scalar) -> bool:
    known = str(names or "").split(",")
    return all(
        host in known or f"*.{host.partition('.')[2]}" in known
        for host in (settings.frontend_host, settings.backend_host)
    )


def _certificate(settings: Settings, _decided: Decided) -> Wish:
    given = settings.certificate_policy is not Policy.CREATE
    pin = settings.certificate_id or (settings.certificate_name if given else None)
    hosts = ",".join(sorted((settings.frontend_host, settings.backend_host)))
    fields = {
        "status": Wanted(
            "verified", "certificateId", also=("pending",), settle="find out why it could not be issued"
        ),
        "names": Wanted(
            hosts,
            "frontendHost and backendHost",
            fixed=True,
            test=lambda names: _covers(settings, names),
            settle="set certificateName to a certificate that is for both hosts",
        ),
    }
    return Wish(
        settings.certificate_policy,
        certificate_name(settings),
        pin,
        fields,
        policy_key="certificatePolicy",
        pin_key="certificateId" if settings.certificate_id else "certificateName",
        name_key="certificateName",
        **common(settings, "certificate"),
    )


def _without_domain(settings: Settings, decided: Decided) -> str | None:
    domain = decided.get("domain")
    if domain is not None and domain.outcome in READ_ONLY:
        return None
    return f"the domain {settings.domain} is not there" if settings.domain else "there is no domain"


def _no_certificate(settings: Settings, decided: Decided) -> str | None:
    if settings.certificate_name or settings.certificate_id:
        return None
    reason = _without_domain(settings, decided)
    return f"{reason}: plain http, until it is or certificateName names one" if reason else None


def _to_the_balancer(decided: Decided) -> dict[str, Wanted]:
    """Where a record must point; nothing where the load balancer is refused, as the run stops for that."""
    balancer: Decision = decided["loadBalancer"]
    kind = Wanted("A", "manageDns", fixed=True, settle=f"delete the record, or {_BY_HAND}")
    if balancer.outcome is Outcome.REFUSE:
        return {"type": kind}
    address = balancer.target.facts.get("ip") if balancer.target else None
    new = balancer.anew or not address
    settle = f"delete the record or let it point to the stack's load balancer, or {_BY_HAND}"
    return {"type": kind, "value": Wanted(address, "loadBalancerId", new=new, settle=settle)}


def _record(settings: Settings, decided: Decided, slot: str, host: str) -> Wish:
    return Wish(
        settings.dns_policy,
        record_name(host, settings.domain or host),
        fields=_to_the_balancer(decided),
        otherwise=f"set dnsPolicy (adopt or import uses what is there, create or auto makes what is not), or {_BY_HAND}",
        policy_key="dnsPolicy",
        pin_key="dnsPolicy",
        name_key="frontendHost" if slot == "frontendRecord" else "backendHost",
        **common(settings, slot),
    )


def _made_for_us(decided: Decided, held: Held, found: Found) -> bool:
    """A record that points to a load balancer of ours, where a run broke off, or all of the state was lost."""
    balancer = decided["loadBalancer"]
    if balancer.target is None or balancer.target.facts.get("ip") != found.facts.get("value"):
        return False
    if held.holding is Holding.INTERRUPTED:
        return balancer.outcome not in READ_ONLY
    return balancer.outcome is Outcome.IMPORT and balancer.target.mark is Mark.OURS


def _alert(settings: Settings, slot: str, name: str) -> Wish:
    return Wish(
        settings.alert_policy,
        name,
        otherwise="set alertPolicy, or namePrefix to another one",
        policy_key="alertPolicy",
        pin_key="alertPolicy",
        name_key="namePrefix",
        **common(settings, slot),
    )


def _below_the_check(settings: Settings, decided: Decided, slot: str, name: str) -> Wish:
    if decided["uptimeCheck"].outcome not in READ_ONLY:
        return _alert(settings, slot, name)
    return Wish(Policy.ADOPT, name, policy_key="alertPolicy", **common(settings, slot))


def _monitor_slot(monitor: Monitor) -> Slot:
    return Slot(
        monitor.slot,
        "alert_policy",
        "digitalocean:index/monitorAlert:MonitorAlert",
        monitor.name,
        naming.TYPE_ALERTS,
        "alerts",
        lambda settings, _decided: _alert(settings, monitor.slot, monitor_name(settings, monitor)),
        enabled=lambda settings: settings.alerts,
        weighs=False,
    )


def _check_alert(slot: str, ending: str, *, only_with_tls: bool) -> Slot:
    return Slot(
        slot,
        "uptime_alert",
        "digitalocean:index/uptimeAlert:UptimeAlert",
        f"uptime-{ending}",
        naming.TYPE_ALERTS,
        "alerts",
        lambda settings, decided: _below_the_check(
            settings, decided, slot, f"{settings.name_prefix}-{ending}"
        ),
        enabled=lambda settings: settings.alerts,
        parent="uptimeCheck",
        within="uptimeCheck",
        left_out=lambda _settings, decided: (
            "plain http has no certificate to watch" if only_with_tls and not serves_tls(decided) else None
        ),
        weighs=False,
    )


def _record_slot(slot: str, name: str, *, frontend: bool) -> Slot:
    return Slot(
        slot,
        "record",
        "digitalocean:index/dnsRecord:DnsRecord",
        name,
        naming.TYPE_DNS,
        "dns",
        lambda settings, decided: _record(
            settings, decided, slot, settings.frontend_host if frontend else settings.backend_host
        ),
        enabled=lambda settings: settings.services and settings.domain is not None and settings.manage_dns,
        within="domain",
        place=lambda settings: settings.domain,
        left_out=_without_domain,
        proven=_made_for_us,
        weighs=False,
    )


SERVICE_SLOTS: tuple[Slot, ...] = (
    Slot(
        "database",
        "database",
        "digitalocean:index/databaseCluster:DatabaseCluster",
        "database",
        naming.TYPE_DATABASE,
        "database",
        _database,
        enabled=lambda settings: settings.managed_database,
        holds_data=True,
        weighs=False,
    ),
    Slot(
        "databaseFirewall",
        "database",
        "digitalocean:index/databaseFirewall:DatabaseFirewall",
        "database-firewall",
        naming.TYPE_DATABASE,
        "database",
        _database_firewall,
        enabled=lambda settings: settings.managed_database,
        parent="database",
        children=lambda database: (
            Found(database.id, TRUSTED_SOURCES, database.mark, database.owner, details=database.details),
        ),
        is_held=lambda found, identity: identity.startswith(f"{found.id}-") or identity == found.id,
        weighs=False,
    ),
    Slot(
        "domain",
        "domain",
        "digitalocean:index/domain:Domain",
        "domain",
        naming.TYPE_DNS,
        "dns",
        _domain,
        enabled=lambda settings: settings.services and settings.domain is not None,
        id_is_name=True,
        weighs=False,
    ),
    Slot(
        "certificate",
        "certificate",
        "digitalocean:index/certificate:Certificate",
        "certificate",
        naming.TYPE_CERTIFICATE,
        "certificate",
        _certificate,
        enabled=lambda settings: (
            settings.services
            and bool(settings.domain or settings.certificate_name or settings.certificate_id)
        ),
        id_is_name=True,
        import_writes=lambda found: (
            "its key cannot be read, so that it can only be used as it is"
            if found.facts.get("type") == "custom"
            else None
        ),
        left_out=_no_certificate,
        weighs=False,
    ),
    _record_slot("frontendRecord", "frontend-record", frontend=True),
    _record_slot("backendRecord", "backend-record", frontend=False),
    Slot(
        "uptimeCheck",
        "uptime_check",
        "digitalocean:index/uptimeCheck:UptimeCheck",
        "uptime",
        naming.TYPE_ALERTS,
        "alerts",
        lambda settings, _decided: _alert(settings, "uptimeCheck", check_name(settings)),
        enabled=lambda settings: settings.alerts,
        weighs=False,
    ),
    _check_alert("downAlert", "down", only_with_tls=False),
    _check_alert("tlsAlert", "tls", only_with_tls=True),
    *(_monitor_slot(monitor) for monitor in MONITORS),
)
