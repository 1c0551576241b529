"""Where the secrets come from, and where they go; `test_canaries` has where they are not."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack

NEEDED = ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")


def test_the_pull_secret_is_read_only_and_never_the_api_token(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    stored = live().secret_value("formerr-registry", ".dockerconfigjson")
    token = deployed.environment["DIGITALOCEAN_TOKEN"]
    assert token not in stored
    for piece in stored.split('"'):
        try:
            assert token not in base64.b64decode(piece).decode("utf-8", "replace")
        except ValueError:
            continue
    asked = [one for one in cloud.requests() if one.path.endswith("/docker-credentials")]
    assert len(asked) == 1, "asked for once, by the run that made it"
    assert (
        live().there("Secret", "formerr-registry")["metadata"]["annotations"]["formerr.tech/registry"]
        == account.REGISTRY
    )


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_secret_is_refused_by_name_before_the_first_call(
    stack: Stack, cloud: ControlClient, name: str
) -> None:
    del stack.environment[name]
    cloud.mark()
    stack.up().refused(name)
    assert cloud.requests(since_mark=True) == []


def test_a_secret_of_the_stacks_configuration_is_as_good(
    stack: Stack, secrets: dict[str, str], live: Callable[[], Live]
) -> None:
    word = stack.environment.pop("JWT_SECRET")
    stack.run("config", "set", "--secret", "jwtSecret", word).ok()
    stack.up().ok()
    assert live().secret_value("formerr-app-secret", "JWT_SECRET") == secrets["JWT_SECRET"]


def test_production_reads_its_database_from_the_environment_and_runs_none(
    production: Stack, live: Callable[[], Live]
) -> None:
    """The database is nowhere in the account: its authority is not known, and that is said."""
    production.config(accountServices=False)
    step = production.up().ok()
    assert "DB_CA" in step.said
    cluster = live()
    assert cluster.all("StatefulSet") == []
    assert cluster.available("formerr-backend") == 2
    assert cluster.secret_value("formerr-db-secret", "DB_HOST") == "private-db.example.invalid"
    assert cluster.secret_value("formerr-db-secret", "DB_PORT") == "25060"
    assert environment(cluster)["PGSSLMODE"] == "require"
    production.up().unchanged()


def test_a_managed_database_that_the_stack_makes_is_told_to_the_application_and_verified(
    production: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    del production.environment["DATABASE_URL"]
    production.config(databasePolicy="create")
    production.up().ok()
    (database,) = cloud.list("databases")
    cluster = live()
    told = {
        key: cluster.secret_value("formerr-db-secret", key) for key in ("DB_HOST", "DB_PASSWORD", "ca.crt")
    }
    assert told["DB_HOST"] == database["private_connection"]["host"]
    assert told["DB_PASSWORD"] == database["connection"]["password"]
    assert told["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
    assert environment(cluster)["PGSSLMODE"] == "verify-full"
    production.up().unchanged()


def environment(cluster: Live) -> dict[str, str]:
    """Plain variables of the backend."""
    (container,) = cluster.there("Deployment", "formerr-backend")["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


def test_with_a_domain_the_way_in_is_https_and_browsers_are_told_to_stay_there(
    stack: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    cloud.put("domains", name="formerr.dev")
    stack.config(domain="formerr.dev")
    stack.up().ok()
    assert stack.outputs()["application_url"] == "https://staging.formerr.dev"
    (balancer,) = cloud.list("load_balancers")
    assert balancer["redirect_http_to_https"] is True
    assert {rule["entry_protocol"] for rule in balancer["forwarding_rules"]} == {"http", "https"}
    cluster = live()
    settings = cluster.there("ConfigMap", "formerr-backend")["data"]
    assert settings["ALLOWED_ORIGINS"] == "https://staging.formerr.dev"
    edge = cluster.there("ConfigMap", "formerr-edge", "formerr-edge")["data"]
    assert any("stsSeconds" in text for text in edge.values())
    stack.up().unchanged()
