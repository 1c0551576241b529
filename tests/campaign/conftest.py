"""Two empty stacks for the campaign, to be copied into each scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.campaign.arena import BASE, Ground
from tests.support.stack import Stack

if TYPE_CHECKING:
    from formerr_infra.emulator.server import EmulatorServer
    from tests.support.tools import Tools

#: A bounded campaign is some dozens of runs of the engine; a busy machine takes longer.
SECONDS = 1500
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory, tools: Tools, emulator: EmulatorServer) -> Ground:
    """An emulator and two empty stacks."""
    blanks = {
        name: Stack(tmp_path_factory.mktemp("blank"), tools, emulator.control, name).init() for name in BASE
    }
    return Ground(emulator.control, blanks, tmp_path_factory.mktemp("ground") / "deployed")
