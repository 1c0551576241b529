"""What must hold after every run of the engine, whatever was done to it: the oracle of the campaign; pure.

It is a second telling, made from what can be seen from outside (the account before and after, the state before and
after, the requests, the words) and from what the campaign itself has done. It never asks the program's own decisions.
What it takes for a stack's own: what a run of that stack made, and what such a run took in with a right to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.local.environment import TOKEN
from tests.campaign.views import KINDS, POOLS, Kept, Key, View
from tests.support.stack import QUESTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.stack import Step

MARK = "pulumi:formerr-infra:{}"
#: Slot -> kind, and the logical name in the state.
SLOTS = {
    "vpc": ("vpcs", "vpc"),
    "cluster": ("kubernetes_clusters", "cluster"),
    "registry": ("registries", "registry"),
    "loadBalancer": ("load_balancers", "load-balancer"),
}
_SLOT_OF = {kind: slot for slot, (kind, _) in SLOTS.items()} | {POOLS: "cluster"}
_DEFAULT_POOL = "terraform:default-node-pool"
_TARGETS = (
    (re.compile(r"^/v2/vpcs/([^/]+)$"), "vpcs"),
    (re.compile(r"^/v2/kubernetes/clusters/[^/]+/node_pools/([^/]+)"), POOLS),
    (re.compile(r"^/v2/kubernetes/clusters/([^/]+)"), "kubernetes_clusters"),
    (re.compile(r"^/v2/registr(?:y|ies)/(?!subscription$)([^/]+)$"), "registries"),
    (re.compile(r"^/v2/load_balancers/([^/]+)"), "load_balancers"),
)
_COLLECTIONS = re.compile(r"^/v2/(vpcs|kubernetes/clusters|registr(y|ies)|load_balancers)$")
_REFUSED = re.compile(
    r"(\w+): refused \(([\w-]+), row (\w+)\): (.*?)\n\s*to go on: (.*?)(?=\n\s*\S+: refused|\n\s*preflight:|\n|\Z)"
)
_PREFLIGHT = re.compile(r"preflight: ([\w-]+): (.*)")
_WAY_ON = re.compile(
    r"\b(\w+(Id|Name|Policy|Cidr|Count|Min|Max|Size|Tier|Version)|region|recreateMissing|takeOver|allowReplace|pulumi|token|run again)\b"
)
LOCKED = "currently locked"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused slot, or one finding of the preflight, as it was said."""

    slot: str
    code: str
    reason: str
    settle: str


def refusals(said: str) -> tuple[Refusal, ...]:
    """Every refusal in what was said, each once."""
    slots = [Refusal(m[1], m[2], m[4], m[5]) for m in _REFUSED.finditer(said)]
    findings = [Refusal("preflight", m[1], m[2], m[2]) for m in _PREFLIGHT.finditer(said)]
    taken = (
        [Refusal("preflight", "name-taken-elsewhere", said, said)] if "is taken, by another" in said else []
    )
    return tuple(dict.fromkeys((*slots, *findings, *taken)))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the engine and all that is known around it.

    Attributes:
        command: up, preview, refresh or destroy.
        step: what it did.
        stack: name of the stack.
        settings: the keys of its file that the rules look at.
        before, after: the account.
        held, holds: the state before and after.
        mine: what the stack has made or rightly taken in so far.
        calm: no fault was set, and nothing killed it.
        knowable: the token has all its scopes.
        unfinished: a run of this stack was cut short and none has ended well since.
    """

    command: str
    step: Step
    stack: str
    settings: Mapping[str, object]
    before: View
    after: View
    held: tuple[Kept, ...]
    holds: tuple[Kept, ...]
    mine: frozenset[Key]
    calm: bool
    knowable: bool
    unfinished: bool

    @property
    def managed_before(self) -> frozenset[Key]:
        """What the state managed when it began."""
        return frozenset(one.key for one in self.held if not one.external)

    @property
    def managed_after(self) -> frozenset[Key]:
        """What it manages now."""
        return frozenset(one.key for one in self.holds if not one.external)

    @property
    def created(self) -> frozenset[Key]:
        """What is new in the account."""
        return frozenset(self.after.things.keys() - self.before.things.keys())

    @property
    def gone(self) -> frozenset[Key]:
        """What is no longer in the account."""
        return frozenset(self.before.things.keys() - self.after.things.keys())

    @property
    def taken(self) -> frozenset[Key]:
        """What it manages now, did not before, and did not make."""
        return self.managed_after - self.managed_before - self.created - self.mine

    def named(self, slot: str) -> str:
        """The name that the settings give a slot."""
        return str(self.settings.get(f"{slot}Name", ""))


def broken(run: Run) -> list[str]:
    """Every rule that does not hold after a run."""
    rules = [_words, _writes, _untouched, _deletes, _doubles, _takings]
    if run.step.code == 0:
        rules.append(_destroyed if run.command == "destroy" else _agrees)
    elif run.calm:
        rules.append(_explained)
    return [line for rule in rules for line in rule(run)]


def _words(run: Run) -> Iterator[str]:
    if "Traceback" in run.step.said:
        yield f"a traceback reached the user: {run.step.said[-1500:]}"
    if TOKEN in run.step.said:
        yield "the token was printed"


def words(step: Step) -> str:
    """The end of what was said, for a message."""
    return f"{step.log.said[-1000:]}\n... {step.out[-1000:]} (exit code {step.code})"


def target(path: str) -> Key | None:
    """The resource that a path is addressed at."""
    for pattern, kind in _TARGETS:
        if found := pattern.search(path):
            return kind, found[1]
    return None


def _writes(run: Run) -> Iterator[str]:
    """A write is addressed at what the stack manages, or makes; a preview and a refresh send none."""
    for one in run.step.requests:
        if one.method in ("GET", "HEAD") or one.path in (QUESTION, "/v2/registry/subscription"):
            continue
        what = f"{one.method} {one.path}"
        if run.command in ("preview", "refresh"):
            yield f"a {run.command} sent {what}"
            continue
        key = target(one.path)
        if key is None:
            if one.method != "POST" or not _COLLECTIONS.search(one.path):
                yield f"a write that nobody expects: {what}"
            continue
        own = run.mine | run.created
        if key not in run.before.things and key not in run.created:
            continue  # gone before: a run that was killed had deleted it, and nothing is there to be harmed
        if key not in own and not _of_own_cluster(run, key):
            yield f"a write to what is not the stack's: {what}"
        elif key not in run.managed_before | run.created and one.method != "POST" and not _built_in(run, key):
            yield f"a write to what the stack did not manage when the run began: {what}"


def _of_own_cluster(run: Run, key: Key) -> bool:
    if key[0] != POOLS:
        return False
    pool = run.before.things.get(key) or run.after.things.get(key) or {}
    return ("kubernetes_clusters", str(pool.get("cluster"))) in run.mine | run.created


def _built_in(run: Run, key: Key) -> bool:
    """Whether it is the default pool of a cluster that is managed, which is part of the cluster's own declaration."""
    pool = run.before.things.get(key, {})
    managed = ("kubernetes_clusters", str(pool.get("cluster"))) in run.managed_before
    return key[0] == POOLS and managed and _DEFAULT_POOL in (pool.get("tags") or [])


def _untouched(run: Run) -> Iterator[str]:
    """What the stack did not manage when the run began is afterwards as it was: also what it imported."""
    for key in run.before.things.keys() & run.after.things.keys():
        if key in run.managed_before or (key[0] == POOLS and _of_own_cluster(run, key)):
            continue
        was, now = run.before.fixed(key), run.after.fixed(key)
        if was != now:
            changed = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
            yield f"{key} was changed and is not managed: {changed}"


def _deletes(run: Run) -> Iterator[str]:
    replacing = bool(run.settings.get("allowReplace"))
    doomed = {one.key for one in run.held if one.doomed}
    for key in run.gone:
        clusters = ("kubernetes_clusters", str(run.before.things[key].get("cluster")))
        with_cluster = key[0] == POOLS and clusters in run.gone
        if key not in run.managed_before and not with_cluster:
            yield f"{key} ({run.before.name(key)}) was deleted and is not managed"
        elif key not in run.mine and not with_cluster:
            yield f"{key} ({run.before.name(key)}) was deleted and is not the stack's"
        elif run.command != "destroy" and not replacing and key not in doomed:
            yield f"a {run.command} deleted {key} ({run.before.name(key)}), and nobody asked for it"


def _doubles(run: Run) -> Iterator[str]:
    """Nothing is made beside one of its kind and name."""
    for key in run.created:
        if key[0] not in KINDS:
            continue
        name = run.after.name(key)
        for other, one in run.after.of(key[0]):
            if other != key[1] and one["name"] == name:
                yield f"{key[0]}: {key[1]} was made beside {other}, both are named {name!r}"


def _takings(run: Run) -> Iterator[str]:
    for key in run.taken:
        if not _may_take(run, key):
            yield f"{key} ({run.after.name(key)}) was taken into management, and nothing gave the stack a right to it"


def _may_take(run: Run, key: Key) -> bool:
    if run.settings.get(f"{_SLOT_OF[key[0]]}Policy") == "import" or key in run.managed_before:
        return True
    one, mark = run.before.things.get(key, {}), MARK.format(run.stack)
    match key[0]:
        case "vpcs":
            return mark in str(one.get("description"))
        case "kubernetes_clusters":
            return mark in (one.get("tags") or [])
        case "load_balancers":
            vpc = ("vpcs", run.before.vpc_of(key))
            own = vpc in run.mine | run.managed_before or mark in str(
                run.before.things.get(vpc, {}).get("description")
            )
            return own or run.unfinished
        case "node_pools":
            cluster = ("kubernetes_clusters", str(one.get("cluster")))
            return cluster in run.mine | run.managed_before | run.taken
        case _:
            return run.unfinished


def _agrees(run: Run) -> Iterator[str]:
    """After a run that ended well: the state holds what is alive, all of it, and as it is wanted."""
    if run.command != "up":
        return
    for one in run.holds:
        if one.key not in run.after.things and not (one.external and one.key in run.after.defaults):
            yield f"the state holds {one.name} {one.key[1]}, which is not there"
        if one.doomed:
            yield f"the state still wants to delete {one.name} {one.key[1]}"
    known = {one.name: one for one in run.holds}
    for slot, (_, logical) in SLOTS.items():
        here = known.get(logical)
        if here is None:
            yield f"the run ended well and the state holds no {logical}"
        elif here.key in run.managed_before | run.created and run.after.name(here.key) != run.named(slot):
            yield f"{logical} is named {run.after.name(here.key)!r}, wanted {run.named(slot)!r}"
    workers, count = known.get("workers"), run.settings.get("nodeCount")
    if workers is None:
        if "cluster" in known and not known["cluster"].external:
            yield "the stack manages its cluster and has no worker pool"
    elif count is not None and workers.key in run.managed_before | run.created and not workers.external:
        found = run.after.things.get(workers.key, {}).get("count")
        if found != count:
            yield f"the worker pool has {found} nodes, wanted {count}"


def _destroyed(run: Run) -> Iterator[str]:
    if run.holds:
        yield f"the destroy ended well and the state still holds {[one.name for one in run.holds]}"
    for one in run.held:
        thing = run.after.things.get(one.key)
        if thing is not None and not one.external and not thing.get("default"):
            yield f"the destroy ended well and {one.name} {one.key[1]} is still there"


def _explained(run: Run) -> Iterator[str]:
    """A refusal says what was found, which, and how to go on, and comes before any write."""
    said = run.step.said
    if LOCKED in said:
        return
    found = refusals(said)
    if not found:
        if run.command == "destroy" and ("with members" in said or "is protected" in said):
            return
        if not run.knowable and "permission" in said:
            return  # before the program runs, or where none does, the provider says what the token lacks
        yield f"the {run.command} failed and said nothing of use: {words(run.step)}"
        return
    if run.step.writes:
        yield f"a refused {run.command} wrote: {run.step.writes}"
    for one in found:
        if not _WAY_ON.search(one.settle):
            yield f"{one.slot} {one.code}: no way on is named: {one.settle}"
        if not re.search(r"['(:]|\d", one.reason):
            yield f"{one.slot} {one.code}: what was found is not named: {one.reason}"
        if one.code == "unknown" and run.knowable:
            yield f"unknown, and nothing failed: {one.slot}: {one.reason}"
