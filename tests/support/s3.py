"""An S3-compatible server on loopback: versitygw over a folder, with versioning."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.backup.address import Bucket
from formerr_infra.backup.s3 import BucketPlace
from tests.support import tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers.

    Attributes:
        endpoint: its address.
        credentials: the variables of the one who may do everything.
    """

    endpoint: str
    credentials: dict[str, str]

    def bucket(self, name: str, prefix: str = "", endpoint: str = "") -> Bucket:
        return Bucket(name, prefix, endpoint or self.endpoint, "us-east-1")

    def place(self, name: str, prefix: str = "") -> BucketPlace:
        return BucketPlace.of(self.bucket(name, prefix), self.credentials)

    def make(self, name: str) -> Bucket:
        """A new bucket."""
        self.place(name).client.create_bucket(Bucket=name)
        return self.bucket(name)

    def keys(self, name: str) -> list[str]:
        """Everything in a bucket."""
        listed: dict[str, Any] = self.place(name).client.list_objects_v2(Bucket=name)
        return [str(one["Key"]) for one in listed.get("Contents") or []]


def serve(folder: Path) -> Iterator[Server]:
    """One server until the generator is closed.

    Raises:
        LookupError: the program is not there.
    """
    program = tools.check("versitygw")
    root, versions = folder / "buckets", folder / "versions"
    for one in (root, versions):
        one.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--port", f"127.0.0.1:{port}", "--quiet", "posix", "--versioning-dir", versions, root],
            env=os.environ | {"ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(process, port, folder / "log")
        yield Server(
            f"http://127.0.0.1:{port}",
            {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": "us-east-1"},
        )
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"versitygw does not answer: {log.read_text('utf-8', 'replace')[-2000:]}")
