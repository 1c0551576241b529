"""The VPC.

A VPC that is the default one of its region cannot be deleted, so it is declared as retained: a destroy then takes
everything else and leaves it, instead of failing after two minutes of retries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain, slug

if TYPE_CHECKING:
    import pulumi

    from formerr_infra.model import Decision


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    """What the VPC is declared with.

    Attributes:
        decision: what is done with it.
        name, region: as DigitalOcean knows them.
        ip_range: CIDR; None leaves the choice to DigitalOcean.
        description: carries the mark.
        care: how it is kept.
        began: when the run began.
    """

    decision: Decision
    name: str
    region: str
    ip_range: str | None
    description: str
    care: Care
    began: str


def arguments(args: NetworkArgs) -> dict[str, Any]:
    """Inputs of the VPC: the live ones for an import, otherwise the declared ones.

    What cannot be changed in place and was not asked for stays as it is.
    """
    if found := args.decision.imported:
        region = {"region": slug(found.details.get("region")) or args.region}
        return region | plain(found.details, name="name", ip_range="ip_range", description="description")
    target = args.decision.target
    ip_range = args.ip_range
    if ip_range is None and target is not None and target.facts.get("ip_range"):
        ip_range = str(target.facts["ip_range"])
    return {"name": args.name, "region": args.region, "description": args.description} | (
        {"ip_range": ip_range} if ip_range else {}
    )


class Network(SlotComponent):
    """The VPC that everything stands in."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_NETWORK, name, [args.decision], args.began, opts)
        self.vpc = self.declare(
            digitalocean.Vpc, digitalocean.Vpc.get, "vpc", args.decision, arguments(args), care=args.care
        )
        self.finish({"vpc": self.vpc})
