"""The load balancer's certificate: one of Let's Encrypt, which DigitalOcean issues and renews, or a given one.

It is known by its name: its UUID changes on each renewal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent

if TYPE_CHECKING:
    import pulumi

    from formerr_infra.model import Decision

LETS_ENCRYPT = "lets_encrypt"


@dataclass(frozen=True, slots=True)
class CertificateArgs:
    """What the certificate is declared with.

    Attributes:
        decision: what is done with it.
        name: of a new one.
        hosts: the names it is for.
        care: how it is kept.
        began: when the run began.
    """

    decision: Decision
    name: str
    hosts: tuple[str, ...]
    care: Care
    began: str


def arguments(args: CertificateArgs) -> dict[str, Any]:
    """Inputs of the certificate; whatever lives is declared as it is, because every change replaces it."""
    target = args.decision.target
    if target is None or args.decision.replaces:
        return {"name": args.name, "type": LETS_ENCRYPT, "domains": sorted(args.hosts)}
    names = target.details.get("dns_names")
    described: dict[str, Any] = {"name": target.name, "type": str(target.facts.get("type") or LETS_ENCRYPT)}
    if described["type"] == LETS_ENCRYPT:
        described["domains"] = sorted(map(str, names)) if isinstance(names, list) else sorted(args.hosts)
    return described


class Certificate(SlotComponent):
    """The certificate of both hosts."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_CERTIFICATE, name, [args.decision], args.began, opts)
        self.certificate = self.declare(
            digitalocean.Certificate,
            digitalocean.Certificate.get,
            "certificate",
            args.decision,
            arguments(args),
            care=args.care,
        )
        self.finish({"certificate": self.certificate})
