"""metrics-server, where it is wanted: without one an autoscaler keeps its minimum and does nothing more.

DOKS has none by itself (DigitalOcean documentation, "Kubernetes Metrics Server" in the marketplace); one that is
installed from there owns the same APIService, and two of them would fight for it. It stands in kube-system, as its
own project has it: where it reads from and who reads from it, kubelets and the API server, no policy can name.

kube-state-metrics is not declared: nothing here would read it. DOKS shows what it says, if it is installed from the
marketplace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.manifest import Manifest, labels, manifest, selector
from formerr_infra.application.plan import Amount, Resources
from formerr_infra.application.pods import container, pod, scratch, service_account

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

NAME = "formerr-metrics-server"
NAMESPACE = "kube-system"
PORT = 10250
IMAGE = "registry.k8s.io/metrics-server/metrics-server:v0.8.1"
#: The name of the API that it serves; a cluster has one.
API = "v1beta1.metrics.k8s.io"
RESOURCES = Resources(Amount(100, 200, 32), Amount(500, 400, 128))
_RBAC = "rbac.authorization.k8s.io"


def metrics(plan: Plan) -> tuple[Manifest, ...]:
    """metrics-server with its rights and its API; nothing where the plan wants none."""
    if not plan.metrics_server:
        return ()
    return (
        service_account(plan, NAME, NAMESPACE),
        *_rights(plan),
        _policy(plan),
        _deployment(plan),
        manifest(
            plan,
            "v1",
            "Service",
            NAME,
            namespace=NAMESPACE,
            spec={
                "type": "ClusterIP",
                "selector": selector(NAME),
                "ports": [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}],
            },
        ),
        manifest(
            plan,
            "apiregistration.k8s.io/v1",
            "APIService",
            API,
            label=NAME,
            spec={
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                # It makes its own certificate on every start, as its project ships it: there is no authority to name.
                "insecureSkipTLSVerify": True,
                "service": {"name": NAME, "namespace": NAMESPACE, "port": 443},
            },
        ),
    )


def _deployment(plan: Plan) -> Manifest:
    main = container(
        "metrics-server",
        IMAGE,
        RESOURCES,
        writable={"/tmp": "tmp"},  # noqa: S108 - the container's own
        args=[
            "--cert-dir=/tmp",
            f"--secure-port={PORT}",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-use-node-status-port",
            "--metric-resolution=15s",
        ],
        ports=[{"name": "https", "containerPort": PORT, "protocol": "TCP"}],
        readinessProbe=_probe("/readyz", 20),
        livenessProbe=_probe("/livez", 30),
    )
    return manifest(
        plan,
        "apps/v1",
        "Deployment",
        NAME,
        namespace=NAMESPACE,
        spec={
            "replicas": 1,
            "selector": {"matchLabels": selector(NAME)},
            "revisionHistoryLimit": 5,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels(plan, NAME)},
                "spec": pod(
                    NAME,
                    [main],
                    volumes=[scratch("tmp", 16)],
                    token=True,
                    priorityClassName="system-cluster-critical",
                ),
            },
        },
    )


def _probe(path: str, delay: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "https", "scheme": "HTTPS"},
        "initialDelaySeconds": delay,
        "periodSeconds": 10,
        "timeoutSeconds": 3,
        "failureThreshold": 3,
    }


def _policy(plan: Plan) -> Manifest:
    """What can be said: one port in, and out only to kubelets, the API server and DNS, by their ports."""
    ports = [{"port": port, "protocol": "TCP"} for port in (53, 443, 6443, PORT)]
    return manifest(
        plan,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        NAME,
        namespace=NAMESPACE,
        spec={
            "podSelector": {"matchLabels": selector(NAME)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}],
            "egress": [{"ports": [*ports, {"port": 53, "protocol": "UDP"}]}],
        },
    )


def _rights(plan: Plan) -> tuple[Manifest, ...]:
    subjects = [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}]

    def bound(kind: str, name: str, role: str, role_kind: str, namespace: str | None = None) -> Manifest:
        reference = {"apiGroup": _RBAC, "kind": role_kind, "name": role}
        return manifest(
            plan,
            f"{_RBAC}/v1",
            kind,
            name,
            namespace=namespace,
            label=NAME,
            roleRef=reference,
            subjects=subjects,
        )

    return (
        manifest(
            plan,
            f"{_RBAC}/v1",
            "ClusterRole",
            NAME,
            rules=[
                {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
                {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]},
            ],
        ),
        bound("ClusterRoleBinding", NAME, NAME, "ClusterRole"),
        bound("ClusterRoleBinding", f"{NAME}-delegates", "system:auth-delegator", "ClusterRole"),
        bound(
            "RoleBinding",
            f"{NAME}-reads-authentication",
            "extension-apiserver-authentication-reader",
            "Role",
            NAMESPACE,
        ),
    )
