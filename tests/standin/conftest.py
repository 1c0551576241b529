"""A local DigitalOcean, the plugin as a process, and the published schema, for the tests of the stand-in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.standin.wire import Wire, environment, started
from tests.support import tools as toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer

SCHEMA = "pulumi-digitalocean-schema.json"


def published_schema() -> dict[str, Any] | None:
    """The official provider's schema: where FORMERR_SHARED says, or in a `shared` beside a folder above."""
    roots = [Path(os.environ["FORMERR_SHARED"])] if os.environ.get("FORMERR_SHARED") else []
    roots += [above / "shared" for above in Path(__file__).resolve().parents]
    for root in roots:
        if (path := root / "api" / SCHEMA).is_file():
            loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return loaded
    return None


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """The official provider's schema."""
    schema = published_schema()
    if schema is None:
        pytest.skip(f"no {SCHEMA}: set FORMERR_SHARED to the folder that has api/{SCHEMA}")
    return schema


@pytest.fixture(scope="session")
def _shared_wire(emulator: EmulatorServer) -> Iterator[Wire]:
    with started(environment(emulator.endpoint)) as wire:
        wire.configure()
        yield wire


@pytest.fixture
def wire(cloud: ControlClient, _shared_wire: Wire) -> Wire:
    """A configured plugin that sends nothing twice, on a fresh account."""
    cloud.mark()
    return _shared_wire


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the executable that starts the stand-in of this checkout."""
    return toolchain.write_shim(tmp_path_factory.mktemp("stand-in"))
