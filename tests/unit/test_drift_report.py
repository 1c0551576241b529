"""Drift told from noise, gone from unknown, and never a secret: pure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.drift.adopted import COMPARED, adopted
from formerr_infra.drift.model import Difference, Finding, Item, Report
from formerr_infra.drift.owned import is_gone, owned
from formerr_infra.drift.render import document, markdown, summary
from formerr_infra.drift.values import HIDDEN, at, shown, steps
from formerr_infra.engine import Change
from formerr_infra.holdings import CLUSTER, NODE_POOL, SECRET, SIGNATURE, Resource
from formerr_infra.inventory.facts import Unknown
from formerr_infra.local.standin.catalogue import RESOURCES
from formerr_infra.model import Found
from formerr_infra.naming import own_tags
from formerr_infra.slots import SLOTS

BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
WORD = "hunter2-hunter2"


def resource(kind: str = BALANCER, **fields: Any) -> Resource:
    fields = {"id": "id"} | fields
    return Resource(f"urn:pulumi:s::p::{kind}::one", kind, "one", **fields)


def change(
    paths: dict[str, str], before: dict[str, Any], after: dict[str, Any], op: str = "update"
) -> Change:
    return Change(
        "urn",
        BALANCER,
        "one",
        op,
        keys=tuple(paths),
        detailed=paths,
        outputs_before=before,
        outputs_after=after,
    )


def test_a_property_is_told_with_what_it_was_and_is_under_its_exact_path() -> None:
    rules = {"forwardingRules[0].targetPort": "update"}
    seen = change(
        rules, {"forwardingRules": [{"targetPort": 30080}]}, {"forwardingRules": [{"targetPort": 80}]}
    )
    item, noise = owned(resource(inputs={"forwardingRules": []}), seen)
    assert item.finding is Finding.CHANGED
    assert item.differences == (Difference("forwardingRules[0].targetPort", "30080", "80"),)
    assert noise == ()


def test_a_list_that_became_longer_has_no_value_before() -> None:
    item, _ = owned(resource(), change({"rules[1]": "add"}, {"rules": ["a"]}, {"rules": ["a", "b"]}))
    assert item.differences == (Difference("rules[1]", "", "b"),)


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "before", "after", "why"),
    [
        pytest.param(
            CLUSTER, {"autoUpgrade": True}, "version", "1.34.1-do.0", "1.34.2-do.0", "autoUpgrade", id="upgraded"
        ),
        pytest.param(CLUSTER, {"autoUpgrade": True}, "version", "1.34.2-do.0", "1.34.1-do.0", None, id="lowered"),
        pytest.param(CLUSTER, {"autoUpgrade": True}, "version", "1.34.1-do.0", "1.35.0-do.0", None, id="minor"),
        pytest.param(CLUSTER, {}, "version", "1.34.1-do.0", "1.34.2-do.0", None, id="upgraded-by-somebody"),
        pytest.param(
            NODE_POOL, {"autoScale": True, "minNodes": 3, "maxNodes": 5}, "nodeCount", 3, 5, "between 3 and 5", id="scaled"
        ),
        pytest.param(
            NODE_POOL, {"autoScale": True, "minNodes": 3, "maxNodes": 5}, "nodeCount", 3, 6, None, id="beyond"
        ),
        pytest.param(NODE_POOL, {}, "nodeCount", 3, 5, None, id="scaled-by-somebody"),
        pytest.param(BALANCER, {"tags": ["a", "b"]}, "tags", ["a", "b"], ["b", "a"], "order", id="order-of-a-set"),
        pytest.param(BALANCER, {"tags": ["a", "b"]}, "tags", ["a", "b"], ["b"], None, id="fewer"),
        pytest.param(BALANCER, {"rules": [1, 2]}, "rules", [1, 2], [2, 1], None, id="order-of-a-list"),
        pytest.param(NODE_POOL, {}, "taints", [{"key": "a"}, {"key": "b"}], [{"key": "b"}, {"key": "a"}], "order", id="order-of-taints"),
        pytest.param(BALANCER, {}, "description", None, "", "empty", id="empty-and-missing"),
        pytest.param(BALANCER, {}, "description", None, "by hand", None, id="filled"),
        pytest.param(BALANCER, {}, "ip", "192.0.2.1", "192.0.2.2", "nobody declares", id="told-by-the-cloud"),
        pytest.param(BALANCER, {"size": "a"}, "size", "a", "a", "the same", id="written-differently"),
    ],
)  # fmt: skip
def test_what_is_no_drift_has_its_reason_and_all_else_is_drift(
    kind: str, inputs: dict[str, Any], path: str, before: object, after: object, why: str | None
) -> None:
    seen = change({path: "update"}, {path: before}, {path: after})
    item, noise = owned(resource(kind, inputs=inputs), seen)
    if why is None:
        assert (item.finding, len(item.differences), noise) == (Finding.CHANGED, 1, ())
    else:
        assert (item.finding, item.differences) == (Finding.CLEAN, ())
        assert why in noise[0].reason


def test_an_object_on_a_cluster_has_no_noise_of_the_cloud() -> None:
    one = resource("kubernetes:core/v1:ConfigMap")
    item, noise = owned(one, change({"data.status": "delete"}, {"data": {"status": ""}}, {"data": {}}))
    assert (item.finding, noise) == (Finding.CHANGED, ())


def test_what_the_refresh_did_not_come_to_is_unknown_and_what_is_gone_is_gone() -> None:
    one = resource()
    assert owned(one, None)[0].finding is Finding.CLEAN
    assert owned(one, None, failed="403")[0].finding is Finding.UNKNOWN
    assert owned(one, None, failed="403", gone="404")[0].finding is Finding.GONE
    assert owned(one, change({}, {}, {}, op="delete"))[0].finding is Finding.GONE


def test_an_object_is_gone_with_its_cluster_and_with_nothing_else() -> None:
    cluster, one = resource(CLUSTER), resource("kubernetes:apps/v1:Deployment")
    assert is_gone(one, {("cluster", "id"): None}, [cluster])
    assert not is_gone(one, {("cluster", "id"): Unknown("500")}, [cluster])
    assert not is_gone(one, {}, [cluster])
    assert is_gone(resource(), {("load_balancer", "id"): None}, [])
    assert not is_gone(resource(), {("load_balancer", "id"): Unknown("500")}, [])


# -- what is adopted -----------------------------------------------------------------------------------------

VPC = "digitalocean:index/vpc:Vpc"


def test_what_is_adopted_is_held_against_what_the_last_run_read() -> None:
    one = resource(VPC, external=True, outputs={"name": "a", "ipRange": "10.0.0.0/16", "description": ""})
    live = {"name": "b", "ip_range": "10.0.0.0/16"}
    item = adopted(one, "vpc", Found("id", "b", details=live))
    assert (item.owned, item.finding) == (False, Finding.CHANGED)
    assert item.differences == (Difference("name", "a", "b"),)
    assert adopted(one, "vpc", Found("id", "a", details=live | {"name": "a"})).finding is Finding.CLEAN
    assert adopted(one, "vpc", None).finding is Finding.GONE
    assert adopted(one, "vpc", Unknown("403")).finding is Finding.UNKNOWN


def test_what_was_never_recorded_is_not_compared() -> None:
    one = resource(VPC, external=True, outputs={"name": "a"})
    assert (
        adopted(one, "vpc", Found("id", "a", details={"name": "a", "ip_range": "new"})).finding
        is Finding.CLEAN
    )


def test_tags_that_doks_adds_are_those_that_the_program_leaves_out() -> None:
    tags = ["k8s", "k8s:1", "terraform:default-node-pool", "mine", "k8s-of-mine"]
    one = resource(CLUSTER, external=True, outputs={"tags": ["mine", "k8s-of-mine"]})
    assert adopted(one, "cluster", Found("id", "", details={"tags": tags})).finding is Finding.CLEAN
    assert COMPARED["cluster"]["tags"]({"tags": tags}) == own_tags(tags) == ["mine", "k8s-of-mine"]


def _rule(port: int, target: int) -> dict[str, Any]:
    return {
        "entry_protocol": "http",
        "entry_port": port,
        "target_protocol": "http",
        "target_port": target,
        "tls_passthrough": False,
    }


def _recorded(port: int, target: int) -> dict[str, Any]:
    return {"entryProtocol": "http", "entryPort": port, "targetProtocol": "http", "targetPort": target, "tlsPassthrough": False}  # fmt: skip


def test_the_order_of_an_adopted_balancers_rules_is_no_drift_and_another_rule_is() -> None:
    one = resource(external=True, outputs={"forwardingRules": [_recorded(80, 30080), _recorded(8080, 30081)]})
    other_order = {"forwarding_rules": [_rule(8080, 30081), _rule(80, 30080)]}
    assert adopted(one, "load_balancer", Found("id", "", details=other_order)).finding is Finding.CLEAN
    exchanged = {"forwarding_rules": [_rule(8080, 30080), _rule(80, 30081)]}
    assert adopted(one, "load_balancer", Found("id", "", details=exchanged)).finding is Finding.CHANGED


@pytest.mark.parametrize("path", ["forwardingRules", "forwardingRules[0].entryPort", "forwardingRules[1]"])
def test_the_order_of_an_owned_balancers_rules_is_no_drift_whichever_path_tells_it(path: str) -> None:
    was, now = (
        {"forwardingRules": [_recorded(*ports) for ports in both]}
        for both in (((80, 1), (8080, 2)), ((8080, 2), (80, 1)))
    )
    assert owned(resource(), change({path: "update"}, was, now))[0].finding is Finding.CLEAN
    now["forwardingRules"][0]["targetPort"] = 3
    assert owned(resource(), change({path: "update"}, was, now))[0].finding is Finding.CHANGED


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, paths in COMPARED.items() for path in paths]
)
def test_each_property_that_is_compared_is_one_of_the_providers(kind: str, path: str) -> None:
    """Under another name it would never be in the state, and no change of it noticed."""
    engine_type = next(slot.engine_type for slot in SLOTS if slot.kind == kind)
    assert path in {field.name for field in RESOURCES[engine_type].fields}


# -- values --------------------------------------------------------------------------------------------------


def test_a_path_of_the_engine_is_followed_to_its_value() -> None:
    assert steps('metadata.labels["a.b/c"]') == ["metadata", "labels", "a.b/c"]
    assert steps("spec.containers[0].image") == ["spec", "containers", 0, "image"]
    value = {"metadata": {"labels": {"a.b/c": "x"}}, "spec": {"containers": [{"image": "y"}]}}
    assert at(value, 'metadata.labels["a.b/c"]') == "x"
    assert at(value, "spec.containers[0].image") == "y"
    assert at(value, "spec.containers[1].image") is None
    assert at({"data": HIDDEN}, "data.JWT_SECRET") == HIDDEN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_any_value_is_shown_on_one_line_of_bounded_length(value: Any) -> None:
    text = shown(value, "name")
    assert "\n" not in text
    assert len(text) <= 200


@given(
    JSON, st.sampled_from(["password", "uri", "clientSecret", "slacks", "kubeConfigs", "privateKey", "token"])
)
def test_what_opens_something_is_never_shown_wherever_it_stands(around: Any, name: str) -> None:
    envelope = {SIGNATURE: SECRET, "ciphertext": WORD}
    for value in (
        {"a": [around, {name: WORD}]}, {name: {"deep": [WORD]}}, {"x": envelope}, [envelope], envelope
    ):  # fmt: skip
        assert WORD not in shown(value, "outputs")
    assert shown(WORD, f"connection.{name}") == HIDDEN
    assert shown(WORD, "data.anything", hidden=True) == HIDDEN


def test_the_data_of_a_kubernetes_secret_is_never_shown_even_where_the_engine_does_not_hide_it() -> None:
    one = resource("kubernetes:core/v1:Secret")
    seen = change({"data.word": "update", "type": "update"}, {"data": {"word": WORD}, "type": "a"},
                  {"data": {"word": f"{WORD}2"}, "type": "b"})  # fmt: skip
    item, _ = owned(one, seen)
    assert item.differences == (Difference("data.word", HIDDEN, HIDDEN), Difference("type", "a", "b"))


# -- how it is told ------------------------------------------------------------------------------------------


def report() -> Report:
    def item(label: str, finding: Finding, reason: str = "", **fields: Any) -> Item:
        return Item("u", BALANCER, "1", label, finding=finding, reason=reason, **({"owned": True} | fields))

    return Report(
        "staging",
        (
            item("clean", Finding.CLEAN),
            item(
                "a|b",
                Finding.CHANGED,
                owned=False,
                differences=(Difference("name", "x`y", "<script>\x1b[31m|"),),
            ),
            item("lost", Finding.GONE, "404"),
            item("hidden", Finding.UNKNOWN, "403"),
        ),
    )


def test_every_form_tells_every_finding_and_counts_no_unknown_as_clean() -> None:
    found = report()
    told = document(found)
    assert told["ok"] is False
    assert [one["name"] for one in told["drifted"]] == ["a|b", "lost"]
    assert [one["name"] for one in told["unknown"]] == ["hidden"]
    json.dumps(told)
    assert summary(found).startswith("staging: 4 resources looked at: 1 clean, 1 changed, 1 gone, 1 unknown")
    for word in ("lost", "404", "hidden", "403", "name"):
        assert word in markdown(found)
    only_unknown = Report("staging", found.items[3:])
    assert document(only_unknown)["ok"] is False


def test_markdown_keeps_its_rows_whatever_the_values_are() -> None:
    text = markdown(report())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {6}
    assert "\x1b" not in text
    assert "``x`y``" in text.replace(" ", "")
    assert "`<script>" in text, "as code, so that nothing of it is markup"
