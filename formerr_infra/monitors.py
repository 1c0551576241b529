"""The alert policies: what is measured, and when somebody is told; a table without behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Monitor:
    """One alert policy of the monitoring.

    Attributes:
        slot: its key.
        name: logical name; part of the URN.
        text: what it says, behind the prefix; it is known by that.
        type: as the API has it.
        compare, value, window: when it says so.
        nodes: about the cluster's nodes; otherwise about the load balancer.
    """

    slot: str
    name: str
    text: str
    type: str
    compare: str
    value: float
    window: str
    nodes: bool = True


MONITORS = (
    Monitor("nodeCpuAlert", "node-cpu", "CPU of a node above 90 %", "v1/insights/droplet/cpu", "GreaterThan", 90, "10m"),
    Monitor(
        "nodeMemoryAlert", "node-memory", "memory of a node above 90 %",
        "v1/insights/droplet/memory_utilization_percent", "GreaterThan", 90, "10m",
    ),
    Monitor(
        "nodeDiskAlert", "node-disk", "disk of a node above 85 %",
        "v1/insights/droplet/disk_utilization_percent", "GreaterThan", 85, "10m",
    ),
    Monitor(
        "balancerHealthAlert", "balancer-health", "fewer than half of the nodes healthy",
        "v1/insights/lbaas/droplet_health", "LessThan", 50, "5m", nodes=False,
    ),
    Monitor(
        "balancerErrorsAlert", "balancer-errors", "server errors up by more than 10 %",
        "v1/insights/lbaas/increase_in_http_error_rate_percentage_5xx", "GreaterThan", 10, "5m", nodes=False,
    ),
)  # fmt: skip
