"""Domain and DnsRecord."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    SETTLED,
    Props,
    Unknown,
    name_field,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Resource, compact, nothing_to_update

PATH = "/v2/domains"
TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA")
_DOTTED = frozenset({"CNAME", "MX", "NS", "SRV", "CAA"})
_NEEDS = {"MX": ("priority",), "SRV": ("priority", "weight", "port"), "CAA": ("flags", "tag")}


def create(cloud: Cloud, planned: Props) -> str:
    """POST the domain; its id is its name."""
    body = compact({"name": planned["name"], "ip_address": planned.get("ipAddress")})
    try:
        return str(cloud.api.post(PATH, body)["domain"]["name"])
    except ApiError as error:
        raise StandinError(f"Error creating Domain: {error}") from None


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the domain."""
    try:
        domain = cloud.api.find(f"{PATH}/{ident}", "domain")
    except ApiError as error:
        raise StandinError(f"Error retrieving domain: {error}") from None
    if domain is None:
        return None
    name = domain["name"]
    return {"name": name, "domainUrn": f"do:domain:{name}", "ttl": domain.get("ttl") or 0}


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the domain; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{PATH}/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting Domain: {error}") from None


def _record(planned: Props) -> dict[str, Any]:
    return {
        "name": planned["name"],
        "data": planned["value"],
        "priority": planned.get("priority", 0),
        "weight": planned.get("weight", 0),
        "flags": planned.get("flags", 0),
        "port": planned.get("port", 0),
        **compact({"ttl": planned.get("ttl"), "tag": planned.get("tag")}),
    }


def create_record(cloud: Cloud, planned: Props) -> str:
    """POST the record."""
    body = {**_record(planned), "type": planned["type"]}
    try:
        return str(cloud.api.post(f"{PATH}/{planned['domain']}/records", body)["domain_record"]["id"])
    except ApiError as error:
        raise StandinError(f"Failed to create record: {error}") from None


def read_record(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the record; a name in its value ends in a dot, as it has to be declared."""
    domain = str(known.get("domain", ""))
    record = cloud.api.find(f"{PATH}/{domain}/records/{ident}", "domain_record")
    if record is None:
        return None
    value = str(record.get("data") or "")
    if record["type"] in _DOTTED and value != "@" and record.get("tag") != "iodef":
        value += "."
    return {
        "name": record["name"],
        "type": record["type"],
        "value": value,
        "port": record.get("port") or 0,
        "priority": record.get("priority") or 0,
        "ttl": record.get("ttl") or 0,
        "weight": record.get("weight") or 0,
        "flags": record.get("flags") or 0,
        "tag": record.get("tag") or "",
        "fqdn": fqdn(record["name"], domain),
    }


def fqdn(name: str, domain: str) -> str:
    """The full name of a record."""
    if name == "@":
        return domain
    lowered = name.lower()
    return lowered.rstrip(".") if lowered.endswith(f"{domain}.") else f"{name}.{domain}"


def update_record(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the record."""
    try:
        cloud.api.put(f"{PATH}/{planned['domain']}/records/{ident}", _record(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Failed to update record: {error}") from None


def delete_record(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the record; one that is gone already is fine."""
    try:
        cloud.api.delete(f"{PATH}/{olds['domain']}/records/{ident}")
    except ApiError as error:
        if error.status != 404:
            raise StandinError(f"Error deleting record: {error}") from None


def import_record(cloud: Cloud, ident: str) -> Props | None:
    """`domain,id` is how a record is imported."""
    domain, comma, number = ident.partition(",")
    if not comma:
        return {}
    if not number.isdigit():
        raise StandinError(f"invalid record ID: {number}")
    return {"id": number, "domain": domain}


def validate_record(inputs: Props) -> list[tuple[str, str]]:
    """What each type of record needs."""
    kind = inputs.get("type")
    if isinstance(kind, Unknown):
        return []
    needed = _NEEDS.get(str(kind), ())
    return [
        (name, f"`{name}` is required for when type is `{kind}`") for name in needed if name not in inputs
    ]


def _same_name(olds: Props, news: Props) -> bool:
    old, new, dotted = olds.get("name"), news.get("name"), f"{news.get('domain')}."
    return (old == "@" and new == dotted) or (old is not None and f"{old}.{dotted}" == new)


def _same_value(olds: Props, news: Props) -> bool:
    old, new, dotted = olds.get("value"), news.get("value"), f"{news.get('domain')}."
    return (old == "@" and new == dotted) or (old is not None and old == f"{new}.{dotted}")


DOMAIN = Resource(
    module="domain",
    name="Domain",
    fields=(
        text("domainUrn", OUTPUT),
        text("ipAddress", replaces=True),
        text("name", REQUIRED, replaces=True),
        whole("ttl", OUTPUT),
    ),
    create=create,
    read=read,
    update=nothing_to_update,
    delete=delete,
)

DNS_RECORD = Resource(
    module="dnsRecord",
    name="DnsRecord",
    fields=(
        text("domain", REQUIRED, replaces=True),
        whole("flags"),
        text("fqdn", OUTPUT),
        name_field(same=_same_name),
        whole("port"),
        whole("priority"),
        text("tag", oneof=("issue", "issuewild", "iodef")),
        whole("ttl", SETTLED),
        text("type", REQUIRED, replaces=True, oneof=TYPES),
        text("value", REQUIRED, same=_same_value),
        whole("weight"),
    ),
    create=create_record,
    read=read_record,
    update=update_record,
    delete=delete_record,
    importer=import_record,
    validate=validate_record,
)
