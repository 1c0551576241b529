"""The account as a destroy needs it: everything that the state knows by id, whole lists for what it does not. Reads only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formerr_infra import holdings
from formerr_infra.destroy.model import Account
from formerr_infra.destroy.traces import Service
from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.leftovers import MARKED, associated, marked
from formerr_infra.inventory.moments import moment
from formerr_infra.inventory.whole import everything
from formerr_infra.standing import alive, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.holdings import State
    from formerr_infra.model import Found

#: Listed for every stack; other kinds with a mark only where the state holds one of them.
_ALWAYS = ("vpc", "cluster")
_ID_ANNOTATION = "kubernetes.digitalocean.com/load-balancer-id"
_SERVICES = "/api/v1/services"


def look(access: Access, state: State, stack: str, *, limits: Limits | None = None) -> Account:
    """Everything that can be asked about what the state holds, and what carries the stack's mark.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the API does raises.
    """
    live = alive(access, state.resources, stack, limits=limits)
    kinds = {*_ALWAYS, *(one.kind for one in state.resources if one.kind in MARKED)}
    listed = everything(
        access, [*sorted(kinds & set(MARKED)), "load_balancer", "volume"], stack=stack, limits=limits
    )
    clusters = [one for one in state.of(holdings.CLUSTER) if not one.external and not one.doomed]
    made = associated(access, clusters[0].id, limits=limits) if clusters else None
    return Account(
        live=live,
        marked=marked({kind: listed[kind] for kind in listed if kind in MARKED}),
        balancers=listed["load_balancer"],
        volumes=listed["volume"],
        associated=made,
        unknown=tuple(
            answer.reason
            for kind, answer in listed.items()
            if isinstance(answer, Unknown) and (kind in kinds or kind == "load_balancer")
        ),
    )


def look_again(
    access: Access, before: State, stack: str, *, objects_on: str | None = None, limits: Limits | None = None
) -> Account:
    """The same after the destroy; of an adopted cluster (`objects_on`), the objects too."""
    found = look(access, before, stack, limits=limits)
    if objects_on is None:
        return found
    ours = [one for one in before.resources if one.on_cluster and not one.external]
    return replace(found, live={**found.live, **objects(access, ours, objects_on)})


def look_without_state(
    access: Access, stack: str, *, limits: Limits | None = None
) -> tuple[Mapping[str, tuple[Found, ...]], tuple[str, ...]]:
    """What carries the stack's mark, where no state says what to look for; and what could not be asked for."""
    listed = everything(access, MARKED, stack=stack, limits=limits)
    return marked(listed), tuple(one.reason for one in listed.values() if isinstance(one, Unknown))


def services(access: Access, cluster_id: str) -> dict[str, Service] | Unknown:
    """Id of each load balancer that a Service of the cluster has -> that Service."""
    from formerr_infra.kubernetes import reading

    opened = reading.reach(access, cluster_id)
    if isinstance(opened, Unknown):
        return opened
    listed = reading.listed(opened, _SERVICES)
    if isinstance(listed, Unknown):
        return listed
    found: dict[str, Service] = {}
    for one in listed:
        metadata: Mapping[str, Any] = one.get("metadata") or {}
        identity = (metadata.get("annotations") or {}).get(_ID_ANNOTATION)
        if (one.get("spec") or {}).get("type") == "LoadBalancer" and identity:
            name = f"{metadata.get('namespace')}/{metadata.get('name')}"
            found[str(identity)] = Service(name, moment(metadata.get("creationTimestamp")))
    return found
