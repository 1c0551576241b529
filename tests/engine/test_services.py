"""What stands around the cluster, on the real engine: database, certificate, records, alerts.

The application itself is left out: these slots have keys of their own (`accountServices`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

ZONE = "formerr.dev"
HOSTS = {"staging", "api.staging"}
TLS = {"certificate", "frontend-record", "backend-record"}
MAIL = "ops@formerr.dev"
ALERTS = {
    "uptime", "uptime-down", "uptime-tls", "node-cpu", "node-memory", "node-disk", "balancer-health", "balancer-errors",
}  # fmt: skip


def records(cloud: ControlClient) -> dict[str, str]:
    """Name -> address of the A records."""
    return {one["name"]: one["data"] for one in cloud.list("domain_records") if one["type"] == "A"}


def balancer(cloud: ControlClient) -> dict[str, Any]:
    """The one load balancer."""
    (found,) = cloud.list("load_balancers")
    return found


def everything(cloud: ControlClient) -> dict[str, list[dict[str, Any]]]:
    """All that a run could touch."""
    more = (
        "databases",
        "domains",
        "domain_records",
        "certificates",
        "uptime_checks",
        "uptime_alerts",
        "alert_policies",
    )
    return account.world(cloud) | {kind: cloud.list(kind) for kind in more}


def database(cloud: ControlClient, vpc_id: str, **fields: Any) -> str:
    """A database of the name that staging looks for."""
    wanted = {"name": "formerr-staging-db", "region": account.REGION, "private_network_uuid": vpc_id}
    return str(cloud.put("databases", status="online", **(wanted | fields))["id"])


# -- database ------------------------------------------------------------------------------------------------


def test_an_adopted_database_is_never_written_to_and_a_destroy_leaves_it(
    stack: Stack, cloud: ControlClient
) -> None:
    stack.config(accountServices=True, databaseMode="managed")
    network = account.vpc(cloud)
    known = database(cloud, network, rules=[{"type": "ip_addr", "value": "192.0.2.1"}])
    before = cloud.list("databases")

    plan = stack.preview().ok()
    assert plan.log.ops["database"] == "read"
    assert "database-firewall" not in plan.log.ops
    assert f"doctl databases firewalls append {known} --rule k8s:" in plan.said
    stack.up().ok()
    assert cloud.list("databases") == before
    again = stack.up().unchanged()
    (cluster,) = account.ids(cloud, "kubernetes_clusters")
    assert f"doctl databases firewalls append {known} --rule k8s:{cluster}" in again.said
    outputs = stack.outputs()
    assert outputs["database_id"] == known
    assert outputs["database_host"].startswith("private-")
    stack.destroy().ok()
    assert cloud.list("databases") == before


def test_without_a_database_the_default_policy_refuses_and_create_makes_one_that_lets_the_cluster_in_and_nobody_else(
    stack: Stack, cloud: ControlClient
) -> None:
    stack.config(accountServices=True, databaseMode="managed")
    stack.up().refused("database: refused (not-found", "databasePolicy=auto or create")
    stack.config(databasePolicy="create").up().ok()
    (made,) = cloud.list("databases")
    (cluster,) = account.ids(cloud, "kubernetes_clusters")
    (network,) = account.ids(cloud, "vpcs")
    assert (made["engine"], made["version"], made["private_network_uuid"]) == ("pg", "15", network)
    assert "pulumi:formerr-infra:staging" in made["tags"]
    assert [(rule["type"], rule["value"]) for rule in made["rules"]] == [("k8s", cluster)]
    stack.preview(expect_no_changes=True).unchanged()
    assert "BEGIN CERTIFICATE" not in stack.up().unchanged().said

    live = everything(cloud)
    stack.lose_state()
    taken = stack.up().ok()
    assert taken.writes == ()
    assert (taken.log.ops["database"], taken.log.ops["database-firewall"]) == ("import", "import")
    assert everything(cloud) == live
    stack.up().unchanged()

    off = stack.config(databaseMode="cluster").up()
    off.refused("database: refused (would-delete", made["id"], "databasePolicy=adopt")

    stack.config(databaseMode="managed")
    gone = stack.destroy().ok()
    assert cloud.list("databases") == []
    assert not any(write.endswith("/firewall") for write in gone.writes), (
        "for a moment it was open to everybody"
    )


def test_a_managed_database_is_released_and_taken_back_with_its_trusted_sources_untouched(
    stack: Stack, cloud: ControlClient
) -> None:
    stack.config(accountServices=True, databaseMode="managed", databasePolicy="create").up().ok()
    live = cloud.list("databases")
    password = live[0]["connection"]["password"]
    assert password not in stack.checkpoint.read_text("utf-8"), "of what is managed"
    released = stack.config(databasePolicy="adopt").up().ok()
    assert password not in stack.checkpoint.read_text("utf-8"), "of what is only read"
    assert released.writes == ()
    assert all(stack.resources()[name]["external"] for name in ("database", "database-firewall"))
    stack.up().unchanged()
    taken = stack.config(databasePolicy="import").up().ok()
    assert password not in stack.checkpoint.read_text("utf-8"), "of what is imported"
    assert taken.writes == ()
    assert cloud.list("databases") == live
    stack.config(databasePolicy="create").preview(expect_no_changes=True).unchanged()


# -- domain, certificate, records ----------------------------------------------------------------------------


def test_without_the_domain_it_is_plain_http_and_said(stack: Stack, cloud: ControlClient) -> None:
    first = stack.config(accountServices=True, domain=ZONE).up().ok()
    assert "plain http" in first.said
    assert [rule["entry_protocol"] for rule in balancer(cloud)["forwarding_rules"]] == ["http"]
    assert stack.outputs()["application_url"] == "http://staging.formerr.dev"
    stack.preview(expect_no_changes=True).unchanged()


@pytest.fixture
def secured(stack: Stack, cloud: ControlClient) -> Stack:
    """A stack on an account with the domain, after its first deployment."""
    cloud.put("domains", name=ZONE)
    stack.config(accountServices=True, domain=ZONE).up().ok()
    return stack


def test_certificate_and_records_are_made_kept_and_taken_by_destroy_and_the_domain_stays(
    secured: Stack, cloud: ControlClient
) -> None:
    (certificate,) = cloud.list("certificates")
    assert certificate["name"] == "formerr-staging-tls"
    assert set(certificate["dns_names"]) == {f"{host}.{ZONE}" for host in HOSTS}
    found = balancer(cloud)
    rules = {rule["entry_protocol"]: rule for rule in found["forwarding_rules"]}
    assert rules.keys() == {"http", "https"}
    assert rules["https"]["certificate_id"] == certificate["id"]
    assert {rule["target_port"] for rule in rules.values()} == {30080}
    assert found["redirect_http_to_https"]
    assert found["disable_lets_encrypt_dns_records"]
    assert not found["enable_proxy_protocol"]
    assert records(cloud) == dict.fromkeys(HOSTS, found["ip"])
    assert secured.outputs()["api_url"] == "https://api.staging.formerr.dev"
    before = len(cloud.requests())
    secured.preview(expect_no_changes=True).unchanged()
    asked = [one.path for one in cloud.requests()[before:]]
    assert "/v2/domains" not in asked, "a list was read although every id is known"
    assert f"/v2/domains/{ZONE}/records" not in asked

    secured.destroy().ok()
    assert cloud.list("certificates") == []
    assert records(cloud) == {}
    assert [domain["name"] for domain in cloud.list("domains")] == [ZONE]


def test_after_a_lost_state_certificate_and_records_are_taken_back_without_a_write(
    secured: Stack, cloud: ControlClient
) -> None:
    live = everything(cloud)
    secured.lose_state()
    taken = secured.up().ok()
    assert taken.writes == ()
    assert {name: taken.log.ops[name] for name in (*TLS, "load-balancer")} == dict.fromkeys(
        (*TLS, "load-balancer"), "import"
    )
    assert taken.log.ops["domain"] == "read"
    assert everything(cloud) == live
    secured.preview(expect_no_changes=True).unchanged()


def test_a_certificate_is_put_onto_a_load_balancer_in_place_and_taken_off_again(
    stack: Stack, cloud: ControlClient
) -> None:
    stack.config(accountServices=True).up().ok()
    plain = balancer(cloud)
    cloud.put("domains", name=ZONE)
    secured = stack.config(domain=ZONE).up().ok()
    assert secured.log.ops["load-balancer"] == "update"
    assert (balancer(cloud)["id"], balancer(cloud)["ip"]) == (plain["id"], plain["ip"])
    stack.preview(expect_no_changes=True).unchanged()
    off = stack.config(domain=None).up().ok()
    assert off.log.ops["load-balancer"] == "update"
    assert (balancer(cloud)["id"], balancer(cloud)["ip"]) == (plain["id"], plain["ip"])
    assert (cloud.list("certificates"), records(cloud)) == ([], {})


def test_a_record_that_points_elsewhere_is_refused_with_its_id_and_value_and_left_as_it_is(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.put("domains", name=ZONE)
    theirs = cloud.put("domain_records", domain=ZONE, name="staging", data="192.0.2.66")
    stack.config(accountServices=True, domain=ZONE)
    for run in (stack.preview, stack.up):
        run().refused(
            "frontendRecord: refused (does-not-fit", str(theirs["id"]), "192.0.2.66", "manageDns=false"
        )
    made = stack.config(manageDns=False).up().ok()
    assert records(cloud) == {"staging": "192.0.2.66"}
    assert "certificate" in made.log.ops
    # With the load balancer there, the refusal is the same.
    stack.config(manageDns=None).up().refused("192.0.2.66", balancer(cloud)["ip"])
    assert records(cloud) == {"staging": "192.0.2.66"}


def test_a_record_that_points_to_the_load_balancer_already_is_used_and_left_by_destroy_or_taken_over_on_demand(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.put("domains", name=ZONE)
    stack.config(accountServices=True).up().ok()
    address = balancer(cloud)["ip"]
    theirs = cloud.put("domain_records", domain=ZONE, name="staging", data=address, ttl=60)
    used = stack.config(domain=ZONE).up().ok()
    assert (used.log.ops["frontend-record"], used.log.ops["backend-record"]) == ("read", "create")
    stack.preview(expect_no_changes=True).unchanged()
    taken = stack.config(dnsPolicy="import").up().ok()
    assert taken.log.ops["frontend-record"] in ("import", "import-replacement")
    assert taken.writes == ()
    assert next(one["ttl"] for one in cloud.list("domain_records") if one["id"] == theirs["id"]) == 60
    stack.config(dnsPolicy="adopt").up().ok()
    stack.destroy().ok()
    assert records(cloud) == dict.fromkeys(HOSTS, address)


def test_a_given_certificate_is_used_and_only_read(stack: Stack, cloud: ControlClient) -> None:
    names = [f"*.staging.{ZONE}", f"staging.{ZONE}"]
    theirs = cloud.put("certificates", name="wildcard", type="custom", dns_names=names)
    stack.config(accountServices=True, certificateName="wildcard")
    first = stack.up().ok()
    assert first.log.ops["certificate"] == "read"
    assert balancer(cloud)["forwarding_rules"][-1]["certificate_id"] == theirs["id"]
    stack.preview(expect_no_changes=True).unchanged()
    by_id = stack.config(certificateName=None, certificateId=theirs["id"])
    by_id.preview(expect_no_changes=True).unchanged()
    stack.config(certificatePolicy="import").up().refused("import-would-write", "certificatePolicy=adopt")
    stack.config(certificatePolicy=None).destroy().ok()
    assert [one["name"] for one in cloud.list("certificates")] == ["wildcard"]


def test_a_record_whose_answer_was_lost_is_taken_in_and_never_made_twice(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.put("domains", name=ZONE)
    stack.config(accountServices=True).up().ok()
    cloud.fault("POST", f"^/v2/domains/{ZONE}/records$", times=1, status=503, after_apply=True)
    assert stack.config(domain=ZONE).up().code != 0
    stack.up().ok()
    made = [one["name"] for one in cloud.list("domain_records") if one["type"] == "A"]
    assert sorted(made) == sorted(HOSTS)
    assert not any(one.get("external") for name, one in stack.resources().items() if name in TLS)
    stack.destroy().ok()
    assert records(cloud) == {}


# -- alerts --------------------------------------------------------------------------------------------------


@pytest.fixture
def slack(stack: Stack) -> Iterator[str]:
    """The secret of a channel, as a user exports it."""
    address = "https://hooks.slack.example/T000/B000/5ecre7"
    stack.environment["FORMERR_ALERT_SLACK_URL"] = address
    yield address
    stack.environment.pop("FORMERR_ALERT_SLACK_URL", None)


def test_alerts_tell_who_is_to_be_told_are_kept_taken_back_and_gone_with_the_stack(
    stack: Stack, cloud: ControlClient, slack: str
) -> None:
    cloud.put("domains", name=ZONE)
    stack.config(accountServices=True, domain=ZONE, alertEmails=[MAIL], alertSlackChannel="#ops")
    first = stack.up().ok()
    assert {name for name, op in first.log.ops.items() if op == "create"} >= ALERTS
    (check,) = cloud.list("uptime_checks")
    assert (check["name"], check["target"]) == ("formerr-staging-uptime", "https://staging.formerr.dev")
    policies = {one["type"].rsplit("/", 1)[1]: one for one in cloud.list("alert_policies")}
    (cluster,) = account.ids(cloud, "kubernetes_clusters")
    assert policies["cpu"]["tags"] == [f"k8s:{cluster}"]
    assert policies["droplet_health"]["entities"] == [balancer(cloud)["id"]]
    told = {"email": [MAIL], "slack": [{"channel": "#ops", "url": slack}]}
    assert all(one["alerts"] == told for one in policies.values())
    assert all(one["notifications"] == told for one in cloud.list("uptime_alerts"))
    assert slack not in first.said
    assert slack not in stack.checkpoint.read_text("utf-8"), "the address of the channel stands in the state"
    stack.preview(expect_no_changes=True).unchanged()

    live = everything(cloud)
    stack.lose_state()
    taken = stack.up().ok()
    assert taken.writes == ()
    assert {name: taken.log.ops[name] for name in ALERTS} == dict.fromkeys(ALERTS, "import")
    assert everything(cloud) == live
    assert "stands in the state in plain text until the next" in taken.said
    stack.preview(expect_no_changes=True).unchanged()
    again = stack.up().unchanged()
    assert "in plain text" not in again.said
    assert slack not in stack.checkpoint.read_text("utf-8")

    stack.config(alertEmails=None, alertSlackChannel=None).up().ok()
    assert (cloud.list("uptime_checks"), cloud.list("alert_policies")) == ([], [])


def test_a_channel_without_its_secret_stops_before_the_first_call(stack: Stack, cloud: ControlClient) -> None:
    stack.config(accountServices=True, alertSlackChannel="#ops")
    step = stack.up().refused("FORMERR_ALERT_SLACK_URL: is missing")
    assert step.requests == ()


# -- off by default ------------------------------------------------------------------------------------------


def test_without_the_application_none_of_it_is_asked_for(stack: Stack, cloud: ControlClient) -> None:
    """Whatever the stack file says: production names a database and a domain."""
    stack.config(databaseMode="managed", domain=ZONE, alertEmails=[MAIL])
    step = stack.preview().ok()
    around = ("/v2/databases", "/v2/domains", "/v2/certificates", "/v2/uptime", "/v2/monitoring")
    assert not any(one.path.startswith(around) for one in step.requests)
    assert set(step.log.ops) == {"vpc", "cluster", "workers", "registry", "load-balancer"}
