"""What a new DOKS cluster has in it before anybody declares anything, as far as a declaration may meet it. Pure.

Not here: Cilium, CoreDNS and the like as workloads. Nothing runs in these clusters, so nothing would use them.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes.tokens import GROUP

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

PROVISIONER = "dobs.csi.digitalocean.com"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def objects(service_subnet: str) -> list[tuple[str, Json]]:
    """Collections and the objects to be in them, in the order to make them."""
    return [
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            {
                "metadata": {"name": "k8saas-cluster-admin"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "cluster-admin",
                },
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
            },
        ),
        (
            "/apis/storage.k8s.io/v1/csidrivers",
            {
                "metadata": {"name": PROVISIONER},
                "spec": {"attachRequired": True, "podInfoOnMount": True},
            },
        ),
        *((_CLASSES, item) for item in _classes()),
        ("/api/v1/namespaces/kube-system/services", _dns(service_subnet)),
    ]


def _classes() -> list[Json]:
    return [
        {
            "metadata": {
                "name": f"do-block-storage{suffix}",
                "annotations": {} if suffix else {_DEFAULT: "true"},
            },
            "provisioner": PROVISIONER,
            "allowVolumeExpansion": True,
            "reclaimPolicy": "Retain" if suffix.endswith("retain") else "Delete",
            "volumeBindingMode": "Immediate",
            "parameters": {"fstype": "xfs"} if "xfs" in suffix else {},
        }
        for suffix in ("", "-retain", "-xfs", "-xfs-retain")
    ]


def _dns(service_subnet: str) -> Json:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
        {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
    ]
    return {
        "metadata": {
            "name": "kube-dns",
            "labels": {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"},
        },
        "spec": {
            "clusterIP": str(ip_network(service_subnet, strict=False)[10]),
            "selector": {"k8s-app": "kube-dns"},
            "ports": ports,
        },
    }
