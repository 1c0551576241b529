"""Managed database clusters over HTTP: create, change, delete, settings.

Replicas, pools, backups, topics, log sinks, migrations and metrics are not emulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog
from formerr_infra.emulator.authority import CA_BASE64
from formerr_infra.emulator.errors import Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import database_model as model
from formerr_infra.emulator.services import projects, vpcs
from formerr_infra.emulator.services.database_parts import find, read_rules

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

ROUTES = Routes()
KIND = model.KIND
NAME = r"[a-z0-9][a-z0-9\-]{2,62}"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
POLICIES = ("noeviction", "allkeys_lru", "allkeys_random", "volatile_lru", "volatile_random", "volatile_ttl")
_ONE = "/v2/databases/{database_cluster_uuid}"


def _view(call: Call, database: Json) -> Json:
    return model.view(call.world, call.account, database)


def _only(database: Json, *engines: str) -> None:
    if database["engine"] not in engines:
        raise Unprocessable(f"not supported for engine {database['engine']}")


def _size(text: str) -> str:
    if text not in model.SIZES:
        raise Unprocessable(f"invalid size {text!r}")
    return text


@ROUTES.on("GET", "/v2/databases/options", "database:read")
def get_options(_call: Call) -> Answer:
    """Engines, versions, regions and sizes on offer."""
    options = model.options()
    ends = {"end_of_life": None, "end_of_availability": None}
    available = {e: [{"version": v, **ends} for v in entry["versions"]] for e, entry in options.items()}
    return Answer(200, {"options": options, "version_availability": available})


@ROUTES.on("GET", "/v2/databases", "database:read")
def list_databases(call: Call) -> Answer:
    """All database clusters; `tag_name` narrows it; this list is not paged."""
    tag = call.query.get("tag_name")
    found = [d for d in call.visible(call.account[KIND].values()) if not tag or tag in d["tags"]]
    return Answer(200, {KIND: [_view(call, database) for database in found]})


@ROUTES.on("POST", "/v2/databases", "database:create")
def create_database(call: Call) -> Answer:
    """A new database cluster; its name must be free."""
    body, account = call.body, call.account
    engine = body.text("engine", choices=model.ENGINES)
    version = body.text("version", model.ENGINES[engine][0])
    if version not in model.ENGINES[engine]:
        raise Unprocessable(f"invalid version {version!r} for engine {engine}")
    region = catalog.check_region(body.text("region"))
    size = _size(body.text("size"))
    fields: Json = {
        "name": body.text("name", pattern=NAME),
        "engine": engine,
        "version": version,
        "num_nodes": body.number("num_nodes", 1, low=1, high=3),
        "size": size,
        "region": region,
        "tags": body.tags(),
        "storage_size_mib": body.number("storage_size_mib", model.SIZES[size] * 1024, low=1024, high=2**31),
        "private_network_uuid": vpcs.resolve(
            call.world, account, body.text("private_network_uuid", ""), region
        ),
        "project_id": projects.check_project(account, body.text("project_id", "")),
        "rules": read_rules(account, body),
    }
    if any(d["name"] == fields["name"] for d in account[KIND]):
        raise Unprocessable("cluster name is not available")
    database = model.build(call.world, account, fields)
    call.touched[:] = [database["id"], database["name"]]
    return Answer(201, {"database": _view(call, database)})


@ROUTES.on("GET", _ONE, "database:read")
def get_database(call: Call) -> Answer:
    """One database cluster."""
    return Answer(200, {"database": _view(call, find(call))})


@ROUTES.on("DELETE", _ONE, "database:delete")
def delete_database(call: Call) -> Answer:
    """Delete a database cluster."""
    model.drop(call.world, call.account, find(call))
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/ca", "database:read")
def get_ca(call: Call) -> Answer:
    """The certificate authority to check the server by."""
    find(call)
    return Answer(200, {"ca": {"certificate": CA_BASE64}})


@ROUTES.on("GET", f"{_ONE}/config", "database:read")
def get_config(call: Call) -> Answer:
    """Engine settings that were set."""
    return Answer(200, {"config": find(call)["_config"]})


@ROUTES.on("PATCH", f"{_ONE}/config", "database:update")
def update_config(call: Call) -> Answer:
    """Set engine settings; their values are not checked."""
    database = find(call)
    database["_config"].update(call.body.child("config").data)
    call.account[KIND].changed()
    return Answer(200)


@ROUTES.on("PUT", f"{_ONE}/resize", "database:update")
def resize(call: Call) -> Answer:
    """Change size, number of nodes, storage."""
    database = find(call)
    body = call.body
    size = _size(body.text("size"))
    nodes = body.number("num_nodes", low=1, high=3)
    least = model.SIZES[size] * 1024
    storage = body.number("storage_size_mib", max(least, database["storage_size_mib"]), low=1024, high=2**31)
    database.update(size=size, num_nodes=nodes, storage_size_mib=storage)
    model.begin(call.world, call.account, database, "resizing")
    return Answer(202)


@ROUTES.on("PUT", f"{_ONE}/migrate", "database:update")
def migrate(call: Call) -> Answer:
    """Move to another region, into its default VPC."""
    database = find(call)
    region = catalog.check_region(call.body.text("region"))
    network = vpcs.ensure_default(call.world, call.account, region)
    database.update(region=region, private_network_uuid=network)
    model.begin(call.world, call.account, database, "migrating")
    return Answer(202)


@ROUTES.on("PUT", f"{_ONE}/maintenance", "database:update")
def set_maintenance(call: Call) -> Answer:
    """Set when maintenance may happen."""
    database = find(call)
    body = call.body
    day = body.text("day", choices=DAYS)
    hour = body.text("hour", pattern=r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
    database["maintenance_window"].update(day=day, hour=hour if hour.count(":") == 2 else f"{hour}:00")
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("PUT", f"{_ONE}/upgrade", "database:update")
def upgrade(call: Call) -> Answer:
    """Go to a newer major version."""
    database = find(call)
    offered = model.ENGINES[database["engine"]]
    version = call.body.text("version", choices=offered)
    if offered.index(version) >= offered.index(database["version"]):
        raise Unprocessable(f"cannot upgrade from {database['version']} to {version}")
    database["version"] = version
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/eviction_policy", "database:read")
def get_eviction_policy(call: Call) -> Answer:
    """What a full cache drops."""
    database = find(call)
    _only(database, "redis", "valkey")
    return Answer(200, {"eviction_policy": database.get("_eviction_policy", POLICIES[0])})


@ROUTES.on("PUT", f"{_ONE}/eviction_policy", "database:update")
def set_eviction_policy(call: Call) -> Answer:
    """Set what a full cache drops."""
    database = find(call)
    _only(database, "redis", "valkey")
    database["_eviction_policy"] = call.body.text("eviction_policy", choices=POLICIES)
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/sql_mode", "database:read")
def get_sql_mode(call: Call) -> Answer:
    """The SQL mode of MySQL."""
    database = find(call)
    _only(database, "mysql")
    return Answer(200, {"sql_mode": database.get("_sql_mode", "ANSI,TRADITIONAL")})


@ROUTES.on("PUT", f"{_ONE}/sql_mode", "database:update")
def set_sql_mode(call: Call) -> Answer:
    """Set the SQL mode of MySQL."""
    database = find(call)
    _only(database, "mysql")
    database["_sql_mode"] = call.body.text("sql_mode", pattern=r"[A-Z_]+(,[A-Z_]+)*")
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/autoscale", "database:read")
def get_autoscale(call: Call) -> Answer:
    """How storage grows by itself."""
    return Answer(200, {"autoscale": find(call).get("_autoscale", {"storage": {"enabled": False}})})


@ROUTES.on("PUT", f"{_ONE}/autoscale", "database:update")
def set_autoscale(call: Call) -> Answer:
    """Set how storage grows by itself; it never does here."""
    database = find(call)
    storage = call.body.child("storage")
    settings: Json = {"enabled": storage.flag("enabled")}
    if settings["enabled"]:
        settings["threshold_percent"] = storage.number("threshold_percent", 80, low=15, high=95)
        settings["increment_gib"] = storage.number("increment_gib", 10, low=10, high=500)
    database["_autoscale"] = {"storage": settings}
    call.account[KIND].changed()
    return Answer(204)
