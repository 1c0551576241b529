"""States and accounts for the tests of a destroy, and what stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from formerr_infra.holdings import CLUSTER, DATABASE, MEMBERS, NODE_POOL, TRUSTED_SOURCES, Resource, State
from formerr_infra.inventory.facts import Unknown
from formerr_infra.model import Found

VPC = "digitalocean:index/vpc:Vpc"
REGISTRY = "digitalocean:index/containerRegistry:ContainerRegistry"
CLAIM, NAMESPACE, SECRET = (
    f"kubernetes:core/v1:{kind}" for kind in ("PersistentVolumeClaim", "Namespace", "Secret")
)
TYPES = (VPC, REGISTRY, CLUSTER, NODE_POOL, DATABASE, TRUSTED_SOURCES, MEMBERS, CLAIM, NAMESPACE, SECRET)
ID = "8a44b438-ca56-418b-ba66-9c92e5fbf6eb"
BORN = datetime(2026, 1, 1, tzinfo=UTC)
LATER, BEFORE = BORN + timedelta(hours=1), BORN - timedelta(hours=1)
CONTROLLERS = ("a" + "0123456789abcdef" * 2)[:32]
DRIVERS = "pvc-0f0e0d0c-0b0a-4009-8807-060504030201"
GONE = Unknown("500")


def resource(kind: str, name: str = "", **fields: Any) -> Resource:
    name = name or kind.rsplit(":", 1)[1].lower()
    identity = fields.pop("id", ID if kind == CLUSTER else f"id-of-{name}")
    return Resource(f"urn:pulumi:staging::p::{kind}::{name}", kind, name, identity, **fields)


def lives(*resources: Resource, **facts: Any) -> dict[tuple[str, str], Found | Unknown | None]:
    return {
        (one.kind or "node_pool", one.id): Found(one.id, one.name, created_at=BORN, facts=facts)
        for one in resources
        if not one.on_cluster
    }


@st.composite
def states(draw: st.DrawFn) -> State:
    kinds = draw(st.lists(st.sampled_from(TYPES), unique=True))
    flags = st.booleans()
    return State(
        tuple(resource(kind, external=draw(flags), protect=draw(flags), retain=draw(flags)) for kind in kinds)
    )


def balancer(name: str, born: datetime | None = LATER, tag: str = "") -> Found:
    return Found("lb", name, created_at=born, details={"tag": tag})


def volume(name: str = DRIVERS, born: datetime | None = LATER, cluster: str | None = ID) -> Found:
    return Found("vol", name, created_at=born, facts={"cluster": cluster, "size_gigabytes": 5})
