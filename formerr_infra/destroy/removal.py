"""The one write of a destroy that is not the engine's: a cluster together with what it has made, each thing by its id.

DigitalOcean's own way for it. Deleted one by one while the cluster lives, its controller would make them again; after the
cluster is gone, nobody could tell any more whose they were.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from formerr_infra.destroy.errors import LeftBehind
from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.inventory.listing import read_one
from formerr_infra.inventory.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from formerr_infra.destroy.model import Trace

SECONDS = 900.0
EVERY = 5.0
_PATH = "/v2/kubernetes/clusters/{}/destroy_with_associated_resources/selective"


def destroy_with(
    access: Access,
    cluster_id: str,
    taken: Sequence[Trace],
    *,
    progress: Callable[[str], None],
    timeout: float = SECONDS,
    every: float = EVERY,
) -> None:
    """Delete the cluster and these things of its own; wait until the cluster is gone.

    An answer that was lost is no error: what counts is what is there, and a cluster that is gone already is fine.

    Raises:
        LeftBehind: it was refused, or the cluster is still there when the time is up.
    """
    limits = Limits()
    session = Session(access, limits)
    path = _PATH.format(cluster_id)
    body = {
        kind: [one.thing.id for one in taken if one.thing.kind == kind]
        for kind in ("load_balancers", "volumes", "volume_snapshots")
    }
    try:
        answer = session.send_once(
            f"DELETE {path}",
            "kubernetes:delete",
            session.client.kubernetes.destroy_associated_resources_selective,
            cluster_id,
            body=body,
        )
        # 404 is the cluster's, gone already, or that of an API without this path: the look tells. No answer at all, or a
        # 5xx, may have been applied.
        refused = answer.status is not None and 400 <= answer.status < 500
        trouble = answer.trouble or (f"DELETE {path}: {answer.status}" if refused else "")
        if refused and answer.status != 404:
            raise LeftBehind(f"cluster {cluster_id} was not deleted with what it has made: {trouble}")
        until = time.monotonic() + timeout
        said = ""
        while True:
            session.deadline = time.monotonic() + limits.budget
            raw = read_one(session, KINDS["cluster"], cluster_id)
            if raw is None:
                return
            state = (
                f"unknown ({raw.reason})"
                if isinstance(raw, Unknown)
                else KINDS["cluster"].facts(raw)["status"]
            )
            if state != said:
                progress(f"cluster {cluster_id}: {state}")
                said = str(state)
            if time.monotonic() + every >= until or (trouble and not _is_going(said)):
                why = f": {trouble}" if trouble else ""
                raise LeftBehind(f"cluster {cluster_id} is still there ({said}){why}; run again")
            time.sleep(every)
    finally:
        session.close()


def _is_going(status: str) -> bool:
    return status in ("deleting", "deleted") or status.startswith("unknown")
