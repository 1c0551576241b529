"""The way in: the stack's load balancer, a fixed port on every node, Traefik, the two applications.

Traefik reads Ingress objects of its own class in its own namespace, and nothing of the application's. It wants to
list every secret of a namespace that it serves (Traefik, `pkg/provider/kubernetes/ingress/client.go`: an informer on
Secrets that no option turns off), so the Ingress objects stand in a namespace without secrets and point to the
application's Services by name. That name is a Service of type ExternalName; nobody else can make one there.

TLS ends at the load balancer, and so does the redirect from http: there is no certificate in the cluster. Middlewares
come from a file, so that no custom resource definition has to be there first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.application.configuration import BACKEND, FRONTEND, settings_digest
from formerr_infra.application.manifest import SETTINGS_DIGEST, Manifest, labels, manifest, selector
from formerr_infra.application.pods import PRIORITY, container, pod, scratch, service_account
from formerr_infra.application.workloads import BACKEND_PORT, FRONTEND_PORT, GRACE, LINGER

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

EDGE = "formerr-edge"
CLASS = "formerr"
WEB_PORT = 8080
PING_PORT = 9000
#: What the load balancer's health check asks for on the node port; answered for every host.
HEALTH_PATH = "/formerr-edge/ping"

#: A year, as the lists of such sites want it.
_STRICT_TRANSPORT_SECONDS = 31_536_000
_FOLDER = "/etc/formerr-edge"
_FILE = "dynamic.yaml"
#: Pulumi waits for an address in an Ingress's status; the address is the load balancer's, and nobody writes it there.
_NO_WAIT = {"pulumi.com/skipAwait": "true"}
#: Otherwise DOKS opens the node port to the internet, past the load balancer: in its firewall, for every Service of
#: type NodePort (digitalocean-cloud-controller-manager, README, "Add Public Access Firewall"). Load balancers come
#: over the VPC, which that firewall is not about.
_NOT_PUBLIC = {"kubernetes.digitalocean.com/firewall-managed": "false"}


def edge(plan: Plan) -> tuple[Manifest, ...]:
    """The ingress controller with its rights, its Service and what it is told."""
    return (
        service_account(plan, EDGE, plan.edge.namespace),
        *_rights(plan),
        manifest(
            plan,
            "networking.k8s.io/v1",
            "IngressClass",
            plan.named(CLASS),
            label=EDGE,
            spec={"controller": "traefik.io/ingress-controller"},
        ),
        manifest(
            plan,
            "v1",
            "ConfigMap",
            EDGE,
            namespace=plan.edge.namespace,
            data={_FILE: json.dumps(dynamic_configuration(plan), indent=2) + "\n"},
        ),
        _deployment(plan),
        manifest(
            plan,
            "v1",
            "Service",
            EDGE,
            namespace=plan.edge.namespace,
            annotations=_NOT_PUBLIC,
            spec={
                "type": "NodePort",
                # Every node answers, whichever run a Traefik: the load balancer's health checks stay green while
                # pods move. The client's address comes in X-Forwarded-For, so that its loss here costs nothing.
                "externalTrafficPolicy": "Cluster",
                "selector": selector(EDGE),
                "ports": [
                    {
                        "name": "web",
                        "port": 80,
                        "targetPort": "web",
                        "nodePort": plan.edge.node_port,
                        "protocol": "TCP",
                    }
                ],
            },
        ),
    )


def routes(plan: Plan) -> tuple[Manifest, ...]:
    """One Ingress for each host, with the Service that it names."""
    return (
        *_route(plan, FRONTEND, plan.hosts.frontend, FRONTEND_PORT),
        *_route(plan, BACKEND, plan.hosts.backend, BACKEND_PORT),
    )


def dynamic_configuration(plan: Plan) -> dict[str, Any]:
    """What every request and answer passes through."""
    headers: dict[str, Any] = {
        "contentTypeNosniff": True,
        "customFrameOptionsValue": "SAMEORIGIN",
        "referrerPolicy": "strict-origin-when-cross-origin",
        "permissionsPolicy": "camera=(), geolocation=(), microphone=()",
        "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
    }
    if plan.tls:
        # Forced: what arrives here is plain, TLS ended at the load balancer.
        headers |= {"stsSeconds": _STRICT_TRANSPORT_SECONDS, "forceSTSHeader": True}
    middlewares: dict[str, Any] = {"headers": {"headers": headers}}
    if plan.edge.requests_per_second is not None:
        middlewares["rate"] = {
            "rateLimit": {
                "average": plan.edge.requests_per_second,
                "burst": 2 * plan.edge.requests_per_second,
                # The last address of X-Forwarded-For is what the load balancer saw; those before it anyone can write.
                "sourceCriterion": {"ipStrategy": {"depth": 1}},
            }
        }
    return {
        "http": {
            "middlewares": middlewares,
            "routers": {
                "health": {
                    "entryPoints": ["web"],
                    "rule": f"Path(`{HEALTH_PATH}`)",
                    "priority": 1_000_000,
                    "service": "ping@internal",
                }
            },
        }
    }


def _arguments(plan: Plan) -> list[str]:
    used = [f"{name}@file" for name in dynamic_configuration(plan)["http"]["middlewares"]]
    return [
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.format=json",
        "--accesslog=true",
        "--accesslog.format=json",
        # A login's code and state come in the query of its callback.
        "--accesslog.fields.queryparameters.defaultmode=drop",
        f"--entrypoints.web.address=:{WEB_PORT}",
        f"--entrypoints.web.forwardedheaders.trustedips={','.join(plan.edge.trusted)}",
        f"--entrypoints.web.http.middlewares={','.join(used)}",
        f"--entrypoints.web.transport.lifecycle.gracetimeout={GRACE}s",
        f"--entrypoints.traefik.address=:{PING_PORT}",
        "--ping=true",
        f"--providers.file.filename={_FOLDER}/{_FILE}",
        "--providers.file.watch=false",
        f"--providers.kubernetesingress.namespaces={plan.edge.namespace}",
        f"--providers.kubernetesingress.ingressclass={plan.named(CLASS)}",
        "--providers.kubernetesingress.allowexternalnameservices=true",
    ]


def _deployment(plan: Plan) -> Manifest:
    main = container(
        "traefik",
        plan.edge.image,
        plan.edge.resources,
        writable={"/tmp": "tmp"},  # noqa: S108 - the container's own
        args=_arguments(plan),
        ports=[
            {"name": "web", "containerPort": WEB_PORT, "protocol": "TCP"},
            {"name": "ping", "containerPort": PING_PORT, "protocol": "TCP"},
        ],
        volumeMounts=[{"name": "dynamic", "mountPath": _FOLDER, "readOnly": True}],
        readinessProbe={
            "httpGet": {"path": "/ping", "port": "ping"},
            "initialDelaySeconds": 2,
            "periodSeconds": 5,
            "timeoutSeconds": 3,
            "failureThreshold": 2,
        },
        livenessProbe={
            "tcpSocket": {"port": "ping"},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
            "timeoutSeconds": 3,
            "failureThreshold": 3,
        },
        lifecycle={"preStop": {"sleep": {"seconds": LINGER}}},
    )
    return manifest(
        plan,
        "apps/v1",
        "Deployment",
        EDGE,
        namespace=plan.edge.namespace,
        spec={
            "replicas": plan.edge.replicas,
            "selector": {"matchLabels": selector(EDGE)},
            "minReadySeconds": 5,
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 5,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {
                    "labels": labels(plan, EDGE),
                    "annotations": {
                        SETTINGS_DIGEST: settings_digest({_FILE: json.dumps(dynamic_configuration(plan))})
                    },
                },
                "spec": pod(
                    EDGE,
                    [main],
                    volumes=[scratch("tmp", 16), {"name": "dynamic", "configMap": {"name": EDGE}}],
                    token=True,
                    spread=EDGE,
                    priorityClassName=plan.named(PRIORITY),
                    terminationGracePeriodSeconds=LINGER + GRACE + 5,
                ),
            },
        },
    )


def _rights(plan: Plan) -> tuple[Manifest, ...]:
    """What Traefik must read: its own namespace, and of the cluster the classes and, without an option, the nodes."""
    read = ["get", "list", "watch"]
    rbac = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": EDGE, "namespace": plan.edge.namespace}
    return (
        manifest(
            plan,
            f"{rbac}/v1",
            "Role",
            EDGE,
            namespace=plan.edge.namespace,
            rules=[
                {"apiGroups": [""], "resources": ["secrets", "services"], "verbs": read},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
                {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": read},
            ],
        ),
        manifest(
            plan,
            f"{rbac}/v1",
            "RoleBinding",
            EDGE,
            namespace=plan.edge.namespace,
            roleRef={"apiGroup": rbac, "kind": "Role", "name": EDGE},
            subjects=[subject],
        ),
        manifest(
            plan,
            f"{rbac}/v1",
            "ClusterRole",
            plan.named(EDGE),
            label=EDGE,
            rules=[
                {"apiGroups": [""], "resources": ["nodes"], "verbs": read},
                {"apiGroups": ["networking.k8s.io"], "resources": ["ingressclasses"], "verbs": read},
            ],
        ),
        manifest(
            plan,
            f"{rbac}/v1",
            "ClusterRoleBinding",
            plan.named(EDGE),
            label=EDGE,
            roleRef={"apiGroup": rbac, "kind": "ClusterRole", "name": plan.named(EDGE)},
            subjects=[subject],
        ),
    )


def _route(plan: Plan, name: str, host: str, port: int) -> tuple[Manifest, ...]:
    return (
        manifest(
            plan,
            "v1",
            "Service",
            name,
            namespace=plan.edge.namespace,
            spec={
                "type": "ExternalName",
                "externalName": f"{name}.{plan.namespace}.svc.cluster.local",
                "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}],
            },
        ),
        manifest(
            plan,
            "networking.k8s.io/v1",
            "Ingress",
            name,
            namespace=plan.edge.namespace,
            annotations=_NO_WAIT,
            spec={
                "ingressClassName": plan.named(CLASS),
                "rules": [
                    {
                        "host": host,
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": name, "port": {"name": "http"}}},
                                }
                            ]
                        },
                    }
                ],
            },
        ),
    )
