"""The state machine that hypothesis drives: which action comes next, and with what, drawn by seed.

Every rule plays one action of `actions`. The machine keeps no model of its own: the oracle is `rules`, asked after
every run of the engine, and `settle` brings each stack to rest at the end of its scenario.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.campaign import rules
from tests.campaign.arena import Arena, Broken, Tally
from tests.campaign.faults import BROKEN
from tests.campaign.settle import converge
from tests.campaign.views import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.campaign.arena import Ground

WHO = st.sampled_from([0, 0, 0, 1])
SLOT = st.sampled_from(list(rules.SLOTS))
KIND = st.sampled_from(KINDS)
NTH = st.integers(0, 3)
POLICY = st.sampled_from([None, None, "auto", "create", "adopt", "import"])


class Enough(Exception):
    """All actions were taken."""


class Campaign(RuleBasedStateMachine):
    """One account, two stacks; subclasses say on what ground, and after how many actions it ends."""

    ground: ClassVar[Ground]
    tally: ClassVar[Tally]
    most: ClassVar[int]
    after: ClassVar[Callable[[Arena], None]] = staticmethod(lambda _arena: None)
    begun: ClassVar[int] = 0
    broke: ClassVar[Broken | None] = None

    def __init__(self) -> None:
        super().__init__()
        machine = type(self)
        if machine.broke is not None:
            raise machine.broke  # hypothesis would take the minutes again to see the same
        if self.tally.actions.total() >= self.most:
            raise Enough
        self.idle = machine.begun == 0
        machine.begun += 1
        self.folder = Path(tempfile.mkdtemp(prefix="campaign-"))
        self.arena = Arena(self.ground, Tally() if self.idle else self.tally, self.folder)

    def play(self, name: str, **arguments: object) -> None:
        """One action, and what whoever watches wants to know of it.

        Nothing in the first scenario of a seed: hypothesis begins with its simplest one, the same action all along.
        """
        if self.idle:
            return
        if self.tally.actions.total() >= self.most:
            raise Enough
        with self.watched():
            self.arena.play(name, **arguments)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What breaks is kept, and whoever watches is told."""
        machine = type(self)
        try:
            yield
        except Broken as error:
            machine.broke = error
            raise
        machine.after(self.arena)

    @initialize(start=st.sampled_from(["empty", "deployed", "deployed", "foreign", "beside"]))
    def begin(self, start: str) -> None:
        self.play("begin", start=start)

    # -- the user's ------------------------------------------------------------------------------------------

    @precondition(lambda self: bool(self.arena.script) and self.arena.script[-1][0] != "detect")
    @rule(who=WHO)
    def a_detect(self, who: int) -> None:
        self.play("detect", who=who)

    @rule(who=WHO)
    def up(self, who: int) -> None:
        self.play("up", who=who)

    @rule(who=WHO)
    def up_again(self, who: int) -> None:
        self.play("up", who=who)

    @rule(who=WHO)
    def preview(self, who: int) -> None:
        self.play("preview", who=who)

    @rule(who=WHO)
    def refresh(self, who: int) -> None:
        self.play("refresh", who=who)

    @precondition(lambda self: self.arena.quiet_networks())
    @rule(who=WHO)
    def destroy(self, who: int) -> None:
        self.play("destroy", who=who)

    @rule(who=WHO, slot=SLOT, value=POLICY)
    def policy(self, who: int, slot: str, value: str | None) -> None:
        self.play("policy", who=who, slot=slot, value=value)

    @rule(who=WHO, slot=SLOT, nth=NTH)
    def pin(self, who: int, slot: str, nth: int) -> None:
        self.play("pin", who=who, slot=slot, nth=nth)

    @rule(who=WHO, slot=SLOT)
    def unpin(self, who: int, slot: str) -> None:
        self.play("unpin", who=who, slot=slot)

    @rule(who=WHO, count=st.integers(1, 5))
    def nodes(self, who: int, count: int) -> None:
        self.play("nodes", who=who, count=count)

    @rule(who=WHO, slot=SLOT, other=st.booleans())
    def names(self, who: int, slot: str, other: bool) -> None:
        self.play("names", who=who, slot=slot, other=other)

    @rule(who=WHO, other=st.booleans())
    def region(self, who: int, other: bool) -> None:
        self.play("region", who=who, other=other)

    @rule(who=WHO, other=st.booleans())
    def cidr(self, who: int, other: bool) -> None:
        self.play("cidr", who=who, other=other)

    @rule(who=WHO, other=st.booleans())
    def node_size(self, who: int, other: bool) -> None:
        self.play("node_size", who=who, other=other)

    @rule(who=WHO, slot=st.sampled_from([None, "all", "all", "nodePool", *rules.SLOTS]))
    def allow(self, who: int, slot: str | None) -> None:
        self.play("allow", who=who, slot=slot)

    @rule(who=WHO, slot=st.sampled_from([None, *rules.SLOTS]))
    def take_over(self, who: int, slot: str | None) -> None:
        self.play("take_over", who=who, slot=slot)

    @rule(who=WHO, wanted=st.booleans())
    def recreate(self, who: int, wanted: bool) -> None:
        self.play("recreate", who=who, wanted=wanted)

    @rule(who=WHO)
    def lose_state(self, who: int) -> None:
        self.play("lose_state", who=who)

    @rule(who=WHO)
    def backup(self, who: int) -> None:
        self.play("backup", who=who)

    @precondition(lambda self: any(one.backups for one in self.arena.players.values()))
    @rule(who=WHO, nth=NTH)
    def restore(self, who: int, nth: int) -> None:
        self.play("restore", who=who, nth=nth)

    @rule(who=WHO)
    def rename_stack(self, who: int) -> None:
        self.play("rename_stack", who=who)

    # -- the world's -----------------------------------------------------------------------------------------

    @rule(kind=KIND, own_name=st.booleans())
    def foreign(self, kind: str, own_name: bool) -> None:
        self.play("foreign", kind=kind, own_name=own_name)

    @rule(kind=st.sampled_from(["vpcs", "kubernetes_clusters", "load_balancers"]), nth=NTH)
    def rename_thing(self, kind: str, nth: int) -> None:
        self.play("rename_thing", kind=kind, nth=nth)

    @rule(kind=KIND, nth=NTH)
    def vanish(self, kind: str, nth: int) -> None:
        self.play("vanish", kind=kind, nth=nth)

    @rule(nth=NTH)
    def double(self, nth: int) -> None:
        self.play("double", nth=nth)

    @rule(nth=NTH, count=st.integers(1, 4))
    def resize(self, nth: int, count: int) -> None:
        self.play("resize", nth=nth, count=count)

    @rule(nth=NTH)
    def controller(self, nth: int) -> None:
        self.play("controller", nth=nth)

    @rule(kind=st.sampled_from(["vpcs", "kubernetes_clusters"]), nth=NTH)
    def unmark(self, kind: str, nth: int) -> None:
        self.play("unmark", kind=kind, nth=nth)

    @rule(lacks=st.sampled_from([None, None, "vpc", "kubernetes", "registry", "load_balancer", "account"]))
    def scopes(self, lacks: str | None) -> None:
        self.play("scopes", lacks=lacks)

    @rule(limit=st.sampled_from([3, 25, 60]))
    def droplets(self, limit: int) -> None:
        self.play("droplets", limit=limit)

    @rule(seconds=st.sampled_from([30, 3600, 700_000]))
    def pass_time(self, seconds: int) -> None:
        self.play("pass_time", seconds=seconds)

    @rule(nth=NTH)
    def upgraded(self, nth: int) -> None:
        self.play("upgraded", nth=nth)

    # -- faults ----------------------------------------------------------------------------------------------

    @rule(
        who=WHO,
        method=st.sampled_from(["POST", "POST", "PUT"]),
        nth=st.integers(0, 4),
        after=st.booleans(),
        unlock=st.booleans(),
    )
    def killed(self, who: int, method: str, nth: int, after: bool, unlock: bool) -> None:
        self.play("killed", who=who, command="up", method=method, nth=nth, after=after, unlock=unlock)

    @precondition(lambda self: self.arena.quiet_networks())
    @rule(who=WHO, nth=st.integers(0, 4), after=st.booleans(), unlock=st.booleans())
    def killed_destroy(self, who: int, nth: int, after: bool, unlock: bool) -> None:
        self.play("killed", who=who, command="destroy", method="DELETE", nth=nth, after=after, unlock=unlock)

    @rule(
        who=WHO,
        fault=st.sampled_from(list(BROKEN)),
        method=st.sampled_from(["GET", "POST", "POST", "*"]),
        nth=st.integers(0, 12),
        times=st.integers(1, 3),
    )
    def faulted(self, who: int, fault: str, method: str, nth: int, times: int) -> None:
        self.play("faulted", who=who, command="up", fault=fault, method=method, nth=nth, times=times)

    @precondition(lambda self: self.arena.quiet_networks())
    @rule(who=WHO, fault=st.sampled_from(list(BROKEN)), nth=st.integers(0, 4), times=st.integers(1, 3))
    def faulted_destroy(self, who: int, fault: str, nth: int, times: int) -> None:
        self.play("faulted", who=who, command="destroy", fault=fault, method="DELETE", nth=nth, times=times)

    @rule(who=WHO, kind=st.sampled_from(["kubernetes_clusters", "load_balancers"]))
    def poll_fails(self, who: int, kind: str) -> None:
        self.play("poll_fails", who=who, kind=kind)

    @rule(who=WHO, kind=KIND, nth=NTH)
    def list_hides(self, who: int, kind: str, nth: int) -> None:
        self.play("list_hides", who=who, kind=kind, nth=nth)

    @rule(who=WHO, kind=KIND, nth=NTH)
    def list_moves(self, who: int, kind: str, nth: int) -> None:
        self.play("list_moves", who=who, kind=kind, nth=nth)

    # -- the end ---------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Every stack that has something, and the first one in any case, comes to rest."""
        try:
            if not self.idle and not self.arena.broken:
                for index, player in enumerate(self.arena.players.values()):
                    if player.kept() or index == 0:
                        with self.watched():
                            converge(self.arena, player)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def draw(machine: type[Campaign], number: int, accounts: int, actions: int) -> None:
    """So many accounts of one seed, so many actions on each, or until there are enough.

    Raises:
        Broken: a rule does not hold.
    """
    drawn = cast("type[Campaign]", type("Drawn", (machine,), {"begun": 0, "broke": None}))
    try:
        run_state_machine_as_test(
            seed(number)(drawn),
            settings=settings(
                max_examples=accounts,
                stateful_step_count=actions,
                deadline=None,
                database=None,
                phases=(Phase.generate,),
                print_blob=False,
                verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception:
        if drawn.broke is not None:
            raise drawn.broke from None
        if machine.tally.actions.total() < machine.most:
            raise
