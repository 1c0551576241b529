"""In production nothing of the account's is deleted by a routine run.

The engine tells a policy whether a resource is protected, but not whether it is retained on delete; that is read from what
the component of a slot registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import ResourceRule, StackRule

if TYPE_CHECKING:
    from policy.model import Found, Resource, Stack

#: What is expensive or impossible to get back.
KINDS = frozenset(
    f"digitalocean:index/{kind[0].lower()}{kind[1:]}:{kind}"
    for kind in (
        "ContainerRegistry",
        "DatabaseCluster",
        "Domain",
        "KubernetesCluster",
        "KubernetesNodePool",
        "LoadBalancer",
        "Project",
        "SpacesBucket",
        "Volume",
        "Vpc",
    )
)


def _protected(resource: Resource, found: Found) -> None:
    if resource.type in KINDS and not resource.protect:
        found.breaks("", "it is not protected; set `formerr-infra:protect: true`")


def _retained(resource: Resource, _: Stack, found: Found) -> None:
    if not resource.type.startswith("formerr:"):
        return
    for slot, held in resource["held"].entries():
        with found.where_known():
            if held["ownership"].value == "managed" and held["retained"].value is not True:
                found.breaks(
                    held, f"{slot} is not retained on delete; set `formerr-infra:retainOnDelete: true`"
                )


PROTECTED_IN_PRODUCTION = ResourceRule(
    name="protected-in-production",
    title="What production owns is protected",
    means="`protect` on every resource of these kinds: "
    + ", ".join(sorted(f"`{kind.rsplit(':', 1)[-1]}`" for kind in KINDS))
    + ".",
    check=_protected,
    production=True,
)

RETAINED_IN_PRODUCTION = StackRule(
    name="retained-in-production",
    title="What production owns is retained on delete",
    means="Each managed slot is declared with `retain_on_delete` (the engine does not show that to a policy; the slot's component "
    "registers it as `held.<slot>.retained`).",
    check=_retained,
    production=True,
)
