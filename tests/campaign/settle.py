"""The end of a scenario: everything works again, the user does what the refusals say, and the stack converges.

What is said to settle a refusal is taken at its word: the key that is named is set to the value that is named. A stack
that never gets out of its refusals, or that has something to do again and again, breaks a rule here.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.campaign import rules

if TYPE_CHECKING:
    from tests.campaign.arena import Arena, Player
    from tests.campaign.rules import Refusal
    from tests.support.stack import Step

#: Times that a user does what is said before it counts as never ending.
PATIENCE = 14
#: Refusals that leave a choice between things.
_NAMES_IDS = frozenset({"ambiguous", "identity-changed"})
_SET_SO = re.compile(r"set (\w+) so that (\w+) is '([^']*)'")
_SET_TO = re.compile(r"[Ss]et (\w+) to '?([A-Za-z0-9.-]+)'? to use that one")
_FORGET = re.compile(r"pulumi state delete --target-dependents --yes '([^']+)'")
_CANDIDATE = re.compile(r"'[^']*' \(([A-Za-z0-9-]+)\)")


def converge(arena: Arena, player: Player) -> None:
    """Bring a stack to rest: no faults, all scopes, whatever refusals ask for; then two runs more that change nothing."""
    arena.cloud.clear_faults()
    arena.cloud.account(scopes=None, droplet_limit=60)
    arena.scoped = False
    arena.cloud.advance(3600)
    step = _up(arena, player)
    told: Counter[tuple[str, str, str]] = Counter()
    for _ in range(PATIENCE):
        if step.code == 0:
            break
        found = rules.refusals(step.said)
        if not found:
            arena.fail([f"the last runs of a scenario fail: {rules.words(step)}"])
        for one in found:
            _settle(arena, player, one, again=bool(told[one.slot, one.code, one.settle]))
            told[one.slot, one.code, one.settle] += 1
        step = _up(arena, player)
    else:
        arena.fail(
            [f"what the refusals say was done {PATIENCE} times, and it is refused still: {rules.words(step)}"]
        )
    player.set(allowReplace=None)
    for _ in range(2):
        step = arena.run(player, "up")
        if step.code != 0:
            arena.fail([f"the run after one that ended well does not: {rules.words(step)}"])
    try:
        step.unchanged()
        player.stack.preview(expect_no_changes=True).unchanged()
    except AssertionError as error:
        arena.fail([f"two runs later there is still something to do: {str(error)[-1500:]}"])


def _up(arena: Arena, player: Player) -> Step:
    step = arena.run(player, "up")
    if rules.LOCKED in step.said:
        player.stack.cancel()
        step = arena.run(player, "up")
    return step


def _settle(arena: Arena, player: Player, refusal: Refusal, *, again: bool) -> None:
    """Do what a refusal says; where that was done before, the other thing that it says."""
    slot = {"nodePool": "cluster"}.get(refusal.slot, refusal.slot)
    pin, policy = f"{slot}Id", f"{slot}Policy"
    ids = _CANDIDATE.findall(refusal.reason)
    if not ids and refusal.code in _NAMES_IDS:
        arena.fail([f"a refusal does not say which ids: {refusal}"])
    told = {m[1]: _value(m[3]) for m in _SET_SO.finditer(refusal.settle)}
    match refusal.code:
        case "pinned-missing" | "pin-conflict":
            player.set(**{pin: None})
        case "would-replace" | "does-not-fit":
            _back(player, slot, {} if again else told, refusal)
        case "gone":
            player.set(recreateMissing=True)
        case "not-found" | "adopted-gone":
            player.set(**{policy: "create" if not again else "auto", pin: None})
        case "exists" | "owned-by-other" | "import-would-write":
            player.set(**{policy: "adopt"})
        case "identity-changed" if "=adopt" in refusal.settle:
            player.set(**{policy: "adopt"})
        case "ambiguous" | "identity-changed":
            player.set(**{pin: ids[-1]})
        case "replaced-behind-us" if forget := _FORGET.search(refusal.settle):
            player.stack.run("state", "delete", "--target-dependents", "--yes", forget[1]).ok()
        case "replaced-behind-us":
            arena.run(player, "refresh")
            player.set(**{pin: ids[-1], policy: "adopt"})
        case "registry-slot":
            if named := _SET_TO.search(refusal.settle):
                player.set(**{named[1]: named[2]})
        case "range-overlaps":
            arena.made += 1
            player.set(vpcCidr=f"10.{200 + arena.made % 50}.0.0/16")
        case "droplet-limit":
            player.set(nodeCount=1) if player.base == "staging" else player.set(nodeMin=1, nodeMax=1)
        case "name-taken-elsewhere":
            arena.made += 1
            player.set(registryName=f"formerr-{player.base}-{arena.made}")
        case "name-taken":
            arena.made += 1
            player.set(**({"vpcName": f"formerr-net-{arena.made}"} if "VPC" in refusal.reason else {}))
        case _:
            arena.fail([f"nothing is known to settle {refusal.code}: {refusal.settle}"])


def _back(player: Player, slot: str, told: dict[str, Any], refusal: Refusal) -> None:
    """The settings as they are said to fit; where that is not possible, another name."""
    if refusal.settle.startswith("remove vpc from allowReplace"):
        player.set(allowReplace=[one for one in _allowed(player) if one != "vpc"] or None)
        return
    if refusal.settle.startswith("remove "):
        player.set(**{refusal.settle.split()[1]: None})
        return
    if (
        told
        and not any(key.endswith("Id") and key != "vpcId" for key in told)
        and "'None'" not in refusal.settle
    ):
        player.set(**told)
        return
    player.set(**{f"{slot}Id": None, f"{slot}Name": f"formerr-{player.base}-{slot.lower()}-anew"})


def _allowed(player: Player) -> list[str]:
    found = player.settings.get("allowReplace")
    return [str(one) for one in found] if isinstance(found, list) else []


def _value(text: str) -> object:
    return int(text) if text.isdigit() else text
