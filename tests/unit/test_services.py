"""What stands around the cluster, without engine and account: what is said before the first write, and what is handed on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from formerr_infra.components.load_balancer import live
from formerr_infra.errors import SettingsError
from formerr_infra.inventory.facts import DatabaseParts, Rule, Unknown
from formerr_infra.model import Decision, Found, Outcome
from formerr_infra.preflight import Around, Finding, Severity, around, host_differs
from formerr_infra.service_slots import serves_tls
from formerr_infra.settings import check
from formerr_infra.settings.slack import slack_address

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HTTP = {"entry_protocol": "http", "target_port": 30080}
HTTPS = {"entry_protocol": "https", "target_port": 30080}
CLUSTER = "c-1"


def decided(slot: str, outcome: Outcome, **fields: Any) -> Decision:
    target = Found(f"{slot}-id", f"the-{slot}", **fields)
    return Decision(slot, outcome, "", "", id=target.id, target=target)


def balancer(outcome: Outcome, *rules: dict[str, Any], **details: Any) -> Decision:
    return decided("loadBalancer", outcome, details={"forwarding_rules": list(rules), **details})


def findings(
    decisions: dict[str, Decision], rules: tuple[Rule, ...] | Unknown = (), **settings: Any
) -> list[Finding]:
    """What is said of a stack whose slots are kept, but for those that are given."""
    kept = {
        "vpc": decided("vpc", Outcome.KEEP, facts={"ip_range": "10.20.0.0/16"}),
        "cluster": replace(decided("cluster", Outcome.KEEP), id=CLUSTER),
        "loadBalancer": balancer(Outcome.KEEP),
    }
    wanted = check({"accountServices": True, "databaseMode": "managed", **settings}, "staging")
    parts = {"database-id": DatabaseParts(rules, "PEM")}
    return around(Around("staging", wanted, kept | decisions, parts, NOW))


def said(found: list[Finding], code: str) -> list[tuple[Severity, str]]:
    return [(one.severity, one.message) for one in found if one.code == code]


# -- TLS -----------------------------------------------------------------------------------------------------

CERTIFICATE = {"certificate": decided("certificate", Outcome.KEEP)}


@pytest.mark.parametrize(
    ("outcome", "rules", "certificate", "served"),
    [
        (Outcome.KEEP, (), CERTIFICATE, True),
        (Outcome.CREATE, (), CERTIFICATE, True),
        (Outcome.KEEP, (), {}, False),
        (Outcome.KEEP, (HTTPS,), {"certificate": decided("certificate", Outcome.OMIT)}, False),
        (Outcome.ADOPT, (HTTP,), CERTIFICATE, False),
        (Outcome.ADOPT, (HTTP, HTTPS), {}, True),
        (Outcome.ADOPT, (HTTPS | {"tls_passthrough": True},), CERTIFICATE, False),
    ],
)
def test_tls_is_served_by_an_own_balancer_with_a_certificate_and_by_another_that_has_the_rule(
    outcome: Outcome, rules: tuple[dict[str, Any], ...], certificate: dict[str, Decision], *, served: bool
) -> None:
    assert serves_tls({"loadBalancer": balancer(outcome, *rules), **certificate}) is served


def test_the_certificate_of_an_imported_balancer_is_declared_by_its_name_where_that_is_known() -> None:
    found = {"forwarding_rules": [HTTP, HTTPS | {"certificate_id": "u-1"}, HTTPS | {"certificate_id": "u-2"}]}
    rules = live(found, {"u-1": "formerr-staging-tls"})["forwarding_rules"]
    assert [(rule.get("certificate_name"), rule.get("certificate_id")) for rule in rules] == [
        (None, None), ("formerr-staging-tls", None), (None, "u-2"),
    ]  # fmt: skip


def test_a_certificate_that_nobody_puts_onto_an_adopted_balancer_is_said() -> None:
    found = findings({"loadBalancer": balancer(Outcome.ADOPT, HTTP), **CERTIFICATE})
    ((severity, message),) = said(found, "plain-http")
    assert severity is Severity.WARNING
    assert "loadBalancer-id" in message
    assert "loadBalancerPolicy=import" in message


def test_an_adopted_balancer_that_sends_https_elsewhere_or_speaks_proxy_is_said() -> None:
    odd = balancer(Outcome.ADOPT, HTTP, HTTPS | {"target_port": 31000}, enable_proxy_protocol=True)
    ((_, message),) = said(findings({"loadBalancer": odd}), "load-balancer")
    assert "does not lead to port 30080" in message
    assert "PROXY" in message
    assert not said(findings({"loadBalancer": balancer(Outcome.ADOPT, HTTP, HTTPS)}), "load-balancer")


@pytest.mark.parametrize(
    ("kind", "days", "severity"),
    [
        ("custom", 40, Severity.NOTE),
        ("custom", 20, Severity.WARNING),
        ("lets_encrypt", 20, Severity.NOTE),
        ("lets_encrypt", 5, Severity.WARNING),
        ("custom", -1, Severity.WARNING),
    ],
)
def test_a_certificate_is_warned_of_while_there_is_time(kind: str, days: int, severity: Severity) -> None:
    facts = {"type": kind, "not_after": (NOW + timedelta(days=days, hours=1)).isoformat()}
    found = findings({"certificate": decided("certificate", Outcome.KEEP, facts=facts)})
    assert [one for one, _ in said(found, "certificate")] == [severity]


@pytest.mark.parametrize("ends", ["0001-01-01T00:00:00Z", "", None, "soon", "2029-12-31T00:00:00Z"])
def test_nothing_is_said_of_the_end_of_a_certificate_that_has_none_yet(ends: str | None) -> None:
    def told(status: str) -> list[str]:
        facts = {"type": "lets_encrypt", "status": status, "not_after": ends}
        found = findings({"certificate": decided("certificate", Outcome.KEEP, facts=facts)})
        return [message for _, message in said(found, "certificate")]

    (pending,) = told("pending")
    assert "still being issued" in pending
    assert len(told("verified")) == (ends == "2029-12-31T00:00:00Z")


# -- trusted sources -----------------------------------------------------------------------------------------

ADOPTED = {"database": decided("database", Outcome.ADOPT)}
NEW = {"cluster": Decision("cluster", Outcome.CREATE, "", "")}


@pytest.mark.parametrize(
    "rule",
    [
        Rule("k8s", CLUSTER),
        Rule("tag", f"k8s:{CLUSTER}"),
        Rule("tag", "k8s:worker"),
        Rule("tag", "pulumi:formerr-infra:staging"),
        Rule("ip_addr", "0.0.0.0/0"),
    ],
)
def test_a_database_that_lets_the_cluster_in_needs_no_word(rule: Rule) -> None:
    assert not said(findings(ADOPTED, (Rule("ip_addr", "192.0.2.1"), rule)), "database-sources")


@pytest.mark.parametrize(
    "rule", [Rule("k8s", "c-2"), Rule("tag", "web"), Rule("ip_addr", "192.0.2.1"), Rule("app", "a")]
)
def test_one_that_does_not_stops_the_run_with_the_command_and_warns_of_a_cluster_that_is_still_to_be_made(
    rule: Rule,
) -> None:
    command = "doctl databases firewalls append database-id --rule k8s:"
    ((severity, message),) = said(findings(ADOPTED, (rule,)), "database-sources")
    assert severity is Severity.ERROR
    assert command + CLUSTER in message
    ((severity, message),) = said(findings(ADOPTED | NEW, (rule,)), "database-sources")
    assert severity is Severity.WARNING
    assert f"{command}<id of the new cluster>" in message


def test_a_range_that_may_hold_the_nodes_and_a_list_that_is_not_known_are_warned_of_and_an_empty_one_is_open() -> (
    None
):
    for rules in ((Rule("ip_addr", "10.20.0.0/20"),), Unknown("it does not answer")):
        assert [one for one, _ in said(findings(ADOPTED, rules), "database-sources")] == [Severity.WARNING]
    assert said(findings(ADOPTED), "database-open")


def test_of_an_own_database_nothing_is_asked_of_the_user() -> None:
    own = {"database": decided("database", Outcome.KEEP)}
    assert not {one.code for one in findings(own, (Rule("k8s", "c-2"),))} & {
        "database-sources",
        "database-open",
    }


def test_a_database_whose_list_is_unknown_is_not_imported() -> None:
    imported = {"database": decided("database", Outcome.IMPORT)}
    assert [one for one, _ in said(findings(imported, Unknown("no answer")), "unknown")] == [Severity.ERROR]


# -- the host that the application is told ------------------------------------------------------------------


def test_another_host_than_the_databases_is_said_without_more_of_the_address() -> None:
    there = Found(
        "d",
        "db",
        details={"connection": {"host": "DB.example"}, "private_connection": {"host": "private-db"}},
    )
    assert host_differs("Db.Example", there) is None
    assert host_differs(None, there) is None
    assert host_differs("x", None) is None
    finding = host_differs("elsewhere", there)
    assert finding is not None
    assert "elsewhere" in finding.message
    assert "private-db and db.example" in finding.message


# -- settings ------------------------------------------------------------------------------------------------


def test_hosts_stand_in_the_domain_and_one_certificate_is_named() -> None:
    with pytest.raises(SettingsError, match="is not in domain"):
        check({"domain": "example.org"}, "staging")
    with pytest.raises(SettingsError, match="name the same thing"):
        check({"certificateName": "a", "certificateId": "b"}, "staging")


def test_the_address_of_slack_is_needed_with_a_channel_only_comes_from_the_environment_first_and_is_never_shown() -> (
    None
):
    channel = check({"accountServices": True, "alertSlackChannel": "#ops"}, "staging")
    none = check({"accountServices": True, "alertEmails": ["a@example.org"]}, "staging")
    first, second = "https://hooks.example/first", "https://hooks.example/second"
    assert slack_address(none, {}, {}) is None
    assert slack_address(channel, {"alertSlackUrl": second}, {"FORMERR_ALERT_SLACK_URL": first}) == first
    assert slack_address(channel, {"alertSlackUrl": second}, {}) == second
    with pytest.raises(SettingsError, match="is missing"):
        slack_address(channel, {}, {})
    with pytest.raises(SettingsError) as refused:
        slack_address(channel, {"alertSlackUrl": "http://hooks.example/5ecre7"}, {})
    assert "5ecre7" not in str(refused.value)
