"""From an assessment to the declared resources around the cluster: database, certificate, records, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from formerr_infra import inventory, naming
from formerr_infra.errors import UnknownIsNotAbsent
from formerr_infra.inventory.facts import Access, Unknown
from formerr_infra.model import Outcome
from formerr_infra.monitors import MONITORS
from formerr_infra.service_slots import (
    DATABASE_VERSION,
    certificate_name,
    check_name,
    monitor_name,
    record_name,
    serves_tls,
)

if TYPE_CHECKING:
    from formerr_infra.components.base import Care
    from formerr_infra.components.certificate import Certificate
    from formerr_infra.components.database import Database
    from formerr_infra.detect import Assessment
    from formerr_infra.model import Decision, Found


def declared(assessment: Assessment, slot: str) -> Decision | None:
    """The decision for a slot that is declared at all."""
    decision = assessment.decisions.get(slot)
    return None if decision is None or decision.outcome is Outcome.OMIT else decision


def scheme(assessment: Assessment) -> str:
    """How browsers reach the hosts."""
    return "https" if serves_tls(assessment.decisions) else "http"


def certificate(assessment: Assessment, care: Care, began: str) -> Certificate | None:
    """The load balancer's certificate, where there is one."""
    decision = declared(assessment, "certificate")
    if decision is None:
        return None
    from formerr_infra.components.certificate import Certificate, CertificateArgs

    settings = assessment.settings
    hosts = (settings.frontend_host, settings.backend_host)
    return Certificate(
        "certificate", CertificateArgs(decision, certificate_name(settings), hosts, care, began)
    )


def certificate_names(assessment: Assessment) -> dict[str, str]:
    """UUID -> name of the certificate that is there."""
    decision = declared(assessment, "certificate")
    if decision is None or decision.target is None:
        return {}
    return {str(decision.target.details.get("id")): decision.target.name}


def database(
    assessment: Assessment,
    care: Care,
    began: str,
    access: Access,
    *,
    vpc_id: pulumi.Input[str],
    cluster_id: pulumi.Input[str],
) -> Database | None:
    """The managed database, where the stack has one."""
    decision = declared(assessment, "database")
    if decision is None:
        return None
    from formerr_infra.components.database import Database, DatabaseArgs

    settings = assessment.settings
    parts = assessment.databases.get(decision.id or "")
    rules = parts.rules if parts is not None and not isinstance(parts.rules, Unknown) else ()
    known = parts.authority if parts is not None and isinstance(parts.authority, str) else None

    def ask(identity: str) -> str:
        found = inventory.database_authority(access, identity)
        if isinstance(found, Unknown):
            raise UnknownIsNotAbsent(f"the certificate authority of the database {identity}: {found.reason}")
        return found

    return Database(
        "database",
        DatabaseArgs(
            decision=decision,
            firewall_decision=assessment.decisions["databaseFirewall"],
            name=settings.database_name,
            region=settings.region,
            size=settings.database_size,
            version=DATABASE_VERSION,
            nodes=settings.database_nodes,
            vpc_id=vpc_id,
            tags=(naming.mark_text(naming.PROJECT, assessment.stack), *settings.tags),
            cluster_id=cluster_id,
            private=settings.database_network == "private",
            rules=tuple((rule.type, rule.value) for rule in rules),
            authority=ask if known is None else known,
            care=care,
            began=began,
        ),
    )


def dns(assessment: Assessment, care: Care, began: str, address: pulumi.Input[str]) -> None:
    """The domain and the records of the hosts, where the domain is there."""
    decision = declared(assessment, "domain")
    if decision is None:
        return
    from formerr_infra.components.dns import Dns, DnsArgs, Record

    settings = assessment.settings
    domain = decision.id or ""
    records = tuple(
        Record(one, logical, record_name(host, domain))
        for slot, logical, host in (
            ("frontendRecord", "frontend-record", settings.frontend_host),
            ("backendRecord", "backend-record", settings.backend_host),
        )
        if (one := declared(assessment, slot)) is not None
    )
    Dns("dns", DnsArgs(decision, domain, records, address, care, began))


#: The engine writes down an import's inputs as the provider read them, whatever the program says of them (seen with 3.259).
_IN_PLAIN = (
    "an imported alert tells a Slack channel: its address stands in the state in plain text until the next `pulumi up`, "
    "which changes nothing else. Run it once more."
)


def _tells_slack(found: Found | None) -> bool:
    told = (found.details.get("alerts") or found.details.get("notifications")) if found is not None else None
    return isinstance(told, dict) and bool(told.get("slack"))


def alerts(
    assessment: Assessment,
    care: Care,
    began: str,
    *,
    cluster_id: pulumi.Input[str],
    load_balancer_id: pulumi.Input[str],
    slack: str | None,
) -> None:
    """What watches the stack, where somebody is to be told."""
    if declared(assessment, "uptimeCheck") is None:
        return
    from formerr_infra.components.alerts import Alerts, AlertsArgs, Told

    settings = assessment.settings
    slots = ("uptimeCheck", "downAlert", "tlsAlert", *(monitor.slot for monitor in MONITORS))
    decisions = {slot: one for slot in slots if (one := declared(assessment, slot)) is not None}
    if any(one.outcome is Outcome.IMPORT and _tells_slack(one.target) for one in decisions.values()):
        pulumi.log.warn(_IN_PLAIN)
    told = Told(
        settings.alert_emails, settings.alert_slack_channel, pulumi.Output.secret(slack) if slack else None
    )
    Alerts(
        "alerts",
        AlertsArgs(
            decisions=decisions,
            check_name=check_name(settings),
            down_name=f"{settings.name_prefix}-down",
            tls_name=f"{settings.name_prefix}-tls",
            url=f"{scheme(assessment)}://{settings.frontend_host}",
            monitors=tuple(
                (
                    monitor,
                    naming.marked_description(
                        monitor_name(settings, monitor), naming.PROJECT, assessment.stack
                    ),
                )
                for monitor in MONITORS
            ),
            cluster_id=cluster_id,
            load_balancer_id=load_balancer_id,
            told=told,
            care=care,
            began=began,
        ),
    )
