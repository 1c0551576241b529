"""What a user types, on the real engine and the bundled DigitalOcean; the stacks are those of `tests/conftest.py`.

`formerr(stack, "deploy", "staging", "--yes")` of `tests/support/command.py` types a command.
"""

from __future__ import annotations

from pathlib import Path

import pytest

#: A command is up to three runs of the engine; a machine that is busy with other things takes longer.
SECONDS = 600
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
