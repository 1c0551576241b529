"""LoadBalancer: its calls. The table stands in `load_balancer_table.py`."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.resource import Cloud, Resource, compact
from formerr_infra.local.standin.resources.load_balancer_table import (
    CONFLICTS,
    LOAD_BALANCER_FIELDS,
    validate,
)

if TYPE_CHECKING:
    from formerr_infra.local.standin.fields import Props

PATH = "/v2/load_balancers"
CREATE_SECONDS = 600.0


def create(cloud: Cloud, planned: Props) -> str:
    """POST the load balancer and wait until it is active; where the wait fails, it stays in state."""
    body = _body(cloud, planned)
    try:
        ident = str(cloud.api.post(PATH, body)["load_balancer"]["id"])
    except ApiError as error:
        raise StandinError(f"Error creating Load Balancer: {error}") from None

    def active() -> bool:
        status = cloud.api.get(f"{PATH}/{ident}")["load_balancer"]["status"]
        if status not in ("new", "active"):
            raise StandinError(f"unexpected state '{status}', wanted target 'active'")
        return bool(status == "active")

    try:
        cloud.wait(active, seconds=CREATE_SECONDS, what="the load balancer")
    except StandinError as error:
        reason = f"Error waiting for Load Balancer ({planned['name']}) to become active: {error}"
        raise InitFailed(ident, reason) from None
    return ident


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the load balancer, and the certificate of each rule that has one (its id changes on renewal)."""
    try:
        balancer = cloud.api.find(f"{PATH}/{ident}", "load_balancer")
    except ApiError as error:
        raise StandinError(f"Error retrieving Loadbalancer: {error}") from None
    if balancer is None:
        return None
    found: Props = {
        "name": balancer["name"],
        "loadBalancerUrn": f"do:loadbalancer:{ident}",
        "ip": balancer.get("ip") or "",
        "status": balancer.get("status") or "",
        "algorithm": balancer.get("algorithm") or "",
        "redirectHttpToHttps": bool(balancer.get("redirect_http_to_https")),
        "enableProxyProtocol": bool(balancer.get("enable_proxy_protocol")),
        "enableBackendKeepalive": bool(balancer.get("enable_backend_keepalive")),
        "disableLetsEncryptDnsRecords": bool(balancer.get("disable_lets_encrypt_dns_records")),
        "dropletTag": balancer.get("tag") or "",
        "vpcUuid": balancer.get("vpc_uuid") or "",
        "httpIdleTimeoutSeconds": balancer.get("http_idle_timeout_seconds"),
        "projectId": balancer.get("project_id") or "",
        "type": balancer.get("type") or "",
        "dropletIds": list(balancer.get("droplet_ids") or []),
        "targetLoadBalancerIds": list(balancer.get("target_load_balancer_ids") or []),
        "healthcheck": _shown_healthcheck(balancer.get("health_check")),
        "stickySessions": _shown_sticky(balancer.get("sticky_sessions")),
        "forwardingRules": [_shown_rule(cloud, rule) for rule in balancer.get("forwarding_rules") or []],
        "firewall": _shown_firewall(balancer.get("firewall")),
        "domains": [_shown_domain(cloud, domain) for domain in balancer.get("domains") or []],
        "glbSettings": _shown_global(balancer.get("glb_settings")),
    }
    if balancer.get("ipv6"):
        found["ipv6"] = balancer["ipv6"]
    if balancer.get("size_unit"):
        found["sizeUnit"] = balancer["size_unit"]
    else:
        found["size"] = balancer.get("size") or ""
    if balancer.get("region"):
        found["region"] = balancer["region"]["slug"]
    return found


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the whole load balancer."""
    try:
        cloud.api.put(f"{PATH}/{ident}", _body(cloud, planned))
    except StandinError as error:
        raise InitFailed(ident, f"Error updating Load Balancer: {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE it; one that is gone already is fine."""
    try:
        cloud.api.delete(f"{PATH}/{ident}")
    except ApiError as error:
        if error.status != 404:
            raise StandinError(f"Error deleting Load Balancer: {error}") from None


def _body(cloud: Cloud, planned: Props) -> dict[str, Any]:
    body = compact(
        {
            "name": planned["name"],
            "region": planned.get("region"),
            "algorithm": planned.get("algorithm"),
            "redirect_http_to_https": planned.get("redirectHttpToHttps"),
            "enable_proxy_protocol": planned.get("enableProxyProtocol"),
            "enable_backend_keepalive": planned.get("enableBackendKeepalive"),
            "forwarding_rules": [_rule(cloud, rule) for rule in planned.get("forwardingRules", [])],
            "project_id": planned.get("projectId"),
            "size_unit": planned.get("sizeUnit"),
            "http_idle_timeout_seconds": planned.get("httpIdleTimeoutSeconds"),
            "health_check": _healthcheck(planned.get("healthcheck")),
            "sticky_sessions": _sticky(planned.get("stickySessions")),
            "vpc_uuid": planned.get("vpcUuid"),
            "type": planned.get("type"),
            "domains": [_domain(cloud, domain) for domain in planned.get("domains", [])],
            "glb_settings": _global(planned.get("glbSettings")),
            "target_load_balancer_ids": planned.get("targetLoadBalancerIds"),
            "network": planned.get("network"),
            "network_stack": planned.get("networkStack"),
            "tls_cipher_policy": planned.get("tlsCipherPolicy"),
        }
    )
    if "size_unit" not in body and planned.get("size"):
        body["size"] = planned["size"]
    body["disable_lets_encrypt_dns_records"] = bool(planned.get("disableLetsEncryptDnsRecords"))
    if planned.get("firewall") is not None:
        body["firewall"] = _firewall(planned["firewall"])
    if planned.get("dropletTag"):
        body["tag"] = planned["dropletTag"]
    elif planned.get("dropletIds"):
        body["droplet_ids"] = planned["dropletIds"]
    return body


def _certificate(cloud: Cloud, name: str) -> str | None:
    found = cloud.api.pages("/v2/certificates", "certificates")
    return next((str(c["id"]) for c in found if c["name"] == name), None)


def _certificate_name(cloud: Cloud, ident: str) -> str:
    return str(cloud.api.get(f"/v2/certificates/{ident}")["certificate"]["name"])


def _rule(cloud: Cloud, rule: Props) -> dict[str, Any]:
    body = compact(
        {
            "entry_protocol": rule["entryProtocol"],
            "entry_port": rule["entryPort"],
            "target_protocol": rule["targetProtocol"],
            "target_port": rule["targetPort"],
            "tls_passthrough": rule.get("tlsPassthrough"),
        }
    )
    name, ident = rule.get("certificateName"), rule.get("certificateId")
    if name:
        found = _certificate(cloud, name)
        if found is None:
            raise StandinError(f"certificate not found: {name}")
        body["certificate_id"] = found
    elif ident:
        found = _certificate(cloud, ident)
        body["certificate_id"] = found or cloud.api.get(f"/v2/certificates/{ident}")["certificate"]["id"]
    return body


def _shown_rule(cloud: Cloud, rule: dict[str, Any]) -> Props:
    name = _certificate_name(cloud, rule["certificate_id"]) if rule.get("certificate_id") else ""
    return {
        "entryProtocol": rule["entry_protocol"],
        "entryPort": rule["entry_port"],
        "targetProtocol": rule["target_protocol"],
        "targetPort": rule["target_port"],
        "tlsPassthrough": bool(rule.get("tls_passthrough")),
        "certificateId": name,
        "certificateName": name,
    }


def _domain(cloud: Cloud, domain: Props) -> dict[str, Any]:
    body = {"name": domain["name"], "is_managed": bool(domain.get("isManaged"))}
    if domain.get("certificateName"):
        found = _certificate(cloud, domain["certificateName"])
        if found is None:
            raise StandinError(f"certificate not found: {domain['certificateName']}")
        body["certificate_id"] = found
    return body


def _shown_domain(cloud: Cloud, domain: dict[str, Any]) -> Props:
    name = _certificate_name(cloud, domain["certificate_id"]) if domain.get("certificate_id") else ""
    return {
        "name": domain["name"],
        "isManaged": bool(domain.get("is_managed")),
        "certificateId": name,
        "certificateName": name,
        "sslValidationErrorReasons": list(domain.get("ssl_validation_error_reasons") or []),
        "verificationErrorReasons": list(domain.get("verification_error_reasons") or []),
    }


_CHECK = {
    "protocol": "protocol",
    "port": "port",
    "path": "path",
    "check_interval_seconds": "checkIntervalSeconds",
    "response_timeout_seconds": "responseTimeoutSeconds",
    "healthy_threshold": "healthyThreshold",
    "unhealthy_threshold": "unhealthyThreshold",
}


def _healthcheck(check: Props | None) -> dict[str, Any]:
    return compact({key: (check or {}).get(name) for key, name in _CHECK.items()})


def _shown_healthcheck(check: dict[str, Any] | None) -> Props | None:
    if check is None:
        return None
    return {name: check.get(key, "" if key == "path" else 0) for key, name in _CHECK.items()}


def _sticky(sessions: Props | None) -> dict[str, Any]:
    given = sessions or {}
    return compact(
        {
            "type": given.get("type"),
            "cookie_name": given.get("cookieName"),
            "cookie_ttl_seconds": given.get("cookieTtlSeconds"),
        }
    )


def _shown_sticky(sessions: dict[str, Any] | None) -> Props | None:
    if sessions is None:
        return None
    return {
        "type": sessions.get("type") or "",
        "cookieName": sessions.get("cookie_name") or "",
        "cookieTtlSeconds": sessions.get("cookie_ttl_seconds") or 0,
    }


def _firewall(firewall: Props | None) -> dict[str, Any]:
    return compact({"allow": (firewall or {}).get("allows"), "deny": (firewall or {}).get("denies")})


def _shown_firewall(firewall: dict[str, Any] | None) -> Props | None:
    if firewall is None:
        return None
    return {"allows": list(firewall.get("allow") or []), "denies": list(firewall.get("deny") or [])}


def _global(settings: Props | None) -> dict[str, Any]:
    if not settings:
        return {}
    body: dict[str, Any] = {
        "target_protocol": settings["targetProtocol"],
        "target_port": settings["targetPort"],
        "cdn": {"is_enabled": bool((settings.get("cdn") or {}).get("isEnabled"))},
    }
    if settings.get("regionPriorities"):
        body["region_priorities"] = settings["regionPriorities"]
        body["failover_threshold"] = settings.get("failoverThreshold", 0)
    return body


def _shown_global(settings: dict[str, Any] | None) -> Props | None:
    if not settings:
        return None
    shown: Props = {
        "targetProtocol": str(settings.get("target_protocol", "")).lower(),
        "targetPort": settings.get("target_port"),
        "cdn": {"isEnabled": bool((settings.get("cdn") or {}).get("is_enabled"))},
    }
    if settings.get("region_priorities"):
        shown["regionPriorities"] = dict(settings["region_priorities"])
        shown["failoverThreshold"] = settings.get("failover_threshold", 0)
    return shown


LOAD_BALANCER = Resource(
    module="loadBalancer",
    name="LoadBalancer",
    fields=LOAD_BALANCER_FIELDS,
    create=create,
    read=read,
    update=update,
    delete=delete,
    conflicts=CONFLICTS,
    validate=validate,
    schema_version=1,
)
