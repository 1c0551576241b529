"""What the emulator costs the core it runs on, in processor time and against a fixed piece of work, so that neither a
busy machine nor a slow one matters."""

from __future__ import annotations

import http.client
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.emulator.store import DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.serial


def spent(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def unit() -> float:
    """Seconds of processor time of a fixed piece of work; about a millisecond on a machine that is not busy."""
    started = time.process_time()
    for _ in range(20):
        json.loads(_WORK)
    return (time.process_time() - started) / 20


_WORK = json.dumps([{"id": number, "name": f"n{number}", "tags": ["a", "b"]} for number in range(1000)])


def asker(server: EmulatorServer) -> Callable[[str], bytes]:
    host, _, port = server.endpoint.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))

    def ask(path: str) -> bytes:
        connection.request("GET", path, headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200
        return content

    return ask


def test_a_small_get_costs_about_half_a_millisecond() -> None:
    with EmulatorServer() as server:
        ask = asker(server)
        ask("/v2/account")
        first, before = unit(), spent(server.pid)
        for _ in range(500):
            ask("/v2/account")
        cost = (spent(server.pid) - before) / 500
        assert cost < 3 * max(first, unit())


def test_a_page_of_ten_thousand_vpcs_costs_a_few_milliseconds_at_most() -> None:
    with EmulatorServer() as server:
        server.control.seed("vpcs", 10_000)
        ask = asker(server)
        first, before = unit(), spent(server.pid)
        for page in range(1, 51):
            ask(f"/v2/vpcs?per_page=200&page={page}")
        cost = (spent(server.pid) - before) / 50
        assert cost < 6 * max(first, unit())


def test_the_emulator_is_there_within_a_second_or_so() -> None:
    started = time.monotonic()
    with EmulatorServer() as server:
        elapsed = time.monotonic() - started
        used = spent(server.pid)
    assert used < 600 * unit()
    assert elapsed < 10
