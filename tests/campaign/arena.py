"""One account with its stacks, the actions that were taken on it, and the rules asked after each.

An action is a name with plain arguments, so that a list of them is all that it takes to do the same again:
`python -m tests.campaign replay FILE`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from formerr_infra import ledger
from formerr_infra.detect import assess
from formerr_infra.inventory.facts import Access
from formerr_infra.local.environment import TOKEN
from formerr_infra.settings import from_files
from tests.campaign import rules
from tests.campaign.views import POOLS, Kept, Key, View, kept, look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from formerr_infra.detect import Assessment
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack, Step

#: Keys that the rules look at, with what the files of the stacks say.
BASE: dict[str, dict[str, object]] = {
    "staging": {
        "region": "nyc3",
        "vpcName": "formerr-staging-vpc",
        "vpcCidr": "10.20.0.0/16",
        "clusterName": "formerr-staging-cluster",
        "nodeCount": 3,
        "nodeSize": "s-2vcpu-4gb",
        "registryName": "formerr-staging",
        "loadBalancerName": "formerr-staging-lb",
    },
    "production": {
        "region": "nyc3",
        "vpcName": "formerr-production-vpc",
        "vpcCidr": "10.30.0.0/16",
        "clusterName": "formerr-production-cluster",
        "nodeSize": "s-4vcpu-8gb",
        "registryName": "formerr-registry",
        "loadBalancerName": "formerr-production-lb",
    },
}
#: Staging's manners for the other stack, so that a destroy takes something; and its nodes fit into the account.
MANNERS = {"protect": False, "retainOnDelete": False, "nodeMin": 1, "nodeMax": 2, "highlyAvailable": False}


class Broken(AssertionError):
    """A rule does not hold; the message says which, and how to do it again."""


@dataclass(slots=True)
class Player:
    """A stack, and what the campaign knows of it.

    Attributes:
        stack: on the real engine.
        settings: the keys of its file that the rules look at.
        mine: what its runs made, and what they took in with a right to it.
        unfinished: a run was cut short and none has ended well since.
        backups: copies of its state, the oldest first.
        fresh: a copy of the state as it was before the first run.
        imported: the last run that ended well took something in, so that the next may have something to do.
    """

    stack: Stack
    settings: dict[str, object]
    mine: set[Key] = field(default_factory=set)
    unfinished: bool = False
    backups: list[Path] = field(default_factory=list)
    imported: bool = False

    def set(self, **values: object) -> None:
        """Set keys of the stack's file; None brings back what it said from the start, or takes the key away."""
        base = BASE[self.base]
        given = {key: base.get(key) if value is None else value for key, value in values.items()}
        self.stack.config(**given)
        for key, value in given.items():
            if value is None:
                self.settings.pop(key, None)
            else:
                self.settings[key] = value

    @property
    def base(self) -> str:
        """The stack whose file it began with."""
        return "production" if "production" in str(self.stack.checkpoint.name) else "staging"

    def kept(self) -> tuple[Kept, ...]:
        """What its state holds of the cloud."""
        return kept(self.stack.checkpoint)


@dataclass(slots=True)
class Tally:
    """What happened, in numbers.

    Attributes:
        actions: by name.
        runs: of the engine, by command.
        refused: by code.
        failed: runs that a fault ended, or that were killed.
        scenarios: accounts that were begun with.
        seconds: of the actions, by name.
    """

    actions: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    scenarios: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ground:
    """What arenas stand on, one after another.

    Attributes:
        cloud: the control plane of an emulator.
        blanks: empty stacks by name, to be copied; `staging` first.
        folder: where deployments are kept that scenarios begin with.
    """

    cloud: ControlClient
    blanks: Mapping[str, Stack]
    folder: Path


class Arena:
    """One account and its stacks.

    Args:
        ground: what it stands on; its account is begun anew.
        tally: counted into.
        folder: for the stacks and copies of their states.
    """

    def __init__(self, ground: Ground, tally: Tally, folder: Path) -> None:
        self.ground = ground
        self.cloud = ground.cloud
        self.cloud.reset()
        self.tally = tally
        self.folder = folder
        self.players = {
            name: Player(blank.copy(folder / name, self.cloud), dict(BASE[name]))
            for name, blank in ground.blanks.items()
        }
        self.script: list[tuple[str, dict[str, Any]]] = []
        self.faulty = False
        self.scoped = False
        self.broken = False
        self.made = 0
        tally.scenarios += 1
        if "production" in self.players:
            self.players["production"].set(**MANNERS)

    @property
    def first(self) -> Player:
        """The stack that most is about."""
        return next(iter(self.players.values()))

    def resume(self, start: str) -> None:
        """Go on from a deployment that was made once: account and states are copied."""
        names = {"deployed": ["staging"], "beside": ["staging", "production"]}[start]
        folder = self.ground.folder / start
        if "production" in names:
            self.players["production"].set(registryId=BASE["staging"]["registryName"])
        if not folder.exists():
            for name in names:
                self.players[name].stack.up().ok()
                shutil.copytree(self.players[name].stack.folder / "state", folder / name)
            self.cloud.save(str(folder / "account.json"))
        self.cloud.load(str(folder / "account.json"))
        things = self.view().things
        for name in names:
            player = self.players[name]
            state = player.stack.folder / "state"
            shutil.rmtree(state)
            shutil.copytree(folder / name, state)
            held = {one.key for one in player.kept() if not one.external}
            player.mine |= held
            player.mine |= {
                key for key, one in things.items() if ("kubernetes_clusters", str(one.get("cluster"))) in held
            }

    # -- actions ---------------------------------------------------------------------------------------------

    def play(self, name: str, **arguments: Any) -> None:
        """One action, by its name."""
        from tests.campaign.actions import ACTIONS

        self.script.append((name, arguments))
        self.tally.actions[name] += 1
        began = time.monotonic()
        try:
            ACTIONS[name](self, **arguments)
        except Broken:
            raise
        except AssertionError as error:
            self.fail([str(error)])
        finally:
            self.tally.seconds[name] = self.tally.seconds.get(name, 0.0) + time.monotonic() - began

    def fail(self, lines: list[str]) -> None:
        """Stop, and say how to do it again.

        Raises:
            Broken: always.
        """
        self.broken = True
        script = json.dumps(self.script)
        raise Broken(
            "\n".join(
                [
                    "a rule does not hold:",
                    *(f"  {line}" for line in lines),
                    f"the actions, to be replayed: {script}",
                ]
            )
        )

    # -- runs of the engine ----------------------------------------------------------------------------------

    def run(self, player: Player, command: str, *more: str, kill: Callable[[], bool] | None = None) -> Step:
        """A run of the engine, between two looks at everything, and all rules after it."""
        before, held = look(self.cloud), player.kept()
        calm = not self.faulty and kill is None
        foreseen = self.foresee(player) if calm and command in ("up", "preview") else None
        stack = player.stack
        match command:
            case "up":
                step = stack.up(*more, kill=kill)
            case "preview":
                step = stack.preview(*more)
            case "refresh":
                step = stack.refresh(*more)
            case _:
                step = stack.destroy(*more, kill=kill)
        run = rules.Run(
            command=command,
            step=step,
            stack=stack.name,
            settings=player.settings,
            before=before,
            after=look(self.cloud),
            held=held,
            holds=player.kept(),
            mine=frozenset(player.mine),
            calm=calm,
            knowable=not self.scoped,
            unfinished=player.unfinished,
        )
        self.tally.runs[command] += 1
        lines = rules.broken(run)
        if foreseen is not None and not self.scoped and rules.LOCKED not in step.said:
            lines += _unforeseen(foreseen, step)
        if lines:
            self.fail(lines)
        self._remember(player, run)
        return step

    def foresee(self, player: Player) -> Assessment:
        """What `formerr detect` says, from the same files and the same state."""
        stack = player.stack
        before = len(self.cloud.requests(writes=True))
        latest = json.loads(stack.checkpoint.read_text("utf-8"))["checkpoint"]["latest"] or {}
        seen = assess(
            stack.name,
            from_files(stack.project, stack.name),
            Access(self.cloud.endpoint, TOKEN, local=True),
            ledger.read({"deployment": latest}),
        )
        if len(self.cloud.requests(writes=True)) != before:
            self.fail(["a detection sent a write"])
        return seen

    def _remember(self, player: Player, run: rules.Run) -> None:
        player.mine |= run.created | run.taken
        player.mine &= run.after.things.keys()
        if run.step.code != 0:
            if run.calm:
                found = rules.refusals(run.step.said)
                self.tally.refused.update(
                    {one.code for one in found} or {"locked" if rules.LOCKED in run.step.said else "provider"}
                )
            else:
                self.tally.failed += 1
            player.unfinished |= run.command in ("up", "destroy") and bool(run.step.writes)
        elif run.command == "up":
            player.unfinished = False
            player.imported = any(op.startswith("import") for op in run.step.log.ops.values())

    # -- what actions ask ------------------------------------------------------------------------------------

    def view(self) -> View:
        """The account now."""
        return look(self.cloud)

    def quiet_networks(self) -> bool:
        """Whether no VPC of a stack holds somebody else's things: its deletion would be tried for two minutes."""
        view = self.view()
        for player in self.players.values():
            own = {one.key for one in player.kept() if not one.external}
            networks = {key[1] for key in own if key[0] == "vpcs"}
            if any(view.vpc_of(key) in networks and key not in own for key in view.things if key[0] != POOLS):
                return False
        return True

    def lose(self, player: Player) -> None:
        """The state is gone, as if the backend had never heard of the stack."""
        state = player.stack.folder / "state"
        shutil.rmtree(state)
        shutil.copytree(player.stack.folder / "empty", state)
        player.unfinished = False


def _unforeseen(seen: Assessment, step: Step) -> list[str]:
    """Where a calm run ended otherwise than a detection right before it said."""
    said = {(one.slot, one.code) for one in rules.refusals(step.said) if one.code != "name-taken-elsewhere"}
    told = {(one.slot, str(one.code)) for one in seen.refused} | {
        ("preflight", one.code) for one in seen.errors
    }
    if said != told:
        return [f"a detection said {sorted(told)}, the run said {sorted(said)}: {rules.words(step)}"]
    return []
