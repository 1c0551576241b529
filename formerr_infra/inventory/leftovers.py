"""What a cluster has made in the account, and what carries a stack's mark: for whoever takes a stack down. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.inventory.listing import read_one
from formerr_infra.inventory.session import NOT_OFFERED, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.model import Found

#: Kinds with room for a mark, or with a name that is one.
MARKED = ("vpc", "cluster", "project", "database", "certificate", "uptime_check", "alert_policy")
_ASSOCIATED = "/v2/kubernetes/clusters/{}/destroy_with_associated_resources"


@dataclass(frozen=True, slots=True)
class Associated:
    """One thing of the account that DigitalOcean says a cluster has made: `load_balancers`, `volumes`,
    `volume_snapshots`."""

    kind: str
    id: str
    name: str


def associated(
    access: Access, cluster_id: str, *, limits: Limits | None = None
) -> tuple[Associated, ...] | Unknown | None:
    """What a cluster has made in the account besides its nodes; None where there is no such cluster.

    Nothing, where the API tells of the cluster and has no such answer.
    """
    session = Session(access, limits or Limits())
    path = _ASSOCIATED.format(cluster_id)
    try:
        answer = session.read(
            path, "kubernetes:read", session.client.kubernetes.list_associated_resources, cluster_id
        )
        if answer.status in NOT_OFFERED:
            alive = read_one(session, KINDS["cluster"], cluster_id)
            return alive if alive is None or isinstance(alive, Unknown) else ()
    finally:
        session.close()
    if answer.trouble:
        return Unknown(answer.trouble)
    if answer.status != 200 or answer.body is None:
        return Unknown(f"GET {path}: {answer.status}")
    return _listed(answer.body, path)


def _listed(body: Mapping[str, Any], path: str) -> tuple[Associated, ...] | Unknown:
    result: list[Associated] = []
    for kind in ("load_balancers", "volumes", "volume_snapshots"):
        items = body.get(kind) or []
        if not isinstance(items, list):
            return Unknown(f"GET {path}: {kind} is no list")
        for one in items:
            if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not one["id"]:
                return Unknown(f"GET {path}: one of {kind} has no id")
            result.append(Associated(kind, one["id"], str(one.get("name") or "")))
    return tuple(result)


def marked(
    seen: Mapping[str, tuple[Found, ...] | Unknown],
) -> Mapping[str, tuple[Found, ...]]:
    """Kind -> those that carry the mark of the stack that was asked about."""
    from formerr_infra.model import Mark

    return MappingProxyType(
        {
            kind: ours
            for kind, answer in seen.items()
            if not isinstance(answer, Unknown)
            and (ours := tuple(one for one in answer if one.mark is Mark.OURS))
        }
    )
