"""An emulator in a process of its own, for tests and for whoever wants one that ends with them.

The child watches a pipe from this process: when this one goes away, however it goes, the child ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from formerr_infra.emulator.client import ControlClient

if TYPE_CHECKING:
    from types import TracebackType

START_SECONDS = 20.0
KUBERNETES_SECONDS = 120.0
"""The same where control planes of a saved state come up first."""


class EmulatorFailed(RuntimeError):
    """The emulator did not start; the message has what it said."""


class EmulatorServer:
    """A context manager around a running emulator."""

    def __init__(
        self,
        state_file: Path | str | None = None,
        transition_seconds: float = 0.0,
        seed: int = 0,
        kubernetes: Path | str | None = None,
    ) -> None:
        self._state_file = state_file
        self._transition_seconds = transition_seconds
        self._seed = seed
        self._kubernetes = kubernetes
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint = ""

    @property
    def endpoint(self) -> str:
        """The URL of the API, without a path."""
        return self._endpoint

    @property
    def control(self) -> ControlClient:
        """A client of the control plane."""
        return ControlClient(self._endpoint)

    @property
    def pid(self) -> int:
        """The process id of the emulator."""
        if self._process is None:
            raise RuntimeError("the emulator is not running")
        return self._process.pid

    def start(self) -> Self:
        """Start it and wait until it answers."""
        with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
            ready, errors = Path(folder, "ready.json"), Path(folder, "errors.txt")
            command = [sys.executable, "-m", "formerr_infra.emulator", "--stop-with-stdin"]
            command += ["--ready-file", str(ready), "--seed", str(self._seed)]
            command += ["--transition-seconds", str(self._transition_seconds)]
            if self._state_file is not None:
                command += ["--state-file", str(self._state_file)]
            if self._kubernetes is not None:
                command += ["--kubernetes", str(Path(self._kubernetes).resolve())]
            with errors.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    cwd=Path(__file__).resolve().parents[2],
                )
            deadline = time.monotonic() + (START_SECONDS if self._kubernetes is None else KUBERNETES_SECONDS)
            while not ready.exists():
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise EmulatorFailed(
                        errors.read_text(errors="replace") or "the emulator did not start in time"
                    )
                time.sleep(0.005)
            self._endpoint = str(json.loads(ready.read_text())["endpoint"])
        return self

    def stop(self) -> None:
        """End it with SIGTERM; nothing happens if it has ended."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(timeout=5 if self._kubernetes is None else 20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
