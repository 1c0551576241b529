"""Everything the plugin has, by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.local.standin.resources.cluster import CLUSTER
from formerr_infra.local.standin.resources.load_balancer import LOAD_BALANCER
from formerr_infra.local.standin.resources.node_pool import NODE_POOL
from formerr_infra.local.standin.resources.project import PROJECT, PROJECT_RESOURCES
from formerr_infra.local.standin.resources.registry import REGISTRY
from formerr_infra.local.standin.resources.vpc import VPC

if TYPE_CHECKING:
    from formerr_infra.local.standin.resource import Function, Resource

RESOURCES: dict[str, Resource] = {
    resource.token: resource
    for resource in (VPC, CLUSTER, NODE_POOL, REGISTRY, LOAD_BALANCER, PROJECT, PROJECT_RESOURCES)
}

FUNCTIONS: dict[str, Function] = {}
