"""From an assessment to declared resources and stack outputs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pulumi

from formerr_infra import declare_services as services
from formerr_infra import naming, preflight
from formerr_infra.components.base import Care
from formerr_infra.components.cluster import Cluster, ClusterArgs, Pool
from formerr_infra.components.load_balancer import LoadBalancer, LoadBalancerArgs
from formerr_infra.components.network import Network, NetworkArgs
from formerr_infra.components.project import Project, ProjectArgs
from formerr_infra.components.registry import Registry, RegistryArgs
from formerr_infra.inventory.facts import Unknown
from formerr_infra.model import MAKES, READ_ONLY, Outcome
from formerr_infra.report import as_output

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings.schema import Settings
    from formerr_infra.settings.secrets import Secrets


async def declare(
    assessment: Assessment,
    began: str,
    *,
    access: Access,
    secrets: Secrets,
    full_name: str,
    meanwhile: Awaitable[object],
    slack: str | None = None,
) -> None:
    """Declare every slot as decided and export the outputs.

    Args:
        assessment: decided, not refused.
        began: when the run began, UTC, ISO 8601.
        access: where the account is.
        secrets: of the application, checked.
        full_name: of the stack, with its organization where there is one.
        slack: address of the channel that is told of alerts, if any.
        meanwhile: waited for after the first resource, for which the engine starts the provider's plugin.
    """
    settings = assessment.settings
    decisions = assessment.decisions
    stack = assessment.stack
    care = Care(protect=settings.protect, retain=settings.retain_on_delete)
    network = Network("network", _network(assessment, care, began))
    await meanwhile
    cluster = Cluster("kubernetes", _cluster(assessment, care, began, network.vpc.id))
    registry = Registry("images", _registry(assessment, care, began))
    tls = services.certificate(assessment, care, began)
    balancer = LoadBalancer(
        "ingress",
        LoadBalancerArgs(
            decision=decisions["loadBalancer"],
            name=settings.load_balancer_name,
            region=settings.region,
            vpc_id=network.vpc.id,
            cluster_id=cluster.cluster.id,
            node_port=settings.ingress_node_port,
            care=care,
            began=began,
            certificate=tls.certificate.name if tls is not None else None,
            certificate_names=services.certificate_names(assessment),
            own_records=settings.domain is not None,
            inputs=assessment.ledger.inputs.get("loadBalancer", {}),
        ),
    )
    database = services.database(
        assessment,
        care,
        began,
        access,
        vpc_id=network.vpc.id,
        cluster_id=cluster.cluster.id,
    )
    services.dns(assessment, care, began, balancer.load_balancer.ip)
    services.alerts(
        assessment,
        care,
        began,
        cluster_id=cluster.cluster.id,
        load_balancer_id=balancer.load_balancer.id,
        slack=slack,
    )
    if assessment.plan is not None:
        from formerr_infra.declare_application import declare_application

        declare_application(
            assessment,
            assessment.plan,
            secrets,
            access,
            cluster=cluster.cluster,
            registry=registry.registry,
            database=database,
            care=care,
            full_name=full_name,
            now=datetime.fromisoformat(began),
        )
    if "project" in decisions:
        owned = [
            urn
            for slot, urn in (
                ("cluster", cluster.cluster.cluster_urn),
                ("loadBalancer", balancer.load_balancer.load_balancer_urn),
            )
            if decisions[slot].outcome not in READ_ONLY
        ]
        if database is not None and decisions["database"].outcome not in READ_ONLY:
            owned.append(database.database.cluster_urn)
        Project(
            "account-project",
            ProjectArgs(
                decision=decisions["project"],
                name=settings.project_name or "",
                description=naming.marked_description("Formerr", naming.PROJECT, stack),
                environment="Production" if stack == "production" else "Staging",
                members=owned,
                care=care,
                began=began,
            ),
        )
    pulumi.export("vpc_id", network.vpc.id)
    pulumi.export("cluster_id", cluster.cluster.id)
    pulumi.export("cluster_name", cluster.cluster.name)
    pulumi.export("cluster_endpoint", cluster.cluster.endpoint)
    pulumi.export("registry_endpoint", registry.registry.endpoint)
    pulumi.export("registry_name", registry.registry.name)
    pulumi.export("load_balancer_ip", balancer.load_balancer.ip)
    pulumi.export("load_balancer_id", balancer.load_balancer.id)
    pulumi.export("region", settings.region)
    if settings.expires_at is not None:
        pulumi.export("expires_at", settings.expires_at)
    if settings.services or settings.deploy_application:
        pulumi.export("application_url", f"{services.scheme(assessment)}://{settings.frontend_host}")
        pulumi.export("api_url", f"{services.scheme(assessment)}://{settings.backend_host}")
    if database is not None:
        pulumi.export("database_id", database.database.id)
        pulumi.export("database_host", database.host)
        pulumi.export("database_port", database.port)
    stays = _stays(assessment)
    # A destroy runs no program; it shows the outputs that go, and so says why something stays.
    pulumi.export("decisions", as_output(assessment, {"vpc": stays} if stays else {}))


def _stays(assessment: Assessment) -> str | None:
    """Why a destroy is going to leave the VPC where it is, or None."""
    decision = assessment.decisions["vpc"]
    becomes = any(finding.code == "becomes-default" for finding in assessment.findings)
    default = becomes or (decision.target is not None and decision.target.facts.get("default") is True)
    if not default or decision.outcome in READ_ONLY:
        return None
    return (
        f"the VPC is, or becomes, the default one of {assessment.settings.region}. DigitalOcean does not delete a default VPC, "
        "so a destroy takes everything else and leaves it; make another VPC the region's default to have it go."
    )


def _network(assessment: Assessment, care: Care, began: str) -> NetworkArgs:
    settings, decision = assessment.settings, assessment.decisions["vpc"]
    stays = _stays(assessment)
    if stays is not None:
        pulumi.log.warn(stays)
    return NetworkArgs(
        decision=decision,
        name=settings.vpc_name,
        region=settings.region,
        ip_range=settings.vpc_cidr,
        description=naming.marked_description(
            naming.until(f"Formerr {assessment.stack} network", settings.expires_at),
            naming.PROJECT,
            assessment.stack,
        ),
        care=Care(protect=care.protect, retain=care.retain or stays is not None),
        began=began,
    )


def _cluster(assessment: Assessment, care: Care, began: str, vpc_id: pulumi.Input[str]) -> ClusterArgs:
    settings = assessment.settings
    subnets = (
        (settings.cluster_subnet, settings.service_subnet)
        if settings.cluster_subnet and settings.service_subnet
        else None
    )
    return ClusterArgs(
        decision=assessment.decisions["cluster"],
        pool_decision=assessment.decisions["nodePool"],
        name=settings.cluster_name,
        region=settings.region,
        version=assessment.version or "",
        vpc_id=vpc_id,
        subnets=subnets,
        highly_available=settings.highly_available,
        auto_upgrade=settings.auto_upgrade,
        surge_upgrade=settings.surge_upgrade,
        tags=(naming.mark_text(naming.PROJECT, assessment.stack), *settings.tags),
        system=Pool(settings.system_node_size, settings.system_node_count),
        workers=_workers(settings),
        take_volumes=settings.deploy_application and settings.delete_data,
        care=care,
        began=began,
        inputs=assessment.ledger.inputs.get("cluster", {}),
        pool_inputs=assessment.ledger.inputs.get("nodePool", {}),
    )


def _workers(settings: Settings) -> Pool:
    if settings.autoscale:
        return Pool(settings.node_size, None, settings.node_min, settings.node_max)
    return Pool(settings.node_size, settings.nodes_at_start)


def _registry(assessment: Assessment, care: Care, began: str) -> RegistryArgs:
    settings, decision = assessment.settings, assessment.decisions["registry"]
    declared = assessment.ledger.inputs.get("registry", {}).get("subscriptionTierSlug")
    account = assessment.account
    subscription = (
        None if account is None or isinstance(account.registry_tier, Unknown) else account.registry_tier
    )
    tier = preflight.declared_tier(settings.registry_tier, subscription)
    raised = False
    if isinstance(declared, str):
        tier = preflight.declared_tier(tier, declared)
        raised = decision.outcome is Outcome.KEEP and tier != declared
    return RegistryArgs(
        decision=decision,
        name=settings.registry_id or settings.registry_name,
        tier=tier,
        follow_tier=decision.outcome not in MAKES and not raised,
        region=settings.registry_region,
        care=care,
        began=began,
    )
