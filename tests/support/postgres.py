"""A real PostgreSQL 15 on this machine, set up as the container's image does it, on a free port of loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEBIAN = Path("/usr/lib/postgresql/15/bin")


def programs() -> Path | None:
    """Where PostgreSQL 15's programs are, if they are."""
    found = shutil.which("pg_ctl")
    folders = [_DEBIAN] if found is None else [_DEBIAN, Path(found).resolve().parent]
    for folder in folders:
        server = folder / "postgres"
        if server.is_file():
            said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
            if " 15." in said:
                return folder
    return None


def _account() -> str | None:
    """The server refuses to run as root: whoever has to stand in."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Postgres:
    """A server, and a shell beside it."""

    def __init__(self, folder: Path, bin_folder: Path, port: int, user: str) -> None:
        self.folder = folder
        self.port = port
        self.user = user
        self._bin = bin_folder
        self._account = _account()

    def shell(
        self, command: list[str], environment: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a container's command with its environment; sockets are where this server's are."""
        return subprocess.run(
            command,
            env={"PATH": f"{self._bin}:/usr/bin:/bin", "HOME": str(self.folder), **environment},
            cwd=self.folder,
            user=self._account,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, *command: str, **environment: str) -> str:
        """Run a command that must succeed."""
        done = self.shell(list(command), environment)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def sql(self, statement: str, database: str = "formerr") -> str:
        """A statement's answer, as the superuser by the socket."""
        return self.run(
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-h", str(self.folder), "-p", str(self.port), "-U", self.user, "-d", database, "-c", statement,
        ).strip()  # fmt: skip

    @property
    def log(self) -> str:
        """What the server wrote."""
        return (self.folder / "log").read_text(encoding="utf-8")


@contextmanager
def postgres(bin_folder: Path, user: str, password: str, initdb: str) -> Iterator[Postgres]:
    """A running server with a superuser of that name."""
    folder = Path(tempfile.mkdtemp(prefix="formerr-postgres-"))
    if (account := _account()) is not None:
        shutil.chown(folder, account)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Postgres(folder, bin_folder, port, user)
    data = str(folder / "data")
    try:
        (folder / "first").write_text(password, encoding="utf-8")
        (folder / "first").chmod(0o644)
        server.run("initdb", "-D", data, "-U", user, "--pwfile", str(folder / "first"), "-N", *initdb.split())
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        )
        server.run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield server
        finally:
            server.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
