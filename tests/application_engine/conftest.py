"""The whole program on the real engine, the real Kubernetes plugin and a real API server behind the emulator's DOKS."""

from __future__ import annotations

import secrets as random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import planes
from tests.support.live import Live
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

SECONDS = 900
TAG = "1f0e2d3"
_HERE = Path(__file__).parent
emulator, cloud = planes.emulator, planes.cloud


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
            item.add_marker(pytest.mark.engine)


@pytest.fixture
def secrets() -> dict[str, str]:
    """The application's secrets, new for each test."""
    login = {"GITHUB_CLIENT_ID": f"Iv1.{random.token_hex(8)}", "GITHUB_CLIENT_SECRET": random.token_hex(20)}
    more = {name: random.token_urlsafe(36) for name in ("JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")}
    return login | more


def with_secrets(stack: Stack, values: dict[str, str]) -> Stack:
    """Exported in the environment, as a user or a pipeline does."""
    stack.environment.update(values)
    stack.config(imageTag=TAG)
    return stack


@pytest.fixture
def stack(tmp_path: Path, cloud: ControlClient, tools: Tools, secrets: dict[str, str]) -> Stack:
    """A staging stack with the application that was never deployed, on a fresh account."""
    return with_secrets(Stack(tmp_path / "staging", tools, cloud, application=True).init(), secrets)


@pytest.fixture
def production(tmp_path: Path, cloud: ControlClient, tools: Tools, secrets: dict[str, str]) -> Stack:
    """The same in production: its database is a managed one, told by its address."""
    made = Stack(tmp_path / "production", tools, cloud, "production", application=True).init()
    password = secrets.pop("DB_PASSWORD")
    url = f"postgresql://formerr:{password}@private-db.example.invalid:25060/formerr"
    return with_secrets(made, secrets | {"DATABASE_URL": url})


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    """The staging stack after its first deployment."""
    stack.up().ok()
    return stack


@pytest.fixture
def live(cloud: ControlClient) -> Callable[[], Live]:
    """The only cluster of the account, with fresh credentials on each call."""

    def look() -> Live:
        (cluster,) = cloud.list("kubernetes_clusters")
        return Live(cloud, cluster["id"])

    return look
