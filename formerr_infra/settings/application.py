"""Keys of the application on the cluster; a part of `schema.Settings`.

The secrets it needs are no settings: see `secrets`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from formerr_infra.model import Policy
from formerr_infra.settings.kinds import Flag, Keys, Nodes, whole

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: What an image's tag may be (the OCI distribution specification, "Pulling manifests").
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class DatabaseMode(StrEnum):
    """Where the application's PostgreSQL runs."""

    CLUSTER = "cluster"
    MANAGED = "managed"


def _image(text: str) -> str:
    if text.lower() == "latest":
        raise ValueError("'latest' names another image every day; set the tag of a commit, or a digest")
    if not DIGEST.fullmatch(text) and not TAG.fullmatch(text):
        raise ValueError(
            f"{text!r} is neither an image's tag nor a digest (sha256: and 64 hexadecimal digits)"
        )
    return text


def _text(value: Any) -> Any:
    """A tag that YAML reads as a number would be another one: 1e10, 0123, 1.10."""
    if isinstance(value, int | float):
        raise ValueError("a text is expected; put it in quotes")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


Image = Annotated[str, AfterValidator(_image), BeforeValidator(_text)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
Host = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=253
    ),
]
NamespacePrefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
NodePort = Annotated[int, Field(ge=30000, le=32767), BeforeValidator(whole)]


class ApplicationKeys(Keys):
    """What the application is told."""

    deploy_application: Flag = Field(
        default=True,
        description="Whether the application is brought up on the cluster; false: the cloud alone.",
    )
    image_tag: Image | None = Field(
        None,
        description="Tag of both images; never latest. Needed everywhere but on the local DigitalOcean, where it is `local`.",
    )
    backend_image_tag: Image | None = Field(
        None, description="Tag or digest (sha256:...) of the backend's image. Not said: imageTag."
    )
    frontend_image_tag: Image | None = Field(
        None, description="Tag or digest (sha256:...) of the frontend's image. Not said: imageTag."
    )
    frontend_host: Host = Field("", description="Host name of the frontend.")
    backend_host: Host = Field("", description="Host name of the backend's API.")
    namespace_name: Label = Field("formerr", description="Namespace of the application.")
    namespace_prefix: NamespacePrefix | None = Field(
        None,
        description="Put, with a dash, before the names of both namespaces and of what a cluster has one of: a second stack "
        "on the same cluster needs one.",
    )
    namespace_policy: Policy = Field(
        Policy.AUTO,
        description="What to do about the namespace: auto uses one that is there, without writing to it.",
    )
    application_policy: Policy = Field(
        Policy.AUTO,
        description="What to do about objects of the application that are there without this stack's mark: auto and create "
        "refuse, import takes them over as they are declared here.",
    )
    backend_replicas: Nodes = Field(2, description="Pods of the backend, at least.")
    frontend_replicas: Nodes = Field(2, description="Pods of the frontend, at least.")
    replicas_max: Nodes = Field(6, description="Pods of each of the two, at most, under load.")
    ingress_node_port: NodePort = Field(
        30080, description="Port on every node where the ingress listens; the load balancer sends to it."
    )
    database_mode: DatabaseMode = Field(
        DatabaseMode.CLUSTER, description="Where PostgreSQL runs: in the cluster, or managed by DigitalOcean."
    )
    metrics_server: Flag = Field(
        default=False,
        description="Whether to declare a metrics-server, which the autoscalers need and DOKS has none of by itself; never "
        "where the cluster has one already.",
    )
    delete_data: Flag = Field(
        default=False,
        description="Whether a destroy takes the volumes of the database in the cluster too; otherwise they stay.",
    )

    @model_validator(mode="after")
    def _objects_get_rotations(self) -> ApplicationKeys:
        if self.application_policy is Policy.ADOPT:
            raise ValueError(
                "applicationPolicy cannot be adopt: what is only read would never get a rotated secret; it is auto, create or "
                "import"
            )
        return self

    @model_validator(mode="after")
    def _namespaces_fit(self) -> ApplicationKeys:
        if len(self.namespace) > _LONGEST_NAME:
            raise ValueError(
                f"namespacePrefix and namespaceName make {self.namespace!r}, which is longer than {_LONGEST_NAME} characters"
            )
        if self.namespace == self.edge_namespace:
            raise ValueError(
                f"namespaceName: the ingress controller needs the namespace {self.namespace!r} for itself"
            )
        return self

    @property
    def prefix(self) -> str:
        """What the names of namespaces, and of what a cluster has one of, begin with."""
        return f"{self.namespace_prefix}-" if self.namespace_prefix else ""

    @property
    def namespace(self) -> str:
        """The application's namespace."""
        return f"{self.prefix}{self.namespace_name}"

    @property
    def edge_namespace(self) -> str:
        """The ingress controller's namespace."""
        return f"{self.prefix}{_EDGE}"

    @model_validator(mode="after")
    def _images_agree(self) -> ApplicationKeys:
        both = self.backend_image_tag is not None and self.frontend_image_tag is not None
        if self.image_tag is not None and DIGEST.fullmatch(self.image_tag) and not both:
            raise ValueError(
                "imageTag is a digest, and a digest names one image: set backendImageTag and frontendImageTag"
            )
        return self

    @model_validator(mode="after")
    def _hosts_are_two(self) -> ApplicationKeys:
        if self.frontend_host and self.frontend_host == self.backend_host:
            raise ValueError(f"frontendHost and backendHost are the same ({self.frontend_host})")
        return self

    @model_validator(mode="after")
    def _replicas_agree(self) -> ApplicationKeys:
        for key, count in (
            ("backendReplicas", self.backend_replicas),
            ("frontendReplicas", self.frontend_replicas),
        ):
            if count > self.replicas_max:
                raise ValueError(f"{key} ({count}) is above replicasMax ({self.replicas_max})")
        return self


_EDGE = "formerr-edge"
#: Of a namespace (RFC 1123 label).
_LONGEST_NAME = 63
#: Hosts that are not made from the stack's name.
_HOSTS = {"production": "formerr.tech"}


def application_defaults(stack: str, slug: str) -> dict[str, Any]:
    """What a stack gets where its file says nothing.

    Args:
        stack: its name.
        slug: its name as part of a host name.
    """
    host = _HOSTS.get(stack, f"{slug}.formerr.dev")
    return {
        "frontendHost": host,
        "backendHost": f"api.{host}",
        "databaseMode": (DatabaseMode.MANAGED if stack == "production" else DatabaseMode.CLUSTER).value,
    }
