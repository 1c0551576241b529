"""What a state knows of, as it is live: gone is only what the account says is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.drift.model import Finding
from formerr_infra.drift.run import look
from formerr_infra.engine import Preview
from formerr_infra.holdings import CLUSTER, NODE_POOL, Resource
from formerr_infra.inventory import Access, Limits
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.whole import everything
from formerr_infra.model import Found
from formerr_infra.standing import alive
from tests.inventory.liar import TOKEN, Liar, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A busy machine makes nothing unknown here.
PATIENT = Limits(pause=0.01)
RECORD = "digitalocean:index/dnsRecord:DnsRecord"
REGISTRY = "digitalocean:index/containerRegistry:ContainerRegistry"
POOLS = [{"id": "p-1", "name": "workers"}, {"id": "p-2", "name": "more"}]


def pool(identity: str = "p-1", **where: Any) -> Resource:
    return Resource(
        f"urn:{identity}", NODE_POOL, "pool", identity, **(where or {"inputs": {"clusterId": "c-1"}})
    )


CLUSTER_IN_STATE = Resource("urn:c-1", CLUSTER, "cluster", "c-1")


def standing(liar: Liar, answer: Reply, *resources: Resource) -> dict[tuple[str, str], Any]:
    """What is said to be live where everything that is asked for gets this answer."""
    liar.answer = lambda path: answer
    return alive(Access(liar.endpoint, TOKEN, local=True), resources, "staging", limits=PATIENT)


def cluster(**fields: Any) -> Reply:
    return Reply({"kubernetes_cluster": {"id": "c-1", "name": "c", "status": {"state": "running"}} | fields})


@pytest.mark.parametrize("known", [True, False], ids=["with-its-cluster", "without-its-cluster"])
@pytest.mark.parametrize(
    ("answer", "how"),
    [
        pytest.param(cluster(node_pools=POOLS), Found, id="told"),
        pytest.param(cluster(node_pools=POOLS[1:]), type(None), id="not-among-those-told"),
        pytest.param(Reply({"id": "not_found", "message": "no"}, 404), type(None), id="its-cluster-is-gone"),
        pytest.param(Reply({"id": "forbidden", "message": "no"}, 403), Unknown, id="its-cluster-is-unknown"),
        pytest.param(cluster(), Unknown, id="its-cluster-tells-none"),
    ],
)
def test_a_pool_is_gone_only_where_its_cluster_says_so_whether_or_not_the_state_holds_the_cluster(
    liar: Liar, answer: Reply, how: type, known: bool
) -> None:
    seen = standing(liar, answer, pool(), *([CLUSTER_IN_STATE] if known else []))
    assert isinstance(seen["node_pool", "p-1"], how)
    assert {path for _, path, _ in liar.asked} == {"/v2/kubernetes/clusters/c-1"}


@pytest.mark.parametrize("where", [{"inputs": {}}, {"outputs": {"clusterId": {"secret": "x"}}}])
def test_a_pool_that_tells_no_cluster_is_unknown_and_nothing_is_asked(
    liar: Liar, where: dict[str, Any]
) -> None:
    seen = standing(liar, cluster(node_pools=[]), pool(**where))
    assert isinstance(seen["node_pool", "p-1"], Unknown)
    assert liar.asked == []


def test_a_pools_cluster_is_known_from_its_outputs_where_its_inputs_do_not_tell(liar: Liar) -> None:
    seen = standing(liar, cluster(node_pools=POOLS), pool(outputs={"clusterId": "c-1"}))
    assert isinstance(seen["node_pool", "p-1"], Found)


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (Reply({"registry": {"name": "r"}}), Found),
        (Reply({"id": "not_found", "message": "no"}, 404), type(None)),
        (Reply({"id": "forbidden", "message": "no"}, 403), Unknown),
    ],
)
def test_what_the_inventory_can_see_is_there_gone_or_unknown(liar: Liar, answer: Reply, how: type) -> None:
    one = Resource("urn:r", REGISTRY, "registry", "r")
    on_cluster = Resource("urn:s", "kubernetes:core/v1:Secret", "secret", "a/b")
    seen = standing(liar, answer, one, on_cluster)
    assert list(seen) == [("registry", "r")]
    assert isinstance(seen["registry", "r"], how)


def test_what_was_replaced_and_what_replaced_it_are_asked_for_each_though_they_share_a_urn(
    liar: Liar,
) -> None:
    """The old one waits for its deletion; neither is gone because the other was asked for too."""
    old, new = (
        Resource("urn:r", REGISTRY, "registry", name, doomed=name == "old") for name in ("old", "new")
    )
    liar.answer = lambda path: Reply({"registry": {"name": path.rsplit("/", 1)[1]}})
    for both in ((old, new), (new, old)):
        seen = alive(Access(liar.endpoint, TOKEN, local=True), both, "staging", limits=PATIENT)
        assert [type(one) for one in seen.values()] == [Found, Found]


def test_a_part_of_another_thing_is_asked_for_below_it(liar: Liar) -> None:
    record = Resource("urn:r", RECORD, "record", "12", inputs={"domain": "some.example"})
    raw = {"id": 12, "name": "api", "type": "A", "data": "192.0.2.1"}
    seen = standing(liar, Reply({"domain_record": raw}), record)
    assert isinstance(seen["record", "12"], Found)
    assert [path for _, path, _ in liar.asked] == ["/v2/domains/some.example/records/12"]


class Nothing:
    """An engine whose refresh finds nothing different."""

    def refresh(self, *, preview_only: bool, state: Mapping[str, Any] | None = None) -> Preview:
        assert preview_only
        assert state
        return Preview(())


def test_adopted_objects_without_a_cluster_to_ask_are_unknown_and_not_gone(liar: Liar) -> None:
    one = {
        "urn": "urn:pulumi:staging::p::kubernetes:core/v1:Namespace::namespace/formerr",
        "type": "kubernetes:core/v1:Namespace",
        "custom": True,
        "id": "formerr",
        "external": True,
    }
    access = Access(liar.endpoint, TOKEN, local=True)
    report = look({"deployment": {"resources": [one]}}, lambda _: Nothing(), access, "staging")
    assert [item.finding for item in report.items] == [Finding.UNKNOWN]


@pytest.mark.parametrize(
    ("reply", "missing"),
    [
        (Reply({"id": "not_found", "message": "no"}, 404), True),
        (Reply(b"<html>not here</html>", 404), True),
        (Reply({"id": "method_not_allowed", "message": "no"}, 405), True),
        (Reply({"id": "forbidden", "message": "no"}, 403), False),
        (Reply({"id": "server_error", "message": "no"}, 500), False),
        (Reply({"volumes": "none"}), False),
    ],
)
def test_a_list_that_the_api_does_not_have_is_told_from_one_that_could_not_be_read(
    liar: Liar, reply: Reply, *, missing: bool
) -> None:
    liar.answer = lambda path: reply
    seen = everything(Access(liar.endpoint, TOKEN, local=True), ["volume"], limits=PATIENT)["volume"]
    assert isinstance(seen, Unknown)
    assert seen.missing is missing
