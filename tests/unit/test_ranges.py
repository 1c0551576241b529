"""What is given to an environment nobody else has: properties of the search for free ranges and ports."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.environments.ranges import PORTS, VPC_PREFIX, free_port, free_range
from formerr_infra.settings.schema import PRIVATE, RESERVED

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)


@st.composite
def networks(draw: st.DrawFn, within: IPv4Network = PRIVATE[0], longest: int = 28) -> IPv4Network:
    """A network inside of another."""
    prefix = draw(st.integers(within.prefixlen, longest))
    size = 1 << (32 - prefix)
    at = draw(st.integers(0, (1 << (prefix - within.prefixlen)) - 1))
    return IPv4Network((int(within.network_address) + at * size, prefix))


ANY = st.sampled_from(PRIVATE).flatmap(lambda pool: networks(within=pool))
SMALL = IPv4Network("10.0.0.0/22")


@given(NAMES, st.integers(16, 28), st.lists(ANY, max_size=40))
def test_a_range_that_is_given_is_private_of_the_size_asked_for_and_overlaps_nothing(
    name: str, prefix: int, taken: list[IPv4Network]
) -> None:
    found = free_range(name, prefix, taken)
    if found is not None:
        assert found.prefixlen == prefix
        assert any(found.subnet_of(pool) for pool in PRIVATE)
        assert not [one for one in (*taken, *RESERVED) if one.overlaps(found)]


@given(NAMES, st.integers(22, 28), st.lists(networks(within=SMALL), max_size=20))
def test_none_is_given_only_where_none_is_free(name: str, prefix: int, taken: list[IPv4Network]) -> None:
    free = [
        one for one in SMALL.subnets(new_prefix=prefix) if not any(one.overlaps(other) for other in taken)
    ]
    assert (free_range(name, prefix, taken, (SMALL,)) in free) if free else True
    assert (free_range(name, prefix, taken, (SMALL,)) is None) == (not free)


@given(st.lists(NAMES, min_size=1, max_size=16, unique=True))
def test_environments_that_are_made_one_after_the_other_never_overlap(names: list[str]) -> None:
    taken: list[IPv4Network] = []
    for name in names:
        found = free_range(name, VPC_PREFIX, taken)
        assert found is not None
        taken.append(found)
    assert not [(a, b) for i, a in enumerate(taken) for b in taken[i + 1 :] if a.overlaps(b)]


def test_those_that_do_not_see_each_other_rarely_ask_for_the_same() -> None:
    """Chosen by name: of a hundred that all see an empty account, hardly any two meet; the first free one is no choice."""
    chosen = {free_range(f"pr-{number}", VPC_PREFIX, ()) for number in range(100)}
    assert len(chosen) >= 97


@given(NAMES, st.lists(ANY, max_size=10))
def test_a_name_is_given_the_same_range_again_where_nothing_changed(
    name: str, taken: list[IPv4Network]
) -> None:
    assert free_range(name, VPC_PREFIX, taken) == free_range(name, VPC_PREFIX, reversed(taken))


@given(NAMES, st.sets(st.sampled_from(PORTS)))
def test_a_port_that_is_given_is_nobodys_and_none_is_given_only_where_none_is_free(
    name: str, taken: set[int]
) -> None:
    found = free_port(name, taken)
    assert (found is None) == (len(taken) == len(PORTS))
    assert found not in taken
    assert found is None or found in PORTS
