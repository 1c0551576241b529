"""The phases of a deployment, one after the other: validate, detect, preview, guard, confirm, update, health.

Each phase stops the run by an error of its own; nothing is written before the guard has passed and somebody has agreed.
What was previewed is what is applied: right before the update everything that the preview depends on is looked at
again, and the program of the update itself refuses to decide anything else (docs/adr/0035-what-was-previewed.md).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from formerr_infra import expected
from formerr_infra.deploy import registry, repair, world
from formerr_infra.deploy.report import Report
from formerr_infra.engine import Engine, EngineFailed, StackMissing, outputs
from formerr_infra.errors import PreflightFailed, Refused, SettingsError
from formerr_infra.guard import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from formerr_infra.deploy.world import World
    from formerr_infra.detect import Assessment
    from formerr_infra.engine import Event, Preview, Result
    from formerr_infra.guard import Verdict
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings import Settings

#: How often a preview is made anew because something moved, before somebody should look.
ROUNDS = 3
HEALTH_SECONDS = 300.0
_LOOK_AGAIN = 5.0


class Screen(Protocol):
    """Where a person sees what happens."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """A phase, from its beginning to its end."""

    def say(self, text: str) -> None:
        """A line."""

    def event(self, event: Event) -> None:
        """What the engine does."""

    def interrupted(self) -> None:
        """Somebody wants it to end."""

    def plan(self, report: Report) -> None:
        """Decisions, changes and the guard's verdict, before anybody is asked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        folder: of Pulumi.yaml.
        stack: its name.
        environ: of the engine and the program.
        registry: the registry's name, if it was said.
        allow_replace: URNs that may be deleted or replaced.
        policy_packs: folders of policy packs for the preview.
        make: make the stack if there is none.
        repair: repair what an earlier run left unfinished.
        health: look at the environment's health afterwards.
        health_seconds: how long to wait for it.
    """

    folder: Path
    stack: str
    environ: Mapping[str, str]
    registry: str = ""
    allow_replace: tuple[str, ...] = ()
    policy_packs: tuple[Path, ...] = ()
    make: bool = False
    repair: bool = False
    health: bool = True
    health_seconds: float = HEALTH_SECONDS


@dataclass(slots=True)
class Deployment:
    """One run of the command.

    Attributes:
        wanted: see `Wanted`.
        screen: see `Screen`.
        report: what was found and done so far.
    """

    wanted: Wanted
    screen: Screen
    report: Report = field(init=False)
    _settings: Settings = field(init=False)
    _access: Access = field(init=False)

    def __post_init__(self) -> None:
        self.report = Report(self.wanted.stack)

    # -- the two commands ------------------------------------------------------------------------------------

    def preview(self) -> None:
        """Detect, preview, guard; changes nothing.

        Raises:
            FormerrError: what stops it.
        """
        self._read_settings()
        self._plan(repair_later=True).verdict.require()

    def deploy(self, agreed: Callable[[Report], bool]) -> bool:
        """All phases. Gives whether the update was agreed to.

        Args:
            agreed: asks whoever is there; may be asked again if something moved.

        Raises:
            FormerrError: what stops it.
        """
        with self._phase("validate"):
            self._validate()
            self._read_settings()
            if self.wanted.make:
                self._make()
        while True:
            plan = self._plan(repair_later=False)
            plan.verdict.require()
            if not agreed(self.report):
                return False
            if self._apply(plan):
                break
        if self.report.repairs:
            with self._phase("clear"):
                self._clear()
        state = self._engine().export()
        self.report.outputs = outputs(state)
        if self.wanted.health:
            with self._phase("health"):
                self._health(state)
        return True

    # -- phases ----------------------------------------------------------------------------------------------

    def _validate(self) -> None:
        from formerr_infra.validate import Level, validate

        found = validate(self.wanted.folder, self.wanted.environ, (self.wanted.stack,), elsewhere=False)
        self.report.findings = found
        wrong = [one.text for one in found if one.level is Level.ERROR]
        if wrong:
            raise SettingsError(wrong)

    def _read_settings(self) -> None:
        from formerr_infra.settings import access, from_files

        self._settings = from_files(self.wanted.folder, self.wanted.stack)
        self._access = access(None, self.wanted.environ)
        registry.require_configured(self.wanted.registry, self.wanted.stack, self._settings)

    def _make(self) -> None:
        engine = self._engine()
        if not engine.exists():
            engine.init()
            self.screen.say(f"the stack {self.wanted.stack!r} was made")

    def _plan(self, *, repair_later: bool) -> _Plan:
        """Detect, preflight and preview until nothing moves between them; judge."""
        while True:
            self._round()
            with self._phase("detect"):
                export, assessment = self._detect()
                found = world.look(
                    self.wanted.folder, self.wanted.stack, self.wanted.environ, export, assessment
                )
            with self._phase("preflight"):
                self._preflight(assessment)
            self.report.repairs = repair.repairs(export, assessment)
            if not repair_later:
                repair.require(self.report.repairs, self.wanted.stack, repair=self.wanted.repair)
            try:
                with self._phase("preview"):
                    preview = self._engine(found.expected).preview(
                        on_event=self.screen.event, policy_packs=self.wanted.policy_packs, state=export
                    )
            except EngineFailed as error:
                self.report.preview = error.seen
                if expected.MOVED in str(error):
                    self._moved(("the account, or what is decided of it",))
                    continue
                raise
            self.report.preview = preview
            with self._phase("guard"):
                verdict = judge(preview, assessment, self._settings, self.wanted.allow_replace)
                self.report.verdict = verdict
            self.screen.plan(self.report)
            return _Plan(found, preview, verdict)

    def _detect(self) -> tuple[dict[str, Any], Assessment]:
        from formerr_infra.detect import assess
        from formerr_infra.inventory.ahead import import_client
        from formerr_infra.ledger import read

        import_client()
        try:
            export = self._engine().export()
        except StackMissing:
            stack = self.wanted.stack
            raise StackMissing(
                f"there is no stack {stack!r} in this backend. If it is new, `formerr deploy {stack} --init` makes it (or "
                f"`pulumi stack init {stack}`); if it is not, PULUMI_BACKEND_URL, or `pulumi login`, names another backend "
                "than the one that has its state"
            ) from None
        assessment = assess(self.wanted.stack, self._settings, self._access, read(export))
        self.report.assessment = assessment
        return export, assessment

    def _preflight(self, assessment: Assessment) -> None:
        if assessment.errors and not assessment.refused:
            raise PreflightFailed([f"{one.code}: {one.message}" for one in assessment.errors])
        assessment.require()
        registry.require_decided(self.wanted.registry, assessment)

    def _apply(self, plan: _Plan) -> bool:
        """The update, if everything is as it was for the preview; gives whether it was made."""
        with self._phase("compare"):
            export, assessment = self._detect()
            now = world.look(self.wanted.folder, self.wanted.stack, self.wanted.environ, export, assessment)
        moved = plan.world.moved(now)
        if moved:
            self._moved(moved)
            return False
        self.report.began = True
        try:
            with self._phase("update"):
                result = self._engine(plan.world.expected).up(on_event=self.screen.event, state=export)
        except EngineFailed as error:
            self.report.result = error.seen
            if expected.MOVED in str(error):
                self.report.began = False
                self._moved(("the account, or what is decided of it",))
                return False
            raise
        self.report.result = result
        self.report.unforeseen = unforeseen(plan.preview, result)
        return True

    def _clear(self) -> None:
        """Forget what was noted as unfinished; what it made has been taken in."""
        engine = self._engine()
        engine.refresh(preview_only=False, clear_pending_creates=True)
        left = repair.pending(engine.export())
        if left:
            names = ", ".join(f"{urn} ({operation})" for urn, operation in left)
            raise repair.OperationsPending(f"the update went well, and these notes stay: {names}")

    def _health(self, state: Mapping[str, Any]) -> None:
        from formerr_infra.health import Verdict, checks, require, verdict
        from formerr_infra.ledger import read

        ledger = read(state)
        until = time.monotonic() + self.wanted.health_seconds
        while True:
            found = checks(self.wanted.stack, self._settings, self._access, ledger)
            self.report.health = found
            if verdict(found) is Verdict.HEALTHY or time.monotonic() + _LOOK_AGAIN > until:
                break
            time.sleep(_LOOK_AGAIN)
        require(found)

    # -- helpers ---------------------------------------------------------------------------------------------

    def _phase(self, name: str) -> _Timed:
        return _Timed(name, self.screen, self.report)

    def _round(self) -> None:
        if self.report.rounds >= ROUNDS:
            raise Refused(
                f"state, account, program or configuration moved {len(self.report.moved)} times between the preview and the "
                f"update ({'; '.join(self.report.moved)}). Somebody else works on this stack; nothing was written. Run again "
                "when it is quiet."
            )
        self.report.rounds += 1

    def _moved(self, what: Sequence[str]) -> None:
        said = ", ".join(what)
        self.report.moved.append(said)
        self.screen.say(f"moved since the preview: {said}; previewing again")

    def _engine(self, digest: str = "") -> Engine:
        more = {expected.VARIABLE: digest} if digest else {}
        return Engine(
            self.wanted.folder,
            self.wanted.stack,
            {**self.wanted.environ, **more},
            interrupted=self.screen.interrupted,
        )


def unforeseen(preview: Preview, result: Result) -> tuple[str, ...]:
    """What was done and had not been previewed, a line each. Of a replacement the steps differ in order alone."""
    said = {(one.urn, one.op) for one in preview.changes}
    return tuple(
        dict.fromkeys(f"{one.name}: {one.op}" for one in result.loud if (one.urn, one.op) not in said)
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be agreed to, and what it depends on."""

    world: World
    preview: Preview
    verdict: Verdict


class _Timed:
    """A phase on the screen and in the report."""

    def __init__(self, name: str, screen: Screen, report: Report) -> None:
        self._name = name
        self._report = report
        self._shown = screen.phase(name)
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()
        self._shown.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._report.phases.append((self._name, time.monotonic() - self._began))
        self._shown.__exit__(*error)
