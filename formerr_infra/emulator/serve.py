"""Running the emulator in this process: a loopback socket, uvicorn, signals, the ready file.

SIGTERM and SIGINT stop it at once, open requests included: everything answered is on disk already.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from formerr_infra.emulator.app import Application, Transports
from formerr_infra.emulator.control import control_app
from formerr_infra.emulator.engine import Emulator
from formerr_infra.emulator.persistence import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.kubernetes.fleet import Fleet


class NotLoopback(ValueError):
    """The emulator was asked to listen on an address that others can reach."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run an emulator."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    state_file: Path | None = None
    ready_file: Path | None = None
    transition_seconds: float = 0.0
    seed: int = 0
    stop_with_stdin: bool = False
    """End when standard input closes: the emulator never outlives the process that started it."""
    kubernetes: Path | None = None
    """Folder of the programs of a control plane; None: no Kubernetes runs."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on loopback; NotLoopback for any other address."""
    name = "127.0.0.1" if host == "localhost" else host
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        raise NotLoopback(f"{host!r} is not a loopback address") from None
    if not address.is_loopback:
        raise NotLoopback(f"{host!r} is not a loopback address")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((name, port))
    return listener


def endpoint_of(listener: socket.socket) -> str:
    """The URL a bound socket is reached by."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _protocol(transports: Transports) -> type[H11Protocol]:
    """uvicorn's protocol, keeping its connections where a fault can find and close them."""

    class Tracked(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            self._peer = tuple(transport.get_extra_info("peername")[:2])
            transports[self._peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self._peer, None)
            super().connection_lost(exc)

    return Tracked


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: see `run`."""
        yield

    def stop(self) -> None:
        """Stop without waiting for anybody."""
        self.should_exit = self.force_exit = True


def run(options: Options) -> None:
    """Serve until a signal, or until standard input closes if so told."""
    listener = bind(options.host, options.port)
    emulator = Emulator(
        seed=options.seed,
        transition_seconds=options.transition_seconds,
        state_file=options.state_file,
    )
    transports: Transports = {}
    fleet = _fleet(emulator, options.kubernetes)
    app: Any = Application(emulator, control_app(emulator, fleet), transports)
    config = uvicorn.Config(
        app,
        http=_protocol(transports),
        lifespan="off",
        access_log=False,
        log_level="warning",
        loop="asyncio",
        server_header=False,
        timeout_keep_alive=75,
    )
    with listener:
        asyncio.run(_serve(_Server(config), listener, options, fleet))


def _fleet(emulator: Emulator, programs: Path | None) -> Fleet | None:
    if programs is None:
        return None
    # Costs a tenth of a second that most emulators need not spend.
    from formerr_infra.emulator.kubernetes.fleet import Fleet

    return Fleet(emulator, programs)


async def _serve(
    server: _Server, listener: socket.socket, options: Options, fleet: Fleet | None = None
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if options.stop_with_stdin:
        loop.add_reader(0, _watch_stdin, server)
    listener.listen(1024)
    if fleet is not None:
        fleet.start(endpoint_of(listener))
    announcing = asyncio.create_task(_announce(listener, options, fleet))
    try:
        await server.serve(sockets=[listener])
    finally:
        announcing.cancel()
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
        if fleet is not None:
            await fleet.stop()


async def _announce(listener: socket.socket, options: Options, fleet: Fleet | None) -> None:
    """Write the ready file, once the control planes of a saved state are there again."""
    if fleet is not None:
        await fleet.until_settled()
    if options.ready_file is not None:
        ready = json.dumps({"endpoint": endpoint_of(listener), "pid": os.getpid()})
        write_atomically(options.ready_file, ready)


def _watch_stdin(server: _Server) -> None:
    if not os.read(0, 1024):
        asyncio.get_running_loop().remove_reader(0)
        server.stop()
