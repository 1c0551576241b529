"""One stack, and what the engine does with it.

No secret is asked for: the state comes and goes as the backend keeps it, encrypted, and outputs and configuration come
with their secrets left out. The Automation API's own `export_stack`, `outputs` and `up` ask for all of them in the open
(docs/adr/0034-the-engine-by-its-command.md).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.engine import event_log, events, exported, holders, locks, words
from formerr_infra.engine.errors import EngineFailed, EngineInterrupted, StackLocked, StackMissing
from formerr_infra.naming import require_stack
from formerr_infra.tokens import account_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from formerr_infra.engine.command import Command
    from formerr_infra.engine.events import Event, Preview, Result
    from formerr_infra.engine.process import Done

    OnEvent = Callable[[Event], None] | None
    #: A state as `Engine.export` gives it.
    State = Mapping[str, Any] | None

_NO_STACK = "no stack named"


class Engine:
    """The engine on one stack.

    Args:
        folder: of Pulumi.yaml.
        stack: its name, short or `organization/project/stack`.
        environ: of the engine and of the program that it runs, which get the token of the stack's own account, where
            there is one; this process's own if left out.
        config_file: the stack's configuration, where it is not Pulumi.<stack>.yaml in the folder.
        interrupted: called when somebody wants a run to end, after the engine was told so.

    Raises:
        SettingsError: the name cannot be a stack's.

    Every method raises:
        StackMissing: there is no such stack (but `exists` and `init`).
        StackLocked: another run holds it.
        EngineFailed: the engine ended with an error; the message is its own.
        EngineInterrupted: this process was told to end while the engine worked; the engine has ended in order.
        SetupError: there is no engine.
    """

    def __init__(
        self,
        folder: Path,
        stack: str,
        environ: Mapping[str, str] | None = None,
        *,
        config_file: Path | None = None,
        interrupted: Callable[[], None] = lambda: None,
    ) -> None:
        for part in stack.split("/"):
            require_stack(part)
        self.folder = folder
        self.stack = stack
        self._environ = account_of(stack.rpartition("/")[2], os.environ if environ is None else environ)
        self._config_file = config_file
        self._interrupted = interrupted
        self._made: Command | None = None

    # -- what it does ----------------------------------------------------------------------------------------

    def preview(
        self,
        *,
        on_event: OnEvent = None,
        plan: Path | None = None,
        policy_packs: Sequence[Path] = (),
        state: State = None,
    ) -> Preview:
        """What `up` would do; changes nothing.

        Args:
            on_event: gets each event as it comes.
            plan: a file to save the engine's plan to.
            policy_packs: folders of policy packs to hold it against; a mandatory rule that is broken is an error.
            state: see `_operate`.
        """
        more = ["--save-plan", os.fspath(plan)] if plan is not None else []
        for pack in policy_packs:
            more += ["--policy-pack", os.fspath(pack)]
        return self._operate("preview", more, on_event, state)

    def up(self, *, on_event: OnEvent = None, plan: Path | None = None, state: State = None) -> Result:
        """Bring the stack up, without a question and without a preview before.

        Args:
            on_event: gets each event as it comes.
            plan: a file with a plan of the engine, to be kept to.
            state: see `_operate`.
        """
        more = ["--plan", os.fspath(plan)] if plan is not None else []
        return self._operate("up", ["--yes", "--skip-preview", *more], on_event, state, done=True)

    def refresh(
        self,
        *,
        preview_only: bool,
        on_event: OnEvent = None,
        clear_pending_creates: bool = False,
        state: State = None,
    ) -> Preview:
        """Read everything anew; what is found different or gone are the changes.

        Args:
            preview_only: leave the state as it is.
            on_event: gets each event as it comes.
            clear_pending_creates: forget the creates that were interrupted.
            state: see `_operate`.
        """
        from dataclasses import replace

        more = ["--preview-only"] if preview_only else ["--yes", "--skip-preview"]
        if clear_pending_creates:
            more.append("--clear-pending-creates")
        found = self._operate("refresh", more, on_event, state)
        return replace(found, changes=found.drift)

    def destroy(
        self,
        *,
        preview_only: bool,
        exclude_protected: bool = False,
        exclude: Sequence[str] = (),
        on_event: OnEvent = None,
        state: State = None,
    ) -> Preview:
        """Take the stack down; with `preview_only`, what that would do.

        Args:
            preview_only: change nothing.
            exclude_protected: leave what is protected, and what that depends on.
            exclude: URNs to leave, with what they depend on.
            on_event: gets each event as it comes.
            state: see `_operate`.
        """
        more = ["--preview-only"] if preview_only else ["--yes", "--skip-preview"]
        if exclude_protected:
            more.append("--exclude-protected")
        for urn in exclude:
            more += ["--exclude", urn]
        return self._operate("destroy", more, on_event, state, done=not preview_only)

    # -- the stack and its state -----------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether the backend knows the stack."""
        try:
            self.export()
        except StackMissing:
            return False
        return True

    def init(self) -> None:
        """Make the stack; it is not selected."""
        self._quick("stack", "init", self.stack, "--no-select", stack=False)

    def export(self) -> dict[str, Any]:
        """The state, as `pulumi stack export` gives it; secrets stay encrypted."""
        return _document(self._quick("stack", "export"), "stack export")

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Put a state in the place of the stack's; one that was exported by `export`."""
        with tempfile.TemporaryDirectory(prefix="formerr-state-") as place:
            file = Path(place) / "state.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(state), "utf-8")
            self._quick("stack", "import", "--file", os.fspath(file))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; for a secret, `exported.SECRET`."""
        return exported.outputs(self.export())

    def config(self) -> dict[str, str | None]:
        """The stack's configuration, key with namespace -> value; for a secret, None."""
        held = _document(self._quick("config", "--json", *self._config_words()), "config")
        return {key: None if one.get("secret") else one.get("value") for key, one in held.items()}

    def cancel(self) -> None:
        """Take the stack's lock away, whoever holds it."""
        self._quick("cancel", self.stack, "--yes", stack=False)

    # -- how -------------------------------------------------------------------------------------------------

    @property
    def _command(self) -> Command:
        if self._made is None:
            from formerr_infra.engine.command import Command

            self._made = Command(self._environ)
        return self._made

    def _config_words(self) -> list[str]:
        return [] if self._config_file is None else ["--config-file", os.fspath(self._config_file)]

    def _operate(
        self, name: str, more: Sequence[str], on_event: OnEvent, state: State, *, done: bool = False
    ) -> Result:
        """One operation with its events.

        No event says what is external. The state does: the one that is given, where the caller has exported it for this
        operation, else it is read first.
        """
        external = events.externals(self.export() if state is None else state)
        seen: list[Event] = []

        def hear(line: str) -> None:
            event = event_log.parse(line)
            if event is not None:
                seen.append(event)
                if on_event is not None:
                    on_event(event)

        args = [name, "--stack", self.stack, "--color", "never", *self._config_words(), *more]
        ended = self._command.logged(args, self.folder, hear, interrupted=self._interrupted)
        result = events.collect(seen, external, ok=ended.code == 0, done=done)
        if ended.interrupted:
            how = "it had come to its end" if result.ok else "it ended in order"
            raise EngineInterrupted(f"`pulumi {name}` of stack {self.stack!r} was interrupted; {how}")
        if not result.ok:
            raise self._failure(f"pulumi {name}", ended, result)
        return result

    def _quick(self, *args: str, stack: bool = True) -> str:
        named = ["--stack", self.stack] if stack else []
        ended = self._command.quick([*args, *named], self.folder, of=f" of stack {self.stack!r}")
        if ended.code != 0:
            raise self._failure(f"pulumi {' '.join(args[:2])}", ended, None)
        return ended.out

    def _failure(self, command: str, ended: Done, result: Result | None) -> Exception:
        printed = f"{ended.err}\n{ended.out}"
        if _NO_STACK in printed:
            return StackMissing(
                f"there is no stack {self.stack!r} in this backend. `pulumi stack init {self.stack}` makes it."
            )
        if locks.is_locked(printed):
            return StackLocked(holders.advice(self.stack, locks.locks(printed)))
        said = words.told([*(result.errors if result is not None else ()), *words.errors(printed)])
        return EngineFailed(f"`{command}` ended with {ended.code}: {said or words.told([printed])}", result)


def _document(printed: str, command: str) -> dict[str, Any]:
    """What a command prints as JSON.

    Raises:
        EngineFailed: it is none.
    """
    try:
        document = json.loads(printed)
    except (RecursionError, ValueError) as error:
        document, why = None, type(error).__name__
    else:
        why = f"it is {type(document).__name__}"
    if not isinstance(document, dict):
        raise EngineFailed(f"`pulumi {command}` printed no JSON object ({why})")
    return document
