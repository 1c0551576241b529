"""Schemathesis over every emulated operation: whatever is asked, the answer is one the specification knows.

Bounded: a few cases an operation, the same ones on each run. Every other case asks for something that exists, so that
generated bodies reach the rules behind the 404.
"""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from formerr_infra.emulator.engine import operations
from tests.emulator import specification, things
from tests.emulator.conftest import bearer

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer

CASES = 4
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def emulated() -> dict[str, Any]:
    """The specification, cut to the operations that are emulated."""
    document = copy.copy(specification.document())
    known = {(operation.path, operation.method.lower()) for operation in operations()}
    document["paths"] = {
        path: {
            method: body
            for method, body in methods.items()
            if (path, method) in known or method == "parameters"
        }
        for path, methods in document["paths"].items()
        if any((path, method) in known for method in methods)
    }
    return document


def existing(control: ControlClient) -> dict[str, Any]:
    """Parameters of paths by name, each of something that is there."""
    control.reset()
    control.account(droplet_limit=1000)
    cluster = control.put(
        "kubernetes_clusters", name="c", node_pools=[things.pool(count=2), things.pool("b")]
    )
    control.put("registries", name="reg", subscription_tier_slug="professional")
    repository = control.put("repositories", registry_name="reg", name="app")
    control.put("domains", name="some.example")
    check = control.put("uptime_checks", name="check")["id"]
    pool = cluster["node_pools"][0]
    droplet = control.list("droplets")[0]
    return {
        "vpc_id": control.put("vpcs", name="v")["id"],
        "cluster_id": cluster["id"],
        "node_pool_id": pool["id"],
        "node_id": pool["nodes"][0]["id"],
        "registry_name": "reg",
        "repository_name": "app",
        "repository_tag": "latest",
        "manifest_digest": repository["latest_manifest"]["digest"],
        "lb_id": control.put("load_balancers", name="lb")["id"],
        "project_id": control.put("projects", name="p")["id"],
        "tag_id": control.put("tags", name="web")["name"],
        "certificate_id": control.put("certificates", name="own")["id"],
        "domain_name": "some.example",
        "domain_record_id": control.put("domain_records", domain="some.example", data="192.0.2.1")["id"],
        "firewall_id": control.put("firewalls", name="fw")["id"],
        "database_cluster_uuid": control.put("databases", name="data")["id"],
        "database_name": "defaultdb",
        "username": "doadmin",
        "droplet_id": droplet["id"],
        "check_id": check,
        "alert_id": control.put("uptime_alerts", check_id=check)["id"],
        "alert_uuid": control.put("alert_policies")["uuid"],
        "volume_id": control.put("volumes")["id"],
    }


def test_every_answer_to_generated_requests_is_one_the_specification_knows(
    server: EmulatorServer, control: ControlClient, tmp_path: Path
) -> None:
    schema = schemathesis.openapi.from_dict(emulated())
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        found.append(result.ok())
    assert {(o.method.upper(), o.path) for o in found} == {(o.method, o.path) for o in operations()}
    known = existing(control)
    start = control.save(str(tmp_path / "start.json"))
    for operation in found:
        control.load(start)
        _exercise(operation, server.endpoint, known)


def _exercise(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], endpoint: str, known: dict[str, Any]
) -> None:
    turns = itertools.count()

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: schemathesis.Case[Any]) -> None:
        if next(turns) % 2 == 0:
            for name in set(case.path_parameters or {}) & set(known):
                case.path_parameters[name] = known[name]
        case.call_and_validate(base_url=endpoint, headers=bearer(), checks=CHECKS)

    run()
