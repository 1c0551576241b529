"""Nothing of a local run leaves the machine: shown by the kernel, in a network namespace that has loopback only."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def alone(*command: str) -> subprocess.CompletedProcess[str]:
    """A command in a network namespace of its own, without this suite's own guards: they would hide what is tried."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no `unshare` on this machine")
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("proxy") and not name.startswith("PIP_")
    }
    environ["PYTHONPATH"] = os.fspath(CHECKOUT)
    words = [unshare, "--net", *(() if os.geteuid() == 0 else ("--map-root-user", "--user")), *command]
    done = subprocess.run(
        words, cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode != 0 and "unshare failed" in done.stderr:
        pytest.skip(f"no network namespace may be made here: {done.stderr.strip()}")
    return done


def on_loopback(text: str) -> bool:
    """Also of an IPv4 address in the form that a socket of both families has."""
    address = ipaddress.ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.may_skip("network namespaces are Linux's, and not everyone may make one")
def test_a_local_run_tries_no_address_and_listens_on_none_but_loopback(tmp_path: Path) -> None:
    done = alone(sys.executable, "-m", "tests.support.confined", os.fspath(tmp_path))

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["ended"] == [0, 0, 0]
    assert seen["listening"]
    assert [one for one in seen["listening"] if not on_loopback(one)] == []
    assert seen["unrouted"] == [0, 0]


@pytest.mark.may_skip("network namespaces are Linux's, and not everyone may make one")
@pytest.mark.parametrize(
    ("family", "address", "counted"), [("AF_INET", "192.0.2.1", (1, 0)), ("AF_INET6", "2001:db8::1", (0, 1))]
)
def test_what_tries_another_address_is_counted(family: str, address: str, counted: tuple[int, int]) -> None:
    code = (
        "import contextlib, socket\nfrom tests.support import confined\nconfined.loopback_up()\n"
        f"with contextlib.suppress(OSError):\n    socket.socket(socket.{family}).connect(({address!r}, 9))\n"
        "print(*confined.unrouted())"
    )

    assert alone(sys.executable, "-c", code).stdout.split() == [str(one) for one in counted]


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.may_skip("network namespaces are Linux's, and not everyone may make one")
def test_no_door_leads_the_stand_in_to_another_machine(tmp_path: Path) -> None:
    done = alone(sys.executable, "-m", "tests.support.doors", os.fspath(tmp_path))

    assert done.returncode == 0, done.stderr
    tried = json.loads(done.stdout)
    assert {door: one["unrouted"] for door, one in tried.items() if one["unrouted"] != [0, 0]} == {}
    for door, one in tried.items():
        if door.startswith("redirect"):
            assert door.removeprefix("redirect ") in one["said"], one
        elif door == "proxies":
            assert "401" in one["said"], one  # loopback was asked directly
        else:
            assert "is not a loopback address" in one["said"], f"{door}: {one['said']}"
        assert "local-token" not in one["said"]
