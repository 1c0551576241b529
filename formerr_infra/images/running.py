"""What runs, as the states of a backend tell it: every stack of the project counts, for a registry is the account's."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from formerr_infra.engine import Engine, StackMissing
from formerr_infra.engine.command import Command
from formerr_infra.errors import LedgerUnreadable
from formerr_infra.images.deployed import images_in

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.images.model import Reference


def of_stack(folder: Path, stack: str) -> tuple[Reference, ...]:
    """What one stack runs; nothing where there is no such stack.

    Raises:
        FormerrError: its state could not be read.
    """
    try:
        return images_in(Engine(folder, stack).export())
    except StackMissing:
        return ()


def running(folder: Path, registry: str) -> tuple[Reference, ...]:
    """What any stack of the project runs out of a registry.

    Raises:
        FormerrError: one of the states could not be read, so that nothing may be taken for idle.
    """
    found = {one for stack in _stacks(folder) for one in of_stack(folder, stack)}
    return tuple(sorted(one for one in found if one.registry == registry))


def _stacks(folder: Path) -> list[str]:
    done = Command(os.environ).quick(["stack", "ls", "--json"], folder)
    try:
        listed = json.loads(done.out) if done.code == 0 else None
        names = [str(one["name"]) for one in listed or ()]
    except (KeyError, TypeError, ValueError):
        listed = None
    if not isinstance(listed, list):
        raise LedgerUnreadable(
            f"`pulumi stack ls` did not say which stacks there are: {done.err.strip()[-300:]}"
        )
    return names
