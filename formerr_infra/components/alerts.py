"""What watches the stack from outside, and who is told: an uptime check with its alerts, and alert policies.

Only where somebody is to be told. The policies on nodes go by the tag that DOKS puts on every worker, so that
autoscaled nodes are in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.model import Decision
    from formerr_infra.monitors import Monitor

#: Where the check is made from.
REGIONS = ("eu_west", "us_east")
#: Days before a certificate ends; DigitalOcean renews its own long before.
TLS_DAYS = 14


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told.

    Attributes:
        emails: addresses.
        channel: of Slack, if any.
        url: the webhook of that channel; a secret.
    """

    emails: tuple[str, ...]
    channel: str | None = None
    url: pulumi.Input[str] | None = None

    def channels(self) -> dict[str, Any]:
        """As both kinds of alert take it."""
        told: dict[str, Any] = {"emails": list(self.emails)} if self.emails else {}
        if self.channel is not None:
            told["slacks"] = [{"channel": self.channel, "url": self.url}]
        return told


@dataclass(frozen=True, slots=True)
class AlertsArgs:
    """What watches the stack.

    Attributes:
        decisions: slot -> decision, of those that are declared.
        check_name, down_name, tls_name: names of the check and its alerts.
        url: what is checked.
        monitors: policy and its description, which carries the mark.
        cluster_id, load_balancer_id: what the policies are about.
        told: see `Told`.
        care: how they are kept.
        began: when the run began.
    """

    decisions: Mapping[str, Decision]
    check_name: str
    down_name: str
    tls_name: str
    url: str
    monitors: tuple[tuple[Monitor, str], ...]
    cluster_id: pulumi.Input[str]
    load_balancer_id: pulumi.Input[str]
    told: Told
    care: Care
    began: str


def check_arguments(args: AlertsArgs) -> dict[str, Any]:
    """Inputs of the uptime check."""
    if found := args.decisions["uptimeCheck"].imported:
        described = plain(found.details, name="name", type="type", target="target", regions="regions")
        return described | {"enabled": found.details.get("enabled") is not False}
    return {
        "name": args.check_name,
        "type": args.url.partition(":")[0],
        "target": args.url,
        "regions": list(REGIONS),
    }


def alert_arguments(args: AlertsArgs, slot: str, check_id: pulumi.Input[str]) -> dict[str, Any]:
    """Inputs of one of the check's alerts."""
    if found := args.decisions[slot].imported:
        described = plain(
            found.details,
            name="name",
            type="type",
            threshold="threshold",
            comparison="comparison",
            period="period",
        )
        told = live_channels(found.details.get("notifications"))
        return described | {"check_id": check_id, "notifications": [told]}
    down = slot == "downAlert"
    return {
        "check_id": check_id,
        "name": args.down_name if down else args.tls_name,
        "type": "down" if down else "ssl_expiry",
        "threshold": 1 if down else TLS_DAYS,
        "comparison": "less_than",
        "period": "2m" if down else "1h",
        "notifications": [args.told.channels()],
    }


def policy_arguments(args: AlertsArgs, monitor: Monitor, description: str) -> dict[str, Any]:
    """Inputs of one alert policy."""
    if found := args.decisions[monitor.slot].imported:
        described = plain(
            found.details,
            description="description",
            type="type",
            compare="compare",
            value="value",
            window="window",
            entities="entities",
            tags="tags",
        )
        enabled = found.details.get("enabled") is not False
        return described | {"enabled": enabled, "alerts": live_channels(found.details.get("alerts"))}
    about: dict[str, Any] = (
        {"tags": [pulumi.Output.concat("k8s:", args.cluster_id)]}
        if monitor.nodes
        else {"entities": [args.load_balancer_id]}
    )
    return about | {
        "description": description,
        "type": monitor.type,
        "compare": monitor.compare,
        "value": monitor.value,
        "window": monitor.window,
        "alerts": args.told.channels(),
    }


def live_channels(found: object) -> dict[str, Any]:
    """Who is told by a live one; the addresses of Slack are secrets."""
    told: dict[str, Any] = found if isinstance(found, dict) else {}
    described = plain(told, emails="email")
    slacks = [
        {"channel": one.get("channel"), "url": pulumi.Output.secret(one.get("url"))}
        for one in told.get("slack") or []
    ]
    return described | ({"slacks": slacks} if slacks else {})


def _secret(output: str) -> pulumi.ResourceOptions:
    """What an import reads comes from the provider, which does not know that addresses of Slack are secrets."""
    return pulumi.ResourceOptions(additional_secret_outputs=[output])


class Alerts(SlotComponent):
    """The check, its alerts, and the policies."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_ALERTS, name, list(args.decisions.values()), args.began, opts)
        check_decision = args.decisions["uptimeCheck"]
        check = self.declare(
            digitalocean.UptimeCheck,
            digitalocean.UptimeCheck.get,
            "uptime",
            check_decision,
            check_arguments(args),
            care=args.care,
        )
        resources: dict[str, pulumi.CustomResource] = {"uptimeCheck": check}
        for slot, ending in (("downAlert", "down"), ("tlsAlert", "tls")):
            if slot not in args.decisions:
                continue
            resources[slot] = self.declare(
                digitalocean.UptimeAlert,
                digitalocean.UptimeAlert.get,
                f"uptime-{ending}",
                args.decisions[slot],
                alert_arguments(args, slot, check.id),
                care=args.care,
                known={"check_id": check.id},
                more=_secret("notifications"),
                import_id=f"{check_decision.id},{args.decisions[slot].id}",
            )
        for monitor, description in args.monitors:
            resources[monitor.slot] = self.declare(
                digitalocean.MonitorAlert,
                digitalocean.MonitorAlert.get,
                monitor.name,
                args.decisions[monitor.slot],
                policy_arguments(args, monitor, description),
                care=args.care,
                more=_secret("alerts"),
            )
        self.finish(resources)
