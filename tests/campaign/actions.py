"""What can happen: the actions of users and of the world, each a function over an arena and plain values; `faults` has the rest.

`who` is 0 for the first stack and anything else for the second, where there is one; `nth` picks among what is there,
by its place in the order of ids. An action that finds nothing to act on does nothing.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from tests.campaign import rules
from tests.campaign.views import POOLS, Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.campaign.arena import Arena, Player
    from tests.support.stack import Step

ACTIONS: dict[str, Callable[..., None]] = {}
#: Name of an action -> the user's, the world's or a fault.
GROUP: dict[str, str] = {}
#: Actions that run the engine.
ENGINE: set[str] = set()


def action(group: str, *, engine: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.rstrip("_")
        ACTIONS[name] = function
        GROUP[name] = group
        if engine:
            ENGINE.add(name)
        return function

    return register


def player(arena: Arena, who: int) -> Player:
    """The stack that is meant."""
    return list(arena.players.values())[who % len(arena.players)]


def pick(arena: Arena, kind: str, nth: int) -> Key | None:
    """One of a kind, or None."""
    ids = sorted(ident for ident, _ in arena.view().of(kind))
    return (kind, ids[nth % len(ids)]) if ids else None


@action("world")
def begin(arena: Arena, start: str) -> None:
    """What stands there when a scenario begins: nothing, things of others, the first stack, or both stacks."""
    if start == "foreign":
        network = arena.cloud.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")[
            "id"
        ]
        pools = [{"name": "pool", "size": "s-2vcpu-4gb", "count": 3}]
        arena.cloud.put(
            "kubernetes_clusters",
            name="formerr-staging-cluster",
            region="nyc3",
            vpc_uuid=network,
            node_pools=pools,
        )
        arena.cloud.put("registries", name="formerr-staging", region="nyc3")
    elif start != "empty":
        arena.resume(start)


# -- the user's ----------------------------------------------------------------------------------------------


@action("user", engine=True)
def up(arena: Arena, who: int) -> None:
    """`pulumi up`."""
    unlocked(arena, player(arena, who), "up")


@action("user", engine=True)
def preview(arena: Arena, who: int) -> None:
    """`pulumi preview`."""
    unlocked(arena, player(arena, who), "preview")


@action("user", engine=True)
def refresh(arena: Arena, who: int) -> None:
    """`pulumi refresh`."""
    unlocked(arena, player(arena, who), "refresh")


@action("user", engine=True)
def destroy(arena: Arena, who: int) -> None:
    """`pulumi destroy`."""
    unlocked(arena, player(arena, who), "destroy")


def unlocked(arena: Arena, one: Player, command: str) -> Step:
    """The run; where a killed one left its lock, the refusal is looked at, and then the lock is taken away."""
    step = arena.run(one, command)
    if step.code != 0 and rules.LOCKED in step.said:
        if "pulumi cancel" not in step.said:
            arena.fail([f"a locked stack, and how to go on is not said: {step.said[-600:]}"])
        one.stack.cancel()
        step = arena.run(one, command)
    return step


@action("user")
def detect(arena: Arena, who: int) -> None:
    """What `formerr detect` reads and decides."""
    arena.foresee(player(arena, who))


@action("user")
def policy(arena: Arena, who: int, slot: str, value: str | None) -> None:
    """Another policy for a slot; None is back to `auto`."""
    player(arena, who).set(**{f"{slot}Policy": value})


@action("user")
def pin(arena: Arena, who: int, slot: str, nth: int) -> None:
    """A pin on one that is there."""
    key = pick(arena, rules.SLOTS[slot][0], nth)
    player(arena, who).set(**{f"{slot}Id": key[1] if key else None})


@action("user")
def unpin(arena: Arena, who: int, slot: str) -> None:
    """No pin any more."""
    player(arena, who).set(**{f"{slot}Id": None})


@action("user")
def nodes(arena: Arena, who: int, count: int) -> None:
    """Another number of nodes."""
    one = player(arena, who)
    if one.base == "staging":
        one.set(nodeCount=count)
    else:
        one.set(nodeMin=min(count, 2), nodeMax=max(count, 2))


@action("user")
def node_size(arena: Arena, who: int, other: bool) -> None:
    """Another size of the nodes, or the usual one again."""
    player(arena, who).set(nodeSize="s-8vcpu-16gb" if other else None)


@action("user")
def names(arena: Arena, who: int, slot: str, other: bool) -> None:
    """Another name for a slot, or the usual one again."""
    one = player(arena, who)
    one.set(**{f"{slot}Name": f"formerr-{one.base}-other-{slot.lower()}" if other else None})


@action("user")
def region(arena: Arena, who: int, other: bool) -> None:
    """The region by mistake, or the right one again."""
    player(arena, who).set(region="sfo3" if other else None)


@action("user")
def cidr(arena: Arena, who: int, other: bool) -> None:
    """Another range of the VPC, or the usual one again."""
    player(arena, who).set(vpcCidr=f"10.{77 + who % 2}.0.0/16" if other else None)


@action("user")
def allow(arena: Arena, who: int, slot: str | None) -> None:
    """The word that a slot, or every one, may be replaced, or that word taken back."""
    every = [*rules.SLOTS, "nodePool"]
    player(arena, who).set(allowReplace=(every if slot == "all" else [slot]) if slot else None)


@action("user")
def take_over(arena: Arena, who: int, slot: str | None) -> None:
    """The word that another stack's may be imported, or that word taken back."""
    player(arena, who).set(takeOver=[slot] if slot else None)


@action("user")
def recreate(arena: Arena, who: int, wanted: bool) -> None:
    """Whether what is lost is made again."""
    player(arena, who).set(recreateMissing=wanted)


@action("user")
def lose_state(arena: Arena, who: int) -> None:
    """The state is lost."""
    arena.lose(player(arena, who))


@action("user")
def backup(arena: Arena, who: int) -> None:
    """A copy of the state is put by."""
    one = player(arena, who)
    arena.made += 1
    copy = arena.folder / f"backup-{arena.made}-{'unfinished' if one.unfinished else 'whole'}"
    shutil.copytree(one.stack.folder / "state", copy)
    one.backups.append(copy)


@action("user")
def restore(arena: Arena, who: int, nth: int) -> None:
    """An old copy of the state takes the place of the state."""
    one = player(arena, who)
    if not one.backups:
        return
    copy = one.backups[nth % len(one.backups)]
    state = one.stack.folder / "state"
    shutil.rmtree(state)
    shutil.copytree(copy, state, ignore=shutil.ignore_patterns("locks"))
    one.unfinished |= copy.name.endswith("unfinished")


@action("user", engine=True)
def rename_stack(arena: Arena, who: int) -> None:
    """`pulumi stack rename`."""
    one = player(arena, who)
    arena.made += 1
    stack, new = one.stack, f"{one.base}-{arena.made}"
    stack.cancel()
    stack.run("stack", "rename", new).ok()
    stack.name, stack.file = new, stack.project / f"Pulumi.{new}.yaml"
    one.backups.clear()
    usual = stack.environment["PULUMI_BACKEND_URL"]
    shutil.rmtree(stack.folder / "empty")
    (stack.folder / "empty").mkdir()
    stack.environment["PULUMI_BACKEND_URL"] = usual.replace(
        os.fspath(stack.folder / "state"), os.fspath(stack.folder / "empty")
    )
    stack.run("stack", "init", new, stack="").ok()
    stack.environment["PULUMI_BACKEND_URL"] = usual


# -- the world's ---------------------------------------------------------------------------------------------


@action("world")
def foreign(arena: Arena, kind: str, own_name: bool) -> None:
    """Somebody makes one, of the stack's name or of another."""
    arena.made += 1
    one = player(arena, 0)
    slot = next(slot for slot, (known, _) in rules.SLOTS.items() if known == kind)
    name = str(one.settings[f"{slot}Name"]) if own_name else f"somebody-elses-{arena.made}"
    view = arena.view()
    if kind != "load_balancers" and any(thing["name"] == name for _, thing in view.of(kind)):
        name = f"somebody-elses-{arena.made}"
    networks = sorted(ident for ident, _ in view.of("vpcs"))
    within = {"vpc_uuid": networks[arena.made % len(networks)]} if networks else {}
    fields: dict[str, Any]
    match kind:
        case "vpcs":
            fields = {"ip_range": f"10.{100 + arena.made}.0.0/16"}
        case "kubernetes_clusters":
            fields = {"node_pools": [{"name": "pool", "size": "s-2vcpu-4gb", "count": 1}], **within}
        case "registries":
            fields = {}
        case _:
            fields = within
    arena.cloud.put(kind, name=name, region="nyc3", **fields)


@action("world")
def rename_thing(arena: Arena, kind: str, nth: int) -> None:
    """Somebody renames one, ours or not."""
    key = pick(arena, kind, nth)
    arena.made += 1
    if key:
        arena.cloud.update(kind, key[1], name=f"renamed-{arena.made}")


@action("world")
def vanish(arena: Arena, kind: str, nth: int) -> None:
    """Somebody deletes one, ours or not; a VPC only when it is empty."""
    key = pick(arena, kind, nth)
    if key is None:
        return
    view = arena.view()
    if kind == "vpcs" and any(view.vpc_of(other) == key[1] for other in view.things):
        return
    arena.cloud.remove(kind, key[1])


@action("world")
def double(arena: Arena, nth: int) -> None:
    """A second load balancer of a name that is taken, beside the first."""
    key = pick(arena, "load_balancers", nth)
    if key:
        one = arena.view().things[key]
        arena.cloud.put(
            "load_balancers", name=one["name"], region=one["region"]["slug"], vpc_uuid=one["vpc_uuid"]
        )


@action("world")
def resize(arena: Arena, nth: int, count: int) -> None:
    """Somebody resizes a pool by hand."""
    key = pick(arena, POOLS, nth)
    if key:
        arena.cloud.update(POOLS, key[1], count=count)


@action("world")
def controller(arena: Arena, nth: int) -> None:
    """A cluster's controller makes a load balancer."""
    key = pick(arena, "kubernetes_clusters", nth)
    arena.made += 1
    if key:
        one = arena.view().things[key]
        arena.cloud.put(
            "load_balancers",
            name=f"a{arena.made:031x}",
            region="nyc3",
            vpc_uuid=one["vpc_uuid"],
            cluster_id=key[1],
        )


@action("world")
def unmark(arena: Arena, kind: str, nth: int) -> None:
    """Somebody takes description or tags away, and the mark with them."""
    key = pick(arena, kind, nth)
    if key is None:
        return
    if kind == "vpcs":
        arena.cloud.update(kind, key[1], description="")
    else:
        tags = [tag for tag in arena.view().things[key]["tags"] if not tag.startswith("pulumi:")]
        arena.cloud.update("kubernetes_clusters", key[1], tags=tags)


@action("world")
def scopes(arena: Arena, lacks: str | None) -> None:
    """The token is scoped down, or has it all again."""
    everything = [
        f"{what}:{verb}"
        for what in ("account", "vpc", "kubernetes", "registry", "load_balancer", "droplet", "tag", "project", "regions", "sizes", "actions")
        for verb in ("read", "create", "update", "delete", "access_cluster")
    ]  # fmt: skip
    left = [one for one in everything if not one.startswith(f"{lacks}:")]
    arena.cloud.account(scopes=left if lacks else None)
    arena.scoped = lacks is not None


@action("world")
def droplets(arena: Arena, limit: int) -> None:
    """Another droplet limit."""
    arena.cloud.account(droplet_limit=limit)


@action("world")
def pass_time(arena: Arena, seconds: int) -> None:
    """Time passes."""
    arena.cloud.advance(seconds)


@action("world")
def upgraded(arena: Arena, nth: int) -> None:
    """A cluster upgrades itself to another patch release."""
    key = pick(arena, "kubernetes_clusters", nth)
    if key:
        arena.cloud.update("kubernetes_clusters", key[1], version="1.34.99-do.0")
