"""DatabaseDb, DatabaseUser and DatabaseFirewall: what hangs on a database cluster."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

import threading
import uuid
from typing import Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import OUTPUT, REQUIRED, Props, Shape, name_field, nested, text
from formerr_infra.local.standin.resource import Cloud, Made, Resource, changed, compact, nothing_to_update

PATH = "/v2/databases"
RULES = ("ip_addr", "droplet", "k8s", "tag", "app")
_users = threading.Lock()


def _split(ident: str, what: str) -> tuple[str, str]:
    cluster, comma, name = ident.partition(",")
    if not comma:
        raise StandinError(
            f"must use the ID of the source database cluster and the name of the {what} joined with a comma "
            "(e.g. `id,name`)"
        )
    return cluster, name


def create_db(cloud: Cloud, planned: Props) -> str:
    """POST the database."""
    cluster = planned["clusterId"]
    try:
        made = cloud.api.post(f"{PATH}/{cluster}/dbs", {"name": planned["name"]})["db"]
    except ApiError as error:
        raise StandinError(f"Error creating Database DB: {error}") from None
    return f"{cluster}/database/{made['name']}"


def read_db(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the database."""
    try:
        found = cloud.api.find(f"{PATH}/{known.get('clusterId', '')}/dbs/{known.get('name', '')}", "db")
    except ApiError as error:
        raise StandinError(f"Error retrieving Database DB: {error}") from None
    return None if found is None else {}


def delete_db(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the database; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{PATH}/{olds['clusterId']}/dbs/{olds['name']}")
    except ApiError as error:
        raise StandinError(f"Error deleting Database DB: {error}") from None


def import_db(cloud: Cloud, ident: str) -> Props | None:
    """`cluster,name` is how a database is imported."""
    cluster, name = _split(ident, "database")
    return {"id": f"{cluster}/database/{name}", "clusterId": cluster, "name": name}


def create_user(cloud: Cloud, planned: Props) -> Made:
    """POST the user, one at a time; password and settings are in this answer, and later ones may lack them."""
    cluster = planned["clusterId"]
    body: dict[str, Any] = {"name": planned["name"]}
    if planned.get("mysqlAuthPlugin"):
        body["mysql_settings"] = {"auth_plugin": planned["mysqlAuthPlugin"]}
    if planned.get("settings"):
        body["settings"] = _user_settings(planned)
    with _users:
        try:
            made = cloud.api.post(f"{PATH}/{cluster}/users", body)["user"]
        except ApiError as error:
            raise StandinError(f"Error creating Database User: {error}") from None
    known = _shown_user(made)
    if made.get("settings"):
        known["settings"] = [_shown_settings(made["settings"])]
    return Made(f"{cluster}/user/{made['name']}", known, complete=True)


def _user_settings(planned: Props) -> dict[str, Any]:
    declared = (planned.get("settings") or [{}])[0]
    acls = [{"topic": a["topic"], "permission": a["permission"]} for a in declared.get("acls", [])]
    searches = [
        {"index": a["index"], "permission": a["permission"]} for a in declared.get("opensearchAcls", [])
    ]
    return compact({"acl": acls, "opensearch_acl": searches})


def _shown_settings(given: dict[str, Any]) -> Props:
    return {
        "acls": [
            {"id": a.get("id"), "topic": a.get("topic"), "permission": str(a.get("permission", "")).lower()}
            for a in given.get("acl") or []
        ],
        "opensearchAcls": [
            {"index": a.get("index"), "permission": str(a.get("permission", "")).lower()}
            for a in given.get("opensearch_acl") or []
        ],
    }


def _shown_user(user: dict[str, Any]) -> Props:
    found: Props = {"role": user.get("role") or "normal"}
    for name, key in (("password", "password"), ("accessCert", "access_cert"), ("accessKey", "access_key")):
        if user.get(key):
            found[name] = user[key]
    if user.get("mysql_settings"):
        found["mysqlAuthPlugin"] = user["mysql_settings"]["auth_plugin"]
    return found


def read_user(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the user."""
    try:
        user = cloud.api.find(f"{PATH}/{known.get('clusterId', '')}/users/{known.get('name', '')}", "user")
    except ApiError as error:
        raise StandinError(f"Error retrieving Database User: {error}") from None
    return None if user is None else _shown_user(user)


def update_user(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """Reset the way a MySQL user proves itself; PUT the settings of a Kafka or OpenSearch user."""
    path = f"{PATH}/{planned['clusterId']}/users/{planned['name']}"
    try:
        if changed(olds, planned, "mysqlAuthPlugin"):
            plugin = planned.get("mysqlAuthPlugin") or "caching_sha2_password"
            cloud.api.post(f"{path}/reset_auth", {"mysql_settings": {"auth_plugin": plugin}})
        if changed(olds, planned, "settings"):
            cloud.api.put(path, {"settings": _user_settings(planned)})
    except ApiError as error:
        raise InitFailed(ident, f"Error updating DatabaseUser: {error}") from None


def delete_user(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the user; one that is gone already is an error."""
    with _users:
        try:
            cloud.api.delete(f"{PATH}/{olds['clusterId']}/users/{olds['name']}")
        except ApiError as error:
            raise StandinError(f"Error deleting Database User: {error}") from None


def import_user(cloud: Cloud, ident: str) -> Props | None:
    """`cluster,name` is how a user is imported."""
    cluster, name = _split(ident, "user")
    return {"id": f"{cluster}/user/{name}", "clusterId": cluster, "name": name}


def _rules(planned: Props) -> dict[str, Any]:
    rules = planned.get("rules", [])
    return {
        "rules": [compact({"type": r["type"], "value": r["value"], "uuid": r.get("uuid")}) for r in rules]
    }


def create_firewall(cloud: Cloud, planned: Props) -> str:
    """PUT the whole list of rules: the cluster has one, and this resource is it."""
    cluster = planned["clusterId"]
    try:
        cloud.api.put(f"{PATH}/{cluster}/firewall", _rules(planned))
    except ApiError as error:
        raise StandinError(f"Error creating DatabaseFirewall: {error}") from None
    return f"{cluster}-{uuid.uuid4().hex}"


def read_firewall(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the list of rules."""
    try:
        body = cloud.api.get(f"{PATH}/{known.get('clusterId', '')}/firewall")
    except ApiError as error:
        if error.status == 404:
            return None
        raise StandinError(f"Error retrieving DatabaseFirewall: {error}") from None
    return {
        "rules": [
            {"uuid": r.get("uuid"), "type": r["type"], "value": r["value"], "createdAt": r.get("created_at")}
            for r in body.get("rules") or []
        ]
    }


def update_firewall(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the whole list of rules."""
    try:
        cloud.api.put(f"{PATH}/{planned['clusterId']}/firewall", _rules(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Error updating DatabaseFirewall: {error}") from None


def delete_firewall(cloud: Cloud, ident: str, olds: Props) -> None:
    """PUT an empty list, which opens the database to everyone."""
    try:
        cloud.api.put(f"{PATH}/{olds['clusterId']}/firewall", {"rules": []})
    except ApiError as error:
        raise StandinError(f"Error deleting DatabaseFirewall: {error}") from None


def import_firewall(cloud: Cloud, ident: str) -> Props | None:
    """The cluster's id is how its rules are imported; they get an id of their own."""
    return {"id": f"{ident}-{uuid.uuid4().hex}", "clusterId": ident}


DATABASE_DB = Resource(
    module="databaseDb",
    name="DatabaseDb",
    fields=(text("clusterId", REQUIRED, replaces=True), name_field(replaces=True)),
    create=create_db,
    read=read_db,
    update=nothing_to_update,
    delete=delete_db,
    importer=import_db,
)

DATABASE_USER = Resource(
    module="databaseUser",
    name="DatabaseUser",
    fields=(
        text("accessCert", OUTPUT, secret=True),
        text("accessKey", OUTPUT, secret=True),
        text("clusterId", REQUIRED, replaces=True),
        text("mysqlAuthPlugin", oneof=("mysql_native_password", "caching_sha2_password")),
        name_field(replaces=True),
        text("password", OUTPUT, secret=True),
        text("role", OUTPUT),
        nested(
            "settings",
            "DatabaseUserSetting",
            shape=Shape.LIST,
            fields=(
                nested(
                    "acls",
                    "DatabaseUserSettingAcl",
                    shape=Shape.LIST,
                    fields=(text("id", OUTPUT), text("permission", REQUIRED), text("topic", REQUIRED)),
                ),
                nested(
                    "opensearchAcls",
                    "DatabaseUserSettingOpensearchAcl",
                    shape=Shape.LIST,
                    fields=(text("index", REQUIRED), text("permission", REQUIRED)),
                ),
            ),
        ),
    ),
    create=create_user,
    read=read_user,
    update=update_user,
    delete=delete_user,
    importer=import_user,
)

DATABASE_FIREWALL = Resource(
    module="databaseFirewall",
    name="DatabaseFirewall",
    fields=(
        text("clusterId", REQUIRED, replaces=True),
        nested(
            "rules",
            "DatabaseFirewallRule",
            REQUIRED,
            shape=Shape.SET,
            fields=(
                text("createdAt", OUTPUT),
                text("type", REQUIRED, oneof=RULES),
                text("uuid", OUTPUT),
                text("value", REQUIRED),
            ),
        ),
    ),
    create=create_firewall,
    read=read_firewall,
    update=update_firewall,
    delete=delete_firewall,
    importer=import_firewall,
)
