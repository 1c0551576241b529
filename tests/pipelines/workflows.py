"""The workflows as they stand in .github: read, never copied."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from formerr_infra.local.paths import CHECKOUT

FOLDER = CHECKOUT / ".github" / "workflows"
ACTIONS = CHECKOUT / ".github" / "actions"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yml"))

Json = dict[str, Any]


@functools.cache
def text(name: str) -> str:
    """A workflow's file."""
    return (FOLDER / f"{name}.yml").read_text("utf-8")


def load(name: str) -> Json:
    """A workflow."""
    document: Json = YAML(typ="safe", pure=True).load(text(name))
    return document


def action(name: str) -> Json:
    """An action of this repository: `setup`, `build`, `scan`."""
    document: Json = YAML(typ="safe", pure=True).load((ACTIONS / name / "action.yml").read_text("utf-8"))
    return document


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a job, or of an action that a job uses.

    Attributes:
        where: workflow or action.
        job: of the workflow; empty in an action.
        raw: as it stands.
    """

    where: str
    job: str
    raw: Json

    @property
    def name(self) -> str:
        return str(self.raw.get("name", ""))

    @property
    def label(self) -> str:
        return f"{self.where}: {self.name}"

    @property
    def run(self) -> str:
        return str(self.raw.get("run", ""))

    @property
    def uses(self) -> str:
        return str(self.raw.get("uses", ""))


def jobs(name: str) -> dict[str, Json]:
    """Jobs of a workflow."""
    found: dict[str, Json] = load(name)["jobs"]
    return found


def steps(name: str) -> list[Step]:
    """Every step of a workflow, by job."""
    return [Step(name, job, raw) for job, held in jobs(name).items() for raw in held["steps"]]


def action_steps(name: str) -> list[Step]:
    """Every step of an action."""
    return [Step(f"actions/{name}", "", raw) for raw in action(name)["runs"]["steps"]]


def every_step() -> list[Step]:
    """Those of all workflows and of all actions."""
    here = [one for name in NAMES for one in steps(name)]
    return here + [one for folder in sorted(ACTIONS.iterdir()) for one in action_steps(folder.name)]
