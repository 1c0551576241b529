"""What one entry of the table of slots is made of, and what the wishes of several slots share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from formerr_infra.model import READ_ONLY, Decision, Found, Held, Outcome, Policy, Wanted, Wish

if TYPE_CHECKING:
    from formerr_infra.settings.schema import Settings

Decided = Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry of the table.

    Attributes:
        key: the slot's name, in settings, messages and outputs.
        kind: the inventory's adapter that can see it.
        engine_type: type token of the resource.
        name: its logical name; part of the URN, so it never changes.
        component: type token of the component it stands in.
        component_name: the component's logical name; part of the URN too.
        wish: what the user wants of it, given what was decided for the slots before it.
        enabled: whether the stack has this slot at all.
        parent: the slot it hangs on, if any.
        children: with `parent`: the live resources of this slot's kind, read off the parent's; None where it does not
            tell them.
        built_in: with `parent`: whether one of them is part of the parent's own declaration.
        unapplied: with `parent`: what is wanted here and is not so, where the parent is only read; sentences.
        mark_from: the slot whose mark it shares where it has no room for its own.
        mark_fact: the fact that names the resource of that other slot.
        import_writes: why importing a live resource would write to it, or None.
        import_remedy: with it: what else settles that, followed by `, or `.
        id_is_name: what is named can be asked for by its name, as if it were an id.
        within: the slot whose resource its own is a part of; its id is needed to ask.
        place: that id, where the settings say it.
        left_out: why it is not declared, given what was decided before, or None.
        proven: whether a live one without room for a mark is this stack's, seen from what was decided before.
        is_held: with `parent`: whether an id of the state means a live one, where the provider makes ids up.
        holds_data: a managed one is not deleted by switching the slot off.
        weighs: making one asks something of the account's limits, so that they are read before.
    """

    key: str
    kind: str
    engine_type: str
    name: str
    component: str
    component_name: str
    wish: Callable[[Settings, Decided], Wish]
    enabled: Callable[[Settings], bool] = lambda _settings: True
    parent: str | None = None
    children: Callable[[Found], tuple[Found, ...] | None] | None = None
    built_in: Callable[[Found], bool] = lambda _found: False
    unapplied: Callable[[Settings, Found], tuple[str, ...]] = lambda _settings, _parent: ()
    mark_from: str | None = None
    mark_fact: str = ""
    import_writes: Callable[[Found], str | None] = lambda _found: None
    import_remedy: str = ""
    id_is_name: bool = False
    within: str | None = None
    place: Callable[[Settings], str | None] = lambda _settings: None
    left_out: Callable[[Settings, Decided], str | None] = lambda _settings, _decided: None
    proven: Callable[[Decided, Held, Found], bool] = lambda _decided, _held, _found: False
    is_held: Callable[[Found, str], bool] = lambda found, identity: found.id == identity
    holds_data: bool = False
    weighs: bool = True

    @property
    def types(self) -> str:
        """The type tokens of the URN that it is declared under."""
        return f"{self.component}${self.engine_type}"


class Common(TypedDict):
    """See `common`."""

    take_over: bool
    recreate: bool
    allow_replace: bool


def common(settings: Settings, key: str) -> Common:
    """The part of a wish that is the same for every slot."""
    return {
        "take_over": key in settings.take_over,
        "recreate": settings.recreate_missing,
        "allow_replace": key in settings.allow_replace,
    }


def below(
    settings: Settings,
    decided: Decided,
    key: str,
    parent: str,
    name: str,
    fields: Mapping[str, Wanted] | None = None,
) -> Wish:
    """The wish of what hangs on another slot: it goes with its parent, whose settings settle what is wrong with it.

    Args:
        settings, decided: see `Slot.wish`.
        key, parent: of the two slots.
        name: what to look for.
        fields: what must fit, where the parent is not only read.
    """
    read_only = decided[parent].outcome in READ_ONLY
    shared = common(settings, key)
    shared["take_over"] |= parent in settings.take_over
    return Wish(
        Policy.ADOPT if read_only else Policy.AUTO,
        name,
        fields={} if read_only or fields is None else fields,
        policy_key=f"{parent}Policy",
        pin_key=f"{parent}Id",
        name_key=f"{parent}Name",
        **shared,
    )


def in_vpc(decided: Decided) -> dict[str, Wanted]:
    """The VPC that something must stand in: the decided one, or one that does not exist yet.

    Nothing where the VPC is refused: the run stops for that, and a second refusal that follows from it would mislead.
    """
    vpc = decided["vpc"]
    if vpc.outcome is Outcome.REFUSE:
        return {}
    new = vpc.anew or vpc.id is None
    settle = "remove vpc from allowReplace, so that the VPC stays" if vpc.replaces else ""
    return {"vpc_id": Wanted(vpc.id, "vpcId", new=new, fixed=True, settle=settle)}
