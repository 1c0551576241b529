"""DatabaseCluster: its calls and its table."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from formerr_infra.local.standin.errors import ApiError, Gone, InitFailed, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    SETTLED,
    Props,
    Shape,
    flag,
    has_unknown,
    name_field,
    nested,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Made, Resource, changed, compact
from formerr_infra.local.standin.resources.pools import tags_field

PATH = "/v2/databases"
ONLINE_SECONDS = 1800.0
_CACHES = frozenset({"redis", "valkey"})


def create(cloud: Cloud, planned: Props) -> Made:
    """POST the cluster and wait until it is online. Where the wait fails no state is kept, officially too."""
    size = planned.get("storageSizeMib")
    body = compact(
        {
            "name": planned["name"],
            "engine": planned["engine"],
            "version": planned.get("version"),
            "size": planned["size"],
            "region": planned["region"],
            "num_nodes": planned["nodeCount"],
            "tags": planned.get("tags"),
            "private_network_uuid": planned.get("privateNetworkUuid"),
            "project_id": planned.get("projectId"),
            "backup_restore": _backup(planned.get("backupRestore")),
            "storage_size_mib": int(size) if isinstance(size, str) and size.isdigit() else None,
            "autoscale": _autoscale(planned.get("storageAutoscale")),
        }
    )
    body = {"project_id": "", "rules": None} | body  # said even where nothing is declared, as officially
    try:
        made = cloud.api.post(PATH, body)["database"]
        ident = str(made["id"])
        _wait(cloud, ident)
    except StandinError as error:
        raise StandinError(f"Error creating database cluster: {error}") from None
    password = (made.get("connection") or {}).get("password")
    try:
        _settings(cloud, ident, {}, planned)
    except StandinError as error:
        raise InitFailed(ident, str(error)) from None
    return Made(ident, {"password": password} if password else {})


def _wait(cloud: Cloud, ident: str) -> None:
    def online() -> bool:
        try:
            database = cloud.api.find(f"{PATH}/{ident}", "database")
        except ApiError as error:
            raise StandinError(f"Error trying to read database cluster state: {error}") from None
        return database is not None and database["status"] == "online"

    cloud.wait(online, seconds=ONLINE_SECONDS, what="the database cluster to become online")


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the cluster; the settings with addresses of their own only where they are declared."""
    try:
        database = cloud.api.find(f"{PATH}/{ident}", "database")
    except ApiError as error:
        raise StandinError(f"Error retrieving database cluster: {error}") from None
    if database is None:
        return None
    window = database.get("maintenance_window") or {}
    found: Props = {
        "name": database["name"],
        "engine": database["engine"],
        "version": database.get("version") or "",
        "size": database["size"],
        "region": database["region"],
        "nodeCount": database["num_nodes"],
        "storageSizeMib": str(database.get("storage_size_mib") or 0),
        "tags": list(database.get("tags") or []),
        "clusterUrn": f"do:dbaas:{ident}",
        "privateNetworkUuid": database.get("private_network_uuid") or "",
        "projectId": database.get("project_id") or "",
        "metricsEndpoints": [
            f"https://{address['host']}:{address['port']}/metrics"
            for address in database.get("metrics_endpoints") or []
        ],
        **_connections(database, known),
    }
    if known.get("maintenanceWindows"):
        found["maintenanceWindows"] = [{"day": window.get("day", ""), "hour": window.get("hour", "")}]
    if known.get("evictionPolicy"):
        found["evictionPolicy"] = cloud.api.get(f"{PATH}/{ident}/eviction_policy")["eviction_policy"]
    if known.get("sqlMode"):
        found["sqlMode"] = cloud.api.get(f"{PATH}/{ident}/sql_mode")["sql_mode"]
    if known.get("storageAutoscale"):
        scale = database.get("autoscale") or cloud.api.get(f"{PATH}/{ident}/autoscale")["autoscale"]
        storage = scale.get("storage", scale)
        found["storageAutoscale"] = {
            "enabled": bool(storage.get("enabled")),
            "thresholdPercent": storage.get("threshold_percent"),
            "incrementGib": storage.get("increment_gib"),
        }
    return found


def _connections(database: dict[str, Any], known: Props) -> Props:
    found: Props = {}
    if connection := database.get("connection"):
        password = connection.get("password") or known.get("password") or ""
        found |= {
            "host": connection.get("host") or "",
            "port": connection.get("port") or 0,
            # Of the password in the state, as by the official one: after an import it has none until a refresh.
            "uri": _uri(connection, known.get("password") or ""),
            "database": connection.get("database") or "",
            "user": connection.get("user") or "",
            "password": password or None,
        }
        if private := database.get("private_connection"):
            found |= {"privateHost": private.get("host") or "", "privateUri": _uri(private, password)}
    if shown := database.get("ui_connection"):
        found |= {
            "uiHost": shown.get("host"),
            "uiPort": shown.get("port"),
            "uiUri": shown.get("uri"),
            "uiDatabase": shown.get("database"),
            "uiUser": shown.get("user"),
            "uiPassword": shown.get("password"),
        }
    return found


def _uri(connection: dict[str, Any], password: str) -> str:
    """The URI with the password that is known: an answer may leave it out."""
    parts = urlsplit(str(connection.get("uri") or ""))
    host = parts.netloc.rpartition("@")[2]
    user = quote(str(connection.get("user") or ""), safe="")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """One call for each thing that changes."""
    path = f"{PATH}/{ident}"
    try:
        if changed(olds, planned, "size", "nodeCount", "storageSizeMib"):
            body: dict[str, Any] = {"size": planned["size"], "num_nodes": planned["nodeCount"]}
            if changed(olds, planned, "storageSizeMib"):
                body |= compact({"storage_size_mib": int(planned.get("storageSizeMib") or 0)})
            try:
                cloud.api.put(f"{path}/resize", body)
            except ApiError as error:
                if error.status == 404:
                    raise Gone(str(error)) from None
                raise
            _wait(cloud, ident)
        if changed(olds, planned, "region"):
            cloud.api.put(f"{path}/migrate", {"region": planned["region"]})
            _wait(cloud, ident)
        _settings(cloud, ident, olds, planned)
        if changed(olds, planned, "version"):
            cloud.api.put(f"{path}/upgrade", {"version": planned.get("version", "")})
        if changed(olds, planned, "tags"):
            _retag(cloud, ident, set(olds.get("tags", [])), set(planned.get("tags", [])))
        if changed(olds, planned, "storageAutoscale") and planned.get("storageAutoscale"):
            cloud.api.put(f"{path}/autoscale", {"autoscale": _autoscale(planned["storageAutoscale"])})
    except Gone:
        raise
    except StandinError as error:
        raise InitFailed(ident, f"Error updating database cluster: {error}") from None


def _settings(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    path = f"{PATH}/{ident}"
    if changed(olds, planned, "maintenanceWindows") and planned.get("maintenanceWindows"):
        window = planned["maintenanceWindows"][0]
        cloud.api.put(f"{path}/maintenance", {"day": window["day"], "hour": window["hour"]})
    if changed(olds, planned, "evictionPolicy"):
        policy = planned.get("evictionPolicy") or "noeviction"
        cloud.api.put(f"{path}/eviction_policy", {"eviction_policy": policy})
    if changed(olds, planned, "sqlMode"):
        cloud.api.put(f"{path}/sql_mode", {"sql_mode": planned.get("sqlMode", "")})


def _retag(cloud: Cloud, ident: str, old: set[str], new: set[str]) -> None:
    named = {"resources": [{"resource_id": ident, "resource_type": "database"}]}
    for tag in sorted(old - new):
        cloud.api.send("DELETE", f"/v2/tags/{tag}/resources", body=named)
    for tag in sorted(new - old):
        cloud.api.post("/v2/tags", {"name": tag})
        cloud.api.post(f"/v2/tags/{tag}/resources", named)


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the cluster; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{PATH}/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting database cluster: {error}") from None


def _backup(backup: Props | None) -> dict[str, Any]:
    given = backup or {}
    return compact(
        {"database_name": given.get("databaseName"), "backup_created_at": given.get("backupCreatedAt")}
    )


def _autoscale(scale: Props | None) -> dict[str, Any]:
    if not scale:
        return {}
    more = {"threshold_percent": scale.get("thresholdPercent"), "increment_gib": scale.get("incrementGib")}
    return {"storage": {"enabled": bool(scale.get("enabled")), **compact(more)}}


def validate(inputs: Props) -> list[tuple[str, str]]:
    """A version is needed; some settings belong to one engine."""
    engine = inputs.get("engine")
    if has_unknown(engine):
        return []
    found = []
    if "version" not in inputs:
        found.append(("version", 'The argument "version" is required, but no definition was found.'))
    if "sqlMode" in inputs and engine != "mysql":
        found.append(("sqlMode", "sql_mode is only supported for MySQL Database Clusters"))
    if "evictionPolicy" in inputs and engine not in _CACHES:
        told = "eviction_policy is only supported for Redis or Valkey Database Clusters"
        found.append(("evictionPolicy", told))
    return found


def _same_cache(olds: Props, news: Props) -> bool:
    return olds.get("engine") in _CACHES and news.get("engine") in _CACHES


def _newer_cache(olds: Props, news: Props) -> bool:
    old, new = str(olds.get("version", "")), str(news.get("version", ""))
    numbers = old.isdigit() and new.isdigit()
    return news.get("engine") in _CACHES and numbers and int(old) > int(new)


def _same_hour(olds: Props, news: Props) -> bool:
    old, new = str(olds.get("hour", "")).split(":"), str(news.get("hour", "")).split(":")
    return old[:2] == new[:2]


DATABASE_CLUSTER = Resource(
    module="databaseCluster",
    name="DatabaseCluster",
    fields=(
        nested(
            "backupRestore",
            "DatabaseClusterBackupRestore",
            fields=(text("backupCreatedAt"), text("databaseName", REQUIRED)),
        ),
        text("clusterUrn", OUTPUT),
        text("database", OUTPUT),
        text("engine", REQUIRED, replaces=True, same=_same_cache),
        text("evictionPolicy"),
        text("host", OUTPUT),
        nested(
            "maintenanceWindows",
            "DatabaseClusterMaintenanceWindow",
            shape=Shape.LIST,
            fields=(text("day", REQUIRED), text("hour", REQUIRED, same=_same_hour)),
        ),
        text("metricsEndpoints", OUTPUT, shape=Shape.LIST),
        name_field(replaces=True),
        whole("nodeCount", REQUIRED),
        text("password", OUTPUT, secret=True),
        whole("port", OUTPUT),
        text("privateHost", OUTPUT),
        text("privateNetworkUuid", SETTLED, replaces=True),
        text("privateUri", OUTPUT, secret=True),
        text("projectId", SETTLED, replaces=True),
        text("region", REQUIRED, canonical=str.lower),
        text("size", REQUIRED),
        text("sqlMode"),
        nested(
            "storageAutoscale",
            "DatabaseClusterStorageAutoscale",
            fields=(flag("enabled", REQUIRED), whole("incrementGib"), whole("thresholdPercent")),
        ),
        text("storageSizeMib", SETTLED),
        tags_field(),
        text("uiDatabase", OUTPUT),
        text("uiHost", OUTPUT),
        text("uiPassword", OUTPUT, secret=True),
        whole("uiPort", OUTPUT),
        text("uiUri", OUTPUT, secret=True),
        text("uiUser", OUTPUT),
        text("uri", OUTPUT, secret=True),
        text("user", OUTPUT),
        text("version", same=_newer_cache),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
    validate=validate,
)
