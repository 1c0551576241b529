"""One stack: its settings, what its state holds, what a run would decide, whether its cluster answers.

Each part is looked into by itself; what it needs of another part and cannot have, it says.
"""

from __future__ import annotations

import json
import subprocess
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from formerr_infra import children
from formerr_infra.doctor import locks, token, troubles, versions
from formerr_infra.doctor.model import Finding, Level, Slot
from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.loopback import is_loopback
from formerr_infra.model import Holding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

T = TypeVar("T")


class _Once:
    """Something that several checks need: made once, and its failure is each one's own."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._done = False
        self._value: Any = None
        self._error: FormerrError | None = None

    def __call__(self) -> Any:
        with self._lock:
            if not self._done:
                try:
                    self._value = self._make()
                except FormerrError as error:
                    self._error = error
                self._done = True
        if self._error is not None:
            raise self._error
        return self._value


class Stack:
    """What is known of one stack, as far as it can be."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str], *, timeout: float) -> None:
        self.name = name
        self._folder = folder
        self._environ = environ
        self._timeout = timeout
        self._asked = False
        self.settings: Callable[[], Settings] = _Once(self._settings)
        self.access: Callable[[], Access] = _Once(self._access)
        self.ledger: Callable[[], Ledger] = _Once(self._ledger)
        self.assessment: Callable[[], Assessment] = _Once(self._assessment)

    def _settings(self) -> Settings:
        from formerr_infra.settings import from_files

        return from_files(self._folder, self.name)

    def _access(self) -> Access:
        from formerr_infra.settings import access_of

        return access_of(self.name, self._environ)

    def _ledger(self) -> Ledger:
        from formerr_infra.export import Export

        return Export(self.name, self._folder).ledger()

    def _assessment(self) -> Assessment:
        from formerr_infra.detect import assess
        from formerr_infra.inventory.facts import Limits

        return assess(
            self.name, self.settings(), self.access(), self.ledger(), limits=Limits(budget=self._timeout)
        )

    def checks(self, *, account: bool) -> list[tuple[str, Callable[[], list[Finding]]]]:
        """Topic and check of everything that is looked into; with `account` what the token opens too."""
        found = [("settings", self.check_settings), ("state", self.check_state), ("lock", self.check_lock)]
        self._asked = account
        if account:
            found += [
                ("token", self.check_token),
                ("decisions", self.check_decisions),
                (troubles.CLUSTER, self.check_cluster),
            ]
        return found

    def slots(self) -> tuple[Slot, ...]:
        """The slots as far as they are known; call it after the checks."""
        held = _or_none(self.ledger)
        decisions = _or_none(self.assessment) if self._asked else None
        keys = (
            list(decisions.decisions)
            if decisions is not None
            else list(held.held)
            if held is not None
            else []
        )
        found = []
        for key in keys:
            one = held.held.get(key) if held is not None else None
            decided = decisions.decisions[key] if decisions is not None else None
            if one is None and decided is not None:
                one = decided.held
            found.append(
                Slot(
                    key,
                    one.holding.value if one is not None else None,
                    one.id if one is not None else None,
                    decided.outcome.value if decided is not None else None,
                    decided.reason if decided is not None else None,
                )
            )
        return tuple(found)

    def check_settings(self) -> list[Finding]:
        """Whether the stack file can be used."""
        finding = partial(Finding, "settings", stack=self.name)
        try:
            self.settings()
        except SettingsError as error:
            return [finding(Level.STOPS, one, "formerr validate") for one in error.findings]
        return [finding(Level.OK, f"Pulumi.{self.name}.yaml can be used")]

    def check_token(self) -> list[Finding]:
        """Token, scopes, rate limit."""
        try:
            access = self.access()
        except FormerrError as error:
            return token.unusable(error, self.name)
        return token.look(access, _or_none(self.settings), self.name, timeout=self._timeout)

    def check_state(self) -> list[Finding]:
        """What the state holds, and what of it was interrupted."""
        finding = partial(Finding, "state", stack=self.name)
        ledger = self.ledger()
        if not ledger.exists:
            return [
                finding(
                    Level.NOTE,
                    "the state knows no such stack: it was never deployed, or PULUMI_BACKEND_URL names another state",
                    f"formerr deploy {self.name} (or: pulumi stack init {self.name}; pulumi up -s {self.name})",
                )
            ]
        counts = {
            holding: sorted(key for key, one in ledger.held.items() if one.holding is holding)
            for holding in Holding
        }
        told = [
            f"{holding.value}: {', '.join(keys)}"
            for holding, keys in counts.items()
            if keys and holding is not Holding.NONE
        ]
        objects = f"; {len(ledger.objects)} objects on the cluster" if ledger.objects else ""
        found = [finding(Level.OK, ("; ".join(told) or "it holds nothing yet") + objects)]
        found += [
            Finding(
                "pending",
                Level.WARNING,
                f"an interrupted create is still noted: {urn}",
                "run again: what it made is taken in; then `pulumi refresh --clear-pending-creates --yes -s "
                f"{self.name}` (or `formerr deploy {self.name} --repair`)",
                self.name,
            )
            for urn in ledger.pending
        ]
        if not ledger.pending:
            found.append(Finding("pending", Level.OK, "no interrupted create is noted", "", self.name))
        return found

    def check_lock(self) -> list[Finding]:
        """Who holds the stack."""
        url = locks.backend(self._folder, self._environ)
        return locks.look(url, self._folder, self.name, self._environ, self._listed)

    def _listed(self) -> list[Mapping[str, Any]] | None:
        """What `pulumi stack ls` says."""
        program = versions.engine(self._environ)
        if program is None:
            return None
        try:
            done = subprocess.run(
                [program, "stack", "ls", "--json", "--non-interactive"],
                cwd=self._folder,
                env={**children.for_state(self._environ), "PULUMI_SKIP_UPDATE_CHECK": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=versions.PATIENCE,
                check=False,
            )
            listed = json.loads(done.stdout) if done.returncode == 0 else None
        except (OSError, subprocess.TimeoutExpired, ValueError):
            return None
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else None

    def check_decisions(self) -> list[Finding]:
        """What a run would decide, and three of the usual four troubles."""
        assessed = self.assessment()
        refused = len(assessed.refused)
        told = (
            f"{len(assessed.decisions)} slots are decided, {refused} of them refused"
            if refused
            else (f"{len(assessed.decisions)} slots are decided, none is refused")
        )
        first = Finding("decisions", Level.OK, f"{told} (formerr detect -s {self.name})", "", self.name)
        return [first, *troubles.troubles(assessed, self.name)]

    def check_cluster(self) -> list[Finding]:
        """Whether the cluster that the state holds answers."""
        from formerr_infra.inventory.facts import Unknown
        from formerr_infra.kubernetes import reading

        finding = partial(Finding, troubles.CLUSTER, stack=self.name)
        ledger = self.ledger()
        held = ledger.held["cluster"]
        if held.holding not in (Holding.MANAGED, Holding.ADOPTED) or held.id is None:
            return [finding(Level.OK, "the state holds no cluster, so that none has to answer")]
        access = self.access()
        stops = Level.STOPS if ledger.objects else Level.WARNING
        opened = reading.reach(access, held.id)
        if isinstance(opened, Unknown):
            if access.local and "no Kubernetes runs" in opened.reason and not ledger.objects:
                return [finding(Level.NOTE, opened.reason)]
            return [
                finding(
                    Level.UNKNOWN,
                    opened.reason,
                    "if DigitalOcean answers 404, the cluster is gone: README, Troubleshooting, says how to go on",
                )
            ]
        answer = reading.get(opened, "/readyz", timeout=self._timeout)
        if isinstance(answer, Unknown):
            return [
                finding(
                    stops,
                    f"the cluster does not answer: {answer.reason}",
                    "the engine reads the cluster's objects first, so that no run begins before it answers; look at it in the "
                    "control panel. Never set PULUMI_K8S_DELETE_UNREACHABLE for a cluster that only does not answer",
                )
            ]
        if answer[0] != 200:
            return [
                finding(
                    stops,
                    f"the API server of cluster {held.id} answers {answer[0]} when asked whether it is ready",
                )
            ]
        where = "this machine" if is_loopback(opened.server) else "DigitalOcean"
        return [finding(Level.OK, f"cluster {held.id} answers, at {where}")]


def _or_none(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except FormerrError:
        return None
