"""What a user types, on the real engine and the bundled DigitalOcean; the stacks are those of `tests/conftest.py`.

`formerr(stack, "deploy", "staging", "--yes")` of `tests/support/command.py` types a command.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.inprocess import InProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer

#: A command is up to three runs of the engine; a machine that is busy with other things takes longer.
SECONDS = 600
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture
def in_process(
    tmp_path: Path,
    emulator: EmulatorServer,
    cloud: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., InProcess]:
    """`formerr` in this process, on an account without faults; given the stacks that have files."""
    cloud.clear_faults()
    return partial(InProcess, tmp_path, emulator, monkeypatch, capsys)
