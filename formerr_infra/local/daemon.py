"""The process of the local DigitalOcean: started detached, found again, stopped.

It outlives the command that started it, keeps its port and its account over a restart, and is on loopback
only. One per local folder; two commands at once are kept apart by a lock. What it answers is the emulator's
business.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from formerr_infra import children
from formerr_infra.errors import SetupError
from formerr_infra.local import process
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.loopback import require_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from formerr_infra.local.paths import LocalPaths

MODULE = "formerr_infra.emulator"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
STOP_CLUSTERS_SECONDS = 45.0
_ANSWER_SECONDS = 5.0
_LOG_BYTES = 5_000_000
_POLL_SECONDS = 0.02


class LocalNotRunning(SetupError):
    """The local DigitalOcean does not run, or could not be started; the message holds the end of its log."""

    exit_code = 13


@dataclass(frozen=True, slots=True)
class Running:
    """The local DigitalOcean as it runs.

    Attributes:
        pid, born: its process.
        endpoint: http://127.0.0.1:PORT
        log: the file it writes what it has to say to.
        kubernetes: the folder with the programs that it runs behind its clusters; "" where nothing runs there.
    """

    pid: int
    born: str
    endpoint: str
    log: str
    kubernetes: str = ""


@dataclass(frozen=True, slots=True)
class Daemon:
    """The local DigitalOcean of one local folder.

    Attributes:
        paths: where its files are.
        environ: what it inherits, but for anything about a real account.
        python: the interpreter with the requirements.
    """

    paths: LocalPaths
    environ: Mapping[str, str]
    python: Path

    @property
    def log(self) -> Path:
        return self.paths.run / "emulator.log"

    @property
    def _record(self) -> Path:
        return self.paths.run / "emulator.json"

    @property
    def _ready(self) -> Path:
        return self.paths.run / "ready.json"

    def running(self) -> Running | None:
        """The process if it runs and is ours; a record that is stale is nothing to worry about."""
        found = self._recorded()
        if found is None or not found.endpoint:
            return None
        there = process.look(found.pid)
        ours = there is not None and there.born == found.born and MODULE in there.command
        return found if ours else None

    def require(self) -> Running:
        """The process.

        Raises:
            LocalNotRunning: it does not run.
            NotLoopback: the record names another machine.
        """
        found = self.running()
        if found is None:
            raise LocalNotRunning("The local DigitalOcean does not run. Start it: formerr local start")
        require_loopback(found.endpoint, what=f"the endpoint in {self._record}")
        return found

    def start(
        self,
        *,
        transition_seconds: float | None = None,
        seed: int | None = None,
        kubernetes: Path | None = None,
    ) -> tuple[Running, bool]:
        """The process, and whether it was started now. Waits until it answers.

        One that runs is left alone, but for one without clusters where `kubernetes` (the folder with their
        programs) asks for them: that one is started anew, and keeps its account and its port. One with
        clusters serves whoever needs none as well.

        Raises:
            LocalNotRunning: it ended, or does not answer in time.
        """
        with self._locked():
            found = self.running()
            fits = found is not None and (kubernetes is None or bool(found.kubernetes))
            if found is not None and fits and _answers(found.endpoint):
                return found, False
            self._end_recorded()
            return self._launch(transition_seconds, seed, kubernetes), True

    def stop(self) -> bool:
        """Stop it and wait for its end; whether it ran. Its account is kept."""
        with self._locked():
            ran = self.running() is not None
            self._end_recorded()
            return ran

    def _recorded(self) -> Running | None:
        try:
            facts = json.loads(self._record.read_text("utf-8"))
            kubernetes = str(facts.get("kubernetes", ""))
            return Running(
                int(facts["pid"]), str(facts["born"]), str(facts["endpoint"]), str(facts["log"]), kubernetes
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _end_recorded(self) -> None:
        found = self._recorded()
        if found is not None:
            there = process.look(found.pid)
            if there is not None and there.born == found.born and MODULE in there.command:
                patience = STOP_CLUSTERS_SECONDS if found.kubernetes else STOP_SECONDS
                process.end(found.pid, found.born, patience=patience)
        self._record.unlink(missing_ok=True)
        self._ready.unlink(missing_ok=True)

    def _launch(self, transition_seconds: float | None, seed: int | None, kubernetes: Path | None) -> Running:
        command = [os.fspath(self.python), "-m", MODULE, "--port", str(self._port())]
        command += ["--state-file", os.fspath(self.paths.account), "--ready-file", os.fspath(self._ready)]
        if transition_seconds is not None:
            command += ["--transition-seconds", str(transition_seconds)]
        if seed is not None:
            command += ["--seed", str(seed)]
        behind = "" if kubernetes is None else os.fspath(kubernetes)
        if behind:
            command += ["--kubernetes", behind]
        mode = "wb" if self.log.exists() and self.log.stat().st_size > _LOG_BYTES else "ab"
        with self.log.open(mode) as log:
            child = subprocess.Popen(
                command, cwd=self.paths.checkout, env=self._clean(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        there = process.look(child.pid)
        born = there.born if there is not None else ""
        self._write(Running(child.pid, born, "", os.fspath(self.log), behind))
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if child.poll() is not None:
                raise LocalNotRunning(
                    f"The local DigitalOcean ended with {child.returncode}.\n{self._last_words()}"
                )
            endpoint = self._announced(child.pid)
            if endpoint and _answers(endpoint):
                running = Running(child.pid, born, endpoint, os.fspath(self.log), behind)
                self._write(running)
                (self.paths.run / "port").write_text(str(urlsplit(endpoint).port), "utf-8")
                return running
            time.sleep(_POLL_SECONDS)
        process.end(child.pid, born, patience=STOP_SECONDS)
        raise LocalNotRunning(
            f"The local DigitalOcean did not answer within {READY_SECONDS:.0f} s.\n{self._last_words()}"
        )

    def _announced(self, pid: int) -> str:
        try:
            said = json.loads(self._ready.read_text("utf-8"))
            endpoint = str(said["endpoint"]) if int(said["pid"]) == pid else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        return require_loopback(endpoint, what="the local DigitalOcean's endpoint") if endpoint else ""

    def _write(self, running: Running) -> None:
        new = self._record.with_suffix(".new")
        new.write_text(json.dumps(asdict(running), indent=2) + "\n", "utf-8")
        new.replace(self._record)

    def _port(self) -> int:
        """The port of the last time if it is free: what a shell exported then stays right. Else any.

        A connection of somebody else may have that port on its own end for a moment; that is waited for.
        """
        try:
            port = int((self.paths.run / "port").read_text("utf-8"))
        except (OSError, ValueError):
            return 0
        for _ in range(_PORT_LOOKS):
            if _is_free(port):
                return port
            time.sleep(_PORT_SECONDS / _PORT_LOOKS)
        return 0

    def _clean(self) -> dict[str, str]:
        private = ("DIGITALOCEAN_", "DO_", "SPACES_", "AWS_", "PULUMI_", "KUBE")
        clean = children.for_tool(self.environ)
        kept = {name: value for name, value in clean.items() if not name.startswith(private)}
        # The emulator is the one of this very code, wherever the process is started.
        search = [os.fspath(CHECKOUT), *kept.get("PYTHONPATH", "").split(os.pathsep)]
        return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(part for part in search if part))}

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()[-15:] if self.log.exists() else []
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.paths.run.mkdir(parents=True, exist_ok=True)
        with (self.paths.run / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _answers(endpoint: str) -> bool:
    """Whether something speaks HTTP there; what it says does not matter."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/_control/health")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


#: How long a port that is not free is waited for, and how often it is looked at.
_PORT_SECONDS, _PORT_LOOKS = 2.0, 20


def _is_free(port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, OverflowError):
        return False
    return True
