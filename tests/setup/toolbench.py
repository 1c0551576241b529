"""Fake programs, archives of them and a loopback server to fetch them from; shared by the tests of the toolchain."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from formerr_infra.local.toolchain import Resolver, tool
from formerr_infra.local.toolchain.release import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PULUMI_FILES = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
    "pulumi-analyzer-policy-python",
)


# What the programs of the application say of themselves.
APPLICATION = {
    "etcd": "3.6.5",
    "kube-apiserver": "1.34.2",
    "kube-controller-manager": "1.34.2",
    "kube-scheduler": "1.34.2",
    "kwok": "0.7.0",
    "pulumi-resource-kubernetes": "4.34.2",
}


def script(version: str) -> bytes:
    """A program that says its version, whatever it is asked."""
    return f"#!/bin/sh\necho v{version}\n".encode()


def put(folder: Path, version: str, files: tuple[str, ...] = PULUMI_FILES) -> Path:
    """Executable fake programs in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        (folder / name).write_bytes(script(version))
        (folder / name).chmod(0o755)
    return folder


def put_application(folder: Path) -> Path:
    """Fake programs of the application's set in `folder`."""
    for name, version in APPLICATION.items():
        put(folder, version, (name,))
    return folder


def archive(version: str, files: tuple[str, ...] = PULUMI_FILES, *, padding: int = 0) -> bytes:
    """A release archive; `padding` incompressible bytes make it long enough to be cut."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        contents = {name: script(version) for name in files} | (
            {"README": os.urandom(padding)} if padding else {}
        )
        for name, content in contents.items():
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


class Silence:
    """Nobody listens; what was said is kept."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def say(self, phase: str, detail: str = "") -> None:
        self.said.append((phase, detail))


@dataclass
class ReleaseHost:
    """Files on loopback, with the ways in which a download can go wrong.

    Attributes:
        files: path to content.
        asked: (path, Range header) of every request, in order.
        cut_after: bytes after which the connection is dropped, per answer, until the list is empty.
        ranges: whether Range is honoured.
        silent: accept connections and answer nothing.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    ranges: bool = True
    silent: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def publish(self, content: bytes, *, sha256: str | None = None, name: str = "pulumi") -> str:
        """Put an archive and its sums there; the archive's path."""
        spec = tool(name).release
        assert spec is not None
        file, sums = names(spec)
        digest = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
        self.files[f"/{file}"] = content
        self.files[f"/{sums}"] = f"{'0' * 64}  another.tar.gz\n{digest}  {file}\n".encode()
        return f"/{file}"

    def fetched(self, path: str) -> list[str | None]:
        """The Range headers with which `path` was asked for."""
        return [asked for where, asked in self.asked if where == path]


@contextmanager
def serving() -> Iterator[ReleaseHost]:
    """A `ReleaseHost` that answers until the end of the block."""
    host = ReleaseHost()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            host.asked.append((self.path, wanted))
            if host.silent.is_set():
                ended.wait(30)
                return
            content = host.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            first = 0
            if wanted and host.ranges:
                found = re.fullmatch(r"bytes=(\d+)-", wanted)
                assert found, wanted
                first = int(found[1])
                if first >= len(content):
                    self.send_error(416)
                    return
            rest = content[first:]
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if host.cut_after and self.path.endswith(".tar.gz"):
                rest = rest[: host.cut_after.pop(0)]
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def resolver(folder: Path, *, path: Path | None = None, **environ: str) -> Resolver:
    """A resolver with its own cache that sees only `path` and the system's own programs."""
    search = [os.fspath(path)] if path is not None else []
    base = {"PATH": os.pathsep.join([*search, "/usr/bin", "/bin"]), "HOME": os.fspath(folder / "home")}
    env: Mapping[str, str] = base | environ
    return Resolver(folder / "cache", env, folder / "scratch")


def supported() -> bool:
    return platform.system() in {"Linux", "Darwin"}
