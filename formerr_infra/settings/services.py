"""Keys of what the application needs of the account besides the cluster; a part of `schema.Settings`.

A managed database, a domain with certificate and records, alerts. Addresses of Slack are secrets, and no settings: see
`secrets`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from formerr_infra.model import Policy
from formerr_infra.naming import default_name
from formerr_infra.settings.application import ApplicationKeys, DatabaseMode, Host
from formerr_infra.settings.kinds import Flag, items, whole


class DatabaseNetwork(StrEnum):
    """How the application reaches a managed database."""

    PRIVATE = "private"
    PUBLIC = "public"


def _mail(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text):
        raise ValueError(f"{text!r} is not an e-mail address")
    return text


Uuid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=63), AfterValidator(str.lower)]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")]
DatabaseSize = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=63)]
DatabaseNodes = Annotated[int, Field(ge=1, le=3), BeforeValidator(whole)]
CertificateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=255)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
Mail = Annotated[str, AfterValidator(_mail)]
Channel = Annotated[str, StringConstraints(pattern=r"^[#@]?[^\s#@]+$", max_length=80)]


class ServiceKeys(ApplicationKeys):
    """What stands around the cluster."""

    account_services: Flag | None = Field(
        None,
        description="Whether managed database, domain, certificate, DNS records and alerts are part of the stack, each by its "
        "own keys. Not said: as deployApplication.",
    )
    database_policy: Policy = Field(
        Policy.ADOPT, description="As vpcPolicy, for the managed database (databaseMode managed)."
    )
    database_id: Uuid | None = Field(None, description="UUID of the managed database to use.")
    database_name: DatabaseName = Field("", description="Name of the managed database.")
    database_size: DatabaseSize = Field(
        "db-s-1vcpu-1gb", description="Size slug of a managed database that the stack makes."
    )
    database_nodes: DatabaseNodes = Field(1, description="Nodes of a managed database that the stack makes.")
    database_network: DatabaseNetwork = Field(
        DatabaseNetwork.PRIVATE,
        description="How the application reaches it: private, and then it must stand in the stack's VPC, or public. The "
        "server's certificate is checked either way.",
    )
    domain: Host | None = Field(
        None,
        description="Zone in DigitalOcean's DNS that both hosts are in; only ever read. Not said, or not there: plain http, "
        "unless a certificate is given.",
    )
    manage_dns: Flag = Field(
        default=True, description="Whether the records of the two hosts in the domain belong to the stack."
    )
    dns_policy: Policy = Field(
        Policy.AUTO,
        description="As vpcPolicy, for the two records; one that points elsewhere is refused under each.",
    )
    certificate_policy: Policy = Field(
        Policy.AUTO, description="As vpcPolicy, for the load balancer's certificate."
    )
    certificate_name: CertificateName | None = Field(
        None,
        description="A certificate of the account to use. Not said: one of Let's Encrypt named <namePrefix>-tls, where the "
        "domain is there.",
    )
    certificate_id: Uuid | None = Field(None, description="The same by UUID, which changes on each renewal.")
    name_prefix: Prefix = Field(
        "", description="What the names of certificate, uptime check and alerts begin with."
    )
    alert_emails: Annotated[tuple[Mail, ...], BeforeValidator(items)] = Field(
        (), description="Who is told by mail; each address must be one that the account has verified."
    )
    alert_slack_channel: Channel | None = Field(
        None,
        description="Channel of Slack that is told; needs the secret FORMERR_ALERT_SLACK_URL (or alertSlackUrl).",
    )
    alert_policy: Policy = Field(Policy.AUTO, description="As vpcPolicy, for uptime check and alerts.")

    @model_validator(mode="after")
    def _hosts_are_in_the_domain(self) -> ServiceKeys:
        if self.domain is None:
            return self
        for key, host in (("frontendHost", self.frontend_host), ("backendHost", self.backend_host)):
            if host and host != self.domain and not host.endswith(f".{self.domain}"):
                raise ValueError(f"{key} ({host}) is not in domain ({self.domain})")
        return self

    @model_validator(mode="after")
    def _one_certificate(self) -> ServiceKeys:
        if self.certificate_name is not None and self.certificate_id is not None:
            raise ValueError("certificateName and certificateId name the same thing: set one of them")
        return self

    @property
    def services(self) -> bool:
        """Whether what stands around the cluster is part of the stack."""
        return self.deploy_application if self.account_services is None else self.account_services

    @property
    def managed_database(self) -> bool:
        """Whether the stack has a managed database."""
        return self.services and self.database_mode is DatabaseMode.MANAGED

    @property
    def alerts(self) -> bool:
        """Whether anybody is to be told of anything."""
        return self.services and bool(self.alert_emails or self.alert_slack_channel)


def service_defaults(slug: str) -> dict[str, Any]:
    """What a stack gets where its file says nothing."""
    return {"databaseName": default_name(slug, "db"), "namePrefix": f"formerr-{slug}"}
