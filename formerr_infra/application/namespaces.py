"""The two namespaces: the application's, and the ingress controller's.

They are apart because the ingress controller faces the internet and must be able to list the secrets of the
namespace that it serves; in its own there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.application.manifest import EXPIRES, Manifest, manifest

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

STANDARD = "restricted"


def namespaces(plan: Plan) -> tuple[Manifest, ...]:
    """Both namespaces with the Pod Security standard that the API server enforces in them."""
    return tuple(_namespace(plan, name) for name in (plan.namespace, plan.edge.namespace))


def _namespace(plan: Plan, name: str) -> Manifest:
    until = {EXPIRES: plan.expires} if plan.expires else None
    made = manifest(plan, "v1", "Namespace", name, label="formerr", annotations=until)
    for mode in ("enforce", "audit", "warn"):
        made["metadata"]["labels"] |= {
            f"pod-security.kubernetes.io/{mode}": STANDARD,
            f"pod-security.kubernetes.io/{mode}-version": f"v{plan.kubernetes_minor}",
        }
    return made
