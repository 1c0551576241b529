"""No pod can do more than the application needs: what Pod Security `restricted` asks for, said before the cluster does.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.kubernetes import containers, is_patch, pods
from policy.model import ResourceRule

if TYPE_CHECKING:
    from policy.model import Found, Resource
    from policy.values import Node

_HOST = {
    "hostNetwork": "shares the node's network",
    "hostPID": "sees the node's processes",
    "hostIPC": "shares the node's memory",
}
_SECCOMP = ("RuntimeDefault", "Localhost")


def _unprivileged(resource: Resource, found: Found) -> None:
    whole = not is_patch(resource)
    for pod in pods(resource):
        _pod(pod, found)
        for container in containers(pod, found):
            _forbidden(container, found)
            if whole:
                _required(container, pod, found)


def _pod(pod: Node, found: Found) -> None:
    for key, why in _HOST.items():
        with found.where_known():
            if pod[key].value is True:
                found.breaks(pod[key], why)
    with found.where_known():
        if pod["securityContext"]["runAsUser"].value == 0:
            found.breaks(pod["securityContext"]["runAsUser"], "runs as root")
    with found.where_known():
        for volume in pod["volumes"].items():
            with found.where_known():
                if volume["hostPath"].value is not None:
                    found.breaks(volume["hostPath"], "mounts a folder of the node")


def _forbidden(container: Node, found: Found) -> None:
    context = container["securityContext"]
    with found.where_known():
        if context["privileged"].value is True:
            found.breaks(context["privileged"], "may do everything on the node")
    with found.where_known():
        if context["runAsUser"].value == 0:
            found.breaks(context["runAsUser"], "runs as root")
    with found.where_known():
        added = context["capabilities"]["add"]
        if added.items():
            found.breaks(added, "adds capabilities; the application needs none")
    with found.where_known():
        for port in container["ports"].items():
            with found.where_known():
                if port["hostPort"].value:
                    found.breaks(port["hostPort"], "listens on the node's own addresses")


def _required(container: Node, pod: Node, found: Found) -> None:
    """What has to be said, because what Kubernetes does by itself is the weaker."""
    context = container["securityContext"]
    with found.where_known():
        if context["allowPrivilegeEscalation"].value is not False:
            found.breaks(context["allowPrivilegeEscalation"], "has to be false")
    with found.where_known():
        if not any(dropped.value == "ALL" for dropped in context["capabilities"]["drop"].items()):
            found.breaks(context["capabilities"]["drop"], "has to name ALL")
    with found.where_known():
        own, shared = context["runAsNonRoot"], pod["securityContext"]["runAsNonRoot"]
        if own.value is False or (own.value is None and shared.value is not True):
            found.breaks(own, "has to be true, here or for the whole pod")
    with found.where_known():
        profile, default = (place["seccompProfile"]["type"] for place in (context, pod["securityContext"]))
        said = default.value if profile.value is None else profile.value
        if said not in _SECCOMP:
            found.breaks(profile, "has to be RuntimeDefault, here or for the whole pod")


NO_PRIVILEGED_POD = ResourceRule(
    name="no-privileged-pod",
    title="No pod is privileged",
    means="No `privileged` container, no network, processes or memory of the node's (`hostNetwork`, `hostPID`, `hostIPC`), no "
    "`hostPath`, no `hostPort`, no added capability, no user 0. Every container says `allowPrivilegeEscalation: false`, "
    "drops `ALL` capabilities, and, itself or through its pod, `runAsNonRoot: true` and a seccomp profile.",
    check=_unprivileged,
)
