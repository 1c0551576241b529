"""Stacks to start from, as fixtures: the emulator is reset between tests, and what is up already is brought up once a
process and copied, account and state together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account
from tests.support.stack import Snapshot, Stack

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from tests.support.tools import Tools


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, tools: Tools, emulator: EmulatorServer) -> Stack:
    """An empty staging stack, to be copied."""
    return Stack(tmp_path_factory.mktemp("blank"), tools, emulator.control).init()


@pytest.fixture(scope="session")
def blank_production(
    tmp_path_factory: pytest.TempPathFactory, tools: Tools, emulator: EmulatorServer
) -> Stack:
    """An empty production stack, to be copied."""
    return Stack(tmp_path_factory.mktemp("blank"), tools, emulator.control, "production").init()


@pytest.fixture(scope="session")
def risen(tmp_path_factory: pytest.TempPathFactory, blank: Stack, emulator: EmulatorServer) -> Snapshot:
    """The staging stack after its first deployment on an empty account, to be copied."""
    emulator.control.reset()
    stack = blank.copy(tmp_path_factory.mktemp("risen") / "stack", emulator.control)
    stack.up().ok()
    saved = stack.folder / "account.json"
    emulator.control.save(str(saved))
    return Snapshot(stack, saved, account.shape(account.world(emulator.control)))


@pytest.fixture
def stack(tmp_path: Path, cloud: ControlClient, blank: Stack) -> Stack:
    """A staging stack that was never deployed, on a fresh account."""
    return blank.copy(tmp_path / "stack", cloud)


@pytest.fixture
def production(tmp_path: Path, cloud: ControlClient, blank_production: Stack) -> Stack:
    """A production stack that was never deployed, on a fresh account."""
    return blank_production.copy(tmp_path / "production", cloud)


@pytest.fixture
def deployed(tmp_path: Path, risen: Snapshot, cloud: ControlClient) -> Stack:
    """The staging stack after its first deployment, all of it its own."""
    cloud.reset()  # again: the stack may have risen only just now
    cloud.load(str(risen.account))
    return risen.stack.copy(tmp_path / "deployed", cloud)
