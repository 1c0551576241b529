"""The command line that Pulumi's Automation API drives, run so that nothing is lost and nothing leaks.

What the API's own `PulumiCommand` does is done here so: the environment is the one that was given, without the secrets
that the command has no use for (`children`); nothing can be asked for at a terminal; an interrupt ends the engine in order
and is waited for; what takes no time has a time limit. The API itself is not imported, which would take longer than
reading a state (docs/adr/0064-what-a-command-waits-for.md).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import children, installed
from formerr_infra.engine import process
from formerr_infra.engine.errors import EngineFailed, EngineInterrupted
from formerr_infra.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: What runs the program; anything else reads or writes a state.
_OPERATIONS = frozenset({"destroy", "preview", "refresh", "up"})
#: For what reads or writes a state and does nothing else.
QUICK_SECONDS = 120.0


class Command:
    """`pulumi` of one environment.

    Args:
        environ: of the program; it is found on the PATH there.

    Raises:
        SetupError: it is not there.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.command = find(environ)
        self._environ = {
            **environ,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DEBUG_COMMANDS": "1",  # without it there is no --event-log
            "PULUMI_AUTOMATION_API": "true",
        }

    def logged(
        self,
        args: Sequence[str],
        folder: Path,
        on_line: Callable[[str], None],
        *,
        interrupted: Callable[[], None] = lambda: None,
    ) -> process.Done:
        """A command that logs events: `on_line` gets each one as soon as it is written. It takes what time it takes.

        Raises:
            SetupError: the program cannot be started.
        """
        with tempfile.TemporaryDirectory(prefix="formerr-engine-") as place:
            log = Path(place) / "events.json"
            log.touch(mode=0o600)
            with log.open("rb") as read:
                rest = b""

                def tick() -> None:
                    nonlocal rest
                    *lines, rest = (rest + read.read()).split(b"\n")
                    if lines:
                        # The engine writes all it knows at its most talkative; nothing of it is to be found on a disk.
                        log.unlink(missing_ok=True)
                    for line in lines:
                        on_line(line.decode("utf-8", "replace"))

                words = [*args, "--event-log", os.fspath(log)]
                return self.finish(words, folder, tick=tick, interrupted=interrupted)

    def quick(self, args: Sequence[str], folder: Path, *, of: str = "") -> process.Done:
        """A command that reads or writes a state and does nothing else, run to its end.

        Args:
            args: as for `finish`.
            folder: where it runs.
            of: what it is about, for the message.

        Raises:
            EngineInterrupted: this process was told to end meanwhile.
            EngineFailed: it gave no answer within the time limit.
            SetupError: it cannot be started.
        """
        done = self.finish(args, folder, timeout=QUICK_SECONDS)
        if done.interrupted:
            raise EngineInterrupted(f"`pulumi {' '.join(args[:2])}`{of} was interrupted")
        return done

    def finish(
        self,
        args: Sequence[str],
        folder: Path,
        *,
        additional_env: Mapping[str, str] | None = None,
        tick: Callable[[], None] = lambda: None,
        interrupted: Callable[[], None] = lambda: None,
        timeout: float | None = None,
    ) -> process.Done:
        """Run it to its end, whatever that is.

        Raises:
            EngineFailed: it gave no answer within the time limit.
            SetupError: it cannot be started.
        """
        words = [self.command, "--non-interactive", *(one for one in args if one != "--non-interactive")]
        needs = children.for_engine if args[0] in _OPERATIONS else children.for_state
        environ = {**needs(self._environ), **(additional_env or {})}
        try:
            return process.run(
                words, folder=folder, environ=environ, tick=tick, interrupted=interrupted, timeout=timeout
            )
        except TimeoutError:
            shown = " ".join(args[:2])
            raise EngineFailed(f"`pulumi {shown}` gave no answer in {timeout:.0f} s") from None
        except OSError as error:
            raise SetupError(f"{self.command} cannot be started in {folder}: {error}") from None


def find(environ: Mapping[str, str]) -> str:
    """The engine's program.

    Raises:
        SetupError: it is not there.
    """
    found = shutil.which("pulumi", path=environ.get("PATH", "")) or installed.pulumi(environ)
    if found is None:
        raise SetupError(
            'There is no `pulumi` on the PATH. Install Pulumi, or run `make up` and then `eval "$(formerr local env)"`.'
        )
    return found
