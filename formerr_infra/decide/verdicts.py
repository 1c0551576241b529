"""What a row says, in words: what was found, which ids, and what to set or run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.model import Code, Found, Outcome, Policy

if TYPE_CHECKING:
    from formerr_infra.decide.case import Case


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row says: an outcome, the resource it is about, and the words for it."""

    outcome: Outcome
    reason: str
    target: Found | None = None
    id: str | None = None
    code: Code | None = None
    settle: str = ""
    notes: tuple[str, ...] = ()


#: Characters of a name, and resources of a list, that a sentence shows; ids are always whole.
_NAME, _MANY = 64, 10


def what(found: Found) -> str:
    name = found.name if len(found.name) <= _NAME else found.name[:_NAME] + "…"
    return f"{name!r} ({found.id})"


def whats(many: tuple[Found, ...]) -> str:
    more = f" and {len(many) - _MANY} more" if len(many) > _MANY else ""
    return ", ".join(what(found) for found in many[:_MANY]) + more


def refuse(code: Code, reason: str, settle: str, target: Found | None = None) -> Verdict:
    return Verdict(Outcome.REFUSE, reason, target=target, code=code, settle=settle)


def refuse_slot(case: Case, code: Code, reason: str, usual: str) -> Verdict:
    """A refusal that the slot's settings settle, or what the slot says instead where it has no such settings."""
    return refuse(code, reason, f"{case.wish.otherwise}." if case.wish.otherwise else usual)


def unknown(case: Case) -> Verdict:
    return refuse(
        Code.UNKNOWN,
        "what is live could not be known: " + ("; ".join(case.sighting.unknown) or "it was not asked for"),
        "nothing was concluded and nothing written; run again when the API answers, or give the token the scope it lacks.",
    )


def pinned_missing(case: Case) -> Verdict:
    return refuse(
        Code.PINNED_MISSING,
        f"{case.wish.pin_key} names {case.wish.pin!r}, which does not exist in this account.",
        f"set {case.wish.pin_key} to one that exists, or remove it.",
    )


def pin_conflict(case: Case) -> Verdict:
    return refuse(
        Code.PIN_CONFLICT,
        f"this stack manages {case.held.id!r} and {case.wish.pin_key} names another, {case.wish.pin!r}: declaring the "
        "other one in its place would delete the managed one.",
        f"set {case.wish.pin_key} to {case.held.id!r} or remove it; to change over, release the managed one first "
        f"({case.wish.policy_key}=adopt), then pin the other.",
    )


def keep(case: Case) -> Verdict:
    notes: tuple[str, ...] = ()
    if case.others:
        notes = (f"others of the same name exist and are left alone: {whats(case.others)}",)
    if case.others_own and case.alive:
        notes += (
            f"it carries the mark of {case.alive.owner}, and this stack writes its own: only one may manage it",
        )
    return Verdict(Outcome.KEEP, f"managed by this stack and alive: {case.held.id}", case.alive, notes=notes)


def release(case: Case) -> Verdict:
    return Verdict(
        Outcome.RELEASE,
        f"managed by this stack and alive ({case.held.id}); the policy is adopt, so it is only read from now on",
        case.alive,
        notes=("released: it is no longer protected, changed or deleted by this stack",),
    )


def recreate(case: Case) -> Verdict:
    if case.wish.recreate:
        return Verdict(
            Outcome.RECREATE, f"{case.held.id} was managed by this stack and is gone: it is made again"
        )
    return refuse(
        Code.GONE,
        f"{case.held.id!r} was managed by this stack and is gone, and this stack does not make lost things again by itself.",
        "find out who deleted it; then set recreateMissing=true to have it made again.",
    )


def held_not_found(case: Case) -> Verdict:
    return refuse_slot(
        case,
        Code.NOT_FOUND,
        f"the policy is adopt, and {case.held.id!r}, which this stack managed, is gone.",
        f"set {case.wish.policy_key}=auto or create to have one made, or {case.wish.pin_key} to one that exists.",
    )


def replaced_behind_us(case: Case) -> Verdict:
    others = case.others or case.candidates
    if case.held.replacing is not None:
        return refuse(
            Code.REPLACED_BEHIND_US,
            f"{case.held.id!r} was deleted for a replacement that was interrupted, and one of its name exists: {whats(others)}.",
            f"run `pulumi state delete --target-dependents --yes '{case.held.replacing}'`, which deletes nothing: the state "
            "forgets the one that is gone. The next run takes in what the interrupted one made.",
        )
    return refuse_slot(
        case,
        Code.REPLACED_BEHIND_US,
        f"{case.held.id!r}, which this stack managed, is gone, and another stands in its place: {whats(others)}.",
        "find out who replaced it; then run `pulumi refresh`, which drops the lost one from the state, and set "
        f"{case.wish.pin_key} to the one to take, with {case.wish.policy_key}=adopt or import.",
    )


def adopt(found: Found | None, why: str) -> Verdict:
    return Verdict(Outcome.ADOPT, why, found)


def adopt_held(case: Case) -> Verdict:
    return adopt(case.alive, f"adopted before and alive: {case.held.id}")


def import_(found: Found | None, why: str) -> Verdict:
    return Verdict(Outcome.IMPORT, why, found)


def take(case: Case, found: Found) -> Verdict:
    """Adopt or import one that the user pinned, by policy."""
    if case.wants(Policy.IMPORT):
        return import_(found, f"pinned by {case.wish.pin_key}; the policy is import")
    return adopt(found, f"pinned by {case.wish.pin_key}")


def exists(found: Found | None, case: Case) -> Verdict:
    return refuse_slot(
        case,
        Code.EXISTS,
        f"the policy is create, and {what(found) if found else case.wish.name} is there already and is not this stack's.",
        f"set {case.wish.policy_key}=adopt to use it, import to manage it, or {case.wish.name_key} to another name.",
    )


def adopted_gone(case: Case) -> Verdict:
    return refuse_slot(
        case,
        Code.ADOPTED_GONE,
        f"{case.held.id!r}, which this stack had adopted, is gone. It was not this stack's, so it is not made again.",
        f"set {case.wish.policy_key}=create to have one made, or {case.wish.pin_key} to another that exists.",
    )


def identity_changed(case: Case) -> Verdict:
    if case.pinned is not None:
        return refuse_slot(
            case,
            Code.IDENTITY_CHANGED,
            f"{case.held.id!r}, which this stack had adopted, is gone; {case.wish.pin_key} names {what(case.pinned)}, which is "
            "not this stack's, and the policy is create.",
            f"set {case.wish.policy_key}=adopt to use it, import to manage it, or remove {case.wish.pin_key}.",
        )
    return refuse_slot(
        case,
        Code.IDENTITY_CHANGED,
        f"{case.held.id!r}, which this stack had adopted, is gone, and another of its name exists: {whats(case.others)}.",
        f"set {case.wish.pin_key} to the one to use from now on.",
    )


def owned_by_other(case: Case, found: Found | None) -> Verdict:
    return refuse(
        Code.OWNED_BY_OTHER,
        f"{what(found) if found else case.wish.name} is managed by another stack, {found.owner if found else '?'}.",
        f"set {case.wish.policy_key}=adopt to only read it, {case.wish.name_key} to another name, or, to take it over for "
        "good, policy import and takeOver.",
    )


def ambiguous(case: Case) -> Verdict:
    return refuse_slot(
        case,
        Code.AMBIGUOUS,
        f"{len(case.candidates)} of the name {case.wish.name!r} exist: {whats(case.candidates)}.",
        f"set {case.wish.pin_key} to the one to use.",
    )


def not_found(case: Case) -> Verdict:
    return refuse_slot(
        case,
        Code.NOT_FOUND,
        f"the policy is {case.wish.policy.value}, and nothing of the name {case.wish.name!r} exists.",
        f"set {case.wish.policy_key}=auto or create to have one made, {case.wish.name_key} to the right name, or "
        f"{case.wish.pin_key} to an id.",
    )


def create(case: Case) -> Verdict:
    return Verdict(Outcome.CREATE, f"nothing of the name {case.wish.name!r} exists")


def left_out(case: Case) -> Verdict:
    return Verdict(Outcome.OMIT, f"nothing of the name {case.wish.name!r} exists, and it is only ever read")
