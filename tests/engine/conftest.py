"""The real engine against the emulator: a fresh account and a fresh stack for each test (the fixtures are in `tests/conftest.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

#: A test is up to eight runs of the engine, each of some seconds; a machine that is busy with other things takes longer.
SECONDS = 900
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
