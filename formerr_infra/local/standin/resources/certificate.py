"""Certificate. Its id is its name, since the API's own id changes when a certificate is renewed."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import OUTPUT, Props, Shape, name_field, text
from formerr_infra.local.standin.resource import Cloud, Resource, compact, nothing_to_update

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/v2/certificates"
CREATE_SECONDS = 600.0
DELETE_SECONDS = 900.0
_KEPT_AS_HASH = ("privateKey", "leafCertificate", "certificateChain")


def _hash(value: str) -> str:
    if re.fullmatch(r"[0-9a-f]{40}", value):
        return value
    return hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest()


def _same_hash(name: str) -> Callable[[Props, Props], bool]:
    return lambda olds, news: (
        bool(news.get(name)) and bool(olds.get(name)) and _hash(news[name]) == olds[name]
    )


def _domains_do_not_count(olds: Props, news: Props) -> bool:
    return news.get("type", "custom") == "custom" and bool(olds)


def by_name(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The certificate of a name, from the list of all."""
    return next((c for c in cloud.api.pages(PATH, "certificates") if c["name"] == name), None)


def create(cloud: Cloud, planned: Props) -> str:
    """POST the certificate and wait until it is verified; where the wait fails, it stays in state.

    What a type needs is looked at here and no sooner, officially too.
    """
    kind = planned.get("type", "custom")
    for name in ("domains",) if kind == "lets_encrypt" else ("privateKey", "leafCertificate"):
        if not planned.get(name):
            raise StandinError(f"`{name}` is required for when type is `{kind}`")
    body = compact(
        {
            "name": planned["name"],
            "type": planned.get("type"),
            "private_key": planned.get("privateKey"),
            "leaf_certificate": planned.get("leafCertificate"),
            "certificate_chain": planned.get("certificateChain"),
            "dns_names": planned.get("domains"),
        }
    )
    try:
        made = cloud.api.post(PATH, body)["certificate"]
    except ApiError as error:
        raise StandinError(f"Error creating Certificate: {error}") from None
    ident = str(made["name"])

    def verified() -> bool:
        state = cloud.api.get(f"{PATH}/{made['id']}")["certificate"]["state"]
        if state not in ("pending", "verified"):
            raise StandinError(f"unexpected state '{state}', wanted target 'verified'")
        return bool(state == "verified")

    try:
        cloud.wait(verified, seconds=CREATE_SECONDS, what="the certificate")
    except StandinError as error:
        raise InitFailed(
            ident, f"Error waiting for certificate ({ident}) to become active: {error}"
        ) from None
    return ident


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """The certificate of that name; keys stay in state as hashes."""
    try:
        found = by_name(cloud, ident)
    except ApiError as error:
        raise StandinError(f"Error retrieving Certificate: {error}") from None
    if found is None:
        return None
    return {
        "name": found["name"],
        "uuid": found["id"],
        "type": found.get("type") or "",
        "state": found.get("state") or "",
        "notAfter": found.get("not_after") or "",
        "sha1Fingerprint": found.get("sha1_fingerprint") or "",
        "domains": list(found.get("dns_names") or []),
        **{name: _hash(known[name]) for name in _KEPT_AS_HASH if known.get(name)},
    }


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE it, repeated while a load balancer still uses it; one that is gone already is an error."""
    try:
        found = by_name(cloud, ident)
    except ApiError as error:
        raise StandinError(f"Error retrieving Certificate: {error}") from None
    if found is None:
        raise StandinError("Error retrieving Certificate: certificate not found")

    def gone() -> bool:
        try:
            cloud.api.delete(f"{PATH}/{found['id']}")
        except ApiError as error:
            if error.status == 403 and re.search(
                "in use|being used by one or more load balancers", error.message
            ):
                return False
            if error.status != 404:
                raise StandinError(f"Error deleting Certificate: {error}") from None
        return True

    cloud.wait(gone, seconds=DELETE_SECONDS, what="load balancers to release the certificate")


CERTIFICATE = Resource(
    module="certificate",
    name="Certificate",
    fields=(
        text("certificateChain", replaces=True, same=_same_hash("certificateChain")),
        text("domains", shape=Shape.SET, replaces=True, same=_domains_do_not_count),
        text("leafCertificate", replaces=True, same=_same_hash("leafCertificate")),
        name_field(replaces=True),
        text("notAfter", OUTPUT),
        text("privateKey", replaces=True, secret=True, same=_same_hash("privateKey")),
        text("sha1Fingerprint", OUTPUT),
        text("state", OUTPUT),
        text("type", replaces=True, default="custom", oneof=("custom", "lets_encrypt")),
        text("uuid", OUTPUT),
    ),
    create=create,
    read=read,
    update=nothing_to_update,
    delete=delete,
    conflicts=tuple((name, "domains") for name in _KEPT_AS_HASH),
    schema_version=1,
)
