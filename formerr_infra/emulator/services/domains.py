"""Domains and their records. A domain belongs to one account only; nothing is resolved.

Answers carry a host name without its trailing dot, and requests have to carry one with it, as the real service.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import projects
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields

ROUTES = Routes()
KIND = "domains"
RECORDS = "domain_records"
TTL = 1800
NAME = r"(?=.{1,253}$)([a-zA-Z0-9_]([a-zA-Z0-9\-_]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9\-]{0,61}"
TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")
_HOSTS = ("CNAME", "MX", "NS", "SRV")
_FIRST_ID = 300_000_000


def build(world: World, account: Account, fields: Json) -> Json:
    """A domain with its name servers and, with `ip_address`, one A record; without any check."""
    name = fields.get("name") or f"domain-{len(account[KIND]) + 1}.example"
    account[KIND].put(name, {"id": name, "name": name, "ttl": TTL, "created_at": world.timestamp()})
    add_record(world, account, name, {"type": "SOA", "name": "@", "data": str(TTL)})
    for number in (1, 2, 3):
        add_record(world, account, name, {"type": "NS", "name": "@", "data": f"ns{number}.digitalocean.com"})
    if fields.get("ip_address"):
        add_record(world, account, name, {"type": "A", "name": "@", "data": fields["ip_address"]})
    projects.assign(world, account, f"do:domain:{name}")
    domain = account[KIND].get(name)
    return domain if domain is not None else {}


def view(_world: World, account: Account, domain: Json) -> Json:
    """The domain with its zone file."""
    lines = [f"$ORIGIN {domain['name']}.", f"$TTL {TTL}"]
    for record in records_of(account, domain["name"]):
        where = f"{domain['name']}." if record["name"] == "@" else f"{record['name']}.{domain['name']}."
        dot = "." if record["type"] in _HOSTS else ""
        parts = (
            [record["priority"], record["weight"], record["port"]] if record["type"] in ("MX", "SRV") else []
        )
        numbers = "".join(f"{part} " for part in parts if part is not None)
        lines.append(f"{where} {record['ttl']} IN {record['type']} {numbers}{record['data']}{dot}")
    return {"name": domain["name"], "ttl": domain["ttl"], "zone_file": "\n".join(lines) + "\n"}


def drop(_world: World, account: Account, domain: Json) -> None:
    """Take a domain and its records away."""
    account[KIND].remove(domain["name"])
    for record in records_of(account, domain["name"]):
        account[RECORDS].remove(record["id"])
    projects.unassign(account, f"do:domain:{domain['name']}")


def build_record(world: World, account: Account, fields: Json) -> Json:
    """A record of the domain that `domain` names, without any check."""
    rest = {key: value for key, value in fields.items() if key != "domain"}
    return add_record(world, account, fields["domain"], rest)


def view_record(_world: World, _account: Account, record: Json) -> Json:
    """The record as the API answers it."""
    return public(record)


def drop_record(_world: World, account: Account, record: Json) -> None:
    """Take a record away."""
    account[RECORDS].remove(record["id"])


def add_record(world: World, account: Account, domain: str, fields: Json) -> Json:
    """A record with everything it needs."""
    key = world.number(RECORDS, _FIRST_ID)
    record: Json = {
        "id": key,
        "type": "A",
        "name": "@",
        "data": "",
        "priority": None,
        "port": None,
        "ttl": TTL,
        "weight": None,
        "flags": None,
        "tag": None,
        **fields,
        "_domain": domain,
    }
    return account[RECORDS].put(key, record)


def records_of(account: Account, domain: str) -> list[Json]:
    """The records of a domain."""
    return [record for record in account[RECORDS] if record["_domain"] == domain]


def manages(account: Account, host: str) -> bool:
    """Whether a host name is within one of the account's domains."""
    plain = host.removeprefix("*.")
    return any(plain == d["name"] or plain.endswith(f".{d['name']}") for d in account[KIND])


def _read_record(body: Fields, known: Json) -> Json:
    kind = body.text("type", known.get("type"), choices=TYPES)
    data = body.text("data", known.get("data"), longest=4096)
    if "data" in body:
        data = _check_data(kind, data)
    fields: Json = {
        "type": kind,
        "name": body.text("name", known.get("name", "@"), longest=255),
        "data": data,
        "ttl": body.number("ttl", known.get("ttl", TTL), low=30, high=2**31),
    }
    for name, high in (("priority", 65535), ("port", 65535), ("weight", 65535), ("flags", 255)):
        fields[name] = body.number(name, high=high) if name in body else known.get(name)
    fields["tag"] = body.text("tag") if "tag" in body else known.get("tag")
    required = {"MX": ("priority",), "SRV": ("priority", "port", "weight"), "CAA": ("flags", "tag")}
    for name in required.get(kind, ()):
        if fields[name] is None:
            raise Unprocessable(f"{name}: is required for {kind} records")
    return fields


def _check_data(kind: str, data: str) -> str:
    try:
        if kind == "A":
            return str(IPv4Address(data))
        if kind == "AAAA":
            return str(IPv6Address(data))
    except AddressValueError:
        raise Unprocessable(f"data: {data!r} is not an address for an {kind} record") from None
    if kind in _HOSTS and data != "@":
        if not data.endswith("."):
            raise Unprocessable("Data needs to end with a dot (.)")
        return data.removesuffix(".")
    if kind == "CAA":
        return data.removesuffix(".")
    return data


def _domain(call: Call) -> Json:
    domain = call.account[KIND].get(call.params[0])
    if domain is None:
        raise NotFound()
    call.touched[:] = [domain["name"], domain["name"]]
    return domain


def _record(call: Call) -> Json:
    domain = _domain(call)
    record = call.account[RECORDS].get(call.params[1])
    if record is None or record["_domain"] != domain["name"]:
        raise NotFound()
    call.touched[:] = [str(record["id"]), record["name"]]
    return record


@ROUTES.on("GET", "/v2/domains", "domain:read")
def list_domains(call: Call) -> Answer:
    """All domains."""
    return call.page(KIND, call.account[KIND].values(), lambda domain: view(call.world, call.account, domain))


@ROUTES.on("POST", "/v2/domains", "domain:create")
def create_domain(call: Call) -> Answer:
    """A new domain that no account has."""
    body = call.body
    name = body.text("name", pattern=NAME).lower()
    address = body.text("ip_address", "")
    if address:
        _check_data("AAAA" if ":" in address else "A", address)
    if any(name in account[KIND] for account in call.world.accounts.values()):
        raise Unprocessable("Name already exists")
    build(call.world, call.account, {"name": name, "ip_address": address})
    call.touched[:] = [name, name]
    return Answer(201, {"domain": {"name": name, "ttl": None, "zone_file": None}})


@ROUTES.on("GET", "/v2/domains/{domain_name}", "domain:read")
def get_domain(call: Call) -> Answer:
    """One domain."""
    return Answer(200, {"domain": view(call.world, call.account, _domain(call))})


@ROUTES.on("DELETE", "/v2/domains/{domain_name}", "domain:delete")
def delete_domain(call: Call) -> Answer:
    """Delete a domain with all its records."""
    drop(call.world, call.account, _domain(call))
    return Answer(204)


@ROUTES.on("GET", "/v2/domains/{domain_name}/records", "domain:read")
def list_records(call: Call) -> Answer:
    """The records of a domain; `type` and `name` (fully qualified) narrow it."""
    domain = _domain(call)["name"]
    kind, name = call.query.get("type"), call.query.get("name")

    def wanted(record: Json) -> bool:
        full = domain if record["name"] == "@" else f"{record['name']}.{domain}"
        return (not kind or record["type"] == kind) and (not name or full == name)

    return call.page(RECORDS, [r for r in records_of(call.account, domain) if wanted(r)], public)


@ROUTES.on("POST", "/v2/domains/{domain_name}/records", "domain:create")
def create_record(call: Call) -> Answer:
    """A new record."""
    domain = _domain(call)["name"]
    fields = _read_record(call.body, {})
    twins = [r for r in records_of(call.account, domain) if r["name"] == fields["name"]]
    if any("CNAME" in (r["type"], fields["type"]) for r in twins):
        raise Unprocessable("CNAME records cannot share a name with other records")
    record = add_record(call.world, call.account, domain, fields)
    call.touched[:] = [str(record["id"]), record["name"]]
    return Answer(201, {"domain_record": public(record)})


@ROUTES.on("GET", "/v2/domains/{domain_name}/records/{domain_record_id}", "domain:read")
def get_record(call: Call) -> Answer:
    """One record."""
    return Answer(200, {"domain_record": public(_record(call))})


@ROUTES.on("PUT", "/v2/domains/{domain_name}/records/{domain_record_id}", "domain:update")
@ROUTES.on("PATCH", "/v2/domains/{domain_name}/records/{domain_record_id}", "domain:update")
def update_record(call: Call) -> Answer:
    """Change a record."""
    record = _record(call)
    record.update(_read_record(call.body, record))
    call.account[RECORDS].changed()
    return Answer(200, {"domain_record": public(record)})


@ROUTES.on("DELETE", "/v2/domains/{domain_name}/records/{domain_record_id}", "domain:delete")
def delete_record(call: Call) -> Answer:
    """Delete a record."""
    drop_record(call.world, call.account, _record(call))
    return Answer(204)
