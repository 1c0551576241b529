"""What others have on the cluster, and what they do to the stack's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.live import Live

Json = dict[str, Any]
MARK = "formerr.tech/stack"
NAMESPACE = "somebody"


def ready_nodes(live: Live) -> list[str]:
    """Names of the nodes that take pods."""
    return [
        one["metadata"]["name"]
        for one in live.all("Node")
        if any(c["type"] == "Ready" and c["status"] == "True" for c in one["status"].get("conditions", []))
        and not any(t["key"] == "node.kubernetes.io/not-ready" for t in one["spec"].get("taints", []))
    ]


def plant(live: Live) -> None:
    """Things of somebody who shares the cluster."""
    live.namespace(NAMESPACE, team="somebody")
    _notes(live, NAMESPACE)
    live.make({"kind": "PriorityClass", "metadata": {"name": "somebody"}, "value": 7})
    live.make(
        {
            "kind": "ClusterRole",
            "metadata": {"name": "somebody"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        }
    )


def take_namespace(live: Live) -> None:
    """The application's namespace is somebody else's, fits, and holds things of theirs."""
    live.namespace("formerr", **{"pod-security.kubernetes.io/enforce": "restricted", "team": "web"})
    _notes(live, "formerr")


def _notes(live: Live, namespace: str) -> None:
    there = {"name": "notes", "namespace": namespace}
    live.make({"kind": "ConfigMap", "metadata": there, "data": {"of": "somebody else"}})
    live.secret("notes", namespace, of="somebody else")
    live.make({"kind": "ServiceAccount", "metadata": there})
    live.make({"kind": "Service", "metadata": there, "spec": {"ports": [{"port": 80}], "clusterIP": "None"}})


def meddle(live: Live) -> None:
    """Objects of the stack are changed by hand: values, an image, and the mark of two is gone."""
    unmarked: Json = {"metadata": {"labels": {MARK: None}}}
    live.change("Secret", "formerr-app-secret", unmarked | {"stringData": {"JWT_SECRET": "by-hand"}})
    live.change("Service", "formerr-backend", unmarked)
    config = next(
        one for one in live.all("ConfigMap", "formerr") if MARK in one["metadata"].get("labels", {})
    )
    live.change("ConfigMap", config["metadata"]["name"], {"data": {"by": "hand"}})
    pod = live.there("Deployment", "formerr-backend")["spec"]["template"]["spec"]
    pod["containers"][0]["image"] += "-by-hand"
    live.change("Deployment", "formerr-backend", {"spec": {"template": {"spec": pod}}})
