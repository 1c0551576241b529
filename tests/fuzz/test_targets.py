"""What is fuzzed takes its seeds, and whatever hypothesis makes of them; the fuzzer itself is `make fuzz`."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

#: Pieces that are put into a seed.
PIECES = (b"null", b"{}", b"[]", b"-1", b"1e400", b'"', b"\0", b"\xff", b"\n", b": ", b"- ", b"&a ", b"*a", b"<<: ", b"!!str ", b"true", b"::", b"$")  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_takes_its_seeds(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_nothing_that_is_made_of_a_seed_does_more_than_answer_or_refuse(
    name: str, data: st.DataObject
) -> None:
    seeds = list(TARGETS[name].seeds())
    made = bytearray(data.draw(st.sampled_from(seeds)))
    chance = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311  (no secret)
    for _ in range(data.draw(st.integers(0, 4))):
        at, piece = chance.randrange(len(made) + 1), chance.choice(PIECES)
        made[at : at + chance.choice((0, 0, 1, len(piece), 40))] = piece
    TARGETS[name].run(bytes(made))
