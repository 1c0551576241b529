"""How many run, who goes first when there is no room, and what a drain may take at once.

No disruption budget here can block a drain: each allows one pod to go, however many there are, and pods that are not
ready do not count. PostgreSQL has none: with one pod a budget either says nothing or blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.application.configuration import BACKEND, FRONTEND
from formerr_infra.application.edge import EDGE
from formerr_infra.application.manifest import Manifest, manifest, selector
from formerr_infra.application.pods import PRIORITY

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan, Workload

#: Of what a pod asks for, on average. Memory is not asked: neither runtime gives back what it once took, so that it
#: would only ever scale up.
CPU_PERCENT = 75


def priorities(plan: Plan) -> tuple[Manifest, ...]:
    """One class above the default: the way in and the database, which everything else stands on."""
    return (
        manifest(
            plan,
            "scheduling.k8s.io/v1",
            "PriorityClass",
            plan.named(PRIORITY),
            label="formerr",
            value=1_000_000,
            preemptionPolicy="PreemptLowerPriority",
            description="The ingress controller and the database: placed before replicas of the application.",
        ),
    )


def availability(plan: Plan) -> tuple[Manifest, ...]:
    """Disruption budgets and autoscalers."""
    home = plan.namespace
    return (
        _budget(plan, EDGE, plan.edge.namespace),
        _budget(plan, BACKEND, home),
        _budget(plan, FRONTEND, home),
        _autoscaler(plan, BACKEND, plan.backend),
        _autoscaler(plan, FRONTEND, plan.frontend),
    )


def _budget(plan: Plan, name: str, namespace: str) -> Manifest:
    return manifest(
        plan,
        "policy/v1",
        "PodDisruptionBudget",
        name,
        namespace=namespace,
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )


def _autoscaler(plan: Plan, name: str, workload: Workload) -> Manifest:
    return manifest(
        plan,
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        name,
        namespace=plan.namespace,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": workload.replicas,
            "maxReplicas": workload.replicas_max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT},
                    },
                }
            ],
        },
    )
