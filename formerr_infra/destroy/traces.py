"""What a cluster has made in the account, told from what somebody else put there; pure.

DigitalOcean lists what belongs to a cluster, and this list is not enough: a Service can take over a load balancer that
was somebody's, and a claim can be bound to a volume that was there before. So a thing goes only if it is on that list,
is younger than the cluster, is in no state, and shows by itself that the controller or the driver made it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from formerr_infra.destroy.model import Trace
from formerr_infra.inventory.facts import Unknown
from formerr_infra.model import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.destroy.model import Account
    from formerr_infra.inventory.leftovers import Associated

#: What the controller calls a load balancer whose Service says nothing (`DefaultLoadBalancerName`, k8s.io/cloud-provider).
_OF_A_SERVICE = re.compile(r"a[0-9a-f]{31}")
#: What the driver calls the volume of a claim.
_OF_A_CLAIM = re.compile(r"pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: How far two clocks may be apart.
_SKEW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service of type LoadBalancer: `namespace/name`, and when it was made."""

    name: str
    created_at: datetime | None


def traces(
    account: Account,
    cluster_id: str | None,
    held: frozenset[str],
    services: Mapping[str, Service],
    *,
    data: bool,
) -> tuple[Trace, ...]:
    """What the own cluster has made, and whether it goes.

    Args:
        account: what is there.
        cluster_id: of the own cluster that goes; without one nothing is taken.
        held: ids of everything in the state: the engine's business, or adopted.
        services: id of a load balancer -> the Service that has it.
        data: the word for volumes with data was given.
    """
    listed = account.associated
    if cluster_id is None or listed is None or isinstance(listed, Unknown):
        return ()
    live = account.live.get(("cluster", cluster_id))
    since = live.created_at if isinstance(live, Found) else None
    found: list[Trace] = []
    for one in listed:
        if one.id in held:
            continue
        match one.kind:
            case "load_balancers":
                found.append(_balancer(one, account, since, services))
            case "volumes":
                found.append(_volume(one, account, cluster_id, since, data=data))
            case _:
                found.append(
                    Trace(
                        one, goes=False, reason="a snapshot: data that no destroy takes; delete it by its id"
                    )
                )
    return tuple(found)


def _balancer(
    thing: Associated, account: Account, since: datetime | None, services: Mapping[str, Service]
) -> Trace:
    live = _by_id(account.balancers, thing.id)
    if live is None:
        return Trace(thing, goes=False, reason="it is not among the account's load balancers", expected=False)
    if live.details.get("tag"):
        return Trace(
            thing, goes=False, reason="somebody made it: it targets a tag, which no cloud controller does"
        )
    if _older(live, since):
        return Trace(thing, goes=False, reason="somebody made it: it is older than the cluster")
    if _OF_A_SERVICE.fullmatch(live.name):
        return Trace(thing, goes=True, reason="the cluster's cloud controller made it, as its name says")
    service = services.get(thing.id)
    if service is None:
        reason = (
            "nothing shows that the cluster's cloud controller made it; if nobody needs it, "
            f"`doctl compute load-balancer delete {thing.id}`"
        )
        return Trace(thing, goes=False, reason=reason, expected=False)
    if _older(live, service.created_at):
        return Trace(
            thing,
            goes=False,
            reason=f"somebody made it: the Service {service.name}, which has it, is younger",
        )
    return Trace(thing, goes=True, reason=f"the cloud controller made it for the Service {service.name}")


def _volume(
    thing: Associated, account: Account, cluster_id: str, since: datetime | None, *, data: bool
) -> Trace:
    live = _by_id(account.volumes, thing.id)
    if live is None:
        return Trace(thing, goes=False, reason="it is not among the account's volumes", expected=False)
    if live.facts.get("cluster") != cluster_id or not _OF_A_CLAIM.fullmatch(live.name) or _older(live, since):
        return Trace(
            thing, goes=False, reason="somebody made it: the cluster's driver names and tags its volumes"
        )
    if not data:
        size = live.facts.get("size_gigabytes")
        reason = f"data ({size} GiB) that nobody said to delete: --delete-data takes it"
        return Trace(thing, goes=False, reason=reason)
    return Trace(
        thing, goes=True, reason="the cluster's driver made it for a claim, and the word for data was given"
    )


def _by_id(many: tuple[Found, ...] | Unknown, identity: str) -> Found | None:
    return None if isinstance(many, Unknown) else next((one for one in many if one.id == identity), None)


def _older(live: Found, moment: datetime | None) -> bool:
    """Whether it was there before; where either time is not told, nothing is said."""
    return live.created_at is not None and moment is not None and live.created_at < moment - _SKEW
