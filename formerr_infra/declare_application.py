"""From an assessment to the declared application: where its values come from, and what is told about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from formerr_infra.application import ClusterDatabase
from formerr_infra.application.configuration import CA_VALUE, PULL_SECRET, PULL_VALUE
from formerr_infra.application.database import PORT, database_host
from formerr_infra.components.application import Application, ApplicationArgs
from formerr_infra.planning import registry_name
from formerr_infra.pull_secret import PullSecret, docker_config, pull_secret
from formerr_infra.settings.secrets import CA, DATABASE, URL, address

if TYPE_CHECKING:
    from datetime import datetime

    import pulumi_digitalocean as digitalocean

    from formerr_infra.application import Plan
    from formerr_infra.components.base import Care
    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings.secrets import Secrets

#: Name and user of the database in the cluster.
DATABASE_NAME = "formerr"


def declare_application(
    assessment: Assessment,
    plan: Plan,
    secrets: Secrets,
    access: Access,
    *,
    cluster: digitalocean.KubernetesCluster,
    registry: digitalocean.ContainerRegistry,
    care: Care,
    full_name: str,
    now: datetime,
) -> None:
    """Declare the application on a cluster and export where it is reached."""
    wanted = f"secret/{plan.namespace}/{PULL_SECRET}"
    pull = pull_secret(
        assessment.objects[wanted],
        assessment.ledger.object_inputs.get(wanted, {}),
        registry_name(assessment.settings, assessment.decisions["registry"]),
        now,
    )
    values = hidden_values(plan, secrets) | {PULL_VALUE: _pull_value(pull, access, registry.name)}
    configured = pulumi.Config("digitalocean").get("apiEndpoint")
    Application(
        "application",
        ApplicationArgs(
            plan=plan,
            decisions=assessment.objects,
            cluster_id=cluster.id,
            endpoint=cluster.endpoint,
            authority=pulumi.Output.unsecret(
                cluster.kube_configs.apply(lambda configs: configs[0].cluster_ca_certificate or "")
            ),
            stack=full_name,
            api=configured,
            values=values,
            care=care,
            delete_data=assessment.settings.delete_data,
            pull=pull,
        ),
    )
    pulumi.export("application_url", plan.url(plan.hosts.frontend))
    pulumi.export("api_url", plan.url(plan.hosts.backend))


def hidden_values(plan: Plan, secrets: Secrets) -> dict[str, pulumi.Input[str]]:
    """The values behind the names in the manifests."""
    values = {name: secret.reveal() for name, secret in secrets.values.items()}
    if isinstance(plan.database, ClusterDatabase):
        values |= {
            "DB_HOST": database_host(plan),
            "DB_PORT": str(PORT),
            "DB_NAME": DATABASE_NAME,
            "DB_USER": DATABASE_NAME,
        }
        values[URL] = address({name: values[name] for name in DATABASE})
    elif CA in values:
        values[CA_VALUE] = values[CA]
    return dict(values)


def _pull_value(pull: PullSecret, access: Access, registry: pulumi.Output[str]) -> pulumi.Input[str]:
    """New credentials where they are due. A preview reads none: it shows that they change."""
    if not pull.due:
        return ""
    if pulumi.runtime.is_dry_run():
        return "{}"
    return registry.apply(lambda name: docker_config(access.endpoint, access.token, name))
