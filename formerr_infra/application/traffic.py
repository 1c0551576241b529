"""Who may talk to whom: NetworkPolicies. Nobody may, both ways, but for what stands here.

What a policy cannot say: GitHub's addresses change, so the backend may reach every public address on 443. The load
balancer and the nodes that forward for it have no name either: Cilium, which DOKS runs, matches no node by its
address (Cilium documentation, "CIDR based"), so the ingress controller's one public port is open to every source.
A kubelet's probes are always allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.backups import DUMP, RESTORE
from formerr_infra.application.configuration import BACKEND, FRONTEND
from formerr_infra.application.database import PORT as POSTGRES_PORT
from formerr_infra.application.database import POSTGRES
from formerr_infra.application.edge import EDGE, WEB_PORT
from formerr_infra.application.manifest import NAMESPACE_NAME, Manifest, manifest, selector
from formerr_infra.application.plan import ClusterDatabase
from formerr_infra.application.workloads import BACKEND_PORT, FRONTEND_PORT

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

#: What is not the internet: private (RFC 1918), shared (RFC 6598) and link-local (RFC 3927: the droplet's metadata).
NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
EVERYWHERE = "0.0.0.0/0"
#: As it is inside of clusters, and as it is behind the address of the Service `kubernetes`.
API_SERVER_PORTS = (443, 6443)


def traffic(plan: Plan) -> tuple[Manifest, ...]:
    """All policies of both namespaces."""
    home, edge = plan.namespace, plan.edge.namespace
    made = [
        _policy(plan, home, "default-deny", {}),
        _policy(plan, edge, "default-deny", {}),
        _policy(plan, home, "dns", {}, egress=[_dns()]),
        _policy(plan, edge, "dns", {}, egress=[_dns()]),
        _policy(
            plan,
            edge,
            EDGE,
            selector(EDGE),
            ingress=[{"ports": _ports(WEB_PORT)}],
            egress=[
                _rule("to", _pods(FRONTEND, home), FRONTEND_PORT),
                _rule("to", _pods(BACKEND, home), BACKEND_PORT),
                {
                    "to": [_block(block) for block in plan.edge.api_servers],
                    "ports": _ports(*API_SERVER_PORTS),
                },
            ],
        ),
        _policy(
            plan,
            home,
            FRONTEND,
            selector(FRONTEND),
            ingress=[_rule("from", _pods(EDGE, edge), FRONTEND_PORT)],
            egress=[_rule("to", _pods(BACKEND), BACKEND_PORT)],
        ),
        _policy(
            plan,
            home,
            BACKEND,
            selector(BACKEND),
            ingress=[{"from": [_pods(EDGE, edge), _pods(FRONTEND)], "ports": _ports(BACKEND_PORT)}],
            egress=[_rule("to", _block(EVERYWHERE, NOT_PUBLIC), 443), _to_database(plan)],
        ),
    ]
    if isinstance(plan.database, ClusterDatabase):
        clients = [_pods(BACKEND), _pods(DUMP), _pods(RESTORE)]
        made += [
            _policy(
                plan,
                home,
                POSTGRES,
                selector(POSTGRES),
                ingress=[{"from": clients, "ports": _ports(POSTGRES_PORT)}],
            ),
            *(
                _policy(
                    plan, home, name, selector(name), egress=[_rule("to", _pods(POSTGRES), POSTGRES_PORT)]
                )
                for name in (DUMP, RESTORE)
            ),
        ]
    return tuple(made)


def _to_database(plan: Plan) -> dict[str, Any]:
    if isinstance(plan.database, ClusterDatabase):
        return _rule("to", _pods(POSTGRES), POSTGRES_PORT)
    blocks = plan.database.ranges or (EVERYWHERE,)
    return {"to": [_block(block) for block in blocks], "ports": _ports(plan.database.port)}


def _policy(
    plan: Plan,
    namespace: str,
    name: str,
    chosen: dict[str, str],
    *,
    ingress: list[dict[str, Any]] | None = None,
    egress: list[dict[str, Any]] | None = None,
) -> Manifest:
    """A policy for those pods; with neither rules it denies both ways."""
    spec: dict[str, Any] = {"podSelector": {"matchLabels": chosen} if chosen else {}, "policyTypes": []}
    if ingress is not None or egress is None:
        spec["policyTypes"].append("Ingress")
    if egress is not None or ingress is None:
        spec["policyTypes"].append("Egress")
    if ingress is not None:
        spec["ingress"] = ingress
    if egress is not None:
        spec["egress"] = egress
    return manifest(
        plan,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        namespace=namespace,
        label="formerr" if not chosen else name,
        spec=spec,
    )


def _rule(direction: str, peer: dict[str, Any], port: int) -> dict[str, Any]:
    return {direction: [peer], "ports": _ports(port)}


def _ports(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _pods(name: str, namespace: str | None = None) -> dict[str, Any]:
    """Pods of that name, here or in another namespace."""
    peer: dict[str, Any] = {"podSelector": {"matchLabels": selector(name)}}
    if namespace is not None:
        peer["namespaceSelector"] = {"matchLabels": {NAMESPACE_NAME: namespace}}
    return peer


def _block(block: str, but: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {"cidr": block}
    if but:
        found["except"] = list(but)
    return {"ipBlock": found}


def _dns() -> dict[str, Any]:
    return {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    }
