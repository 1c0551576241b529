"""The DigitalOcean project that groups what the stack owns; only where a name for it is configured.

Only resources that this stack owns are moved into it; an adopted resource stays in the project it is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.model import Decision


@dataclass(frozen=True, slots=True)
class ProjectArgs:
    """What the project is declared with.

    Attributes:
        decision: what is done with it.
        name: as DigitalOcean knows it.
        description: carries the mark.
        environment: Development, Staging or Production.
        members: uniform resource names (`do:kind:id`) of what the stack owns.
        care: how it is kept.
        began: when the run began.
    """

    decision: Decision
    name: str
    description: str
    environment: str
    members: Sequence[pulumi.Input[str]]
    care: Care
    began: str


def arguments(args: ProjectArgs) -> dict[str, Any]:
    """Inputs of the project: the live ones for an import, otherwise the declared ones."""
    if found := args.decision.imported:
        return plain(
            found.details,
            name="name",
            description="description",
            environment="environment",
            purpose="purpose",
        )
    return {
        "name": args.name,
        "description": args.description,
        "environment": args.environment,
        "purpose": "Web Application",
    }


class Project(SlotComponent):
    """The project, and the membership of what the stack owns."""

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_PROJECT, name, [args.decision], args.began, opts)
        self.project = self.declare(
            digitalocean.Project,
            digitalocean.Project.get,
            "project",
            args.decision,
            arguments(args),
            care=args.care,
        )
        if args.members:
            digitalocean.ProjectResources(
                "members",
                project=self.project.id,
                resources=list(args.members),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.finish({"project": self.project})
