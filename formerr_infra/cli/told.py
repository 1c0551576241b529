"""What a report tells only where it is asked for: health and drift. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.detect import Assessment
    from formerr_infra.drift.model import Item
    from formerr_infra.inventory.facts import Access
    from formerr_infra.page import Drifted


def health(assessed: Assessment, access: Access) -> list[tuple[str, str, str]]:
    """Name, state and message of each check; of a stack that was never deployed there is none."""
    if not assessed.ledger.exists:
        return []
    from formerr_infra.health import checks

    found = checks(assessed.stack, assessed.settings, access, assessed.ledger)
    return [(one.name, one.state.value, one.message) for one in found]


def drift(assessed: Assessment, folder: Path, environ: Mapping[str, str], access: Access) -> list[Drifted]:
    """What is not as the state has it, and what could not be looked at; nothing of a stack that was never deployed."""
    if not assessed.ledger.exists:
        return []
    from formerr_infra.drift.run import look
    from formerr_infra.engine import Engine
    from formerr_infra.page import Drifted

    def engine(more: Mapping[str, str]) -> Engine:
        return Engine(folder, assessed.stack, {**environ, **more})

    found = look(engine({}).export(), engine, access, assessed.stack)
    return [
        Drifted(one.label, "owned" if one.owned else "adopted", one.finding.value, _differs(one))
        for one in (*found.drifted, *found.unknown)
    ]


def _differs(item: Item) -> str:
    if not item.differences:
        return item.reason or "it is not there any more"
    return "; ".join(
        f"{one.path}: {one.was or 'nothing'}, now {one.now or 'nothing'}" for one in item.differences
    )
