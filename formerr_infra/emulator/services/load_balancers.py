"""Regional load balancers: rules, health checks, targets by tag or by droplet.

Names need not be unique. With a tag the droplets are looked up on every read, so nodes that come later are in.
Nothing is forwarded. Global load balancers are taken, but have no regions of their own.
"""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.fields import TAG, Fields
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import droplets, projects, vpcs
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = "load_balancers"
CERTIFICATES = "certificates"
ENTRY_PROTOCOLS = ("http", "https", "http2", "http3", "tcp", "udp")
TARGET_PROTOCOLS = ("http", "https", "http2", "tcp", "udp")
_WITH_TLS = ("https", "http2", "http3")
_SIZES = {"lb-small": 1, "lb-medium": 3, "lb-large": 6}
_DEFAULT_RULE = {
    "entry_protocol": "http",
    "entry_port": 80,
    "target_protocol": "http",
    "target_port": 80,
    "certificate_id": "",
    "tls_passthrough": False,
}
_DEFAULT_CHECK = {
    "protocol": "http",
    "port": 80,
    "path": "/",
    "check_interval_seconds": 10,
    "response_timeout_seconds": 5,
    "healthy_threshold": 5,
    "unhealthy_threshold": 3,
}


def urn(balancer: Json) -> str:
    """The URN of a load balancer."""
    return f"do:loadbalancer:{balancer['id']}"


def build(world: World, account: Account, fields: Json) -> Json:
    """A load balancer, without any check. `cluster_id` marks it as made by that cluster's controller."""
    key = fields.get("id") or world.uuid(KIND)
    region = fields.get("region") or "nyc3"
    project_id = fields.pop("project_id", "")
    cluster = fields.pop("cluster_id", None)
    balancer: Json = {
        "id": key,
        "name": f"lb-{len(account[KIND]) + 1}",
        "ip": "",
        "ipv6": "",
        "size_unit": 1,
        "size": "lb-small",
        "algorithm": "round_robin",
        "status": "new",
        "created_at": world.timestamp(),
        "forwarding_rules": [dict(_DEFAULT_RULE)],
        "health_check": dict(_DEFAULT_CHECK),
        "sticky_sessions": {"type": "none"},
        "redirect_http_to_https": False,
        "enable_proxy_protocol": False,
        "enable_backend_keepalive": False,
        "http_idle_timeout_seconds": 60,
        "disable_lets_encrypt_dns_records": False,
        "vpc_uuid": "",
        "network": "EXTERNAL",
        "network_stack": "IPV4",
        "type": "REGIONAL",
        "tls_cipher_policy": "DEFAULT",
        "firewall": {"allow": [], "deny": []},
        "droplet_ids": [],
        "tag": "",
        "region": region,
        "_ready_at": world.now() + world.transitions.load_balancer_seconds,
        "_address": world.address("address"),
        **fields,
    }
    if cluster:
        balancer["_cluster"] = cluster
    if "ip" in fields or "status" in fields:
        balancer.pop("_ready_at")
        balancer["status"] = fields.get("status", "active")
        balancer["ip"] = fields.get("ip") or balancer["_address"]
    balancer["vpc_uuid"] = balancer["vpc_uuid"] or vpcs.ensure_default(world, account, region)
    account[KIND].put(key, balancer)
    projects.assign(world, account, urn(balancer), project_id)
    return balancer


def view(world: World, account: Account, balancer: Json) -> Json:
    """The load balancer as the API answers it, in the state it has reached by now."""
    if balancer.get("_ready_at") is not None and balancer["_ready_at"] <= world.now():
        balancer.pop("_ready_at")
        balancer.update(status="active", ip=balancer["_address"])
    targets = droplets.tagged(account, balancer["tag"]) if balancer["tag"] else balancer["droplet_ids"]
    return {
        **public(balancer),
        "region": catalog.region(balancer["region"]),
        "droplet_ids": list(targets),
        "project_id": projects.project_of(account, urn(balancer)),
    }


def drop(_world: World, account: Account, balancer: Json) -> None:
    """Take a load balancer away."""
    account[KIND].remove(balancer["id"])
    projects.unassign(account, urn(balancer))


def adjust(_world: World, _account: Account, balancer: Json) -> None:
    """Bring the emulator's own keys in line after the control plane changed a load balancer."""
    if balancer["status"] != "new":
        balancer.pop("_ready_at", None)


def _read_rules(account: Account, body: Fields) -> list[Json]:
    rules = []
    for entry in body.children("forwarding_rules"):
        rule: Json = {
            "entry_protocol": entry.text("entry_protocol", choices=ENTRY_PROTOCOLS),
            "entry_port": entry.number("entry_port", low=1, high=65535),
            "target_protocol": entry.text("target_protocol", choices=TARGET_PROTOCOLS),
            "target_port": entry.number("target_port", low=1, high=65535),
            "certificate_id": entry.text("certificate_id", "", empty=True),
            "tls_passthrough": entry.flag("tls_passthrough"),
        }
        if rule["certificate_id"] and rule["certificate_id"] not in account[CERTIFICATES]:
            raise Unprocessable("forwarding_rules: certificate not found")
        if rule["entry_protocol"] in _WITH_TLS and not (rule["certificate_id"] or rule["tls_passthrough"]):
            raise Unprocessable("forwarding_rules: a certificate or tls_passthrough is required for HTTPS")
        rules.append(rule)
    return rules


def _read(call: Call) -> Json:
    body, account = call.body, call.account
    rules = _read_rules(account, body)
    if not rules:
        raise Unprocessable("forwarding_rules: at least one forwarding rule is required")
    tag, ids = body.text("tag", "", pattern=f"({TAG.pattern})?", empty=True), body.numbers("droplet_ids")
    if tag and ids:
        raise Unprocessable("tag and droplet_ids cannot both be given")
    unknown = [key for key in ids if key not in account[droplets.KIND]]
    if unknown:
        raise Unprocessable(f"droplet_ids: droplet {unknown[0]} not found")
    size = body.text("size", "lb-small", choices=_SIZES)
    sticky = body.child("sticky_sessions")
    firewall = body.child("firewall")
    fields: Json = {
        "name": body.text("name", longest=255),
        "forwarding_rules": rules,
        "health_check": _read_check(body.child("health_check")),
        "sticky_sessions": _read_sticky(sticky),
        "tag": tag,
        "droplet_ids": ids,
        "size": size,
        "size_unit": body.number("size_unit", _SIZES[size], low=1, high=200),
        "algorithm": body.text("algorithm", "round_robin", choices=("round_robin", "least_connections")),
        "redirect_http_to_https": body.flag("redirect_http_to_https"),
        "enable_proxy_protocol": body.flag("enable_proxy_protocol"),
        "enable_backend_keepalive": body.flag("enable_backend_keepalive"),
        "disable_lets_encrypt_dns_records": body.flag("disable_lets_encrypt_dns_records"),
        "http_idle_timeout_seconds": body.number("http_idle_timeout_seconds", 60, low=30, high=600),
        "network": body.text("network", "EXTERNAL", choices=("EXTERNAL", "INTERNAL")),
        "network_stack": body.text("network_stack", "IPV4", choices=("IPV4", "DUALSTACK")),
        "type": body.text("type", "REGIONAL", choices=("REGIONAL", "REGIONAL_NETWORK", "GLOBAL")),
        "tls_cipher_policy": body.text("tls_cipher_policy", "DEFAULT", choices=("DEFAULT", "STRONG")),
        "firewall": {"allow": firewall.strings("allow"), "deny": firewall.strings("deny")},
    }
    return fields


def _read_check(body: Fields) -> Json:
    check: Json = {"protocol": body.text("protocol", "http", choices=("http", "https", "tcp"))}
    path = body.text("path", "" if check["protocol"] == "tcp" else "/", empty=True)
    check["path"] = path
    for name in ("port", "check_interval_seconds", "response_timeout_seconds"):
        check[name] = body.number(name, int(str(_DEFAULT_CHECK[name])), low=1, high=65535)
    for name in ("healthy_threshold", "unhealthy_threshold"):
        check[name] = body.number(name, int(str(_DEFAULT_CHECK[name])), low=2, high=10)
    return check


def _read_sticky(body: Fields) -> Json:
    if body.text("type", "none", choices=("none", "cookies")) == "none":
        return {"type": "none"}
    ttl = body.number("cookie_ttl_seconds", low=1, high=2**31)
    return {"type": "cookies", "cookie_name": body.text("cookie_name"), "cookie_ttl_seconds": ttl}


def _find(call: Call) -> Json:
    balancer = call.account[KIND].get(call.params[0])
    if balancer is None:
        raise NotFound("load balancer not found")
    call.touched[:] = [balancer["id"], balancer["name"]]
    return balancer


def _answer(call: Call, status: int, balancer: Json) -> Answer:
    return Answer(status, {"load_balancer": view(call.world, call.account, balancer)})


@ROUTES.on("GET", "/v2/load_balancers", "load_balancer:read")
def list_load_balancers(call: Call) -> Answer:
    """All load balancers."""
    return call.page(KIND, call.account[KIND].values(), lambda lb: view(call.world, call.account, lb))


@ROUTES.on("POST", "/v2/load_balancers", "load_balancer:create")
def create_load_balancer(call: Call) -> Answer:
    """A new load balancer; a second one of the same name is another one."""
    body = call.body
    fields = _read(call)
    required = None if fields["type"] != "GLOBAL" else "nyc3"
    region = catalog.check_region(body.text("region", required))
    fields["region"] = region
    fields["vpc_uuid"] = vpcs.resolve(call.world, call.account, body.text("vpc_uuid", ""), region)
    fields["project_id"] = projects.check_project(call.account, body.text("project_id", ""))
    balancer = build(call.world, call.account, fields)
    call.touched[:] = [balancer["id"], balancer["name"]]
    shown = view(call.world, call.account, balancer)
    return Answer(202, {"load_balancer": shown})


@ROUTES.on("GET", "/v2/load_balancers/{lb_id}", "load_balancer:read")
def get_load_balancer(call: Call) -> Answer:
    """One load balancer."""
    return _answer(call, 200, _find(call))


@ROUTES.on("PUT", "/v2/load_balancers/{lb_id}", "load_balancer:update")
def update_load_balancer(call: Call) -> Answer:
    """Replace the configuration; region and VPC stay."""
    balancer = _find(call)
    fields = _read(call)
    body = call.body
    if body.text("region", balancer["region"]) != balancer["region"]:
        raise Unprocessable("region: cannot be changed")
    if body.text("vpc_uuid", balancer["vpc_uuid"]) != balancer["vpc_uuid"]:
        raise Unprocessable("vpc_uuid: cannot be changed")
    project_id = projects.check_project(call.account, body.text("project_id", ""))
    balancer.update(fields)
    if project_id:
        projects.assign(call.world, call.account, urn(balancer), project_id)
    call.account[KIND].changed()
    return _answer(call, 200, balancer)


@ROUTES.on("DELETE", "/v2/load_balancers/{lb_id}", "load_balancer:delete")
def delete_load_balancer(call: Call) -> Answer:
    """Delete a load balancer."""
    drop(call.world, call.account, _find(call))
    return Answer(204)


@ROUTES.on("DELETE", "/v2/load_balancers/{lb_id}/cache", "load_balancer:delete")
def purge_cache(call: Call) -> Answer:
    """Empty the cache of a global load balancer."""
    if _find(call)["type"] != "GLOBAL":
        raise Unprocessable("only a global load balancer has a cache")
    return Answer(204)


@ROUTES.on("POST", "/v2/load_balancers/{lb_id}/droplets", "load_balancer:update")
def add_droplets(call: Call) -> Answer:
    """Add droplets as targets."""
    balancer = _targets(call)
    ids = call.body.numbers("droplet_ids")
    if not ids or any(key not in call.account[droplets.KIND] for key in ids):
        raise Unprocessable("droplet_ids: droplet not found")
    balancer["droplet_ids"] = list(dict.fromkeys([*balancer["droplet_ids"], *ids]))
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("DELETE", "/v2/load_balancers/{lb_id}/droplets", "load_balancer:update")
def remove_droplets(call: Call) -> Answer:
    """Take droplets out of the targets."""
    balancer = _targets(call)
    ids = call.body.numbers("droplet_ids")
    balancer["droplet_ids"] = [key for key in balancer["droplet_ids"] if key not in ids]
    call.account[KIND].changed()
    return Answer(204)


def _targets(call: Call) -> Json:
    balancer = _find(call)
    if balancer["tag"]:
        raise Unprocessable("the load balancer targets a tag")
    return balancer


@ROUTES.on("POST", "/v2/load_balancers/{lb_id}/forwarding_rules", "load_balancer:update")
def add_rules(call: Call) -> Answer:
    """Add forwarding rules."""
    balancer = _find(call)
    rules = _read_rules(call.account, call.body)
    if not rules:
        raise Unprocessable("forwarding_rules: at least one forwarding rule is required")
    balancer["forwarding_rules"] += [rule for rule in rules if rule not in balancer["forwarding_rules"]]
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("DELETE", "/v2/load_balancers/{lb_id}/forwarding_rules", "load_balancer:update")
def remove_rules(call: Call) -> Answer:
    """Take forwarding rules away; one has to stay."""
    balancer = _find(call)
    rules = _read_rules(call.account, call.body)
    kept = [rule for rule in balancer["forwarding_rules"] if rule not in rules]
    if not kept:
        raise Unprocessable("forwarding_rules: at least one forwarding rule is required")
    balancer["forwarding_rules"] = kept
    call.account[KIND].changed()
    return Answer(204)
