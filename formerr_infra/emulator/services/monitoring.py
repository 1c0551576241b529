"""Alert policies of the monitoring: kept and answered, never triggered. Metrics are not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields

ROUTES = Routes()
KIND = "alert_policies"
COMPARISONS = ("GreaterThan", "LessThan")
WINDOWS = ("5m", "10m", "30m", "1h")
TYPES = (
    *(
        f"v1/insights/droplet/{what}"
        for what in (
            "load_1", "load_5", "load_15", "memory_utilization_percent", "disk_utilization_percent", "cpu", "disk_read",
            "disk_write", "public_outbound_bandwidth", "public_inbound_bandwidth", "private_outbound_bandwidth",
            "private_inbound_bandwidth",
        )
    ),
    *(
        f"v1/insights/lbaas/{what}"
        for what in (
            "avg_cpu_utilization_percent", "connection_utilization_percent", "droplet_health",
            "tls_connections_per_second_utilization_percent", "increase_in_http_error_rate_percentage_5xx",
            "increase_in_http_error_rate_percentage_4xx", "increase_in_http_error_rate_count_5xx",
            "increase_in_http_error_rate_count_4xx", "high_http_request_response_time",
            "high_http_request_response_time_50p", "high_http_request_response_time_95p",
            "high_http_request_response_time_99p",
        )
    ),
    *(
        f"v1/dbaas/alerts/{what}"
        for what in ("load_15_alerts", "memory_utilization_alerts", "disk_utilization_alerts", "cpu_alerts")
    ),
    *(
        f"v1/droplet/autoscale_alerts/{what}"
        for what in (
            "current_instances", "target_instances", "current_cpu_utilization", "target_cpu_utilization",
            "current_memory_utilization", "target_memory_utilization", "scale_up", "scale_down",
        )
    ),
)  # fmt: skip
"""What a policy can watch (OpenAPI `alert_policy.type`)."""
_ONE = "/v2/monitoring/alerts/{alert_uuid}"


def build(world: World, account: Account, fields: Json) -> Json:
    """A policy, without any check; its id is its uuid."""
    key = fields.get("uuid") or world.uuid(KIND)
    policy: Json = {
        "uuid": key,
        "type": TYPES[5],
        "description": f"policy {len(account[KIND]) + 1}",
        "compare": COMPARISONS[0],
        "value": 80.0,
        "window": WINDOWS[0],
        "entities": [],
        "tags": [],
        "alerts": {"email": [], "slack": []},
        "enabled": True,
        **fields,
    }
    return account[KIND].put(key, policy)


def view(_world: World, _account: Account, policy: Json) -> Json:
    """The policy as the API answers it."""
    return public(policy)


def drop(_world: World, account: Account, policy: Json) -> None:
    """Take a policy away."""
    account[KIND].remove(policy["uuid"])


def read_channels(body: Fields) -> Json:
    """Who is told: addresses, and channels of Slack."""
    slack = [{"channel": entry.text("channel"), "url": entry.text("url")} for entry in body.children("slack")]
    return {"email": body.strings("email"), "slack": slack}


def _find(call: Call) -> Json:
    policy = call.account[KIND].get(call.params[0])
    if policy is None:
        raise NotFound("alert policy not found")
    call.touched[:] = [policy["uuid"], policy["description"]]
    return policy


def _read(body: Fields) -> Json:
    value = body.data.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unprocessable("value: must be a number")
    return {
        "type": body.text("type", choices=TYPES),
        "description": body.text("description", longest=1024),
        "compare": body.text("compare", choices=COMPARISONS),
        "value": float(value),
        "window": body.text("window", choices=WINDOWS),
        "entities": body.strings("entities"),
        "tags": body.tags(),
        "alerts": read_channels(body.child("alerts")),
        "enabled": body.flag("enabled", default=True),
    }


@ROUTES.on("GET", "/v2/monitoring/alerts", "monitoring:read")
def list_policies(call: Call) -> Answer:
    """All policies."""
    return call.page("policies", call.account[KIND].values(), public)


@ROUTES.on("POST", "/v2/monitoring/alerts", "monitoring:create")
def create_policy(call: Call) -> Answer:
    """A new policy."""
    policy = build(call.world, call.account, _read(call.body))
    call.touched[:] = [policy["uuid"], policy["description"]]
    return Answer(200, {"policy": public(policy)})


@ROUTES.on("GET", _ONE, "monitoring:read")
def get_policy(call: Call) -> Answer:
    """One policy."""
    return Answer(200, {"policy": public(_find(call))})


@ROUTES.on("PUT", _ONE, "monitoring:update")
def update_policy(call: Call) -> Answer:
    """Replace a policy."""
    policy = _find(call)
    policy.update(_read(call.body))
    call.account[KIND].changed()
    return Answer(200, {"policy": public(policy)})


@ROUTES.on("DELETE", _ONE, "monitoring:delete")
def delete_policy(call: Call) -> Answer:
    """Delete a policy."""
    drop(call.world, call.account, _find(call))
    return Answer(204)
