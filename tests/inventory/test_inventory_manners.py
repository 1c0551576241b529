"""What is decided follows from what an API says, not from how it says it: order, links, pages, blanks, unknown fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from formerr_infra.detect import assess
from formerr_infra.inventory import Access, Limits
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.leftovers import associated
from formerr_infra.ledger import EMPTY
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import MAKES, Outcome
from formerr_infra.settings import from_files
from formerr_infra.settings.application import DatabaseMode
from tests.inventory.liar import TOKEN, Liar, Reply
from tests.support.manners import WORDS, Manners, mannered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from formerr_infra.model import Decision
    from tests.support.manners import Proxy

ZONE = "formerr.dev"
SETTINGS = from_files(CHECKOUT, "staging").model_copy(
    update={
        "deploy_application": False,
        "account_services": True,
        "database_mode": DatabaseMode.MANAGED,
        "domain": ZONE,
        "alert_emails": ("ops@formerr.dev",),
        "project_name": "formerr",
    }
)
#: What an API may well not have: an older or newer way to ask the same, or what is only asked to warn.
SPARE = (
    r"/v2/registries",
    r"/v2/registries/subscription",
    r"/v2/registry/subscription",
    r"/v2/kubernetes/options",
    r"/v2/droplets",
    r"/v2/vpcs/[^/]+/members",
)
#: One of them must be there: a plan that is not known is never taken for none.
TIERS = {r"/v2/registries/subscription", r"/v2/registry/subscription"}
MANNERS = st.builds(
    Manners,
    page=st.sampled_from((1, 7, 20, 200)),
    links=st.sampled_from((None, "elsewhere", "relative", "empty", "missing", "null")),
    meta=st.booleans(),
    turned=st.booleans(),
    novel=st.booleans(),
    lean=st.booleans(),
    blank=st.sampled_from((None, "null", "missing")),
    absent=st.lists(st.sampled_from(SPARE), unique=True, max_size=3).filter(lambda absent: not set(absent) >= TIERS).map(tuple),
    status=st.sampled_from((404, 405, 501)),
    words=st.sampled_from(WORDS),
    plain=st.booleans(),
)  # fmt: skip


@pytest.fixture(scope="module", name="proxy")
def _proxy(server: EmulatorServer) -> Iterator[Proxy]:
    with mannered(server.endpoint, Manners()) as running:
        yield running


@pytest.fixture
def filled(control: ControlClient) -> None:
    """An account with one of everything that the stack looks for, and others before and after it."""
    put: Any = lambda kind, **fields: control.put(kind, token=TOKEN, **fields)  # noqa: E731 - short on purpose
    control.seed("load_balancers", 23, token=TOKEN, name="another-{n}", region="nyc3")
    network = put("vpcs", name=SETTINGS.vpc_name, region="nyc3", ip_range=SETTINGS.vpc_cidr)["id"]
    where = {"region": "nyc3", "vpc_uuid": network}
    put(
        "kubernetes_clusters",
        name=SETTINGS.cluster_name,
        node_pools=[{"name": "p", "size": "s-2vcpu-4gb", "count": 2}],
        **where,
    )
    put("registries", name=SETTINGS.registry_name)
    balancer = put("load_balancers", name=SETTINGS.load_balancer_name, **where)
    put("projects", name="formerr", description="")
    place = {"region": "nyc3", "private_network_uuid": network}
    put("databases", name=SETTINGS.database_name, status="online", engine="pg", version="15", **place)
    put("domains", name=ZONE)
    for host in ("staging", "api.staging"):
        put("domain_records", domain=ZONE, name=host, type="A", data=balancer["ip"])
    put("uptime_checks", name=f"{SETTINGS.name_prefix}-uptime")
    control.seed("vpcs", 4, token=TOKEN, name="later-{n}", region="nyc3")


def decided(proxy: Proxy, manners: Manners) -> dict[str, Decision]:
    proxy.manners = manners
    seen = assess(
        "staging", SETTINGS, Access(proxy.endpoint, TOKEN, local=True), EMPTY, limits=Limits(pause=0.01)
    )
    assert not [finding for finding in seen.errors if "unknown" in str(finding)]
    return dict(seen.decisions)


def shape(decisions: dict[str, Decision]) -> dict[str, tuple[Outcome, str | None]]:
    return {slot: (one.outcome, one.id) for slot, one in decisions.items()}


SAME = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LEAST = Manners(page=1, links="missing", meta=False, lean=True, blank="missing", absent=SPARE[:1], status=501)


@SAME
@given(manners=MANNERS)
@example(manners=LEAST)
@example(manners=Manners(page=7, links="elsewhere", turned=True, novel=True, blank="null", plain=True))
def test_a_full_account_is_adopted_in_whatever_manners_it_answers(
    proxy: Proxy, filled: None, manners: Manners
) -> None:
    plain = shape(decided(proxy, Manners()))
    assert {slot for slot, (outcome, _) in plain.items() if outcome is Outcome.REFUSE} == set()
    assert plain["vpc"][0] is plain["database"][0] is Outcome.ADOPT
    assert shape(decided(proxy, manners)) == plain


@SAME
@given(manners=MANNERS)
@example(manners=LEAST)
def test_an_empty_account_gets_everything_in_whatever_manners_it_answers(
    proxy: Proxy, control: ControlClient, manners: Manners
) -> None:
    found = decided(proxy, manners)
    for slot in ("vpc", "cluster", "nodePool", "registry", "loadBalancer", "project"):
        assert found[slot].outcome in MAKES


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("words", WORDS)
def test_an_api_that_tells_nothing_of_what_a_cluster_made_tells_of_nothing_that_it_made(
    liar: Liar, status: int, words: dict[str, str]
) -> None:
    """As long as it tells of the cluster: a proxy in between that answers so would answer so to that too."""

    def answer(path: str) -> Reply:
        if path.endswith("/destroy_with_associated_resources"):
            return Reply(words, status)
        return Reply({"kubernetes_cluster": {"id": "c-1", "name": "c"}})

    liar.answer = answer
    assert associated(Access(liar.endpoint, TOKEN, local=True), "c-1") == ()
    liar.answer = lambda _path: Reply({"detail": "Not Found"}, status)
    assert isinstance(associated(Access(liar.endpoint, TOKEN, local=True), "c-1"), Unknown)
    liar.answer = lambda _path: Reply({"id": "not_found", "message": "no"}, 404)
    assert associated(Access(liar.endpoint, TOKEN, local=True), "c-1") is None
