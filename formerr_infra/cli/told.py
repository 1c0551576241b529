"""What a report tells only where it is asked for: health, drift, the engine's preview with the guard's verdict. Reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from formerr_infra.detect import Assessment
    from formerr_infra.drift.model import Item
    from formerr_infra.engine.events import Preview
    from formerr_infra.inventory.facts import Access
    from formerr_infra.page import Drifted, Guarded, Told


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a preview says: the guard's verdict, and what else was found."""

    guard: Guarded | None
    findings: tuple[Told, ...]


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


def preview(
    assessed: Assessment, folder: Path, environ: Mapping[str, str], policy_packs: Sequence[Path] = ()
) -> Previewed:
    """What the engine would do, and what the guard and the policies say of it.

    A preview that fails is a finding, in the engine's own words: the report is made all the same.
    """
    from formerr_infra.engine import Engine, EngineFailed, StackMissing
    from formerr_infra.page import Told

    seen: Preview | None
    said: list[Told] = []
    try:
        engine = Engine(folder, assessed.stack, environ)
        seen = engine.preview(policy_packs=[one.resolve() for one in policy_packs])
    except StackMissing as error:
        return Previewed(None, (Told("preview", "warning", f"there is nothing to preview yet: {error}"),))
    except EngineFailed as error:
        seen = error.seen
        said.append(Told("preview", "error", str(error)))
    return Previewed(guarded(seen, assessed) if seen is not None else None, (*said, *violations(seen)))


def guarded(seen: Preview, assessed: Assessment) -> Guarded:
    """The guard's verdict on a plan."""
    from formerr_infra.guard import judge
    from formerr_infra.page import Guarded, Told

    verdict = judge(seen, assessed, assessed.settings)
    steps = Counter(one.op for one in seen.loud if not one.type.startswith(_LOGICAL))
    stops = tuple(
        Told(one.name, one.code.value, f"{one.reason}. To go on: {one.settle}") for one in verdict.stops
    )
    return Guarded(stops, dict(steps))


#: What exists for the engine alone.
_LOGICAL = ("pulumi:", "formerr:")


def violations(seen: Preview | None) -> tuple[Told, ...]:
    """The rules of policy packs that are broken."""
    from formerr_infra.page import Told

    broken = seen.violations if seen is not None else ()
    return tuple(
        Told(one.policy, one.level, f"{one.message} ({one.urn.rsplit('::', 1)[-1]})") for one in broken
    )
