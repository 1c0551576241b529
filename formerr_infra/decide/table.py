"""The rows of the decision table, in order: the first that matches decides.

The published page is generated from here, so that it cannot say anything else than the code. The rows
that look at what another row decided stand in `published`.
"""

from __future__ import annotations

from formerr_infra.decide import verdicts as say
from formerr_infra.decide.case import CLOCK_TOLERANCE, LONGEST_RUN, NOT_ADOPT, Case
from formerr_infra.decide.row import Row
from formerr_infra.model import Found, Holding, Mark, Outcome, Policy


def _is_orphan(case: Case) -> bool:
    found = case.only
    if found is None:
        return False
    if found.mark is Mark.OURS:
        return True
    if found.mark is not Mark.UNMARKABLE or found.created_at is None or case.held.began is None:
        return False
    # What is pinned may have any name; what this stack made has the one that it makes things under.
    after = found.created_at - case.held.began
    return found.name == case.wish.name and -CLOCK_TOLERANCE <= after <= LONGEST_RUN


def _foreign(found: Found | None) -> bool:
    return found is not None and found.mark in (Mark.UNMARKED, Mark.UNMARKABLE)


def _taken_over(case: Case) -> bool:
    return case.wants(Policy.IMPORT) and case.wish.take_over


def _others_import(case: Case, found: Found | None) -> bool:
    """An import of what another stack marks as its own, without the word that allows it."""
    return (
        case.wants(Policy.IMPORT)
        and found is not None
        and found.mark is Mark.OTHER
        and not case.wish.take_over
    )


_M, _A, _D, _I = Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED, Holding.INTERRUPTED

ROWS: tuple[Row, ...] = (
    Row(
        "1",
        "any",
        "unknown",
        "any",
        "REFUSE `unknown`",
        lambda c: bool(c.sighting.unknown) or c.unasked,
        say.unknown,
    ),
    Row(
        "2",
        "any",
        "pinned id not alive",
        "any",
        "REFUSE `pinned-missing`",
        lambda c: c.wish.pin is not None and c.pinned is None,
        say.pinned_missing,
    ),
    Row(
        "2b",
        "managed(id)",
        "id alive, another id pinned",
        "any",
        "REFUSE `pin-conflict`",
        lambda c: c.holds(_M) and c.alive is not None and c.pins_another,
        say.pin_conflict,
    ),
    Row(
        "3",
        "managed(id)",
        "id alive",
        "auto, create, import",
        "KEEP (others of the same name: note)",
        lambda c: c.holds(_M) and c.alive is not None and c.wish.policy in NOT_ADOPT,
        say.keep,
    ),
    Row(
        "4",
        "managed(id)",
        "id alive",
        "adopt",
        "RELEASE(id)",
        lambda c: c.holds(_M) and c.alive is not None,
        say.release,
    ),
    Row(
        "4b",
        "dropped(id)",
        "id alive, no other id pinned, not marked by another stack (import: or `takeOver`)",
        "auto, create, import",
        "IMPORT(id): the journal proves that it was ours",
        lambda c: (
            c.holds(_D)
            and c.alive is not None
            and not c.pins_another
            and c.wish.policy in NOT_ADOPT
            and (not c.others_own or _taken_over(c))
        ),
        lambda c: say.import_(
            c.alive, f"this stack managed {c.held.id}, its state lost it, and it is alive: taken back"
        ),
    ),
    Row(
        "4c",
        "dropped(id)",
        "id gone, others of that name, one of them pinned",
        "adopt, auto, import",
        "ADOPT/IMPORT(pin) by policy",
        lambda c: (
            c.holds(_D)
            and c.alive is None
            and c.pins_another
            and c.pinned is not None
            and not c.wants(Policy.CREATE)
            and not _others_import(c, c.pinned)
        ),
        lambda c: say.take(c, c.pinned) if c.pinned else say.pinned_missing(c),
    ),
    Row(
        "4d",
        "dropped(id)",
        "another stack's: the id, alive; or, the id gone, the pinned one",
        "auto, create, import (a pin: import), without takeOver",
        "REFUSE `owned-by-other`, the stack named",
        lambda c: (
            c.holds(_D)
            and (
                _others_import(c, c.pinned)
                if c.alive is None and c.pins_another
                else c.others_own and not c.pins_another and c.wish.policy in NOT_ADOPT
            )
        ),
        lambda c: say.owned_by_other(c, c.alive or c.pinned),
    ),
    Row(
        "5",
        "managed(id) or dropped(id)",
        "id gone, nothing else",
        "auto, create, import",
        "RECREATE where the stack allows it, else REFUSE `gone`",
        lambda c: (
            c.holds(_M, _D)
            and c.alive is None
            and not c.others
            and not c.pins_another
            and not c.wants(Policy.ADOPT)
        ),
        say.recreate,
    ),
    Row(
        "6",
        "managed(id) or dropped(id)",
        "id gone, nothing else",
        "adopt",
        "REFUSE `not-found`",
        lambda c: c.holds(_M, _D) and c.alive is None and not c.others and not c.pins_another,
        say.held_not_found,
    ),
    Row(
        "7",
        "managed(id) or dropped(id)",
        "id gone, others of that name or pinned",
        "any",
        "REFUSE `replaced-behind-us`, both ids named",
        lambda c: c.holds(_M, _D) and c.alive is None,
        say.replaced_behind_us,
    ),
    Row(
        "7b",
        "dropped(id)",
        "id alive",
        "any other",
        "ADOPT(id); a pin on another id: REFUSE `pin-conflict`",
        lambda c: c.holds(_D),
        lambda c: (
            say.pin_conflict(c)
            if c.pins_another
            else say.adopt(
                c.alive, f"this stack managed {c.held.id} and its state lost it; the policy is adopt"
            )
        ),
    ),
    Row(
        "8b",
        "adopted(id)",
        "another stack's, held or pinned",
        "import, without takeOver",
        "REFUSE `owned-by-other`, the stack named",
        lambda c: c.holds(_A) and _others_import(c, c.pinned if c.pins_another else c.alive),
        lambda c: say.owned_by_other(c, c.pinned if c.pins_another else c.alive),
    ),
    Row(
        "8c",
        "adopted(id)",
        "id alive, another id pinned",
        "auto, adopt, import",
        "ADOPT/IMPORT(pin) by policy",
        lambda c: c.holds(_A) and c.alive is not None and c.pins_another and not c.wants(Policy.CREATE),
        lambda c: say.take(c, c.pinned) if c.pinned else say.pinned_missing(c),
    ),
    Row(
        "8",
        "adopted(id)",
        "id alive",
        "auto, adopt",
        "ADOPT(id)",
        lambda c: c.holds(_A) and c.alive is not None and c.wants(Policy.AUTO, Policy.ADOPT),
        say.adopt_held,
    ),
    Row(
        "9",
        "adopted(id)",
        "id alive",
        "import",
        "IMPORT(id)",
        lambda c: c.holds(_A) and c.alive is not None and c.wants(Policy.IMPORT),
        lambda c: say.import_(c.alive, f"adopted before and alive ({c.held.id}); the policy is import"),
    ),
    Row(
        "10",
        "adopted(id)",
        "id alive",
        "create",
        "REFUSE `exists`",
        lambda c: c.holds(_A) and c.alive is not None,
        lambda c: say.exists(c.alive, c),
    ),
    Row(
        "11",
        "adopted(id)",
        "id gone, nothing else",
        "create",
        "CREATE",
        lambda c: c.holds(_A) and not c.others and not c.pins_another and c.wants(Policy.CREATE),
        lambda c: say.Verdict(
            Outcome.CREATE, f"{c.held.id}, which was adopted, is gone; the policy is create"
        ),
    ),
    Row(
        "12",
        "adopted(id)",
        "id gone, nothing else",
        "auto, adopt, import",
        "REFUSE `adopted-gone`",
        lambda c: c.holds(_A) and not c.others and not c.pins_another,
        say.adopted_gone,
    ),
    Row(
        "13",
        "adopted(id)",
        "id gone, others of that name",
        "any",
        "REFUSE `identity-changed`; a pin on one of them: ADOPT/IMPORT(pin) by policy",
        lambda c: c.holds(_A),
        lambda c: (
            say.take(c, c.pinned) if c.pinned and not c.wants(Policy.CREATE) else say.identity_changed(c)
        ),
    ),
    Row(
        "15",
        "interrupted",
        "one, ours; or one unmarkable of the slot's own name, made within two hours after the interrupted run began",
        "auto, create, import",
        "IMPORT(id): our own orphan",
        lambda c: c.holds(_I) and c.wish.policy in NOT_ADOPT and _is_orphan(c),
        lambda c: say.import_(
            c.only,
            f"{c.only.id if c.only else ''} was made by a run of this stack that was interrupted: taken in",
        ),
    ),
    Row(
        "17b",
        "none (or interrupted), of a kind that is only read",
        "absent",
        "auto",
        "OMIT: the stack does without it",
        lambda c: not c.candidates and c.wish.only_read and c.wants(Policy.AUTO),
        say.left_out,
    ),
    Row(
        "17",
        "none (row 14, 16: or interrupted)",
        "absent",
        "auto, create",
        "CREATE",
        lambda c: not c.candidates and c.wants(Policy.AUTO, Policy.CREATE),
        say.create,
    ),
    Row(
        "18",
        "none",
        "absent",
        "adopt, import",
        "REFUSE `not-found`",
        lambda c: not c.candidates,
        say.not_found,
    ),
    Row(
        "25",
        "none",
        "several, no pin",
        "any",
        "REFUSE `ambiguous`, candidates listed; a pin narrows several to one",
        lambda c: c.only is None,
        say.ambiguous,
    ),
    Row(
        "19",
        "none",
        "one, ours",
        "auto, create, import",
        "IMPORT(id): lost state or orphan",
        lambda c: c.only is not None and c.only.mark is Mark.OURS and c.wish.policy in NOT_ADOPT,
        lambda c: say.import_(
            c.only,
            f"{c.only.id if c.only else ''} carries this stack's mark and its state does not know it: taken back",
        ),
    ),
    Row(
        "20",
        "none",
        "one, other(stack)",
        "auto, create, import",
        "REFUSE `owned-by-other`, the stack named (import: unless `takeOver`)",
        lambda c: (
            c.only is not None
            and c.only.mark is Mark.OTHER
            and c.wish.policy in NOT_ADOPT
            and not _taken_over(c)
        ),
        lambda c: say.owned_by_other(c, c.only),
    ),
    Row(
        "21",
        "none",
        "one, unmarked or unmarkable",
        "auto",
        "ADOPT(id)",
        lambda c: _foreign(c.only) and c.wants(Policy.AUTO),
        lambda c: say.adopt(
            c.only,
            f"{say.whats(c.candidates)} exists and does not carry this stack's mark: it is used and only read",
        ),
    ),
    Row(
        "22",
        "none",
        "one, unmarked or unmarkable (or other(stack) with `takeOver`)",
        "import",
        "IMPORT(id)",
        lambda c: c.wants(Policy.IMPORT),
        lambda c: say.import_(c.only, f"{say.whats(c.candidates)} exists; the policy is import"),
    ),
    Row(
        "23",
        "none",
        "one, unmarked or unmarkable",
        "create",
        "REFUSE `exists`",
        lambda c: c.wants(Policy.CREATE),
        lambda c: say.exists(c.only, c),
    ),
    Row(
        "24",
        "none",
        "one, any mark",
        "adopt",
        "ADOPT(id)",
        lambda c: c.wants(Policy.ADOPT),
        lambda c: say.adopt(c.only, f"{say.whats(c.candidates)} exists; the policy is adopt"),
    ),
)
