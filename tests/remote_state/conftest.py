"""Stacks whose state lies in a bucket of a real S3-compatible server on this machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import s3
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

#: A test is some runs of the engine; a machine that is busy with other things takes longer.
SECONDS = 600
_HERE = Path(__file__).parent
#: So that the engine's own client reads nothing of the user's.
_NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they may need."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
            item.add_marker(pytest.mark.may_skip("versitygw is not on this machine"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    """One for all tests of this process."""
    try:
        yield from s3.serve(tmp_path_factory.mktemp("s3"))
    except LookupError as error:
        pytest.skip(str(error))


@pytest.fixture
def bucket(server: s3.Server) -> str:
    """A new bucket."""
    name = f"state-{secrets.token_hex(4)}"
    server.make(name)
    return name


@pytest.fixture
def remote(tmp_path: Path, tools: Tools, cloud: ControlClient, server: s3.Server, bucket: str) -> Stack:
    """A staging stack that was never deployed, its state in the bucket."""
    stack = Stack(tmp_path / "stack", tools, cloud)
    stack.environment |= {
        **server.credentials,
        **_NO_FILES,
        "PULUMI_BACKEND_URL": server.bucket(bucket).backend,
    }
    return stack.init()
