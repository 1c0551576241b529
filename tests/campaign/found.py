"""What the campaign has found so far, for its page; each is a plain regression test by now, or says why not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug.

    Attributes:
        what: what happened.
        by: what met it.
        now: how it is now, and which test holds it.
    """

    what: str
    by: str
    now: str


FOUND: tuple[Bug, ...] = (
    Bug(
        "A create of a load balancer was killed before its answer, the next run read a list that did not show it yet, "
        "and made a second one.",
        "`killed`, then `list_hides`",
        "The VPC is asked too (ADR 57; tests/inventory/test_inventory_unlisted.py).",
    ),
    Bug(
        "Two stacks were deployed at once where the plan allows one registry. The loser did as its refusal said and pinned "
        "the other's registry, which was then taken for its own orphan and imported: its destroy would have deleted it.",
        "two stacks side by side",
        "An orphan has our name, and was made while the run was at work (ADR 58; row 15; tests/unit/test_decide.py).",
    ),
    Bug(
        "A replacement was killed between the create of the new one and its answer. Every later run refused, and what the "
        "refusal said to do did not help.",
        "`cidr`, `allow` all, `killed` at a create",
        "The refusal names the command that helps (ADR 59; row 7; tests/unit/test_decide.py, test_ledger.py).",
    ),
    Bug(
        "A VPC was to be replaced on purpose, and the cluster in it refused for that. What it said to do, to pin the VPC, was "
        "then refused by the VPC, and what that said by the cluster again, in a circle.",
        "`allow` vpc, `cidr`",
        "The refusal names allowReplace, which is what it comes from (tests/unit/test_resolve.py).",
    ),
    Bug(
        "Something adopted earlier did not fit any more, and the refusal said that another could be chosen by its name; what "
        "is held is known by its id, so that the name is not looked at.",
        "`pin`, then `unpin` of a VPC, `cidr`",
        "Only the pin is named there (tests/unit/test_resolve.py).",
    ),
    Bug(
        "An adopted registry was gone, the policy was create and a pin named another: the refusal asked for a pin.",
        "`vanish` of a registry, `pin`, `policy`",
        "It says what stands against each other (row 13; tests/unit/test_decide.py).",
    ),
    Bug(
        "With `--continue-on-error` a resource that needs a failed one ended the program in a traceback, and nothing more was "
        "declared. When it went on instead and ended well, the engine deleted what had been left out.",
        "many faults in one run, on the cluster",
        "It goes on, fails at its end, and deletes nothing (ADR 21; tests/engine/test_recovered.py).",
    ),
)
