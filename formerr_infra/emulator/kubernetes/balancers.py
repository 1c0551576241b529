"""The load balancer that a Service of type LoadBalancer asks for, as DOKS's cloud controller makes it. Pure.

Names, defaults and annotations are those of `digitalocean-cloud-controller-manager` (docs/controllers/services and
cloud-controller-manager/do/loadbalancers.go). Left out: IPv6 and the choice of a network stack, own addresses and
subnets, HTTP/3, and the new id of a renewed Let's Encrypt certificate.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

PREFIX = "service.beta.kubernetes.io/do-loadbalancer-"
ID_ANNOTATION = "kubernetes.digitalocean.com/load-balancer-id"
TYPE_ANNOTATION = f"{PREFIX}type"
DISOWN_ANNOTATION = "service.kubernetes.io/do-loadbalancer-disown"
FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
"""Keeps a Service until its load balancer is gone."""
REGIONAL, NETWORK = "REGIONAL", "REGIONAL_NETWORK"
_HEALTH_PORT = 10256
"""Where kube-proxy, or Cilium in its place, says whether a node is healthy."""
_TRUE = ("true", "1", "t", "True", "TRUE", "T")


class Unfit(ValueError):
    """The annotations do not make a load balancer; the message says why."""


def is_wanted(service: Json) -> bool:
    """Whether a Service should have a load balancer of the account."""
    spec = service["spec"]
    of_type = spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")
    return of_type and "deletionTimestamp" not in service["metadata"]


def is_disowned(service: Json) -> bool:
    """Whether the load balancer is to be left alone, whatever happens."""
    return _annotations(service).get(DISOWN_ANNOTATION, "false") in _TRUE


def known_id(service: Json) -> str:
    """The id of the load balancer that a Service has, or is to take over."""
    return str(_annotations(service).get(ID_ANNOTATION, ""))


def names(service: Json) -> list[str]:
    """The name a load balancer gets, and those by which one that is there is found. Nobody asks whose it is."""
    # As `DefaultLoadBalancerName` of k8s.io/cloud-provider.
    legacy = ("a" + str(service["metadata"]["uid"]).replace("-", ""))[:32]
    own = _text(service, "name")
    return [own, legacy] if own else [legacy]


def ingress(service: Json, balancer: Json) -> list[Json]:
    """What the status of a Service says of its load balancer."""
    hostname = _text(service, "hostname")
    return [{"hostname": hostname}] if hostname else [{"ip": balancer["ip"], "ipMode": "VIP"}]


def digest(fields: Json) -> str:
    """What tells whether something has to be done."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def fields(service: Json, droplet_ids: list[int], certificates: dict[str, str]) -> Json:
    """The load balancer, without what its place in the account says; Unfit if there can be none.

    Args:
        service: the Service.
        droplet_ids: the droplets of all nodes.
        certificates: ids of the account's certificates by their names.
    """
    kind = _text(service, "type") or NETWORK
    if kind not in (REGIONAL, NETWORK):
        raise Unfit(f"only LB types supported are ({REGIONAL}, {NETWORK})")
    rules = _network_rules(service) if kind == NETWORK else _rules(service, certificates)
    slug, unit = _text(service, "size-slug"), _number(service, "size-unit", 0, low=1, high=200)
    if slug and unit:
        raise Unfit("only one of LB size slug and size unit can be provided")
    ranges = [f"cidr:{one}" for one in service["spec"].get("loadBalancerSourceRanges") or []]
    return {
        "name": names(service)[0],
        "type": kind,
        "network": _text(service, "network") or "EXTERNAL",
        "forwarding_rules": rules,
        "health_check": _health_check(service),
        "sticky_sessions": _sticky(service),
        "size": slug or "lb-small",
        "size_unit": unit or {"lb-medium": 3, "lb-large": 6}.get(slug, 1),
        "redirect_http_to_https": _flag(service, "redirect-http-to-https"),
        "enable_proxy_protocol": _flag(service, "enable-proxy-protocol"),
        "enable_backend_keepalive": _flag(service, "enable-backend-keepalive"),
        "disable_lets_encrypt_dns_records": _flag(service, "disable-lets-encrypt-dns-records"),
        "http_idle_timeout_seconds": _number(service, "http-idle-timeout-seconds", 60, low=30, high=600),
        "firewall": {
            "deny": _words(service, "deny-rules"),
            "allow": ranges or _words(service, "allow-rules"),
        },
        "droplet_ids": droplet_ids,
        "tag": "",
    }


def _network_rules(service: Json) -> list[Json]:
    # A network load balancer leaves the destination as it is, and the node hands it on by address.
    return [
        _rule(_transport(port), port["port"], _transport(port), port["port"])
        for port in service["spec"]["ports"]
    ]


def _rules(service: Json, certificates: dict[str, str]) -> list[Json]:
    default = _text(service, "protocol") or "tcp"
    if default not in ("tcp", "http", "https", "http2"):
        raise Unfit(f"invalid protocol {default!r} specified in annotation {PREFIX}protocol")
    certificate = _certificate(service, certificates)
    passthrough = _flag(service, "tls-passthrough")
    http, tls, http2 = (_ports(service, name) for name in ("http-ports", "tls-ports", "http2-ports"))
    if len({*http, *tls, *http2}) < len(http) + len(tls) + len(http2):
        raise Unfit(f'ports from annotations "{PREFIX}*-ports" cannot be shared')
    if (certificate or passthrough) and not tls and 443 not in http2:
        tls = [443]
    rules = []
    for port in service["spec"]["ports"]:
        number, protocol = port["port"], default
        for name, numbers in (("http", http), ("https", tls), ("http2", http2)):
            if number in numbers:
                protocol = name
        if _transport(port) == "udp":
            protocol = "udp"
        rule = _rule(protocol, number, protocol, port["nodePort"])
        if protocol in ("https", "http2"):
            rule.update(_tls(certificate, passthrough=passthrough))
        rules.append(rule)
    return rules


def _tls(certificate: str, *, passthrough: bool) -> Json:
    if bool(certificate) == passthrough:
        raise Unfit(
            "either certificate id should be set or tls pass through enabled, not both"
            if passthrough
            else "must set certificate id or enable tls pass through"
        )
    return (
        {"tls_passthrough": True}
        if passthrough
        else {"certificate_id": certificate, "target_protocol": "http"}
    )


def _rule(entry: str, entry_port: int, target: str, target_port: int) -> Json:
    return {
        "entry_protocol": entry,
        "entry_port": entry_port,
        "target_protocol": target,
        "target_port": target_port,
        "certificate_id": "",
        "tls_passthrough": False,
    }


def _transport(port: Json) -> str:
    protocol = str(port.get("protocol", "TCP"))
    if protocol not in ("TCP", "UDP"):
        raise Unfit(f"only TCP or UDP protocol is supported, got: {protocol!r}")
    return protocol.lower()


def _certificate(service: Json, certificates: dict[str, str]) -> str:
    known, name = _text(service, "certificate-id"), _text(service, "certificate-name")
    if known:
        if known not in certificates.values():
            raise Unfit(f"certificate {known} not found")
        return known
    if name and name not in certificates:
        raise Unfit(f"certificate of the name {name!r} not found")
    return certificates.get(name, "")


def _health_check(service: Json) -> Json:
    spec = service["spec"]
    check: Json = {"protocol": "http", "port": _HEALTH_PORT, "path": "/healthz"}
    if spec.get("externalTrafficPolicy") == "Local" and spec.get("healthCheckNodePort"):
        check["port"] = spec["healthCheckNodePort"]
    if f"{PREFIX}override-health-check" in _annotations(service):
        protocol = _text(service, "healthcheck-protocol") or "tcp"
        if protocol not in ("tcp", "http", "https"):
            raise Unfit(f"invalid protocol {protocol!r} specified in annotation {PREFIX}healthcheck-protocol")
        check = {
            "protocol": protocol,
            "port": _health_node_port(service),
            "path": _text(service, "healthcheck-path") or ("" if protocol == "tcp" else "/"),
        }
    for key, annotation, default, low, high in (
        ("check_interval_seconds", "healthcheck-check-interval-seconds", 3, 3, 300),
        ("response_timeout_seconds", "healthcheck-response-timeout-seconds", 5, 3, 300),
        ("unhealthy_threshold", "healthcheck-unhealthy-threshold", 3, 2, 10),
        ("healthy_threshold", "healthcheck-healthy-threshold", 5, 2, 10),
    ):
        check[key] = _number(service, annotation, default, low=low, high=high)
    return check


def _health_node_port(service: Json) -> int:
    ports = service["spec"]["ports"]
    wanted = _number(service, "healthcheck-port", ports[0]["port"], low=1, high=65535)
    for port in ports:
        if port["port"] == wanted:
            return int(port["nodePort"])
    raise Unfit(f"specified health check port {wanted} does not exist on service")


def _sticky(service: Json) -> Json:
    kind = _text(service, "sticky-sessions-type") or "none"
    if kind != "cookies":
        return {"type": "none"}
    name, ttl = _text(service, "sticky-sessions-cookie-name"), _text(service, "sticky-sessions-cookie-ttl")
    if not name or not ttl.isdigit():
        raise Unfit("sticky session cookie name and ttl are required")
    return {"type": "cookies", "cookie_name": name, "cookie_ttl_seconds": int(ttl)}


def _annotations(service: Json) -> Json:
    return service["metadata"].get("annotations") or {}


def _text(service: Json, name: str) -> str:
    return str(_annotations(service).get(PREFIX + name, ""))


def _words(service: Json, name: str) -> list[str]:
    return [word for word in _text(service, name).split(",") if word]


def _ports(service: Json, name: str) -> list[int]:
    try:
        return [int(word) for word in _words(service, name)]
    except ValueError:
        raise Unfit(f"annotation {PREFIX}{name} does not list ports: {_text(service, name)!r}") from None


def _flag(service: Json, name: str) -> bool:
    return _text(service, name) in _TRUE


def _number(service: Json, name: str, default: int, *, low: int, high: int) -> int:
    text = _text(service, name)
    if not text:
        return default
    if not text.isdigit() or not low <= int(text) <= high:
        raise Unfit(f"annotation {PREFIX}{name} must be a number from {low} to {high}, not {text!r}")
    return int(text)
