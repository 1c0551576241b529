"""Quotas and limits of the two namespaces: room for everything declared, at its largest and while it rolls.

A quota also says what there can never be: a Service of type LoadBalancer, which would have DigitalOcean make another
load balancer, or a node port that nobody planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.backups import RESOURCES as JOB_RESOURCES
from formerr_infra.application.manifest import Manifest, container_resources, manifest, quantities
from formerr_infra.application.plan import Amount, ClusterDatabase, Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from formerr_infra.application.plan import Plan

#: A pod that goes still counts while it finishes its requests, and the next ones come meanwhile.
_ROLLING = 2
#: A pod for looking into things, which is bound by the same limits.
_SPARE = Resources(Amount(100, 128, 64), Amount(250, 256, 256))


def bounds(plan: Plan) -> tuple[Manifest, ...]:
    """A ResourceQuota and a LimitRange for each namespace."""
    made: list[Manifest] = []
    for namespace, pods, claims, node_ports in (
        (plan.namespace, _application(plan), 2 if isinstance(plan.database, ClusterDatabase) else 0, 0),
        (plan.edge.namespace, [plan.edge.resources] * (_ROLLING * plan.edge.replicas + 1) + [_SPARE], 0, 1),
    ):
        made += [_quota(plan, namespace, pods, claims, node_ports), _limits(plan, namespace, pods)]
    return tuple(made)


def _application(plan: Plan) -> list[Resources]:
    pods = [_SPARE]
    for workload in (plan.backend, plan.frontend):
        pods += [workload.resources] * (_ROLLING * workload.replicas_max + 1)
    if isinstance(plan.database, ClusterDatabase):
        pods += [plan.database.resources, JOB_RESOURCES, JOB_RESOURCES]
    return pods


def _quota(plan: Plan, namespace: str, pods: list[Resources], claims: int, node_ports: int) -> Manifest:
    hard: dict[str, str] = {
        "persistentvolumeclaims": str(claims),
        "pods": str(len(pods)),
        "services.loadbalancers": "0",
        "services.nodeports": str(node_ports),
    }
    for kind in ("requests", "limits"):
        total = sum((getattr(pod, kind) for pod in pods), start=Amount(0, 0, 0))
        hard |= {f"{kind}.{name}": amount for name, amount in quantities(total).items()}
    return manifest(
        plan, "v1", "ResourceQuota", "formerr", namespace=namespace, spec={"hard": dict(sorted(hard.items()))}
    )


def _limits(plan: Plan, namespace: str, pods: Iterable[Resources]) -> Manifest:
    largest = Amount(
        max(pod.limits.cpu for pod in pods),
        max(pod.limits.memory for pod in pods),
        max(pod.limits.storage for pod in pods),
    )
    spare = container_resources(_SPARE)
    limit: dict[str, Any] = {
        "type": "Container",
        "default": spare["limits"],
        "defaultRequest": spare["requests"],
        "max": quantities(largest),
    }
    return manifest(plan, "v1", "LimitRange", "formerr", namespace=namespace, spec={"limits": [limit]})
