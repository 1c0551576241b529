"""From an assessment to the declared application: where its values come from, and what is told about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi

from formerr_infra.application import ClusterDatabase, ManagedDatabase
from formerr_infra.application.configuration import CA_VALUE, PULL_SECRET, PULL_VALUE
from formerr_infra.application.database import PORT, database_host
from formerr_infra.components.application import Application, ApplicationArgs
from formerr_infra.loopback import is_loopback
from formerr_infra.planning import registry_name
from formerr_infra.preflight import host_differs
from formerr_infra.pull_secret import PullSecret, docker_config, pull_secret
from formerr_infra.report import clean
from formerr_infra.settings.secrets import CA, DATABASE, URL, address

if TYPE_CHECKING:
    from datetime import datetime

    import pulumi_digitalocean as digitalocean

    from formerr_infra.application import Plan
    from formerr_infra.components.base import Care
    from formerr_infra.components.database import Database
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
    database: Database | None,
    care: Care,
    full_name: str,
    now: datetime,
) -> None:
    """Declare the application on a cluster."""
    plan = _with_the_authority(plan, secrets, database)
    _tell_of_another_host(assessment, secrets)
    wanted = f"secret/{plan.namespace}/{PULL_SECRET}"
    pull = pull_secret(
        assessment.objects[wanted],
        assessment.ledger.object_inputs.get(wanted, {}),
        registry_name(assessment.settings, assessment.decisions["registry"]),
        now,
    )
    values = hidden_values(plan, secrets, database) | {PULL_VALUE: _pull_value(pull, access, registry.name)}
    configured = pulumi.Config("digitalocean").get("apiEndpoint")
    Application(
        "application",
        ApplicationArgs(
            plan=plan,
            decisions=assessment.objects,
            cluster_id=cluster.id,
            endpoint=cluster.endpoint.apply(_on_this_machine) if access.local else cluster.endpoint,
            authority=pulumi.Output.unsecret(
                cluster.kube_configs.apply(lambda configs: configs[0].cluster_ca_certificate or "")
            ),
            stack=full_name,
            api=configured,
            values=values,
            care=care,
            pull=pull,
        ),
    )


def _on_this_machine(endpoint: str) -> str:
    """The address of a local run's API server; nothing outside of this machine is ever asked."""
    if not is_loopback(endpoint):
        raise pulumi.RunError(
            f"no Kubernetes runs behind the local DigitalOcean's cluster ({endpoint} is not on this machine): start it with "
            "`make up`, or set deployApplication to false"
        )
    return endpoint


def _tell_of_another_host(assessment: Assessment, secrets: Secrets) -> None:
    known, host = assessment.decisions.get("database"), secrets.values.get("DB_HOST")
    if known is None or host is None:
        return
    if finding := host_differs(host.reveal(), known.target):
        pulumi.log.warn(clean(finding.message))


def _with_the_authority(plan: Plan, secrets: Secrets, database: Database | None) -> Plan:
    """The plan that knows whether a managed database's certificate can be checked."""
    if not isinstance(plan.database, ManagedDatabase):
        return plan
    verified = CA in secrets.values or database is not None
    if not verified:
        pulumi.log.warn(
            "the certificate of the managed database is not checked, because its authority is not known: set databaseId or "
            f"databaseName to the database of this account, or export {CA} (its CA certificate, PEM)"
        )
    return replace(plan, database=replace(plan.database, verified=verified))


def hidden_values(
    plan: Plan, secrets: Secrets, database: Database | None = None
) -> dict[str, pulumi.Input[str]]:
    """The values behind the names in the manifests.

    Args:
        plan: of the application.
        secrets: what the user has given; it comes first.
        database: the managed one, where the stack has one.
    """
    values: dict[str, str] = {name: secret.reveal() for name, secret in secrets.values.items()}
    if isinstance(plan.database, ClusterDatabase):
        values |= {
            "DB_HOST": database_host(plan),
            "DB_PORT": str(PORT),
            "DB_NAME": DATABASE_NAME,
            "DB_USER": DATABASE_NAME,
        }
        values[URL] = address({name: values[name] for name in DATABASE})
        return dict(values)
    found: dict[str, pulumi.Input[str]] = dict(values)
    if database is not None:
        found = {CA_VALUE: database.authority, **found}
        if URL not in found:
            found |= _of_the_database(database)
    return found


def _of_the_database(database: Database) -> dict[str, pulumi.Input[str]]:
    """How the application logs in to a database that the stack has made and nobody has told it of."""
    made = database.database
    parts: dict[str, pulumi.Output[str]] = {
        "DB_HOST": database.host,
        "DB_PORT": database.port.apply(str),
        "DB_NAME": made.database,
        "DB_USER": made.user,
        "DB_PASSWORD": made.password,
    }
    return {**parts, URL: pulumi.Output.all(**parts).apply(address)}


def _pull_value(pull: PullSecret, access: Access, registry: pulumi.Output[str]) -> pulumi.Input[str]:
    """New credentials where they are due. A preview reads none: it shows that they change."""
    if not pull.due:
        return ""
    if pulumi.runtime.is_dry_run():
        return "{}"
    return registry.apply(lambda name: docker_config(access.endpoint, access.token, name))
