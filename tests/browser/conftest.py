"""A real headless browser, as set-up has fetched it, driven by Playwright."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tools import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; the test skips where none is to be had."""
    from playwright.sync_api import sync_playwright

    try:
        program = check("chromium")
    except LookupError as error:
        pytest.skip(f"no browser: {error}")
    with sync_playwright() as driver:
        # Nothing but the pages of these tests is ever opened, and a container has no name spaces for a sandbox.
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()
