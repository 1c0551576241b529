"""What a managed database is: engines, sizes, connection, users, and how it comes up. No database runs."""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.services import projects, tags, vpcs
from formerr_infra.emulator.store import Account, Json, World, public

KIND = "databases"
ADMIN = "doadmin"
FIRST_DATABASE = "defaultdb"
STATES = ("creating", "resizing", "migrating")

ENGINES: dict[str, tuple[str, ...]] = {
    "pg": ("18", "17", "16", "15", "14"),
    "mysql": ("8",),
    "valkey": ("8",),
    "redis": ("7",),
    "mongodb": ("8.0", "7.0"),
    "kafka": ("3.8",),
    "opensearch": ("2.19",),
}
"""Versions by engine, newest first."""

SIZES: dict[str, int] = {
    # slug: GiB of storage
    "db-s-1vcpu-1gb": 10,
    "db-s-1vcpu-2gb": 30,
    "db-s-2vcpu-4gb": 60,
    "db-s-4vcpu-8gb": 140,
    "db-s-6vcpu-16gb": 290,
    "gd-2vcpu-8gb": 40,
    "so1_5-2vcpu-16gb": 300,
}
_SCHEMES = {
    "pg": "postgresql",
    "mysql": "mysql",
    "mongodb": "mongodb+srv",
    "kafka": "kafka",
    "opensearch": "https",
}
_PORTS = {"pg": 25060, "mysql": 25060, "mongodb": 27017, "kafka": 25073, "opensearch": 25060}


def urn(database: Json) -> str:
    """The URN of a database cluster."""
    return f"do:dbaas:{database['id']}"


def build(world: World, account: Account, fields: Json) -> Json:
    """A database cluster with its administrator and first database, without any check."""
    key = fields.get("id") or world.uuid(KIND)
    region = fields.get("region", "nyc3")
    engine = fields.get("engine", "pg")
    size = fields.get("size", "db-s-1vcpu-1gb")
    project_id = fields.pop("project_id", "")
    rules = fields.pop("rules", [])
    database: Json = {
        "id": key,
        "name": f"database-{len(account[KIND]) + 1}",
        "engine": engine,
        "version": ENGINES.get(engine, ("1",))[0],
        "num_nodes": 1,
        "size": size,
        "region": region,
        "status": "creating",
        "created_at": world.timestamp(),
        "private_network_uuid": "",
        "tags": [],
        "db_names": [FIRST_DATABASE],
        "users": [],
        "maintenance_window": {"day": "monday", "hour": "02:00:00", "pending": False, "description": []},
        "storage_size_mib": SIZES.get(size, 10) * 1024,
        "_ready_at": world.now() + world.transitions.database_seconds,
        "_password": world.secret("database password", 24),
        "_rules": [],
        "_config": {},
        **fields,
    }
    if "status" in fields:
        database.pop("_ready_at")
    database["private_network_uuid"] = database["private_network_uuid"] or vpcs.ensure_default(
        world, account, region
    )
    database["users"] = [
        {"name": ADMIN, "role": "primary", "password": database["_password"]},
        *database["users"],
    ]
    tags.ensure(world, account, database["tags"])
    account[KIND].put(key, database)
    set_rules(world, account, database, rules)
    projects.assign(world, account, urn(database), project_id)
    return database


def view(world: World, account: Account, database: Json) -> Json:
    """The database cluster as the API answers it, in the state it has reached by now."""
    settle(world, database)
    name = f"{database['name']}-do-user-1-0.l.db.ondigitalocean.com"
    return {
        **public(database),
        "semantic_version": f"{database['version']}.1",
        "connection": connection(database, name),
        "private_connection": connection(database, f"private-{name}"),
        "metrics_endpoints": [{"host": name, "port": 9273}],
        "rules": database["_rules"],
        "project_id": projects.project_of(account, urn(database)),
    }


def settle(world: World, database: Json) -> None:
    """Let everything that is due by now have happened."""
    if database.get("_ready_at") is not None and database["_ready_at"] <= world.now():
        database.pop("_ready_at")
        database["status"] = "online"


def begin(world: World, account: Account, database: Json, status: str) -> None:
    """Put a database into a passing state for the time the transitions say."""
    database.update(status=status, _ready_at=world.now() + world.transitions.database_seconds)
    account[KIND].changed()


def drop(world: World, account: Account, database: Json) -> None:
    """Take a database cluster away."""
    account[KIND].remove(database["id"])
    projects.unassign(account, urn(database))
    vpcs.linger(world, account, urn(database), database["name"], database["private_network_uuid"])


def adjust(_world: World, _account: Account, database: Json) -> None:
    """Bring the emulator's own keys in line after the control plane changed a database."""
    if database["status"] not in STATES:
        database.pop("_ready_at", None)


def connection(database: Json, host: str) -> Json:
    """How to connect to the administrator's database at a host."""
    engine, password = database["engine"], database["_password"]
    port = _PORTS.get(engine, 25061)
    scheme = _SCHEMES.get(engine, "rediss")
    return {
        "uri": f"{scheme}://{ADMIN}:{password}@{host}:{port}/{FIRST_DATABASE}?sslmode=require",
        "database": FIRST_DATABASE,
        "host": host,
        "port": port,
        "user": ADMIN,
        "password": password,
        "ssl": True,
    }


def set_rules(world: World, account: Account, database: Json, rules: list[Json]) -> None:
    """Replace the whole list of trusted sources; one that was there keeps its id."""
    known = {(rule["type"], rule["value"]): rule for rule in database["_rules"]}
    kept = []
    for rule in rules:
        old = known.get((rule["type"], rule["value"]))
        identity = old or {
            "uuid": world.uuid("database rules"),
            "cluster_uuid": database["id"],
            "created_at": world.timestamp(),
        }
        kept.append({**identity, **rule})
    database["_rules"] = kept
    account[KIND].changed()


def new_user(world: World, name: str, extra: Json) -> Json:
    """A user with a password of its own."""
    return {"name": name, "role": "normal", "password": world.secret("database password", 24), **extra}


def options() -> Json:
    """Engines, versions, regions and sizes on offer."""
    layouts = [{"num_nodes": nodes, "sizes": list(SIZES)} for nodes in (1, 2, 3)]
    return {
        engine: {"regions": list(catalog.REGION_NAMES), "versions": list(versions), "layouts": layouts}
        for engine, versions in ENGINES.items()
    }
