"""KubernetesCluster: its properties."""

from __future__ import annotations

import re
from typing import Any

from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    SETTLED,
    Field,
    Shape,
    flag,
    name_field,
    nested,
    number,
    text,
    whole,
)
from formerr_infra.local.standin.resources.pools import pool_fields, tags_field

ADDONS = {
    "amdGpuDeviceMetricsExporterPlugin": "amd_gpu_device_metrics_exporter_plugin",
    "amdGpuDevicePlugin": "amd_gpu_device_plugin",
    "controlPlaneFirewall": "control_plane_firewall",
    "corednsAutoscaler": "coredns_autoscaler",
    "nvidiaGpuDevicePlugin": "nvidia_gpu_device_plugin",
    "p2pOciRegistryPlugin": "p2p_oci_registry_plugin",
    "rdmaSharedDevicePlugin": "rdma_shared_dev_plugin",
    "routingAgent": "routing_agent",
}
"""What can be switched on and off, and its name in the API."""

UPDATED = (
    "name",
    "tags",
    "autoUpgrade",
    "surgeUpgrade",
    "maintenancePolicy",
    "ha",
    "clusterAutoscalerConfigurations",
    "ssos",
    *ADDONS,
)
"""Properties that one PUT of the cluster changes."""

DAYS = ("any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CREDENTIALS = (
    "clientCertificate",
    "clientKey",
    "clusterCaCertificate",
    "expiresAt",
    "host",
    "rawConfig",
    "token",
)


def version_key(version: Any) -> tuple[int, ...]:
    """`1.34.1-do.2` as (1, 34, 1, 2), so that versions can be compared; empty where it is no version."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:-do\.(\d+))?", str(version or ""))
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def _addon(name: str, *more: Field) -> Field:
    type_name = f"KubernetesCluster{name[0].upper()}{name[1:]}"
    return nested(name, type_name, SETTLED, fields=(*more, flag("enabled", REQUIRED)))


CLUSTER_FIELDS: tuple[Field, ...] = (
    _addon("amdGpuDeviceMetricsExporterPlugin"),
    _addon("amdGpuDevicePlugin"),
    flag("autoUpgrade"),
    nested(
        "clusterAutoscalerConfigurations",
        "KubernetesClusterClusterAutoscalerConfiguration",
        shape=Shape.LIST,
        fields=(
            text("expanders", shape=Shape.LIST),
            text("scaleDownUnneededTime"),
            number("scaleDownUtilizationThreshold"),
        ),
    ),
    text("clusterSubnet", SETTLED, replaces=True),
    text("clusterUrn", OUTPUT),
    _addon("controlPlaneFirewall", text("allowedAddresses", REQUIRED, shape=Shape.LIST)),
    _addon("corednsAutoscaler"),
    text("createdAt", OUTPUT),
    flag("destroyAllAssociatedResources", default=False),
    text("endpoint", OUTPUT),
    flag("ha", SETTLED),
    text("ipv4Address", OUTPUT),
    nested(
        "kubeConfigs",
        "KubernetesClusterKubeConfig",
        OUTPUT,
        shape=Shape.LIST,
        secret=True,
        fields=tuple(text(name, OUTPUT) for name in CREDENTIALS),
    ),
    whole("kubeconfigExpireSeconds"),
    nested(
        "maintenancePolicy",
        "KubernetesClusterMaintenancePolicy",
        SETTLED,
        fields=(text("day", SETTLED, oneof=DAYS), text("duration", OUTPUT), text("startTime", SETTLED)),
    ),
    name_field(),
    nested("nodePool", "KubernetesClusterNodePool", REQUIRED, fields=pool_fields(of_cluster=True)),
    _addon("nvidiaGpuDevicePlugin"),
    _addon("p2pOciRegistryPlugin"),
    _addon("rdmaSharedDevicePlugin"),
    text("region", REQUIRED, replaces=True, canonical=str.lower),
    flag("registryIntegration", default=False),
    _addon("routingAgent"),
    text("serviceSubnet", SETTLED, replaces=True),
    nested(
        "ssos",
        "KubernetesClusterSso",
        SETTLED,
        shape=Shape.LIST,
        fields=(text("clientId"), flag("enabled", REQUIRED), text("issuerUrl"), flag("required")),
    ),
    text("status", OUTPUT),
    flag("surgeUpgrade", default=True),
    tags_field(),
    text("updatedAt", OUTPUT),
    text("version", REQUIRED),
    text("vpcUuid", SETTLED, replaces=True),
    text("workerSubnetUuid", SETTLED, replaces=True),
)
