"""VPCs: unique names, ranges that may not overlap, one default a region, members that hold them.

The first VPC of a region without a default one becomes the default. Peerings and NAT gateways are not emulated.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import Conflict, Forbidden, NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = "vpcs"
GHOSTS = "_ghosts"
"""Deleted resources that still count as members for a while."""

NAME = r"[a-zA-Z0-9\-.]+"
PRIVATE = tuple(IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
RESERVED = tuple(IPv4Network(n) for n in ("10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24", "10.229.0.0/16"))
"""Ranges the service keeps for itself (VPC documentation)."""

_FIRST_DEFAULT = int(IPv4Network("10.104.0.0/20").network_address)
_FIRST_AUTOMATIC = int(IPv4Network("10.150.0.0/20").network_address)
_FIRST_SEEDED = int(IPv4Network("172.16.0.0/28").network_address)
_MEMBER_KINDS = {
    "kubernetes_clusters": "kubernetes",
    "load_balancers": "loadbalancer",
    "droplets": "droplet",
    "databases": "dbaas",
}


def build(world: World, account: Account, fields: Json) -> Json:
    """A VPC, without any check. Without `ip_range` it gets the next free /28 of a range kept for foreign VPCs."""
    vpcs = account[KIND]
    key = fields.get("id") or world.uuid(KIND)
    if "ip_range" not in fields:
        fields = {**fields, "ip_range": f"{_dotted(_next_seeded(account))}/28"}
    low, high = _bounds(fields["ip_range"])
    vpc: Json = {
        "id": key,
        "urn": f"do:vpc:{key}",
        "name": f"vpc-{len(vpcs) + 1}",
        "description": "",
        "region": "nyc3",
        "created_at": world.timestamp(),
        "default": False,
        **fields,
        "_low": low,
        "_high": high,
    }
    return vpcs.put(key, vpc)


def view(_world: World, _account: Account, vpc: Json) -> Json:
    """The VPC as the API answers it."""
    return public(vpc)


def drop(_world: World, account: Account, vpc: Json) -> None:
    """Take a VPC away."""
    account[KIND].remove(vpc["id"])


def adjust(_world: World, _account: Account, vpc: Json) -> None:
    """Bring the emulator's own keys in line after the control plane changed a VPC."""
    vpc["_low"], vpc["_high"] = _bounds(vpc["ip_range"])


def add_defaults(world: World, account: Account) -> None:
    """A default VPC in each region, as an account has them that is in use."""
    for index, slug in enumerate(catalog.REGION_NAMES):
        ip_range = f"{_dotted(_FIRST_DEFAULT + (index << 17))}/20"
        build(
            world, account, {"name": f"default-{slug}", "region": slug, "ip_range": ip_range, "default": True}
        )


def default_vpc(account: Account, region: str) -> str:
    """Id of the region's default VPC, or nothing."""
    return next((str(v["id"]) for v in account[KIND] if v["default"] and v["region"] == region), "")


def private_address(account: Account, vpc_uuid: str, number: int) -> str:
    """An address of a VPC's range by a running number: different for as many numbers as the range has addresses."""
    vpc = account[KIND].get(vpc_uuid)
    network = IPv4Network(vpc["ip_range"] if vpc is not None else "10.0.0.0/9")
    # The service keeps the network's own address and the first ones for itself.
    return str(network[4 + number % max(1, network.num_addresses - 5)])


def resolve(_world: World, account: Account, vpc_uuid: str, region: str) -> str:
    """The VPC a new resource goes to: the named one, or the region's default, made if there is none. 422 if unfit."""
    if vpc_uuid:
        vpc = account[KIND].get(vpc_uuid)
        if vpc is None:
            raise Unprocessable("VPC not found")
        if vpc["region"] != region:
            raise Unprocessable(f"VPC is in region {vpc['region']}, not in {region}")
        return vpc_uuid
    return default_vpc(account, region)


def ensure_default(world: World, account: Account, region: str) -> str:
    """Id of the region's default VPC; one is made if there is none, as the service does for a first resource."""
    known = default_vpc(account, region)
    if known:
        return known
    fields = {"name": _free_name(account, f"default-{region}"), "region": region, "default": True}
    return str(build(world, account, {**fields, "ip_range": _free_range(account)})["id"])


def overlaps(account: Account, network: IPv4Network) -> Json | None:
    """A VPC of the account whose range overlaps, or None."""
    low, high = int(network.network_address), int(network.broadcast_address)
    return next((v for v in account[KIND] if v["_low"] <= high and low <= v["_high"]), None)


def linger(world: World, account: Account, urn: str, name: str, vpc_uuid: str) -> None:
    """Keep a deleted resource as a member of its VPC for the time the transitions say."""
    seconds = world.transitions.membership_seconds
    if seconds > 0 and vpc_uuid:
        until = world.now() + seconds
        ghost = {
            "urn": urn,
            "name": name,
            "vpc_uuid": vpc_uuid,
            "created_at": world.timestamp(),
            "_until": until,
        }
        account[GHOSTS].put(urn, ghost)


def members(world: World, account: Account, vpc_id: str) -> list[Json]:
    """Everything in a VPC, deleted resources that linger included."""
    found = []
    for kind, scheme in _MEMBER_KINDS.items():
        for item in account[kind]:
            if vpc_id in (item.get("vpc_uuid"), item.get("private_network_uuid")):
                urn = f"do:{scheme}:{item['id']}"
                found.append({"urn": urn, "name": item["name"], "created_at": item["created_at"]})
    for ghost in account[GHOSTS]:
        if ghost["_until"] <= world.now():
            account[GHOSTS].remove(ghost["urn"])
        elif ghost["vpc_uuid"] == vpc_id:
            found.append({key: ghost[key] for key in ("urn", "name", "created_at")})
    return found


def _bounds(ip_range: str) -> tuple[int, int]:
    """First and last address; by hand, since ten thousand are made in one call."""
    dotted, _, prefix = ip_range.partition("/")
    parts = [int(part) for part in dotted.split(".")]
    if len(parts) != 4 or not all(0 <= part < 256 for part in parts):
        raise ValueError(f"{ip_range!r} is not a range")
    size = 1 << (32 - int(prefix or 32))
    low = (parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]) & -size
    return low, low + size - 1


def _dotted(address: int) -> str:
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def _next_seeded(account: Account) -> int:
    taken = account.meta["seeded_ranges"] = account.meta.get("seeded_ranges", 0) + 1
    return _FIRST_SEEDED + 16 * (int(taken) - 1)


def _free_range(account: Account) -> str:
    address = _FIRST_AUTOMATIC
    while True:
        candidate = IPv4Network((address, 20))
        if overlaps(account, candidate) is None and not any(candidate.overlaps(r) for r in RESERVED):
            return str(candidate)
        address += 1 << 12


def _free_name(account: Account, name: str) -> str:
    names = {v["name"] for v in account[KIND]}
    return next(n for n in (name, *(f"{name}-{i}" for i in range(1, 10_000))) if n not in names)


def _check_range(account: Account, text: str) -> str:
    try:
        network = IPv4Network(text)
    except ValueError:
        raise Unprocessable(f"ip_range: {text!r} is not a valid CIDR block") from None
    if not any(network.subnet_of(p) for p in PRIVATE):
        raise Unprocessable("ip_range: the range must be private")
    if not 16 <= network.prefixlen <= 28:
        raise Unprocessable("ip_range: the size must be between /16 and /28")
    if any(network.overlaps(r) for r in RESERVED):
        raise Unprocessable("ip_range: this range overlaps with one that is reserved")
    if overlaps(account, network) is not None:
        raise Unprocessable("This range/size overlaps with another VPC network in your account")
    return str(network)


def _check_name(account: Account, name: str, own_id: str = "") -> None:
    if any(v["name"] == name and v["id"] != own_id for v in account[KIND]):
        raise Unprocessable("This name is already in use by another VPC in your account: it must be unique")


def _find(call: Call) -> Json:
    vpc = call.account[KIND].get(call.params[0])
    if vpc is None:
        raise NotFound("VPC not found")
    call.touched[:] = [vpc["id"], vpc["name"]]
    return vpc


@ROUTES.on("GET", "/v2/vpcs", "vpc:read")
def list_vpcs(call: Call) -> Answer:
    """All VPCs."""
    return call.page_stored(call.account[KIND])


@ROUTES.on("POST", "/v2/vpcs", "vpc:create")
def create_vpc(call: Call) -> Answer:
    """A new VPC; name and range must be free."""
    body = call.body
    account = call.account
    fields = {
        "name": body.text("name", pattern=NAME, longest=255),
        "region": catalog.check_region(body.text("region")),
        "description": body.text("description", "", longest=255, empty=True),
    }
    _check_name(account, fields["name"])
    ip_range = body.text("ip_range", "")
    fields["ip_range"] = _check_range(account, ip_range) if ip_range else _free_range(account)
    first = not default_vpc(account, fields["region"])
    vpc = build(call.world, account, {**fields, "default": first})
    call.touched[:] = [vpc["id"], vpc["name"]]
    return Answer(201, {"vpc": public(vpc)})


@ROUTES.on("GET", "/v2/vpcs/{vpc_id}", "vpc:read")
def get_vpc(call: Call) -> Answer:
    """One VPC."""
    return Answer(200, {"vpc": public(_find(call))})


@ROUTES.on("PUT", "/v2/vpcs/{vpc_id}", "vpc:update")
@ROUTES.on("PATCH", "/v2/vpcs/{vpc_id}", "vpc:update")
def update_vpc(call: Call) -> Answer:
    """Change name and description, or make a VPC its region's default."""
    vpc = _find(call)
    body = call.body
    name = body.text("name", vpc["name"], pattern=NAME, longest=255)
    _check_name(call.account, name, vpc["id"])
    description = body.text("description", vpc["description"], longest=255, empty=True)
    if body.flag("default") and not vpc["default"]:
        for other in call.account[KIND]:
            if other["region"] == vpc["region"]:
                other["default"] = False
        vpc["default"] = True
    vpc.update(name=name, description=description)
    call.account[KIND].changed()
    return Answer(200, {"vpc": public(vpc)})


@ROUTES.on("DELETE", "/v2/vpcs/{vpc_id}", "vpc:delete")
def delete_vpc(call: Call) -> Answer:
    """Delete a VPC that is empty and not the default one."""
    vpc = _find(call)
    if vpc["default"]:
        raise Forbidden("Can not delete default VPCs")
    if members(call.world, call.account, vpc["id"]):
        raise Conflict("Can not delete VPC with members")
    call.account[KIND].remove(vpc["id"])
    return Answer(204)


@ROUTES.on("GET", "/v2/vpcs/{vpc_id}/members", "vpc:read")
def list_members(call: Call) -> Answer:
    """What is in a VPC; `resource_type` narrows it."""
    vpc = _find(call)
    wanted = call.query.get("resource_type", "")
    found = members(call.world, call.account, vpc["id"])
    return call.page("members", [m for m in found if not wanted or m["urn"].split(":")[1] == wanted])
