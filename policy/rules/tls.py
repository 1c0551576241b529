"""In production nothing travels in the clear outside the cluster: not from a browser, and not to a managed database."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from policy.kubernetes import containers, objects, pods
from policy.model import ResourceRule, StackRule

if TYPE_CHECKING:
    from policy.model import Found, Resource, Stack
    from policy.values import Node

LOAD_BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
_ENCRYPTED = ("https", "http2", "http3")
#: libpq's modes that look at the certificate (PostgreSQL documentation, "SSL Support", table 34.1).
VERIFIED = ("verify-full", "verify-ca")
_MODE_NAMES = frozenset({"PGSSLMODE", "DB_SSLMODE", "DATABASE_SSLMODE"})
_NEEDS = f"the certificate is not looked at; set sslmode to {' or '.join(VERIFIED)}"


def _encrypted(resource: Resource, stack: Stack, found: Found) -> None:
    if resource.type != LOAD_BALANCER or stack.is_being_imported(resource):
        return
    rules = resource["forwardingRules"]
    protocols = {rule["entryProtocol"].text for rule in rules.items()}
    if not protocols & set(_ENCRYPTED):
        found.breaks(rules, "no rule takes https; set a certificate, or a domain to have one made")
    if "http" in protocols:
        with found.where_known():
            if resource["redirectHttpToHttps"].value is not True:
                found.breaks("redirectHttpToHttps", "http is answered; it has to be redirected")
    for rule in rules.items():
        with found.where_known():
            if rule["entryProtocol"].text in _ENCRYPTED and not _has_a_certificate(rule):
                found.breaks(rule, "https without a certificate")


def _has_a_certificate(rule: Node) -> bool:
    if rule["tlsPassthrough"].is_known and rule["tlsPassthrough"].value is True:
        return True
    named = [rule[key] for key in ("certificateName", "certificateId")]
    if any(name.is_known and name.text for name in named):
        return True
    return any(name.text for name in named)  # raises where one of them is to be known only later


def _verified(resource: Resource, found: Found) -> None:
    for kind, place in objects(resource):
        if kind in ("Secret", "ConfigMap"):
            for part in ("data", "stringData"):
                with found.where_known():
                    for key, value in place[part].entries():
                        with found.where_known():
                            encoded = kind == "Secret" and part == "data"
                            _setting(key, value, _decoded(value.text) if encoded else value.text, found)
    for pod in pods(resource):
        for container in containers(pod, found):
            with found.where_known():
                for variable in container["env"].items():
                    with found.where_known():
                        _setting(variable["name"].text, variable["value"], variable["value"].text, found)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _setting(name: str, where: Node, text: str, found: Found) -> None:
    mode = _mode(text) if text.startswith("postgres") else text if name in _MODE_NAMES and text else None
    if mode is not None and not mode.startswith("$(") and mode not in VERIFIED:
        found.breaks(where, _NEEDS)


def _mode(url: str) -> str | None:
    """The mode of a PostgreSQL URL, `disable` where it says none; None where it is no such URL or its host is in the cluster."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if not re.fullmatch(r"postgres(ql)?(\+[a-z0-9_]+)?", parts.scheme) or _in_the_cluster(host):
        return None
    query = parse_qs(parts.query)
    said = query.get("sslmode") or query.get("ssl")  # asyncpg has the same words under the second name
    return said[-1] if said else "disable"


def _in_the_cluster(host: str) -> bool:
    return host.endswith((".svc", ".cluster.local")) or not ("." in host or host.startswith("$("))


TLS_IN_PRODUCTION = StackRule(
    name="tls-in-production",
    title="Production answers with TLS",
    means="The load balancer has a forwarding rule for https with a certificate (or passes TLS through), and redirects http. Not in "
    "the run that imports it.",
    check=_encrypted,
    production=True,
)

DATABASE_TLS_IN_PRODUCTION = ResourceRule(
    name="database-tls-in-production",
    title="Production verifies its database",
    means="Where a `Secret`, a `ConfigMap` or an `env` value shows a PostgreSQL URL to a host outside the cluster, or `PGSSLMODE`, "
    "`DB_SSLMODE` or `DATABASE_SSLMODE`, the mode is `verify-full` or `verify-ca`.",
    check=_verified,
    production=True,
)
