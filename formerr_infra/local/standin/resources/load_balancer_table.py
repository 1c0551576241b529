"""LoadBalancer: its properties, and what must hold between them."""

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    SETTLED,
    Field,
    Props,
    Shape,
    Unknown,
    flag,
    has_unknown,
    name_field,
    nested,
    text,
    whole,
)

_UNITS = {"lb-small": 1, "lb-medium": 3, "lb-large": 6}


def _size_stands(olds: Props, news: Props) -> bool:
    units = news.get("sizeUnit", olds.get("sizeUnit"))
    size = news.get("size", "")
    if units:
        return bool(_UNITS.get(size) == units)
    return bool(olds.get("size", "") == size)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


ENTRY = ("http", "https", "http2", "http3", "tcp", "udp")
TARGET = ("http", "https", "http2", "tcp", "udp")

LOAD_BALANCER_FIELDS: tuple[Field, ...] = (
    text("algorithm", default="round_robin", quiet=True, oneof=("round_robin", "least_connections")),
    flag("disableLetsEncryptDnsRecords", default=False),
    nested(
        "domains",
        "LoadBalancerDomain",
        SETTLED,
        shape=Shape.SET,
        fields=(
            text("certificateId", OUTPUT),
            text("certificateName", SETTLED),
            flag("isManaged", default=False),
            text("name", REQUIRED),
            text("sslValidationErrorReasons", OUTPUT, shape=Shape.LIST),
            text("verificationErrorReasons", OUTPUT, shape=Shape.LIST),
        ),
    ),
    whole("dropletIds", SETTLED, shape=Shape.SET),
    text("dropletTag"),
    flag("enableBackendKeepalive", default=False),
    flag("enableProxyProtocol", default=False),
    nested(
        "firewall",
        "LoadBalancerFirewall",
        SETTLED,
        fields=(text("allows", shape=Shape.LIST), text("denies", shape=Shape.LIST)),
    ),
    nested(
        "forwardingRules",
        "LoadBalancerForwardingRule",
        shape=Shape.SET,
        fields=(
            text("certificateId", SETTLED),
            text("certificateName", SETTLED),
            whole("entryPort", REQUIRED),
            text("entryProtocol", REQUIRED, oneof=ENTRY),
            whole("targetPort", REQUIRED),
            text("targetProtocol", REQUIRED, oneof=TARGET),
            flag("tlsPassthrough", default=False),
        ),
    ),
    nested(
        "glbSettings",
        "LoadBalancerGlbSettings",
        SETTLED,
        fields=(
            nested("cdn", "LoadBalancerGlbSettingsCdn", fields=(flag("isEnabled", default=False),)),
            whole("failoverThreshold"),
            whole("regionPriorities", shape=Shape.MAP),
            whole("targetPort", REQUIRED),
            text("targetProtocol", REQUIRED, oneof=("http", "https")),
        ),
    ),
    nested(
        "healthcheck",
        "LoadBalancerHealthcheck",
        SETTLED,
        fields=(
            whole("checkIntervalSeconds", default=10),
            whole("healthyThreshold", default=5),
            text("path"),
            whole("port", REQUIRED),
            text("protocol", REQUIRED, oneof=("http", "https", "tcp")),
            whole("responseTimeoutSeconds", default=5),
            whole("unhealthyThreshold", default=3),
        ),
    ),
    whole("httpIdleTimeoutSeconds", SETTLED),
    text("ip", OUTPUT),
    text("ipv6", OUTPUT),
    text("loadBalancerUrn", OUTPUT),
    name_field(),
    text("network", replaces=True, oneof=("EXTERNAL", "INTERNAL")),
    text("networkStack", replaces=True, oneof=("IPV4", "DUALSTACK")),
    text("projectId", SETTLED),
    flag("redirectHttpToHttps", default=False),
    text("region", replaces=True, canonical=_lower),
    text("size", same=_size_stands, oneof=tuple(_UNITS)),
    whole("sizeUnit", SETTLED),
    text("status", OUTPUT),
    nested(
        "stickySessions",
        "LoadBalancerStickySessions",
        SETTLED,
        fields=(
            text("cookieName"),
            whole("cookieTtlSeconds"),
            text("type", default="none", oneof=("cookies", "none")),
        ),
    ),
    text("targetLoadBalancerIds", SETTLED, shape=Shape.SET),
    text("tlsCipherPolicy", oneof=("DEFAULT", "STRONG")),
    text("type", SETTLED, replaces=True, oneof=("REGIONAL", "GLOBAL", "REGIONAL_NETWORK")),
    text("vpcUuid", SETTLED, replaces=True),
)


CONFLICTS = (("dropletIds", "dropletTag"), ("forwardingRules", "glbSettings"))


def validate(inputs: Props) -> list[tuple[str, str]]:
    """What DigitalOcean would refuse, or what two properties exclude of each other."""
    found = _region(inputs)
    if isinstance(inputs.get("healthcheck"), dict) and not has_unknown(inputs["healthcheck"]):
        found += _healthcheck(inputs["healthcheck"])
    if isinstance(inputs.get("stickySessions"), dict) and not has_unknown(inputs["stickySessions"]):
        found += _sticky(inputs["stickySessions"])
    return found


def _region(inputs: Props) -> list[tuple[str, str]]:
    region, kind = inputs.get("region"), inputs.get("type")
    if isinstance(region, Unknown) or isinstance(kind, Unknown):
        return []
    if not kind and not region:
        return [("region", "missing 'region' value")]
    if str(kind or "").upper() == "GLOBAL" and region:
        return [("region", f"'region' must be empty or not set when 'type' is '{kind}'")]
    if kind and str(kind).upper() != "GLOBAL" and not region:
        return [("region", f"'region' must be set and not be empty when 'type' is '{kind}'")]
    return []


def _healthcheck(check: Props) -> list[tuple[str, str]]:
    protocol, path = check.get("protocol"), check.get("path")
    if protocol in ("http", "https") and not path:
        return [("healthcheck.path", f"health check `path` is required for when protocol is `{protocol}`")]
    if protocol == "tcp" and path:
        return [("healthcheck.path", "health check `path` is not allowed for when protocol is `tcp`")]
    return []


def _sticky(sessions: Props) -> list[tuple[str, str]]:
    cookies = sessions.get("type") == "cookies"
    found = []
    for name, word in (("cookieName", "cookie_name"), ("cookieTtlSeconds", "cookie_ttl_seconds")):
        if cookies and not sessions.get(name):
            found.append(
                (f"stickySessions.{name}", f"sticky sessions `{word}` is required for when type is `cookies`")
            )
        if not cookies and sessions.get(name):
            found.append(
                (f"stickySessions.{name}", f"sticky sessions `{word}` is not allowed for when type is `none`")
            )
    return found
