"""From settings and decisions to the plan of the application; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.application import (
    APPLICATION_RESOURCES,
    ClusterDatabase,
    Edge,
    Environment,
    Hosts,
    ManagedDatabase,
    Plan,
    Workload,
    image_reference,
)
from formerr_infra.naming import PROJECT
from formerr_infra.service_slots import serves_tls
from formerr_infra.settings.application import DatabaseMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.model import Decision
    from formerr_infra.settings.schema import Settings

#: Stands for an image's tag that nobody has set, where something is only looked at: a run is refused without one.
NO_TAG = "not-set"
#: Where the load balancer can be if nobody said where the VPC is: a private address, anyway.
ANY_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def application_plan(
    stack: str, settings: Settings, decisions: Mapping[str, Decision], version: str | None
) -> Plan:
    """What the application's objects depend on.

    Args:
        stack: its name.
        settings: of the stack.
        decisions: of the slots.
        version: slug of the cluster's Kubernetes version, as far as it is known.
    """
    environment = Environment.PRODUCTION if stack == "production" else Environment.STAGING
    registry = registry_name(settings, decisions["registry"])
    ranges = _vpc_ranges(settings, decisions["vpc"])

    def workload(name: str, tag: str | None, replicas: int) -> Workload:
        return Workload(
            image=image_reference(registry, f"formerr-{name}", tag or settings.image_tag or NO_TAG),
            replicas=replicas,
            replicas_max=settings.replicas_max,
            resources=APPLICATION_RESOURCES[environment],
        )

    return Plan(
        project=PROJECT,
        stack=stack,
        environment=environment,
        hosts=Hosts(settings.frontend_host, settings.backend_host),
        tls=serves_tls(decisions),
        backend=workload("backend", settings.backend_image_tag, settings.backend_replicas),
        frontend=workload("frontend", settings.frontend_image_tag, settings.frontend_replicas),
        database=ClusterDatabase()
        if settings.database_mode is DatabaseMode.CLUSTER
        else ManagedDatabase(ranges=ranges),
        edge=Edge(
            trusted=ranges or ANY_PRIVATE,
            namespace=settings.edge_namespace,
            node_port=settings.ingress_node_port,
        ),
        namespace=settings.namespace,
        prefix=settings.prefix,
        expires=settings.expires_at,
        metrics_server=settings.metrics_server,
        delete_data=settings.delete_data,
        kubernetes_minor=".".join((version or settings.kubernetes_version).split(".")[:2]),
    )


def registry_name(settings: Settings, registry: Decision) -> str:
    """Of the registry that the images come from."""
    return registry.id or settings.registry_id or settings.registry_name


def _vpc_ranges(settings: Settings, vpc: Decision) -> tuple[str, ...]:
    live = vpc.target.facts.get("ip_range") if vpc.target is not None else None
    known = live or settings.vpc_cidr
    return (str(known),) if known else ()
