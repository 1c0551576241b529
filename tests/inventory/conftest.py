"""A running local DigitalOcean for the inventory's tests, and a server that answers whatever it is told.

After every test the record of requests is looked at: nothing in here may ever have written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.inventory import Access, Inventory, Limits, Question, look
from tests.inventory.liar import HASTY, NAME, TOKEN, Liar, lying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from formerr_infra.emulator.client import ControlClient

#: Kinds of the inventory, and what the emulator calls them.
COLLECTIONS = {
    "vpc": "vpcs",
    "cluster": "kubernetes_clusters",
    "registry": "registries",
    "load_balancer": "load_balancers",
    "project": "projects",
}


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


@pytest.fixture
def control(server: EmulatorServer) -> Iterator[ControlClient]:
    """The control plane of a fresh account, which must not have been written to when the test ends."""
    control = server.control
    control.reset()
    control.account(token=TOKEN, name="ours")
    yield control
    writes = [record for record in control.requests(writes=True) if "validate-name" not in record.path]
    assert writes == []
    assert {record.method for record in control.requests()} <= {"GET", "POST"}


@pytest.fixture
def access(server: EmulatorServer, control: ControlClient) -> Access:
    return Access(server.endpoint, TOKEN, local=True)


@pytest.fixture
def put(control: ControlClient) -> Callable[..., str]:
    """Put a resource of a kind there; gives its id."""

    def put(kind: str, name: str = NAME, **fields: Any) -> str:
        if kind not in ("registry", "project"):
            fields.setdefault("region", "nyc3")
        made = control.put(COLLECTIONS[kind], token=TOKEN, name=name, **fields)
        return str(made["name"] if kind == "registry" else made["id"])

    return put


@pytest.fixture
def see(access: Access, caplog: pytest.LogCaptureFixture) -> Callable[..., Inventory]:
    """Look, and see that the token shows nowhere."""
    caplog.set_level("DEBUG")

    def see(
        *questions: Question, with_account: bool = False, limits: Limits = HASTY, stack: str = "staging"
    ) -> Inventory:
        inventory = look(access, questions, stack=stack, with_account=with_account, limits=limits)
        assert TOKEN not in repr(inventory)
        assert TOKEN not in repr(access)
        assert TOKEN not in caplog.text
        return inventory

    return see


@pytest.fixture
def everything() -> tuple[Question, ...]:
    """A question by name for each kind."""
    return tuple(Question(kind, kind, (), NAME) for kind in COLLECTIONS)


@pytest.fixture(scope="session")
def liar_process() -> Iterator[Liar]:
    with lying() as liar:
        yield liar


@pytest.fixture
def liar(liar_process: Liar) -> Liar:
    liar_process.asked.clear()
    return liar_process
