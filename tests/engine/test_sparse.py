"""On an API that shares no code with the bundled one and says the least that the official plugin can work with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.sparse import Shape, sparse
from tests.support.stack import SLOTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sparse import Sparse
    from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.slow]

LEAST = Shape(newer_list=False, page=20, meta=False, links=False, framework=True, optional=False)
SHAPES = {"least": LEAST, "nulls": Shape(page=20, nulls=True, http="HTTP/1.0"), "chunks": Shape(chunked=True)}


def on(blank: Stack, cloud: Sparse, folder: Path) -> Stack:
    """The blank stack on this account; what was asked is told by the account itself."""
    control = SimpleNamespace(endpoint=cloud.endpoint, requests=list)
    return blank.copy(folder, cast("Any", control))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_on_a_sparse_api_all_is_made_kept_and_destroyed(blank: Stack, tmp_path: Path, shape: Shape) -> None:
    """The region's default VPC stands there, so that the stack's own is not taken for it."""
    with sparse(shape) as cloud:
        cloud.make("vpcs", name="default-nyc3", region="nyc3", ip_range="10.108.0.0/20", default=True)
        stack = on(blank, cloud, tmp_path / "stack")
        stack.up().ok()
        made = [one.split()[1] for one in cloud.writes]
        assert len(made) == len(SLOTS)
        cloud.asked.clear()
        for _ in range(2):
            stack.up().unchanged()
        stack.preview(expect_no_changes=True).unchanged()
        assert cloud.writes == []
        stack.destroy().ok()
        assert [len(many) for many in cloud.things.values()] == [1, 0, 0, 0]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_on_a_sparse_api_what_stands_there_is_adopted_without_a_write(
    blank: Stack, tmp_path: Path, shape: Shape
) -> None:
    with sparse(shape) as cloud:
        for number in range(45):
            cloud.make("load_balancers", name=f"another-{number}", region="nyc3")
        network = cloud.make("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")["id"]
        pools = [{"name": "pool", "size": "s-2vcpu-4gb", "count": 3}]
        where = {"region": "nyc3", "vpc_uuid": network}
        cloud.make(
            "clusters", name="formerr-staging-cluster", version="1.34.9-do.0", node_pools=pools, **where
        )
        cloud.make("registries", name="formerr-staging")
        cloud.make("load_balancers", name="formerr-staging-lb", **where)
        stack = on(blank, cloud, tmp_path / "stack")
        stack.up().quiet()
        assert len(stack.resources()) == 4
        assert all(one["external"] for one in stack.resources().values())
        stack.destroy().ok()
        assert cloud.writes == []
