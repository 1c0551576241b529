"""What the tests of pipelines share: a GitHub on loopback, and `formerr` called as a step calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from tests.pipelines.fake_github import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typer.testing import Result

    Formerr = Callable[..., Result]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """An empty repository, and the environment of a workflow that runs for it."""
    with FakeGitHub() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_EVENT_PATH"):
            monkeypatch.delenv(name, raising=False)
        yield fake


@pytest.fixture
def formerr() -> Formerr:
    """The command; a `FormerrError` comes through as one."""

    def run(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
