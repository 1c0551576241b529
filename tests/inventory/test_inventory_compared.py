"""What drift compares of an adopted resource is what the API tells of it, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.drift.adopted import COMPARED, adopted
from formerr_infra.drift.model import Finding
from formerr_infra.holdings import Resource
from formerr_infra.model import Found
from formerr_infra.slots import SLOTS
from tests.inventory.liar import TOKEN

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient

RULE = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 30080}
REGION = {"region": "nyc3"}
CHECK = "6c3f2d0e-0000-4000-8000-000000000001"
#: What the emulator calls each kind, and one with everything that is compared.
WHOLE: dict[str, tuple[str, dict[str, Any]]] = {
    "vpc": ("vpcs", {"description": "ours", "ip_range": "10.77.0.0/20", **REGION}),
    "cluster": ("kubernetes_clusters", {"tags": ["mine"], "vpc_uuid": "v", **REGION}),
    "registry": ("registries", {}),
    "load_balancer": (
        "load_balancers",
        {"tag": "web", "vpc_uuid": "v", "forwarding_rules": [RULE], **REGION},
    ),
    "project": ("projects", {"description": "ours", "environment": "Staging", "purpose": "Web Application"}),
    "database": ("databases", {"tags": ["mine"], "private_network_uuid": "v", **REGION}),
    "domain": ("domains", {"name": "some.example"}),
    "record": ("domain_records", {"domain": "some.example", "data": "192.0.2.1", "ttl": 300}),
    "certificate": ("certificates", {}),
    "uptime_check": ("uptime_checks", {"id": CHECK, "target": "https://some.example"}),
    "uptime_alert": ("uptime_alerts", {"check_id": CHECK}),
    "alert_policy": ("alert_policies", {"description": "CPU", "value": 80}),
}
POOL = {"name": "one", "size": "s-2vcpu-4gb", "count": 1, "auto_scale": True, "min_nodes": 1, "max_nodes": 2, "tags": ["mine"]}  # fmt: skip


def put(control: ControlClient, kind: str) -> dict[str, Any]:
    """One of a kind, as the API answers it."""
    if kind == "node_pool":
        made = control.put("kubernetes_clusters", token=TOKEN, name="c", node_pools=[POOL], **REGION)
        return dict(made["node_pools"][0])
    for around in ({"record": "domain", "uptime_alert": "uptime_check"}.get(kind), kind):
        if around is not None:
            collection, fields = WHOLE[around]
            named = {} if around == "alert_policy" else {"name": "one"}
            made = control.put(collection, token=TOKEN, **named | fields)
    return dict(made)


@pytest.mark.parametrize("kind", COMPARED)
def test_each_property_is_told_by_the_api_and_a_change_of_any_is_drift(
    kind: str, control: ControlClient
) -> None:
    raw = put(control, kind)
    recorded = {path: read(raw) for path, read in COMPARED[kind].items()}
    assert [path for path, value in recorded.items() if value in (None, [])] == []
    engine_type = next(slot.engine_type for slot in SLOTS if slot.kind == kind)

    def finding(outputs: dict[str, Any]) -> Finding:
        return adopted(
            Resource("urn", engine_type, "one", "id", outputs=outputs), kind, Found("id", "one", details=raw)
        ).finding

    assert finding(recorded) is Finding.CLEAN
    for path in recorded:
        assert finding(recorded | {path: "another"}) is Finding.CHANGED, path
