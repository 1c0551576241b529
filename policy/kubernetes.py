"""Where things stand in the objects of Kubernetes' API, by the type token of the provider.

A token is `kubernetes:<group>/<version>:<Kind>`; a list and a patch of a kind have names of their own. Pods that a chart or
a custom resource makes are not seen: they are not declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Found, Resource
    from policy.values import Node

#: Kind -> where its pod's specification stands.
_POD = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
#: Tokens of the provider that are no objects of the API.
_NO_OBJECTS = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize")


def is_object(resource: Resource) -> bool:
    """Whether a resource is an object of Kubernetes' API."""
    return resource.type.startswith("kubernetes:") and not resource.type.startswith(_NO_OBJECTS)


def is_patch(resource: Resource) -> bool:
    """Whether a resource is a change to another's object: it says no more than what it changes."""
    return is_object(resource) and resource.type.endswith("Patch")


def objects(resource: Resource) -> Iterator[tuple[str, Node]]:
    """Kind and place of each object that a resource declares: itself, or what its list holds."""
    if not is_object(resource):
        return
    kind = resource.type.rsplit(":", 1)[-1].removesuffix("Patch")
    if kind.endswith("List"):
        for item in resource["items"].items():
            yield item["kind"].text or kind.removesuffix("List"), item
    else:
        yield kind, resource.root


def pods(resource: Resource) -> Iterator[Node]:
    """The specification of each pod."""
    for kind, place in objects(resource):
        if kind in _POD:
            for key in _POD[kind]:
                place = place[key]
            yield place


def containers(pod: Node, found: Found) -> Iterator[Node]:
    """Every container of a pod, those that run before the others included."""
    for key in _CONTAINERS:
        there: list[Node] = []
        with found.where_known():
            there = pod[key].items()
        yield from there
