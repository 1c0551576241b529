"""Fixtures of pytest, for the tests of any program that talks to DigitalOcean.

In a conftest.py:

    pytest_plugins = ["formerr_infra.emulator.fixtures"]

Nothing but the emulator's own requirements is needed beside pytest: `pip install 'formerr-infra[emulator]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.server import EmulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    """One emulator for all tests of this process; it ends with them, however they end."""
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def cloud(emulator: EmulatorServer) -> ControlClient:
    """The control plane of a fresh account: `cloud.endpoint` is what a client talks to, with the token `local-token`."""
    emulator.control.reset()
    return emulator.control
