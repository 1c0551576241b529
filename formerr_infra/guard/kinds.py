"""Kinds that are not deleted by the way: what they hold, or what others know them by, does not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Type token -> what is lost with it.
PROTECTED: Mapping[str, str] = {
    "digitalocean:index/vpc:Vpc": "the network that everything else stands in",
    "digitalocean:index/kubernetesCluster:KubernetesCluster": "the cluster with everything that runs on it",
    "digitalocean:index/containerRegistry:ContainerRegistry": "every image that was pushed to it",
    "digitalocean:index/loadBalancer:LoadBalancer": "the address that clients and records know",
    "digitalocean:index/databaseCluster:DatabaseCluster": "the database and its backups",
    "digitalocean:index/databaseDb:DatabaseDb": "a database and what is in it",
    "digitalocean:index/databaseFirewall:DatabaseFirewall": "the list of who may reach the database; without one, everybody may",
    "digitalocean:index/domain:Domain": "the zone with all its records",
    "digitalocean:index/volume:Volume": "the data on the volume",
    "digitalocean:index/spacesBucket:SpacesBucket": "what is in the bucket",
    "kubernetes:core/v1:Namespace": "everything in the namespace",
    "kubernetes:core/v1:PersistentVolume": "the data on the volume",
    "kubernetes:core/v1:PersistentVolumeClaim": "the claim by which the data on the volume is found",
    "kubernetes:apps/v1:StatefulSet": "pods that hold data",
}
CLUSTER = "digitalocean:index/kubernetesCluster:KubernetesCluster"
#: What stands on a cluster and goes with it.
ON_CLUSTER = ("kubernetes:", "digitalocean:index/kubernetesNodePool:")
#: What exists for the engine alone.
LOGICAL = ("pulumi:", "formerr:")
