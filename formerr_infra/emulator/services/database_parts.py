"""What is in a managed database cluster: databases, users, trusted sources.

The list of trusted sources is replaced as a whole; an empty one opens the cluster to everyone, as the real one does.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import Forbidden, NotFound, Unprocessable
from formerr_infra.emulator.fields import TAG
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import database_model as model
from formerr_infra.emulator.services import droplets, kubernetes_model

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields
    from formerr_infra.emulator.store import Account, Json

ROUTES = Routes()
NAME = r"[a-zA-Z0-9_][a-zA-Z0-9_\-.]{0,62}"
RULE_TYPES = ("droplet", "k8s", "ip_addr", "tag", "app")
AUTH_PLUGINS = ("mysql_native_password", "caching_sha2_password")
_ONE = "/v2/databases/{database_cluster_uuid}"


def find(call: Call) -> Json:
    """The database cluster a path names."""
    database = call.account[model.KIND].get(call.params[0])
    if database is None:
        raise NotFound("cluster not found")
    model.settle(call.world, database)
    call.touched[:] = [database["id"], database["name"]]
    return database


def read_rules(account: Account, body: Fields) -> list[Json]:
    """The trusted sources of a request; 422 for one that does not exist."""
    rules = []
    for entry in body.children("rules"):
        kind, value = entry.text("type", choices=RULE_TYPES), entry.text("value")
        known = {"droplet": droplets.KIND, "k8s": kubernetes_model.KIND}.get(kind)
        if known is not None and value not in account[known]:
            raise Unprocessable(f"rules: {kind} {value} not found")
        if kind == "tag" and not TAG.fullmatch(value):
            raise Unprocessable(f"rules: {value!r} is not a valid tag name")
        if kind == "ip_addr":
            try:
                ip_network(value, strict=False)
            except ValueError:
                raise Unprocessable(f"rules: {value!r} is not an address or a range") from None
        rule: Json = {"type": kind, "value": value}
        if "description" in entry:
            rule["description"] = entry.text("description", "", empty=True)
        rules.append(rule)
    return rules


@ROUTES.on("GET", f"{_ONE}/firewall", "database:read")
def get_firewall(call: Call) -> Answer:
    """The trusted sources."""
    return Answer(200, {"rules": find(call)["_rules"]})


@ROUTES.on("PUT", f"{_ONE}/firewall", "database:update")
def set_firewall(call: Call) -> Answer:
    """Replace the trusted sources."""
    database = find(call)
    model.set_rules(call.world, call.account, database, read_rules(call.account, call.body))
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/dbs", "database:read")
def list_dbs(call: Call) -> Answer:
    """The databases of a cluster."""
    return Answer(200, {"dbs": [{"name": name} for name in find(call)["db_names"]]})


@ROUTES.on("POST", f"{_ONE}/dbs", "database:create")
def create_db(call: Call) -> Answer:
    """A new database; its name must be free."""
    database = find(call)
    name = call.body.text("name", pattern=NAME)
    if name in database["db_names"]:
        raise Unprocessable("database name is not available")
    database["db_names"].append(name)
    call.account[model.KIND].changed()
    return Answer(201, {"db": {"name": name}})


def _db(call: Call) -> tuple[Json, str]:
    database, name = find(call), call.params[1]
    if name not in database["db_names"]:
        raise NotFound("database not found")
    return database, name


@ROUTES.on("GET", f"{_ONE}/dbs/{{database_name}}", "database:read")
def get_db(call: Call) -> Answer:
    """One database."""
    return Answer(200, {"db": {"name": _db(call)[1]}})


@ROUTES.on("DELETE", f"{_ONE}/dbs/{{database_name}}", "database:delete")
def delete_db(call: Call) -> Answer:
    """Delete a database."""
    database, name = _db(call)
    database["db_names"].remove(name)
    call.account[model.KIND].changed()
    return Answer(204)


@ROUTES.on("GET", f"{_ONE}/users", "database:read")
def list_users(call: Call) -> Answer:
    """The users of a cluster."""
    return Answer(200, {"users": find(call)["users"]})


@ROUTES.on("POST", f"{_ONE}/users", "database:create")
def create_user(call: Call) -> Answer:
    """A new user; its name must be free."""
    database = find(call)
    body = call.body
    name = body.text("name", pattern=NAME)
    extra = _read_user(body, database["engine"])
    if any(user["name"] == name for user in database["users"]):
        raise Unprocessable("user name is not available")
    user = model.new_user(call.world, name, extra)
    database["users"].append(user)
    call.account[model.KIND].changed()
    return Answer(201, {"user": user})


def _read_user(body: Fields, engine: str) -> Json:
    extra: Json = {}
    if engine == "mysql":
        plugin = body.child("mysql_settings").text("auth_plugin", AUTH_PLUGINS[1], choices=AUTH_PLUGINS)
        extra["mysql_settings"] = {"auth_plugin": plugin}
    if "settings" in body:
        settings = body.child("settings")
        extra["settings"] = {"pg_allow_replication": settings.flag("pg_allow_replication")}
    return extra


def _user(call: Call) -> tuple[Json, Json]:
    database = find(call)
    user = next((u for u in database["users"] if u["name"] == call.params[1]), None)
    if user is None:
        raise NotFound("user not found")
    return database, user


@ROUTES.on("GET", f"{_ONE}/users/{{username}}", "database:read")
def get_user(call: Call) -> Answer:
    """One user."""
    return Answer(200, {"user": _user(call)[1]})


@ROUTES.on("PUT", f"{_ONE}/users/{{username}}", "database:update")
def update_user(call: Call) -> Answer:
    """Change a user's settings."""
    database, user = _user(call)
    user.update(_read_user(call.body, database["engine"]))
    call.account[model.KIND].changed()
    return Answer(201, {"user": user})


@ROUTES.on("DELETE", f"{_ONE}/users/{{username}}", "database:delete")
def delete_user(call: Call) -> Answer:
    """Delete a user that is not the administrator."""
    database, user = _user(call)
    if user["role"] == "primary":
        raise Forbidden("the primary user cannot be deleted")
    database["users"].remove(user)
    call.account[model.KIND].changed()
    return Answer(204)


@ROUTES.on("POST", f"{_ONE}/users/{{username}}/reset_auth", "database:update")
def reset_auth(call: Call) -> Answer:
    """Give a user another password."""
    database, user = _user(call)
    user.update(_read_user(call.optional_body, database["engine"]))
    user["password"] = call.world.secret("database password", 24)
    if user["role"] == "primary":
        database["_password"] = user["password"]
    call.account[model.KIND].changed()
    return Answer(200, {"user": user})
