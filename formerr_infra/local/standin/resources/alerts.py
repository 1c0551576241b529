"""UptimeCheck, UptimeAlert and MonitorAlert."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    Field,
    Props,
    Shape,
    flag,
    name_field,
    nested,
    number,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Resource, compact

CHECKS = "/v2/uptime/checks"
POLICIES = "/v2/monitoring/alerts"
PERIODS = ("2m", "3m", "5m", "10m", "15m", "30m", "1h")


def _channels(given: Props) -> dict[str, Any]:
    slacks = [{"channel": s["channel"], "url": s["url"]} for s in given.get("slacks") or []]
    return {"email": list(given.get("emails") or []), "slack": slacks}


def _shown_channels(found: dict[str, Any] | None) -> Props:
    told = found or {}
    slacks = [{"channel": s["channel"], "url": s["url"]} for s in told.get("slack") or []]
    return {"emails": [one for one in told.get("email") or [] if one], "slacks": slacks}


def _check_body(planned: Props) -> dict[str, Any]:
    return {
        **compact({"type": planned.get("type")}),
        "name": planned["name"],
        "enabled": bool(planned.get("enabled")),
        "target": planned["target"],
        "regions": planned.get("regions", []),
    }


def create_check(cloud: Cloud, planned: Props) -> str:
    """POST the check."""
    try:
        return str(cloud.api.post(CHECKS, _check_body(planned))["check"]["id"])
    except ApiError as error:
        raise StandinError(f"Error creating Check: {error}") from None


def read_check(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the check."""
    try:
        check = cloud.api.find(f"{CHECKS}/{ident}", "check")
    except ApiError as error:
        raise StandinError(f"Error retrieving check: {error}") from None
    if check is None:
        return None
    return {
        "name": check["name"],
        "target": check["target"],
        "enabled": bool(check.get("enabled")),
        "regions": list(check.get("regions") or []),
        **compact({"type": check.get("type")}),
    }


def update_check(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the check."""
    try:
        cloud.api.put(f"{CHECKS}/{ident}", _check_body(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Error updating uptime check: {error}") from None


def delete_check(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the check; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{CHECKS}/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting uptime checks: {error}") from None


def _alert_body(planned: Props) -> dict[str, Any]:
    told = planned.get("notifications") or [{}]
    return {
        "name": planned["name"],
        "type": planned["type"],
        "notifications": _channels(told[0]),
        **compact({name: planned.get(name) for name in ("comparison", "threshold", "period")}),
    }


def create_alert(cloud: Cloud, planned: Props) -> str:
    """POST the alert below its check."""
    try:
        made = cloud.api.post(f"{CHECKS}/{planned['checkId']}/alerts", _alert_body(planned))
    except ApiError as error:
        raise StandinError(f"Error creating Uptime Alert: {error}") from None
    return str(made["alert"]["id"])


def read_alert(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the alert below its check."""
    try:
        alert = cloud.api.find(f"{CHECKS}/{known.get('checkId', '')}/alerts/{ident}", "alert")
    except ApiError as error:
        raise StandinError(f"Error retrieving check: {error}") from None
    if alert is None:
        return None
    return {
        "name": alert["name"],
        "type": alert["type"],
        "threshold": alert.get("threshold") or 0,
        "comparison": alert.get("comparison") or "",
        "period": alert.get("period") or "",
        "notifications": [_shown_channels(alert.get("notifications"))],
    }


def update_alert(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the alert below its check."""
    try:
        cloud.api.put(f"{CHECKS}/{planned['checkId']}/alerts/{ident}", _alert_body(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Error updating Alert: {error}") from None


def delete_alert(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the alert; one that is gone already, with its check too, is an error."""
    try:
        cloud.api.delete(f"{CHECKS}/{olds['checkId']}/alerts/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting uptime alerts: {error}") from None


def import_alert(cloud: Cloud, ident: str) -> Props | None:
    """`check,alert` is how an alert is imported."""
    check, comma, alert = ident.partition(",")
    if not comma:
        raise StandinError(
            "must use the IDs of the check and alert joined with a comma (e.g. `check_id,alert_id`)"
        )
    return {"id": alert, "checkId": check}


def _policy_body(planned: Props) -> dict[str, Any]:
    return {
        "type": planned["type"],
        "description": planned["description"],
        "compare": planned["compare"],
        "value": planned["value"],
        "window": planned["window"],
        "enabled": bool(planned.get("enabled")),
        "entities": planned.get("entities", []),
        "tags": planned.get("tags", []),
        "alerts": _channels(planned.get("alerts") or {}),
    }


def create_policy(cloud: Cloud, planned: Props) -> str:
    """POST the policy."""
    try:
        return str(cloud.api.post(POLICIES, _policy_body(planned))["policy"]["uuid"])
    except ApiError as error:
        raise StandinError(f"Error creating Alert Policy: {error}") from None


def read_policy(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the policy; its `uuid` stays empty, officially too."""
    try:
        policy = cloud.api.find(f"{POLICIES}/{ident}", "policy")
    except ApiError as error:
        raise StandinError(f"Error reading Alert: {error}") from None
    if policy is None:
        return None
    return {
        "description": policy["description"],
        "enabled": bool(policy.get("enabled")),
        "compare": policy["compare"],
        "value": policy["value"],
        "window": policy["window"],
        "type": policy["type"],
        "entities": list(policy.get("entities") or []),
        "tags": list(policy.get("tags") or []),
        "alerts": _shown_channels(policy.get("alerts")),
    }


def update_policy(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the whole policy."""
    try:
        cloud.api.put(f"{POLICIES}/{ident}", _policy_body(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Error updating monitoring alert: {error}") from None


def delete_policy(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the policy; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{POLICIES}/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting monitor alert: {error}") from None


def _channel_fields(owner: str) -> tuple[Field, ...]:
    slack = (text("channel", REQUIRED), text("url", REQUIRED))
    return (
        text("emails", shape=Shape.LIST),
        nested("slacks", f"{owner}Slack", shape=Shape.LIST, fields=slack),
    )


UPTIME_CHECK = Resource(
    module="uptimeCheck",
    name="UptimeCheck",
    fields=(
        flag("enabled", default=True),
        name_field(),
        text("regions", shape=Shape.SET),
        text("target", REQUIRED),
        text("type", default="https", oneof=("ping", "http", "https")),
    ),
    create=create_check,
    read=read_check,
    update=update_check,
    delete=delete_check,
)

UPTIME_ALERT = Resource(
    module="uptimeAlert",
    name="UptimeAlert",
    fields=(
        text("checkId", REQUIRED),
        text("comparison", oneof=("greater_than", "less_than")),
        name_field(),
        nested(
            "notifications",
            "UptimeAlertNotification",
            REQUIRED,
            shape=Shape.LIST,
            fields=_channel_fields("UptimeAlertNotification"),
        ),
        text("period", oneof=PERIODS),
        whole("threshold"),
        text("type", REQUIRED, oneof=("latency", "down", "down_global", "ssl_expiry")),
    ),
    create=create_alert,
    read=read_alert,
    update=update_alert,
    delete=delete_alert,
    importer=import_alert,
)

MONITOR_ALERT = Resource(
    module="monitorAlert",
    name="MonitorAlert",
    fields=(
        nested("alerts", "MonitorAlertAlerts", REQUIRED, fields=_channel_fields("MonitorAlertAlerts")),
        text("compare", REQUIRED, oneof=("GreaterThan", "LessThan")),
        text("description", REQUIRED),
        flag("enabled", default=True),
        text("entities", shape=Shape.SET),
        text("tags", shape=Shape.SET),
        text("type", REQUIRED),
        text("uuid", OUTPUT),
        number("value", REQUIRED),
        text("window", REQUIRED, oneof=("5m", "10m", "30m", "1h")),
    ),
    create=create_policy,
    read=read_policy,
    update=update_policy,
    delete=delete_policy,
)
