"""The application's own objects, in every form that it has, break no rule."""

from __future__ import annotations

from typing import Any

import pytest

from formerr_infra.application import (
    APPLICATION_RESOURCES,
    ClusterDatabase,
    Database,
    Digest,
    Edge,
    Environment,
    Hidden,
    Hosts,
    ManagedDatabase,
    Plan,
    Workload,
    manifests,
)
from policy.kubernetes import containers, pods
from policy.model import Found, Resource, ResourceRule
from policy.rules import RULES
from policy.values import UNKNOWN

STACKS = {Environment.STAGING: "staging", Environment.PRODUCTION: "production"}


def _shown(value: Any, secret: Any) -> Any:
    match value:
        case Hidden() | Digest():
            return secret
        case dict():
            return {key: _shown(below, secret) for key, below in value.items()}
        case list() | tuple():
            return [_shown(below, secret) for below in value]
        case _:
            return value


def objects(environment: Environment, database: Database, secret: Any) -> list[Resource]:
    """Every object of the application, with a secret in place of each hidden value."""
    resources = APPLICATION_RESOURCES[environment]
    plan = Plan(
        project="formerr-infra",
        stack=STACKS[environment],
        environment=environment,
        hosts=Hosts("formerr.example", "api.formerr.example"),
        tls=environment is Environment.PRODUCTION,
        backend=Workload("registry.digitalocean.com/formerr/formerr-backend:1f2e3d4", 2, 6, resources),
        frontend=Workload("registry.digitalocean.com/formerr/formerr-frontend:1f2e3d4", 2, 6, resources),
        database=database,
        edge=Edge(trusted=("10.10.0.0/16",)),
    )
    found = []
    for manifest in manifests(plan):
        version = manifest["apiVersion"]
        token = f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"
        urn = f"urn:pulumi:{plan.stack}::{plan.project}::{token}::{manifest['metadata']['name']}"
        found.append(Resource(token, urn, _shown(manifest, secret)))
    return found


@pytest.mark.parametrize("secret", ["swordfish", UNKNOWN], ids=["known", "unknown"])
@pytest.mark.parametrize(
    "database", [ClusterDatabase(), ManagedDatabase(ranges=("10.10.0.0/16",))], ids=["cluster", "managed"]
)
@pytest.mark.parametrize("environment", Environment)
def test_the_application_breaks_no_rule(environment: Environment, database: Database, secret: Any) -> None:
    made = objects(environment, database, secret)
    broken = {
        (rule.name, one.type, one.name): rule.judge(one).broken
        for rule in RULES
        if isinstance(rule, ResourceRule)
        for one in made
        if rule.judge(one).broken
    }
    assert broken == {}


def test_the_rules_see_its_containers() -> None:
    made = objects(Environment.STAGING, ClusterDatabase(), "swordfish")
    images = {
        container["image"].text.partition(":")[0].rsplit("/", 1)[-1]
        for one in made
        for pod in pods(one)
        for container in containers(pod, Found())
    }
    assert images >= {"formerr-backend", "formerr-frontend", "postgres", "traefik"}
