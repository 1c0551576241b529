"""No load balancer is made behind the stack's back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.kubernetes import objects
from policy.model import ResourceRule

if TYPE_CHECKING:
    from policy.model import Found, Resource


def _none(resource: Resource, found: Found) -> None:
    for kind, place in objects(resource):
        with found.where_known():
            if kind == "Service" and place["spec"]["type"].value == "LoadBalancer":
                found.breaks(
                    place["spec"]["type"],
                    "the cluster would make a load balancer of its own; use a NodePort behind the stack's",
                )
        with found.where_known():
            if kind == "Gateway" and place["spec"]["gatewayClassName"].value == "cilium":
                found.breaks(
                    place["spec"]["gatewayClassName"],
                    "DOKS makes a Service of type LoadBalancer for it; use the stack's ingress",
                )


NO_LOAD_BALANCER_SERVICE = ResourceRule(
    name="no-load-balancer-service",
    title="No Service makes a load balancer",
    means="No `Service` of type `LoadBalancer`, and no `Gateway` of DOKS's class `cilium`, which makes one.",
    check=_none,
)
