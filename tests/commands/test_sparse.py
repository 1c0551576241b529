"""What a user types, on an API that shares no code with the bundled one and says the least (tests/support/sparse.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.command import formerr
from tests.support.sparse import Shape, sparse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.slow]
LEAST = Shape(newer_list=False, page=20, meta=False, links=False, framework=True, optional=False)


def test_the_commands_do_with_the_least_that_an_api_can_say(blank: Stack, tmp_path: Path) -> None:
    with sparse(LEAST) as cloud:
        cloud.make("vpcs", name="default-nyc3", region="nyc3", ip_range="10.108.0.0/20", default=True)
        stack = blank.copy(
            tmp_path / "stack", cast("Any", SimpleNamespace(endpoint=cloud.endpoint, requests=list))
        )
        formerr(stack, "deploy", "staging", "--yes").ok()
        assert cloud.writes
        formerr(stack, "destroy", "staging", "--confirm", "staging").ok()
        assert [len(many) for many in cloud.things.values()] == [1, 0, 0, 0]
