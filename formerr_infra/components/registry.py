"""The container registry.

The subscription tier belongs to the account, not to the registry: it is never declared lower than it is, and a kept
registry follows whatever the account has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent
from formerr_infra.model import MAKES, Decision, Outcome


@dataclass(frozen=True, slots=True)
class RegistryArgs:
    """What the registry is declared with.

    Attributes:
        decision: what is done with it.
        name: globally unique name; also its id.
        tier: the subscription tier to declare.
        follow_tier: whether a difference in the tier is left alone.
        region: where it is kept; None leaves the choice to DigitalOcean.
        care: how it is kept.
        began: when the run began.
    """

    decision: Decision
    name: str
    tier: str
    follow_tier: bool
    region: str | None
    care: Care
    began: str


def arguments(args: RegistryArgs) -> dict[str, Any]:
    """Inputs of the registry: the live name and region wherever it lives already."""
    target = args.decision.target
    replaced = args.decision.outcome is Outcome.KEEP and target is not None and target.name != args.name
    region = args.region
    if target is not None and not replaced:
        region = str(target.facts["region"]) if target.facts.get("region") else None
    name = target.name if target is not None and not replaced else args.name
    return {"name": name, "subscription_tier_slug": args.tier} | ({"region": region} if region else {})


class Registry(SlotComponent):
    """The registry that holds the application's images."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_REGISTRY, name, [args.decision], args.began, opts)
        follow = args.follow_tier and args.decision.outcome not in MAKES
        self.registry = self.declare(
            digitalocean.ContainerRegistry,
            digitalocean.ContainerRegistry.get,
            "registry",
            args.decision,
            arguments(args),
            care=args.care,
            more=pulumi.ResourceOptions(ignore_changes=["subscriptionTierSlug"]) if follow else None,
        )
        self.finish({"registry": self.registry}, endpoint=self.registry.endpoint)
