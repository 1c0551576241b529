"""Registry with its images, managed database, certificate: by DigitalOcean's word, the database also by a connection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from formerr_infra.health import database as databases
from formerr_infra.health import images, judged
from formerr_infra.health.asked.kubernetes import in_cluster
from formerr_infra.health.asked.results import NO_APPLICATION, Results, Told, absent
from formerr_infra.health.model import State
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.moments import moment
from formerr_infra.loopback import is_loopback
from formerr_infra.model import Found
from formerr_infra.settings.services import DatabaseNetwork
from formerr_infra.settings.sources import LOCAL_TAG

if TYPE_CHECKING:
    from formerr_infra.health.looked import Looked
    from formerr_infra.inventory.facts import DatabaseParts


def registry(looked: Looked) -> Told:
    """Whether the registry is there."""
    there = looked.slots["registry"]
    return (State.OK, f"{there.name} is there") if isinstance(there, Found) else absent(there)


def image_names(looked: Looked) -> list[str]:
    """Of the checks of images."""
    return [f"image:{one.repository}" for one in images.declared(looked.ledger)] or ["image"]


def ask_images(looked: Looked, timeout: float) -> Results:
    """Whether each image that the state has declared is in its registry."""
    found: Results = []
    for one in images.declared(looked.ledger):
        if looked.access.local and one.tag == LOCAL_TAG:
            told = (State.SKIPPED, f"the local DigitalOcean pulls no images; {one.label} stands for none")
        else:
            told = images.check(looked.access, one, timeout=timeout)
        found.append((f"image:{one.repository}", *told))
    if found:
        return found
    none = (State.UNKNOWN, "the state holds no image of a DigitalOcean registry")
    return [("image", *(none if looked.settings.deploy_application else NO_APPLICATION))]


def database_names(looked: Looked) -> tuple[str, ...]:
    """Of the checks of a managed database."""
    return () if in_cluster(looked.settings) else ("database", "database-connection")


def ask_database(looked: Looked, timeout: float) -> Results:
    """A managed database: its status, and whether it answers from here."""
    if in_cluster(looked.settings):
        return []
    there = looked.slots["database"]
    if not isinstance(there, Found):
        told = absent(there)
        if there is None and looked.settings.deploy_application:
            told = (
                State.SKIPPED,
                "the database is none of this stack's: the backend's /health says whether it reaches it",
            )
        return [("database", *told), ("database-connection", *told)]
    said = there.facts.get("status")
    state = State.OK if said == "online" else State.FAILED
    return [
        ("database", state, f"{there.name} is {said or 'nothing'}, says DigitalOcean"),
        ("database-connection", *_connection(looked, there, timeout)),
    ]


def _connection(looked: Looked, there: Found, timeout: float) -> Told:
    private = looked.settings.database_network is DatabaseNetwork.PRIVATE
    parts = looked.databases.get(there.id)
    place = _place(there, parts, private=private)
    if place is None:
        return State.UNKNOWN, "DigitalOcean does not say where the database is"
    if looked.access.local and not is_loopback(f"http://{place.host}"):
        return State.SKIPPED, f"no database runs behind the local DigitalOcean: {place.host} leads nowhere"
    trouble = databases.connect(place, timeout=timeout)
    if trouble is None:
        checked = (
            "" if place.authority else "; its certificate was not checked, as its authority is not known"
        )
        return State.OK, f"{place.host}:{place.port} speaks PostgreSQL in TLS{checked}"
    where = f"{place.host}:{place.port}: {trouble.reason}"
    if private:
        return (
            State.SKIPPED,
            f"{where}. It is reached from the VPC only; the backend's /health says whether it is",
        )
    if trouble.own or parts is None or isinstance(parts.rules, Unknown):
        return State.UNKNOWN, where
    if parts.rules:
        admitted = ", ".join(f"{rule.type} {rule.value}" for rule in parts.rules)
        return (
            State.SKIPPED,
            f"{where}. It admits {admitted}; the backend's /health says whether it reaches it",
        )
    return State.FAILED, where


def _place(there: Found, parts: DatabaseParts | None, *, private: bool) -> databases.Place | None:
    connection: Any = there.details.get("private_connection" if private else "connection")
    if not isinstance(connection, dict):
        return None
    host, port = connection.get("host"), connection.get("port")
    if not isinstance(host, str) or not host or not isinstance(port, int):
        return None
    authority = parts.authority if parts is not None and isinstance(parts.authority, str) else None
    return databases.Place(host, port, authority)


def certificate(looked: Looked, threshold: float) -> Told:
    """How long the account's certificate is good."""
    there = looked.slots["certificate"]
    if not isinstance(there, Found):
        return absent(there)
    said, ends = there.facts.get("status"), moment(there.facts.get("not_after"))
    if said != "verified":
        return State.FAILED, f"certificate {there.name} is {said or 'nothing'}, says DigitalOcean"
    if ends is None:
        return State.UNKNOWN, f"DigitalOcean does not say when certificate {there.name} ends"
    left = ends - datetime.now(UTC)
    return judged.ends_in(left.total_seconds() / 86400, threshold, f"certificate {there.name}")
