"""Manifests: plain values, exactly as the API server has them, and what stands in for what may not be in them.

A value that nobody may read is a `Hidden`; whoever registers the objects puts the secret output in its place. A
digest over such values is a `Digest`, so that pods can roll when a value changes without the value being anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from formerr_infra.naming import LABEL_STACK, stack_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.application.plan import Amount, Plan, Resources

Manifest: TypeAlias = dict[str, Any]

NAME = "app.kubernetes.io/name"
PART_OF = "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"
MANAGED_BY = "app.kubernetes.io/managed-by"
#: Annotations of pods: a change of either rolls them.
SETTINGS_DIGEST = "formerr.tech/settings"
SECRETS_DIGEST = "formerr.tech/secrets"
#: Annotation of the namespaces of an environment with a time to live: when it ends.
EXPIRES = "formerr.tech/expires"
#: What the namespace of that name has as a label, by the API server itself.
NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that occurs by name only."""

    name: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A short text that changes whenever one of these hidden values changes, and tells nothing about them."""

    of: tuple[str, ...]


def labels(plan: Plan, name: str) -> dict[str, str]:
    """Labels of an object: what it is, and whose."""
    return {
        NAME: name,
        PART_OF: "formerr",
        MANAGED_BY: "pulumi",
        LABEL_STACK: stack_label(plan.project, plan.stack),
    }


def selector(name: str) -> dict[str, str]:
    """Labels that pods of that name, and no others, have. Never changes: Deployments cannot change theirs."""
    return {NAME: name, PART_OF: "formerr"}


def manifest(
    plan: Plan,
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str | None = None,
    label: str | None = None,
    annotations: Mapping[str, str] | None = None,
    **rest: Any,
) -> Manifest:
    """An object of that kind with our labels; `label` where it belongs to something of another name."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = labels(plan, label or name)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def logical_name(manifest: Mapping[str, Any]) -> str:
    """The name that stands in the object's URN: `<kind>/<namespace>/<name>`, or `<kind>/<name>`."""
    metadata = manifest["metadata"]
    parts = (manifest["kind"].lower(), metadata.get("namespace"), metadata["name"])
    return "/".join(part for part in parts if part)


#: The key of an object's decision is the same text.
key = logical_name


def cpu(thousandths: int) -> str:
    """A quantity as the API server writes it, so that what is read equals what was declared."""
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def mebibytes(amount: int) -> str:
    """See `cpu`."""
    return f"{amount // 1024}Gi" if amount % 1024 == 0 else f"{amount}Mi"


def quantities(amount: Amount) -> dict[str, str]:
    """An amount as a container asks for it."""
    return {
        "cpu": cpu(amount.cpu),
        "memory": mebibytes(amount.memory),
        "ephemeral-storage": mebibytes(amount.storage),
    }


def container_resources(resources: Resources) -> dict[str, dict[str, str]]:
    """Requests and limits of a container."""
    return {"requests": quantities(resources.requests), "limits": quantities(resources.limits)}


def hidden_values(value: Any) -> Iterator[str]:
    """The names of all hidden values in a manifest, or in a part of one."""
    match value:
        case Hidden(name):
            yield name
        case Digest(of):
            yield from of
        case dict():
            for below in value.values():
                yield from hidden_values(below)
        case list() | tuple():
            for below in value:
                yield from hidden_values(below)
