"""What every slot's component shares: options by decision, the journal, and the outputs that the ledger reads.

See `formerr_infra.ledger` for the journal's form and for why there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from formerr_infra.model import READ_ONLY, Decision, Holding, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

R = TypeVar("R", bound=pulumi.CustomResource)


@dataclass(frozen=True, slots=True)
class Care:
    """How carefully what the stack owns is kept.

    Attributes:
        protect: the engine refuses to delete it.
        retain: the engine forgets it instead of deleting it.
    """

    protect: bool = False
    retain: bool = False


def journal(decision: Decision, began: str) -> dict[str, str]:
    """What is noted of a slot before anything is made.

    Args:
        decision: what is done with the slot.
        began: when this run began, UTC, ISO 8601 with seconds.
    """
    if not decision.anew:
        return dict(decision.held.journal)
    instead_of = decision.held.id or decision.held.journal.get("instead_of")
    return {"began": began} | ({"instead_of": instead_of} if instead_of else {})


class SlotComponent(pulumi.ComponentResource):
    """A component that holds the resources of one or more slots."""

    def __init__(
        self,
        token: str,
        name: str,
        decisions: Sequence[Decision],
        began: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        notes = {decision.slot: note for decision in decisions if (note := journal(decision, began))}
        super().__init__(token, name, {"journal": notes}, opts)
        self._notes = notes
        self._decisions = tuple(decisions)
        self._retained: set[str] = set()

    def declare(
        self,
        make: Callable[..., R],
        get: Callable[..., R],
        name: str,
        decision: Decision,
        arguments: Mapping[str, Any],
        *,
        care: Care,
        known: Mapping[str, Any] | None = None,
        import_id: str | None = None,
        more: pulumi.ResourceOptions | None = None,
    ) -> R:
        """Declare one resource on its one URN, as decided.

        Args:
            make: the resource class.
            get: its `.get`.
            name: its logical name.
            decision: what is done with it.
            arguments: its inputs, where the stack manages it.
            care: see `Care`.
            known: state handed to `.get`, where a read without any would write (see the cluster).
            import_id: what it is imported by, where that is not its id.
            more: further options; of one that is only read, the secret outputs.
        """
        options = pulumi.ResourceOptions(parent=self, protect=care.protect or None)
        if decision.outcome in READ_ONLY:
            options.additional_secret_outputs = more.additional_secret_outputs if more is not None else None
            return get(name, decision.id, opts=options, **(known or {}))
        options.retain_on_delete = care.retain or None
        if decision.outcome is Outcome.IMPORT:
            options.import_ = import_id or decision.id
        if decision.replaces:
            # Names are unique, and ranges may not overlap: the old one has to go first.
            options.delete_before_replace = True
        if more is not None:
            options = pulumi.ResourceOptions.merge(options, more)
        if options.retain_on_delete:
            self._retained.add(decision.slot)
        made = make(name, **arguments, opts=options)
        if decision.outcome is Outcome.RECREATE and decision.held.holding is Holding.MANAGED:
            _say_unless_new(made, decision, known_by_name=arguments.get("name") == decision.held.id)
        return made

    def finish(self, resources: Mapping[str, pulumi.CustomResource], **outputs: pulumi.Input[Any]) -> None:
        """Register the outputs: what the ledger and the policy pack read, and what the component shows."""
        held = {
            decision.slot: {
                "id": resources[decision.slot].id,
                "ownership": "adopted" if decision.outcome in READ_ONLY else "managed",
                # The engine tells a policy whether a resource is protected, but not this.
                "retained": decision.slot in self._retained,
            }
            # A note without an id is known to be of the run that the journal is about.
            | {key: note for key, note in self._notes.get(decision.slot, {}).items() if key == "began"}
            for decision in self._decisions
            if decision.slot in resources
        }
        self.register_outputs({"held": held, **outputs})


def _say_unless_new(made: pulumi.CustomResource, decision: Decision, *, known_by_name: bool) -> None:
    """Say where a managed one that is gone is not made again: nobody tells a program of `--refresh=false` or of targets.

    After an update, one that is known by its name has the id that the old one had.
    """
    if known_by_name and not pulumi.runtime.is_dry_run():
        return

    def check(identity: str) -> None:
        if identity == decision.held.id:
            pulumi.log.warn(
                f"{decision.slot}: {identity!r} is gone, and this run does not make it again: it was told not to refresh, or to "
                "leave this one out. The next run without --refresh=false, --target and --exclude does."
            )

    made.id.apply(check)


def slug(value: object) -> str | None:
    """A region, which the API gives as a slug for some kinds and as an object with one for others."""
    found = value.get("slug") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None


def recorded(inputs: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Pick inputs that an import has recorded and that the settings say nothing of: argument name -> property.

    They stay declared, so that no later run takes back what somebody had set before the import.

    Args:
        inputs: of the resource, as the state has them.
        names: which; one that is off or empty is none.
    """
    picked = {argument: _bare(inputs.get(field)) for argument, field in names.items()}
    return {argument: value for argument, value in picked.items() if value}


def _bare(value: Any) -> Any:
    """Without the official plugin's note of which values are its own defaults."""
    match value:
        case dict():
            return {key: _bare(one) for key, one in value.items() if key != "__defaults"}
        case list():
            return [_bare(one) for one in value]
        case _:
            return value


def plain(details: Mapping[str, object], **names: str) -> dict[str, Any]:
    """Pick fields of a live resource that are set: argument name -> field of the API."""
    picked = {argument: details.get(field) for argument, field in names.items()}
    return {argument: value for argument, value in picked.items() if value not in (None, "", [], {})}
