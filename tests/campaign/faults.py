"""What breaks: calls that fail, answers that are lost, lists that lie, runs that are killed; see `actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.campaign.actions import action, pick, player, unlocked

if TYPE_CHECKING:
    from tests.campaign.arena import Arena

WRITES = "^/v2/(?!registr(y|ies)/(validate-name|subscription))"
LISTS = "^/v2/(vpcs|kubernetes/clusters|registries|registry|load_balancers)$"
BROKEN: dict[str, dict[str, Any]] = {
    "lost-before": {"drop": "before"},
    "lost-after": {"drop": "after"},
    "503-after": {"status": 503, "after_apply": True},
    "429": {"status": 429, "retry_after": 1},
    "500": {"status": 500},
    "502": {"status": 502},
    "503": {"status": 503},
    "403": {"status": 403},
    "cut": {"body": "cut"},
    "half": {"body": "truncated"},
    "html": {"body": "html"},
}


@action("fault", engine=True)
def killed(arena: Arena, who: int, command: str, method: str, nth: int, after: bool, unlock: bool) -> None:
    """SIGKILL before or after write n of a run reaches the account; the lock is left, or taken away."""
    one = player(arena, who)
    fault = arena.cloud.fault(method, WRITES, hang=True, after_apply=after, skip=nth, times=1)
    step = arena.run(
        one,
        command,
        kill=lambda: any(known["id"] == fault and known["fired"] for known in arena.cloud.faults()),
    )
    arena.cloud.clear_faults()
    if step.code < 0 and unlock:
        one.stack.cancel()


@action("fault", engine=True)
def faulted(arena: Arena, who: int, command: str, fault: str, method: str, nth: int, times: int) -> None:
    """A run during which some calls fail, from call n on."""
    _under(arena, who, command, method=method, path_regex="^/v2/", skip=nth, times=times, **BROKEN[fault])


@action("fault", engine=True)
def poll_fails(arena: Arena, who: int, kind: str) -> None:
    """A run in which the look at something just made fails."""
    path = {"kubernetes_clusters": "kubernetes/clusters", "load_balancers": "load_balancers"}[kind]
    _under(arena, who, "up", method="GET", path_regex=f"^/v2/{path}/[^/]+$", status=500, times=2)


@action("fault", engine=True)
def list_hides(arena: Arena, who: int, kind: str, nth: int) -> None:
    """A run during which the lists hide one that the stack made.

    What others made and the API shows nowhere is made beside, and nobody could know.
    """
    own = sorted(key for key in player(arena, who).mine if key[0] == kind)
    if own:
        key = own[nth % len(own)]
        _under(arena, who, "up", method="GET", path_regex=LISTS, hide_from_lists=key[1])


@action("fault", engine=True)
def list_moves(arena: Arena, who: int, kind: str, nth: int) -> None:
    """A run during which one changes its place in the list between two pages."""
    key = pick(arena, kind, nth)
    if key:
        _under(arena, who, "up", method="GET", path_regex=LISTS, move_across_pages=key[1])


def _under(arena: Arena, who: int, command: str, **fault: Any) -> None:
    arena.cloud.fault(**fault)
    arena.faulty = True
    try:
        unlocked(arena, player(arena, who), command)
    finally:
        arena.cloud.clear_faults()
        arena.faulty = False
