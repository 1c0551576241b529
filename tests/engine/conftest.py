"""The real engine against the emulator: a fresh account and a fresh stack for each test.

The emulator runs once a worker and is reset between tests; a stack that is up already is brought up once a worker
and copied, account and state together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import account
from tests.support.stack import Stack

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from tests.support.tools import Tools


#: A test is up to eight runs of the engine, each of some seconds; a machine that is busy with other things takes longer.
SECONDS = 900
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stack that is up, and the account it is up on.

    Attributes:
        stack: never run again, only copied.
        account: the emulator's state.
        shape: the account, without what differs from run to run.
    """

    stack: Stack
    account: Path
    shape: dict[str, list[Any]]


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
