"""The stacks of the backend that this project's `pulumi` is logged in to, and their tags.

A tag is the one place for a time to live that can be read without the stack file and changed without a deployment; a
backend in a folder or a bucket keeps tags too (Pulumi 3.215 and newer).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.environments.errors import BackendFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXPIRES, CREATED, FROM = "formerr:expires", "formerr:created", "formerr:from"


@dataclass(frozen=True, slots=True)
class Listed:
    """A stack as the backend lists it.

    Attributes:
        name: short.
        resources: how many it holds; None: never deployed.
        busy: whether an update is under way.
    """

    name: str
    resources: int | None
    busy: bool


class Backend:
    """The backend as `pulumi` sees it from a project's folder.

    Every method raises:
        BackendFailed: Pulumi ended with an error; the message is its own.
        EngineInterrupted: this process was told to end meanwhile.
        SetupError: there is no Pulumi.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environ = os.environ if environ is None else environ

    def stacks(self, *, tag: str | None = None) -> tuple[Listed, ...]:
        """This project's stacks; with `tag`, those that have it."""
        chosen = ("--tag", tag) if tag is not None else ()
        listed = self._json("stack", "ls", "--json", *chosen)
        return tuple(
            Listed(
                name=str(one["name"]).rpartition("/")[2],
                resources=one.get("resourceCount"),
                busy=bool(one.get("updateInProgress")),
            )
            for one in listed
        )

    def tags(self, stack: str) -> dict[str, str]:
        """All tags of a stack."""
        return {
            str(key): str(value)
            for key, value in self._json("stack", "tag", "ls", "--json", stack=stack).items()
        }

    def tag(self, stack: str, tags: Mapping[str, str]) -> None:
        """Set tags; others stay."""
        for key, value in tags.items():
            self._run("stack", "tag", "set", key, value, stack=stack)

    def init(self, stack: str) -> None:
        """Make a stack; it is not selected."""
        self._run("stack", "init", stack, "--no-select")

    def remove(self, stack: str) -> None:
        """Remove a stack that holds nothing, and its file."""
        self._run("stack", "rm", "--yes", stack)

    def restore_file(self, stack: str) -> None:
        """Write Pulumi.<stack>.yaml as the last update had it."""
        self._run("config", "refresh", "--force", stack=stack)

    def _json(self, *words: str, stack: str | None = None) -> Any:
        printed = self._run(*words, stack=stack)
        try:
            return json.loads(printed)
        except ValueError:
            raise BackendFailed(f"`pulumi {' '.join(words[:2])}` did not print JSON") from None

    def _run(self, *words: str, stack: str | None = None) -> str:
        from formerr_infra.engine.command import Command

        of = ("--stack", stack) if stack is not None else ()
        done = Command(self._environ).quick([*words, *of], self._folder)
        if done.code != 0:
            said = " ".join((done.err or done.out).split())
            raise BackendFailed(f"`pulumi {' '.join(words[:2])}` ended with {done.code}: {said}")
        return done.out
