"""The managed PostgreSQL, and who may reach one that the stack makes.

An adopted database is only read: its list of trusted sources is one value for everybody, so that the stack could add to
it only by replacing it. The preflight says what is missing there.

The list of a managed one is never deleted for itself: an empty list opens the database to everybody, and it goes with
the database anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain
from formerr_infra.model import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENGINE = "pg"


@dataclass(frozen=True, slots=True)
class DatabaseArgs:
    """What the database is declared with.

    Attributes:
        decision: what is done with it.
        firewall_decision: what is done with its list of trusted sources.
        name, region, size: as DigitalOcean knows them.
        version: major version of a new one.
        nodes: how many.
        vpc_id: the VPC it stands in.
        tags: the mark and the user's.
        cluster_id: the cluster that may reach it.
        private: whether the application reaches it within the VPC.
        rules: its trusted sources as they are, type and value, where it is there.
        authority: its certificate authority where it is known, or what asks for it, given the id.
        care: how it is kept.
        began: when the run began.
    """

    decision: Decision
    firewall_decision: Decision
    name: str
    region: str
    size: str
    version: str
    nodes: int
    vpc_id: pulumi.Input[str]
    tags: tuple[str, ...]
    cluster_id: pulumi.Input[str]
    private: bool
    rules: tuple[tuple[str, str], ...]
    authority: str | Callable[[str], str]
    care: Care
    began: str


def arguments(args: DatabaseArgs) -> dict[str, Any]:
    """Inputs of the database: the live ones for an import, otherwise the declared ones.

    One that lives keeps its version, its VPC and its name: versions are never lowered, and the others replace it.
    """
    if found := args.decision.imported:
        return live(found.details)
    target = args.decision.target
    declared: dict[str, Any] = {
        "name": args.name,
        "engine": ENGINE,
        "version": args.version,
        "size": args.size,
        "region": args.region,
        "node_count": args.nodes,
        "private_network_uuid": args.vpc_id,
        "tags": list(args.tags),
    }
    if target is None or args.decision.replaces:
        return declared
    return declared | plain(
        target.details, name="name", version="version", private_network_uuid="private_network_uuid"
    )


def live(details: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that describe a live database as it is (OpenAPI `database_cluster`)."""
    return plain(
        details,
        name="name",
        engine="engine",
        version="version",
        size="size",
        region="region",
        node_count="num_nodes",
        private_network_uuid="private_network_uuid",
        tags="tags",
    )


def sources(args: DatabaseArgs) -> list[dict[str, pulumi.Input[str]]]:
    """The trusted sources: the live ones for an import, otherwise the cluster and nobody else."""
    if args.firewall_decision.outcome is Outcome.IMPORT and args.rules:
        return [{"type": kind, "value": value} for kind, value in args.rules]
    return [{"type": "k8s", "value": args.cluster_id}]


def _unless_empty(args: DatabaseArgs) -> Decision | None:
    """The decision for the list of trusted sources; an empty one cannot be imported, because the provider wants a rule.

    It is made by the run after the one that imports the database, which changes nothing.
    """
    decision = args.firewall_decision
    if decision.outcome is Outcome.OMIT:
        return None
    if decision.outcome is not Outcome.IMPORT or args.rules:
        return decision
    if args.decision.outcome is Outcome.IMPORT:
        return None
    return replace(decision, outcome=Outcome.CREATE, id=None, target=None)


class Database(SlotComponent):
    """The database, its trusted sources, and how the application reaches it.

    Attributes:
        host, port: where.
        authority: PEM; the server is checked by it.
    """

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            naming.TYPE_DATABASE, name, [args.decision, args.firewall_decision], args.began, opts
        )
        self.database = self.declare(
            digitalocean.DatabaseCluster,
            digitalocean.DatabaseCluster.get,
            "database",
            args.decision,
            arguments(args),
            care=args.care,
        )
        resources: dict[str, pulumi.CustomResource] = {"database": self.database}
        firewall = _unless_empty(args)
        if firewall is not None:
            resources["databaseFirewall"] = self.declare(
                digitalocean.DatabaseFirewall,
                digitalocean.DatabaseFirewall.get,
                "database-firewall",
                firewall,
                {"cluster_id": self.database.id, "rules": sources(args)},
                care=Care(protect=args.care.protect, retain=True),
                known={"cluster_id": self.database.id},
                # Its own id is made up by the provider, which imports it by the database's.
                import_id=args.decision.id,
            )
        self.host: pulumi.Output[str] = self.database.private_host if args.private else self.database.host
        self.port: pulumi.Output[int] = self.database.port
        known = args.authority
        self.authority: pulumi.Output[str] = (
            pulumi.Output.from_input(known) if isinstance(known, str) else self.database.id.apply(known)
        )
        self.finish(resources, host=self.host, port=self.port)
