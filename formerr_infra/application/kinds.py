"""Kinds of objects: where each stands on an API server, and how the engine names it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

#: apiVersion and kind -> the resource's name in a path (Kubernetes API reference 1.34).
PLURALS = {
    ("v1", "Namespace"): "namespaces",
    ("v1", "ResourceQuota"): "resourcequotas",
    ("v1", "LimitRange"): "limitranges",
    ("v1", "Secret"): "secrets",
    ("v1", "ConfigMap"): "configmaps",
    ("v1", "ServiceAccount"): "serviceaccounts",
    ("v1", "Service"): "services",
    ("v1", "PersistentVolumeClaim"): "persistentvolumeclaims",
    ("apps/v1", "Deployment"): "deployments",
    ("apps/v1", "StatefulSet"): "statefulsets",
    ("apps/v1", "DaemonSet"): "daemonsets",
    ("batch/v1", "CronJob"): "cronjobs",
    ("batch/v1", "Job"): "jobs",
    ("networking.k8s.io/v1", "NetworkPolicy"): "networkpolicies",
    ("networking.k8s.io/v1", "Ingress"): "ingresses",
    ("networking.k8s.io/v1", "IngressClass"): "ingressclasses",
    ("rbac.authorization.k8s.io/v1", "Role"): "roles",
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): "rolebindings",
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): "clusterroles",
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): "clusterrolebindings",
    ("scheduling.k8s.io/v1", "PriorityClass"): "priorityclasses",
    ("policy/v1", "PodDisruptionBudget"): "poddisruptionbudgets",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "horizontalpodautoscalers",
    ("apiregistration.k8s.io/v1", "APIService"): "apiservices",
}

#: Objects that keep data, or take it with them.
KEEPS_DATA = frozenset({"Namespace", "PersistentVolumeClaim", "StatefulSet"})

#: Kind -> fields that are set once for the life of an object, and that nobody but its maker chooses.
IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.podManagementPolicy"),
    "PersistentVolumeClaim": ("spec.storageClassName", "spec.accessModes"),
    "Secret": ("type",),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "IngressClass": ("spec.controller",),
    "PriorityClass": ("value", "preemptionPolicy"),
}


def immutable(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Path of each field that is set once -> its value as JSON, of those that the manifest has."""
    found = {}
    for path in IMMUTABLE.get(manifest["kind"], ()):
        value: Any = manifest
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            found[path] = json.dumps(value, sort_keys=True)
    return found


@dataclass(frozen=True, slots=True)
class Reference:
    """Which object is meant."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Reference:
        """The object that a manifest describes."""
        metadata = manifest["metadata"]
        return cls(manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"])

    @property
    def path(self) -> str:
        """Where it stands.

        Raises:
            KeyError: nobody has said where objects of this kind stand.
        """
        plural = PLURALS[self.api_version, self.kind]
        root = "/api/v1" if self.api_version == "v1" else f"/apis/{self.api_version}"
        inside = f"/namespaces/{quote(self.namespace)}" if self.namespace else ""
        return f"{root}{inside}/{plural}/{quote(self.name)}"

    @property
    def engine_type(self) -> str:
        """The engine's type token: `kubernetes:apps/v1:Deployment`."""
        group, _, version = self.api_version.rpartition("/")
        return f"kubernetes:{group or 'core'}/{version}:{self.kind}"

    @property
    def id(self) -> str:
        """The engine's id of it."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name
