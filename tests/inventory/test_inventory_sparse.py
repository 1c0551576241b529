"""A DigitalOcean that says less than the documented one: what it says without a doubt is enough, and no more is read
into it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from formerr_infra.detect import Assessment, assess
from formerr_infra.inventory import Access, Limits, Question
from formerr_infra.inventory.facts import AccountFacts, Unknown
from formerr_infra.inventory.members import members
from formerr_infra.inventory.prices import read_prices
from formerr_infra.ledger import EMPTY
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import MAKES, Outcome
from formerr_infra.settings import from_files
from tests.inventory.liar import HASTY, NAME, TOKEN, Liar, Reply
from tests.support.sparse import VERSION, Shape, Sparse, sparse

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Without the application: no Kubernetes runs behind such an API.
SETTINGS = from_files(CHECKOUT, "staging").model_copy(update={"deploy_application": False})
SHAPES = {
    "all-there-is": Shape(),
    "the-older-registry-only": Shape(newer_list=False),
    "the-older-registry-only-in-other-words": Shape(newer_list=False, framework=True),
    "twenty-on-a-page": Shape(page=20),
    "twenty-on-a-page-without-a-count": Shape(page=20, meta=False),
    "twenty-on-a-page-without-links": Shape(page=20, links=False),
    "twenty-on-a-page-without-either": Shape(page=20, meta=False, links=False),
    "nothing-optional": Shape(optional=False),
    "nothing-optional-in-other-words": Shape(optional=False, framework=True),
    "nulls-and-novelties": Shape(nulls=True),
    "one-request-a-connection": Shape(http="HTTP/1.0"),
    "bodies-in-chunks": Shape(chunked=True),
}


def assessed(cloud: Sparse) -> Assessment:
    seen = assess("staging", SETTINGS, Access(cloud.endpoint, TOKEN, local=True), EMPTY, limits=Limits())
    assert cloud.writes == []
    return seen


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_sparse_api_says_is_enough(shape: Shape) -> None:
    """The load balancer that is there is the 46th of the account."""
    with sparse(shape) as cloud:
        for number in range(45):
            cloud.make("load_balancers", name=f"another-{number}", region="nyc3")
        empty = assessed(cloud)
        assert not empty.refused
        assert not empty.errors
        assert empty.version == VERSION
        assert {one.outcome for one in empty.decisions.values()} <= MAKES

        network = cloud.make("vpcs", name=SETTINGS.vpc_name, region="nyc3", ip_range=SETTINGS.vpc_cidr)["id"]
        pools = [{"name": "pool", "size": "s-2vcpu-4gb", "count": 3}]
        cloud.make(
            "clusters", name=SETTINGS.cluster_name, region="nyc3", version=VERSION, vpc_uuid=network, node_pools=pools
        )  # fmt: skip
        cloud.make("registries", name=SETTINGS.registry_name)
        cloud.make("load_balancers", name=SETTINGS.load_balancer_name, region="nyc3", vpc_uuid=network)
        full = assessed(cloud)
        assert not full.refused
        outcomes = {slot: one.outcome for slot, one in full.decisions.items()}
        assert outcomes == dict.fromkeys(outcomes, Outcome.ADOPT) | {"nodePool": Outcome.OMIT}


def facts(liar: Liar) -> AccountFacts:
    account = liar.look(with_account=True).account
    assert account is not None
    return account


@pytest.mark.parametrize("count", [0, 1, 20, 41])
@pytest.mark.parametrize("paged", [True, False])
def test_droplets_without_a_count_are_counted(liar: Liar, count: int, paged: bool) -> None:
    def answer(path: str) -> Reply:
        number = int(path.split("page=")[-1].split("&")[0]) if paged else 1
        some = range((number - 1) * 20, min(number * 20, count)) if paged else range(count)
        return Reply({"droplets": [{"id": one} for one in some], "links": {}})

    liar.answer = answer
    assert facts(liar).droplets == count


def test_droplets_whose_count_or_list_is_no_such_thing_are_unknown(liar: Liar) -> None:
    bodies: tuple[object, ...] = (
        {"droplets": [], "meta": {"total": "0"}},
        {"droplets": [], "meta": {"total": -1}},
        {"droplets": None},
        {"droplets": [1]},
        {"meta": 1},
        [],
    )
    for body in bodies:
        liar.answer = lambda _path, body=body: Reply(body)  # type: ignore[misc]  # a default binds the loop's value
        droplets = facts(liar).droplets
        assert isinstance(droplets, Unknown)
        assert not droplets.missing


def test_droplets_whose_count_is_left_out_of_meta_are_counted(liar: Liar) -> None:
    for count in (0, 3):
        body = {"droplets": [{"id": one} for one in range(count)], "meta": {}}
        liar.answer = lambda _path, body=body: Reply(body)  # type: ignore[misc]  # a default binds the loop's value
        assert facts(liar).droplets == count


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize("most", [100, 150, 200])
def test_every_size_has_its_price_however_few_come_on_a_page(liar: Liar, most: int, *, meta: bool) -> None:
    slugs = [f"s-{number}" for number in range(150)]

    def answer(path: str) -> Reply:
        if not path.startswith("/v2/sizes"):
            return Reply({"id": "not_found", "message": "no"}, 404)
        number = int(path.split("&page=")[-1])
        shown = slugs[(number - 1) * most : number * most]
        sizes = [{"slug": slug, "price_monthly": 6} for slug in shown]
        return Reply({"sizes": sizes, **({"meta": {"total": len(slugs)}} if meta else {})})

    liar.answer = answer
    sizes = read_prices(Access(liar.endpoint, TOKEN, local=True), limits=HASTY).sizes
    assert not isinstance(sizes, Unknown)
    assert sorted(sizes) == sorted(slugs)


def test_sizes_without_a_price_do_not_end_the_list(liar: Liar) -> None:
    pages = {1: [{"slug": "s-1"}], 2: [{"slug": "s-2", "price_monthly": 6}]}

    def answer(path: str) -> Reply:
        return Reply({"sizes": pages.get(int(path.split("page=")[-1]), []) if "sizes" in path else None})

    liar.answer = answer
    assert read_prices(Access(liar.endpoint, TOKEN, local=True), limits=HASTY).sizes == {"s-2": Decimal(6)}


def test_a_member_of_a_vpc_needs_its_urn_and_a_name_only_where_it_could_be_the_one_that_is_looked_for(
    liar: Liar,
) -> None:
    access = Access(liar.endpoint, TOKEN, local=True)

    def named(*items: Mapping[str, object]) -> object:
        liar.answer = lambda _path: Reply({"members": items, "links": {}, "meta": {"total": len(items)}})
        return members(access, "v-1", limits=HASTY).named

    cluster = {"urn": "do:kubernetes:c-1", "name": NAME}
    droplet = {"urn": "do:droplet:1"}
    assert named(droplet, cluster, {"urn": "do:vpcnatgateway:2", "name": None}) == (("cluster", NAME, "c-1"),)
    for missing in ({"urn": "do:kubernetes:c-1"}, {"urn": "do:loadbalancer:l-1", "name": 1}, {"name": NAME}):
        assert isinstance(named(droplet, missing), Unknown)


@pytest.mark.parametrize(("status", "missing"), [(404, True), (405, True), (403, False), (500, False)])
def test_only_what_is_not_there_is_missing(liar: Liar, status: int, missing: bool) -> None:
    liar.answer = lambda _path: Reply({"detail": "no"}, status)
    seen = facts(liar)
    for fact in (seen.droplets, seen.droplet_limit, seen.kubernetes):
        assert isinstance(fact, Unknown)
        assert fact.missing == missing


@pytest.mark.parametrize("page", [20, 25])
def test_an_api_that_answers_every_page_with_the_same_full_one_is_unknown(liar: Liar, page: int) -> None:
    """A cache that forgets the query; the named one could stand on the page that it never gives."""
    same = [{"id": f"v-{number}", "name": f"n-{number}"} for number in range(page)]
    liar.answer = lambda _path: Reply({"vpcs": same, "links": {}})
    sighting = liar.look(Question("slot", "vpc", (), NAME)).sightings["slot"]
    assert sighting.named is None
    assert sighting.unknown


def test_an_api_without_pages_is_read_once_its_few_come_again(liar: Liar) -> None:
    liar.answer = lambda _path: Reply({"vpcs": [{"id": "v-1", "name": NAME}, {"id": "v-2", "name": "x"}]})
    sighting = liar.look(Question("slot", "vpc", (), NAME)).sightings["slot"]
    assert [found.id for found in sighting.named or ()] == ["v-1"]


NO_PATH = Reply(b"<html>not here</html>", 404)
NO_REGISTRY = Reply({"id": "not_found", "message": "registry not found"}, 404)


@pytest.mark.parametrize("newer", [NO_PATH, Reply({"registries": None})], ids=["no-path", "null"])
@pytest.mark.parametrize(
    ("older", "seen"),
    [
        pytest.param(Reply({"registry": {"name": NAME}}), (NAME,), id="one"),
        pytest.param(NO_REGISTRY, (), id="none"),
        pytest.param(NO_PATH, None, id="no-path"),
        pytest.param(Reply({}, 403), None, id="forbidden"),
    ],
)
def test_that_the_newer_list_of_registries_is_not_there_says_nothing_of_registries(
    liar: Liar, newer: Reply, older: Reply, seen: tuple[str, ...] | None
) -> None:
    liar.answer = lambda path: newer if path.startswith("/v2/registries") else older
    sighting = liar.look(Question("slot", "registry", (), NAME), limits=HASTY).sightings["slot"]
    assert bool(sighting.unknown) == (seen is None)
    assert (None if sighting.named is None else tuple(found.id for found in sighting.named)) == seen
