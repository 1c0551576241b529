"""The domain, which is only read, and the records of the two hosts in it.

The records point to the load balancer's address. One that points elsewhere never comes here: it was refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.model import Decision

#: Seconds that others may keep an answer; short, because the address changes when a load balancer is made again.
TTL = 300


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        decision: what is done with it.
        logical: logical name; part of the URN.
        name: within the domain, `@` for the domain itself.
    """

    decision: Decision
    logical: str
    name: str


@dataclass(frozen=True, slots=True)
class DnsArgs:
    """What domain and records are declared with.

    Attributes:
        decision: what is done with the domain; it is read.
        domain: its name.
        records: those that are declared.
        address: the load balancer's.
        care: how they are kept.
        began: when the run began.
    """

    decision: Decision
    domain: str
    records: tuple[Record, ...]
    address: pulumi.Input[str]
    care: Care
    began: str


def arguments(args: DnsArgs, record: Record) -> dict[str, Any]:
    """Inputs of a record: the live ones for an import, otherwise the declared ones."""
    if found := record.decision.imported:
        return {"domain": args.domain} | live(found.details)
    return {"domain": args.domain, "type": "A", "name": record.name, "value": args.address, "ttl": TTL}


def live(details: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that describe a live address record as it is (OpenAPI `domain_record`)."""
    return plain(details, name="name", type="type", value="data", ttl="ttl")


class Dns(SlotComponent):
    """The domain and the two hosts in it."""

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        decisions = [args.decision, *(record.decision for record in args.records)]
        super().__init__(naming.TYPE_DNS, name, decisions, args.began, opts)
        self.domain = digitalocean.Domain.get("domain", args.domain, opts=pulumi.ResourceOptions(parent=self))
        resources: dict[str, pulumi.CustomResource] = {"domain": self.domain}
        for record in args.records:
            resources[record.decision.slot] = self.declare(
                digitalocean.DnsRecord,
                digitalocean.DnsRecord.get,
                record.logical,
                record.decision,
                arguments(args, record),
                care=args.care,
                known={"domain": args.domain},
                import_id=f"{args.domain},{record.decision.id}",
            )
        self.finish(resources)
