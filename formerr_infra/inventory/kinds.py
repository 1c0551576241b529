"""The kinds of resource the inventory knows: how each is asked for, and what of an answer is compared.

One table; a further kind is one more entry. Nothing here talks to anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.inventory.moments import moment
from formerr_infra.model import Found, Mark, Scalar
from formerr_infra.naming import default_name, read_mark, read_tags, slug, without_mark

if TYPE_CHECKING:
    from pydo import GeneratedClient

Raw = Mapping[str, Any]
#: Reads whose a resource is out of its API object: (object, project, stack) -> mark and owner.
Marker = Callable[[Raw, str, str], tuple[Mark, str | None]]


class Malformed(ValueError):
    """An object of the API without what identifies it."""


class Listing(StrEnum):
    """How a list comes: page by page, in one answer, or as registries do."""

    PAGED = "paged"
    WHOLE = "whole"
    REGISTRIES = "registries"


def _every(_raw: Raw) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind is asked for and read.

    Attributes:
        path: of the list; a resource is below it. `{within}` stands for the id of what it is a part of.
        scope: what the token needs.
        many, one: keys of the answers to list and get.
        id_key: the field that is the id.
        numbered: the id is a number, known by its digits.
        name_key: the field that is the name.
        lister, getter: the methods of pydo.
        marker: whose it is.
        facts: what is compared.
        listing: see `Listing`.
        counts: whether an entry of the list is of this kind at all.
        by_name: one is asked for by its name, with the list's own filter; only a UUID by the path.
    """

    path: str
    scope: str
    many: str
    one: str
    lister: Callable[[GeneratedClient], Callable[..., Any]]
    getter: Callable[[GeneratedClient], Callable[..., Any]]
    marker: Marker
    facts: Callable[[Raw], dict[str, Scalar]]
    id_key: str = "id"
    name_key: str = "name"
    listing: Listing = Listing.PAGED
    counts: Callable[[Raw], bool] = _every
    by_name: bool = False
    numbered: bool = False

    def at(self, within: str | None) -> str:
        """The path of the list."""
        return self.path if within is None else self.path.format(within=within)


def found(kind: Kind, raw: Raw, project: str, stack: str) -> Found:
    """The resource that an object of the API describes.

    Raises:
        Malformed: it has no id or no name.
    """
    identity, name = identified(kind, raw)
    mark, owner = kind.marker(raw, project, stack)
    return Found(
        id=identity,
        name=name,
        mark=mark,
        owner=owner,
        created_at=moment(raw.get("created_at")),
        facts=MappingProxyType(kind.facts(raw)),
        details=MappingProxyType(dict(raw)),
    )


def identified(kind: Kind, raw: object) -> tuple[str, str]:
    """Id and name of an object of the API.

    Raises:
        Malformed: it is not an object, or has no id or no name.
    """
    if not isinstance(raw, dict):
        raise Malformed("is not an object")
    identity = raw.get(kind.id_key)
    if kind.numbered and isinstance(identity, int) and not isinstance(identity, bool):
        identity = str(identity)
    if not isinstance(identity, str) or not identity:
        raise Malformed(f"has no {kind.id_key}")
    name = raw.get(kind.name_key)
    if not isinstance(name, str):
        raise Malformed(f"has no {kind.name_key}")
    return identity, without_mark(name) if kind.name_key == "description" else name


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _slug(value: object) -> str | None:
    """A region, which some answers give as a slug and some as an object with one."""
    return _text(value.get("slug")) if isinstance(value, dict) else _text(value)


def _state(value: object) -> str | None:
    return _text(value.get("state")) if isinstance(value, dict) else _text(value)


def _by_description(raw: Raw, project: str, stack: str) -> tuple[Mark, str | None]:
    return read_mark(_text(raw.get("description")) or "", project, stack)


def _by_tags(raw: Raw, project: str, stack: str) -> tuple[Mark, str | None]:
    tags = raw.get("tags")
    return read_tags(
        [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [], project, stack
    )


def _no_room(_raw: Raw, _project: str, _stack: str) -> tuple[Mark, str | None]:
    return Mark.UNMARKABLE, None


def _by_own_name(thing: str) -> Marker:
    """A kind without room for a mark, whose name is unique and, by convention, the stack's own."""

    def read(raw: Raw, project: str, stack: str) -> tuple[Mark, str | None]:
        ours = raw.get("name") == default_name(slug(stack), thing) and raw.get("type") != "custom"
        return (Mark.OURS, f"{project}/{stack}") if ours else (Mark.UNMARKABLE, None)

    return read


def _vpc(raw: Raw) -> dict[str, Scalar]:
    return {
        "region": _slug(raw.get("region")),
        "ip_range": _text(raw.get("ip_range")),
        "default": raw.get("default") is True,
    }


def _cluster(raw: Raw) -> dict[str, Scalar]:
    return {
        "region": _slug(raw.get("region")),
        "vpc_id": _text(raw.get("vpc_uuid")),
        "status": _state(raw.get("status")),
        "version": _text(raw.get("version")),
    }


def _registry(raw: Raw) -> dict[str, Scalar]:
    return {"region": _slug(raw.get("region"))}


def _load_balancer(raw: Raw) -> dict[str, Scalar]:
    return {
        "region": _slug(raw.get("region")),
        "vpc_id": _text(raw.get("vpc_uuid")),
        "status": _state(raw.get("status")),
        "ip": _text(raw.get("ip")),
    }


def _no_facts(_raw: Raw) -> dict[str, Scalar]:
    return {}


def _database(raw: Raw) -> dict[str, Scalar]:
    return {
        "region": _slug(raw.get("region")),
        "vpc_id": _text(raw.get("private_network_uuid")),
        "engine": _text(raw.get("engine")),
        "version": _text(raw.get("version")),
        "status": _text(raw.get("status")),
    }


def _certificate(raw: Raw) -> dict[str, Scalar]:
    names = raw.get("dns_names")
    return {
        "status": _text(raw.get("state")),
        "type": _text(raw.get("type")),
        "not_after": _text(raw.get("not_after")),
        "names": ",".join(sorted(str(name) for name in names)) if isinstance(names, list) else None,
    }


def _volume(raw: Raw) -> dict[str, Scalar]:
    """Which cluster made it is a tag of the driver's, `k8s:<id of the cluster>`."""
    tags = raw.get("tags")
    made_by = [
        tag.removeprefix("k8s:")
        for tag in (tags if isinstance(tags, list) else [])
        if isinstance(tag, str) and re.fullmatch(r"k8s:[0-9a-f-]{36}", tag)
    ]
    size = raw.get("size_gigabytes")
    return {
        "region": _slug(raw.get("region")),
        "cluster": made_by[0] if len(made_by) == 1 else None,
        "size_gigabytes": size if isinstance(size, int) else None,
    }


def _record(raw: Raw) -> dict[str, Scalar]:
    return {"type": _text(raw.get("type")), "value": _text(raw.get("data"))}


def _is_address(raw: Raw) -> bool:
    """Whether a record answers for where its name is; others of the name (NS, TXT, ...) stand beside it."""
    return raw.get("type") in ("A", "AAAA", "CNAME")


#: What stands in a VPC, of whatever kind; no kind of resource by itself. Known by its URN: not each has a name.
MEMBER = Kind(
    path="/v2/vpcs/{within}/members",
    scope="vpc:read",
    many="members",
    one="member",
    lister=lambda client: client.vpcs.list_members,
    getter=lambda client: client.vpcs.list_members,
    marker=_no_room,
    facts=_no_facts,
    id_key="urn",
    name_key="urn",
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "vpc": Kind(
            path="/v2/vpcs",
            scope="vpc:read",
            many="vpcs",
            one="vpc",
            lister=lambda client: client.vpcs.list,
            getter=lambda client: client.vpcs.get,
            marker=_by_description,
            facts=_vpc,
        ),
        "cluster": Kind(
            path="/v2/kubernetes/clusters",
            scope="kubernetes:read",
            many="kubernetes_clusters",
            one="kubernetes_cluster",
            lister=lambda client: client.kubernetes.list_clusters,
            getter=lambda client: client.kubernetes.get_cluster,
            marker=_by_tags,
            facts=_cluster,
        ),
        "registry": Kind(
            path="/v2/registries",
            scope="registry:read",
            many="registries",
            one="registry",
            lister=lambda client: client.registries.list,
            getter=lambda client: client.registries.get,
            marker=_no_room,
            facts=_registry,
            id_key="name",
            listing=Listing.REGISTRIES,
        ),
        "load_balancer": Kind(
            path="/v2/load_balancers",
            scope="load_balancer:read",
            many="load_balancers",
            one="load_balancer",
            lister=lambda client: client.load_balancers.list,
            getter=lambda client: client.load_balancers.get,
            marker=_no_room,
            facts=_load_balancer,
        ),
        "volume": Kind(
            path="/v2/volumes",
            scope="block_storage:read",
            many="volumes",
            one="volume",
            lister=lambda client: client.volumes.list,
            getter=lambda client: client.volumes.get,
            marker=_no_room,
            facts=_volume,
        ),
        "project": Kind(
            path="/v2/projects",
            scope="project:read",
            many="projects",
            one="project",
            lister=lambda client: client.projects.list,
            getter=lambda client: client.projects.get,
            marker=_by_description,
            facts=_no_facts,
        ),
        "database": Kind(
            path="/v2/databases",
            scope="database:read",
            many="databases",
            one="database",
            lister=lambda client: client.databases.list_clusters,
            getter=lambda client: client.databases.get_cluster,
            marker=_by_tags,
            facts=_database,
            listing=Listing.WHOLE,
        ),
        "domain": Kind(
            path="/v2/domains",
            scope="domain:read",
            many="domains",
            one="domain",
            lister=lambda client: client.domains.list,
            getter=lambda client: client.domains.get,
            marker=_no_room,
            facts=_no_facts,
            id_key="name",
        ),
        "record": Kind(
            path="/v2/domains/{within}/records",
            scope="domain:read",
            many="domain_records",
            one="domain_record",
            lister=lambda client: client.domains.list_records,
            getter=lambda client: client.domains.get_record,
            marker=_no_room,
            facts=_record,
            counts=_is_address,
            numbered=True,
        ),
        "certificate": Kind(
            path="/v2/certificates",
            scope="certificate:read",
            many="certificates",
            one="certificate",
            lister=lambda client: client.certificates.list,
            getter=lambda client: client.certificates.get,
            marker=_by_own_name("tls"),
            facts=_certificate,
            id_key="name",
            by_name=True,
        ),
        "uptime_check": Kind(
            path="/v2/uptime/checks",
            scope="uptime:read",
            many="checks",
            one="check",
            lister=lambda client: client.uptime.list_checks,
            getter=lambda client: client.uptime.get_check,
            marker=_by_own_name("uptime"),
            facts=_no_facts,
        ),
        "uptime_alert": Kind(
            path="/v2/uptime/checks/{within}/alerts",
            scope="uptime:read",
            many="alerts",
            one="alert",
            lister=lambda client: client.uptime.list_alerts,
            getter=lambda client: client.uptime.get_alert,
            marker=_no_room,
            facts=_no_facts,
        ),
        "alert_policy": Kind(
            path="/v2/monitoring/alerts",
            scope="monitoring:read",
            many="policies",
            one="policy",
            lister=lambda client: client.monitoring.list_alert_policy,
            getter=lambda client: client.monitoring.get_alert_policy,
            marker=_by_description,
            facts=_no_facts,
            id_key="uuid",
            name_key="description",
        ),
    }
)
