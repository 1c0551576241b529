"""How commands, and what works for them, get at the engine of a stack."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.engine import Engine

#: Given variables to add to this process's environment, the engine on the stack.
Engines = Callable[[Mapping[str, str]], "Engine"]


def engines(folder: Path, stack: str, *, interrupted: Callable[[], None] = lambda: None) -> Engines:
    """The engine of a stack, in environments that differ in a few variables.

    Args:
        folder: of Pulumi.yaml.
        stack: its name.
        interrupted: called when somebody wants a run of the engine to end.

    Raises:
        SettingsError: that cannot be the name of a stack.
    """
    from formerr_infra.engine import Engine
    from formerr_infra.settings import check_name

    check_name(stack)
    return lambda more: Engine(folder, stack, {**os.environ, **more}, interrupted=interrupted)
