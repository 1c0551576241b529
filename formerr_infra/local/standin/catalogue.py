"""Everything the plugin has, by token."""

from __future__ import annotations

from formerr_infra.local.standin import functions
from formerr_infra.local.standin.resources.alerts import MONITOR_ALERT, UPTIME_ALERT, UPTIME_CHECK
from formerr_infra.local.standin.resources.certificate import CERTIFICATE
from formerr_infra.local.standin.resources.cluster import CLUSTER
from formerr_infra.local.standin.resources.database import DATABASE_CLUSTER
from formerr_infra.local.standin.resources.database_parts import DATABASE_DB, DATABASE_FIREWALL, DATABASE_USER
from formerr_infra.local.standin.resources.docker_credentials import DOCKER_CREDENTIALS
from formerr_infra.local.standin.resources.domain import DNS_RECORD, DOMAIN
from formerr_infra.local.standin.resources.firewall import FIREWALL
from formerr_infra.local.standin.resources.load_balancer import LOAD_BALANCER
from formerr_infra.local.standin.resources.node_pool import NODE_POOL
from formerr_infra.local.standin.resources.project import PROJECT, PROJECT_RESOURCES
from formerr_infra.local.standin.resources.registry import REGISTRY
from formerr_infra.local.standin.resources.vpc import VPC

RESOURCES = {
    resource.token: resource
    for resource in (
        VPC,
        CLUSTER,
        NODE_POOL,
        REGISTRY,
        DOCKER_CREDENTIALS,
        LOAD_BALANCER,
        PROJECT,
        PROJECT_RESOURCES,
        CERTIFICATE,
        DOMAIN,
        DNS_RECORD,
        FIREWALL,
        DATABASE_CLUSTER,
        DATABASE_DB,
        DATABASE_USER,
        DATABASE_FIREWALL,
        UPTIME_CHECK,
        UPTIME_ALERT,
        MONITOR_ALERT,
    )
}

FUNCTIONS = {function.token: function for function in functions.ALL}
