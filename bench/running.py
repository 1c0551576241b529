"""One command, run to its end: how long it took, what the account was asked meanwhile, how much memory it held."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.rows import Run
from bench.trips import chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.emulator.client import ControlClient

SECONDS = 600.0
_LOOK = 0.03
_PROGRAMS = {"pulumi": "engine", "pulumi-language-python": "language host"}


def measure(
    command: Sequence[str | os.PathLike[str]],
    *,
    folder: Path,
    environ: Mapping[str, str],
    control: ControlClient,
    account: str,
    codes: Sequence[int] = (0,),
    memory: bool = False,
) -> Run:
    """Run it.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        environ: its whole environment.
        control: of the emulator that it talks to.
        account: the name of the account whose requests count.
        codes: exit codes that it may end with.
        memory: look at it, which takes some time of its own.

    Raises:
        RuntimeError: it ended otherwise.
    """
    control.mark()
    began = time.perf_counter()
    process = subprocess.Popen(
        [os.fspath(word) for word in command],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        errors="replace",
    )
    with _Watched(process.pid, look=memory) as watched:
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RuntimeError(f"{' '.join(map(str, command))} gave no end in {SECONDS:.0f} s") from None
    seconds = time.perf_counter() - began
    if process.returncode not in codes:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said[-6000:]}")
    asked = [one for one in control.requests(since_mark=True) if one.token_name == account]
    return Run(
        seconds,
        len(asked),
        chain((one.at, one.at + one.seconds) for one in asked),
        sum(one.method == "DELETE" and one.applied for one in asked),
        said,
        process.returncode,
        watched.peaks,
    )


class _Watched:
    """The most memory that each process of a session held: the kernel's own high-water mark (VmHWM), read every now and then."""

    def __init__(self, leader: int, *, look: bool) -> None:
        self.peaks: dict[str, float] = {}
        self._leader = leader
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True) if look else None

    def __enter__(self) -> _Watched:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_LOOK):
            for one in Path("/proc").iterdir():
                if one.name.isdigit():
                    self._look(one)

    def _look(self, place: Path) -> None:
        try:
            if os.getsid(int(place.name)) != self._leader:
                return
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            held = (place / "status").read_text().partition("VmHWM:")[2].split(maxsplit=1)
        except OSError:  # it has ended
            return
        name = called(words)
        if name is not None and held:
            self.peaks[name] = max(self.peaks.get(name, 0.0), int(held[0]) / 1000)


def called(words: Sequence[str]) -> str | None:
    """What a process is, by its command line; None for one that nobody asks about."""
    program = words[0].rpartition("/")[2]
    # Of an interpreter, what it runs: a script, or a module behind -m.
    names = {word.rpartition("/")[2] for word in words[1:3]}
    if program in _PROGRAMS:
        return _PROGRAMS[program]
    if program.startswith("pulumi-resource-") or "formerr_infra.local.standin" in names:
        return "plugin"
    if names & {"formerr", "formerr_infra.cli.app"}:
        return "formerr"
    return "program" if "pulumi-language-python-exec" in names else None
