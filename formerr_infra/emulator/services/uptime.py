"""Uptime checks and their alerts. Nothing is ever checked: every region reports the target as up.

A check's alerts go with it. Names need not be unique.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services.monitoring import read_channels
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields

ROUTES = Routes()
KIND = "uptime_checks"
ALERTS = "uptime_alerts"
TYPES = ("ping", "http", "https")
REGIONS = ("us_east", "us_west", "eu_west", "se_asia")
ALERT_TYPES = ("latency", "down", "down_global", "ssl_expiry")
PERIODS = ("2m", "3m", "5m", "10m", "15m", "30m", "1h")
COMPARISONS = ("greater_than", "less_than")
_ONE = "/v2/uptime/checks/{check_id}"
_ALERT = f"{_ONE}/alerts/{{alert_id}}"


def build(world: World, account: Account, fields: Json) -> Json:
    """A check, without any check of its fields."""
    key = fields.get("id") or world.uuid(KIND)
    check: Json = {
        "id": key,
        "name": f"check-{len(account[KIND]) + 1}",
        "type": "https",
        "target": "https://www.example.com",
        "regions": ["us_east", "eu_west"],
        "enabled": True,
        **fields,
    }
    return account[KIND].put(key, check)


def view(_world: World, _account: Account, check: Json) -> Json:
    """The check as the API answers it."""
    return public(check)


def drop(_world: World, account: Account, check: Json) -> None:
    """Take a check away, and its alerts with it."""
    account[KIND].remove(check["id"])
    for alert in alerts_of(account, check["id"]):
        account[ALERTS].remove(alert["id"])


def build_alert(world: World, account: Account, fields: Json) -> Json:
    """An alert of the check that `check_id` names, without any check of its fields."""
    key = fields.get("id") or world.uuid(ALERTS)
    rest = {name: value for name, value in fields.items() if name != "check_id"}
    alert: Json = {
        "id": key,
        "name": f"alert-{len(account[ALERTS]) + 1}",
        "type": "down",
        "notifications": {"email": [], "slack": []},
        "period": "2m",
        **rest,
        "_check": fields.get("check_id", ""),
    }
    return account[ALERTS].put(key, alert)


def view_alert(_world: World, _account: Account, alert: Json) -> Json:
    """The alert as the API answers it."""
    return public(alert)


def drop_alert(_world: World, account: Account, alert: Json) -> None:
    """Take an alert away."""
    account[ALERTS].remove(alert["id"])


def alerts_of(account: Account, check_id: str) -> list[Json]:
    """The alerts of a check."""
    return [alert for alert in account[ALERTS] if alert["_check"] == check_id]


def _find(call: Call) -> Json:
    check = call.account[KIND].get(call.params[0])
    if check is None:
        raise NotFound("check not found")
    call.touched[:] = [check["id"], check["name"]]
    return check


def _find_alert(call: Call) -> Json:
    check = _find(call)
    alert = call.account[ALERTS].get(call.params[1])
    if alert is None or alert["_check"] != check["id"]:
        raise NotFound("alert not found")
    call.touched[:] = [alert["id"], alert["name"]]
    return alert


def _read(body: Fields, known: Json) -> Json:
    regions = body.strings("regions") if "regions" in body else known.get("regions", [])
    for region in regions:
        if region not in REGIONS:
            raise Unprocessable(f"regions: {region!r} is not one of {', '.join(REGIONS)}")
    return {
        "name": body.text("name", known.get("name"), longest=255),
        "type": body.text("type", known.get("type"), choices=TYPES),
        "target": body.text("target", known.get("target"), longest=255),
        "regions": regions,
        "enabled": body.flag("enabled", default=known.get("enabled", True)),
    }


def _read_alert(body: Fields, known: Json) -> Json:
    kind = body.text("type", known.get("type"), choices=ALERT_TYPES)
    channels = (
        read_channels(body.child("notifications"))
        if "notifications" in body or not known
        else known["notifications"]
    )
    fields: Json = {
        "name": body.text("name", known.get("name"), longest=255),
        "type": kind,
        "notifications": channels,
        "period": body.text("period", known.get("period"), choices=PERIODS),
    }
    if body.data.get("threshold"):
        fields["threshold"] = body.number("threshold", high=2**31)
    if body.data.get("comparison"):
        fields["comparison"] = body.text("comparison", choices=COMPARISONS)
    return fields


@ROUTES.on("GET", "/v2/uptime/checks", "uptime:read")
def list_checks(call: Call) -> Answer:
    """All checks."""
    return call.page("checks", call.account[KIND].values(), public)


@ROUTES.on("POST", "/v2/uptime/checks", "uptime:create")
def create_check(call: Call) -> Answer:
    """A new check."""
    check = build(call.world, call.account, _read(call.body, {}))
    call.touched[:] = [check["id"], check["name"]]
    return Answer(201, {"check": public(check)})


@ROUTES.on("GET", _ONE, "uptime:read")
def get_check(call: Call) -> Answer:
    """One check."""
    return Answer(200, {"check": public(_find(call))})


@ROUTES.on("PUT", _ONE, "uptime:update")
def update_check(call: Call) -> Answer:
    """Change a check."""
    check = _find(call)
    check.update(_read(call.body, check))
    call.account[KIND].changed()
    return Answer(200, {"check": public(check)})


@ROUTES.on("DELETE", _ONE, "uptime:delete")
def delete_check(call: Call) -> Answer:
    """Delete a check with its alerts."""
    drop(call.world, call.account, _find(call))
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/state", "uptime:read")
def get_state(call: Call) -> Answer:
    """What the last checks found: up, everywhere."""
    check = _find(call)
    up = {
        "status": "UP",
        "status_changed_at": call.world.timestamp(),
        "thirty_day_uptime_percentage": 100.0,
    }
    regions = dict.fromkeys(check["regions"], up)
    none = {"region": "", "started_at": "", "ended_at": "", "duration_seconds": 0}
    return Answer(200, {"state": {"regions": regions, "previous_outage": none}})


@ROUTES.on("GET", f"{_ONE}/alerts", "uptime:read")
def list_alerts(call: Call) -> Answer:
    """The alerts of a check."""
    return call.page("alerts", alerts_of(call.account, _find(call)["id"]), public)


@ROUTES.on("POST", f"{_ONE}/alerts", "uptime:create", "uptime:update")
def create_alert(call: Call) -> Answer:
    """A new alert of a check."""
    check = _find(call)
    fields = {**_read_alert(call.body, {}), "check_id": check["id"]}
    alert = build_alert(call.world, call.account, fields)
    call.touched[:] = [alert["id"], alert["name"]]
    return Answer(201, {"alert": public(alert)})


@ROUTES.on("GET", _ALERT, "uptime:read")
def get_alert(call: Call) -> Answer:
    """One alert."""
    return Answer(200, {"alert": public(_find_alert(call))})


@ROUTES.on("PUT", _ALERT, "uptime:update")
def update_alert(call: Call) -> Answer:
    """Change an alert."""
    alert = _find_alert(call)
    alert.update(_read_alert(call.body, alert))
    call.account[ALERTS].changed()
    return Answer(200, {"alert": public(alert)})


@ROUTES.on("DELETE", _ALERT, "uptime:delete", "uptime:update")
def delete_alert(call: Call) -> Answer:
    """Delete an alert."""
    drop_alert(call.world, call.account, _find_alert(call))
    return Answer(204)
