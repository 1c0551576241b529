"""What the engine does with one URN, as a pure function: state and declaration in, plan out.

The rules are those that were measured on the real one ("state, then program"); the tests with the engine in the loop
hold a sample of them against it. Every run refreshes first, so what is gone is out of the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from formerr_infra.components.base import Care, SlotComponent
from formerr_infra.model import Decision, Holding, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection

    import pulumi

    from formerr_infra.model import Held


@dataclass(frozen=True, slots=True)
class State:
    """What the state has at the URN: nothing (no id), a managed or an external resource."""

    id: str | None = None
    external: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """What a program declares at the URN: nothing, `.get(id)`, or `new`, with or without `import_`."""

    get: str | None = None
    new: bool = False
    import_: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine is going to do.

    Attributes:
        deleted: the id that it deletes, if any; of a replacement too.
        created: whether it makes something.
        after: what the state has then; the id of what is made is `new`.
    """

    deleted: str | None = None
    created: bool = False
    after: State = State()


def state_of(held: Held) -> State:
    """The state at the URN; what was dropped or interrupted has no resource there."""
    match held.holding:
        case Holding.MANAGED:
            return State(held.id)
        case Holding.ADOPTED:
            return State(held.id, external=True)
        case _:
            return State()


def declared(decision: Decision) -> Declared:
    """What the component declares for a decision that is not refused; its own code is asked."""
    if decision.outcome is Outcome.OMIT:
        return Declared()
    seen: list[Declared] = []

    def make(name: str, *, opts: pulumi.ResourceOptions, **arguments: Any) -> Any:
        seen.append(Declared(new=True, import_=opts.import_))
        # No id is known before the engine has made it.
        return SimpleNamespace(id=SimpleNamespace(apply=lambda _: None))

    def get(name: str, ident: str, *, opts: pulumi.ResourceOptions, **known: Any) -> Any:
        seen.append(Declared(get=ident))

    SlotComponent.declare(cast("SlotComponent", None), make, get, "thing", decision, {}, care=Care())
    (one,) = seen
    return one


def plan(state: State, wanted: Declared, alive: Collection[str], *, replaces: bool = False) -> Plan:
    """What the engine does.

    Args:
        state: before the refresh.
        wanted: by the program.
        alive: ids of what is live in the account.
        replaces: whether a property that cannot be changed in place differs.
    """
    managed = state.id if state.id in alive and not state.external else None
    if wanted.get is not None:
        return Plan(managed if managed != wanted.get else None, after=State(wanted.get, external=True))
    if not wanted.new:
        return Plan(managed)
    if managed is not None:
        if wanted.import_ not in (None, managed):
            return Plan(managed, after=State(wanted.import_))
        return Plan(managed, created=True, after=State("new")) if replaces else Plan(after=State(managed))
    if wanted.import_ is not None:
        return Plan(after=State(wanted.import_))
    return Plan(created=True, after=State("new"))
