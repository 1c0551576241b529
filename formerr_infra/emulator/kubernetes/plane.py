"""One running control plane: its processes, from the first start to ready, and their end.

It knows nothing of DOKS; `fleet.py` says when, and what goes into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes.api import Api, Refused, Unreachable
from formerr_infra.emulator.kubernetes.programs import FOLLOWERS, SERVER, STORE

if TYPE_CHECKING:
    from formerr_infra.emulator.kubernetes.programs import Layout
    from formerr_infra.emulator.store import Json

READY_SECONDS = 90.0
"""How long the API server may take; it needs three seconds on an idle machine."""
_SUPERVISOR = Path(__file__).with_name("supervisor.py")


class Failed(Exception):
    """A program of the control plane ended, or never got ready; the message says which and its last words."""


class Plane:
    """The processes of a control plane. Started once; another start is another object."""

    def __init__(self, layout: Layout, *, temporary: bool) -> None:
        self.layout = layout
        self._temporary = temporary
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[str] | None = None
        self.api = Api(layout.server, layout.folder)

    @property
    def pid(self) -> int | None:
        """The supervisor's process id, while it lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start everything and wait until the API server is ready. Failed if it does not get there."""
        self.layout.write_files()
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(_SUPERVISOR),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._watch = asyncio.create_task(self._ended(process))
        if self._temporary:
            self._order({"remove": str(self.layout.folder)})
        for program in (STORE, SERVER):
            self._start(program)
        await self._until_ready()
        for program in FOLLOWERS:
            self._start(program)

    async def until_ended(self) -> None:
        """Wait; Failed when a program has ended by itself."""
        if self._watch is None:
            raise RuntimeError("the control plane was never started")
        raise Failed(await asyncio.shield(self._watch))

    async def stop(self, *, remove: bool = False) -> None:
        """End all processes; `remove` takes the data away too."""
        self.api.close()
        process = self._process
        if process is None:
            return
        self._order({"remove": str(self.layout.folder)} if remove else {"keep": True})
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        if self._watch is not None:
            await asyncio.wait([self._watch])
        if remove:
            # It may have ended before it read that.
            shutil.rmtree(self.layout.folder, ignore_errors=True)

    def _order(self, order: Json) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(order).encode() + b"\n")

    def _start(self, program: str) -> None:
        command, log = self.layout.command(program), str(self.layout.log(program))
        self._order({"start": program, "command": command, "log": log})

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        why = "it does not answer"
        while time.monotonic() < deadline:
            if self._watch is not None and self._watch.done():
                raise Failed(self._watch.result())
            try:
                await self.api.ask("GET", "/readyz")
                return
            except (Unreachable, Refused) as error:
                why = str(error)
            await asyncio.sleep(0.1)
        raise Failed(f"{SERVER} was not ready within {READY_SECONDS:.0f} s: {why}{self._last_words(SERVER)}")

    async def _ended(self, process: asyncio.subprocess.Process) -> str:
        """What there is to say when the supervisor has ended."""
        said = await process.stdout.read() if process.stdout is not None else b""
        code = await process.wait()
        try:
            end = json.loads(said)
        except ValueError:
            return f"its supervisor ended with {code}"
        return f"{end['ended']} ended with {end['code']}{self._last_words(end['ended'])}"

    def _last_words(self, program: str) -> str:
        try:
            lines = self.layout.log(program).read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return ": " + lines[-1][:500] if lines else ""
