"""Objects on the cluster: the same question as for the slots, whoever is there and whatever the state holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.application import key, manifests
from formerr_infra.application.kinds import Reference
from formerr_infra.elsewhere import none_elsewhere
from formerr_infra.inventory.facts import Unknown
from formerr_infra.ledger import Standing
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import Code, Decision, Held, Holding, Outcome, Policy
from formerr_infra.naming import LABEL_STACK, PROJECT, stack_label
from formerr_infra.objects import APPLICATION, ENFORCE, Looked, decide_objects, summary, to_ask
from formerr_infra.planning import application_plan
from formerr_infra.settings import from_files

SETTINGS = from_files(CHECKOUT, "staging")
CLUSTER = Decision("cluster", Outcome.KEEP, "3", "alive", id="k-1")
NEW = Decision("cluster", Outcome.CREATE, "17", "none")
SLOTS = {
    name: Decision(name, Outcome.KEEP, "3", "alive", id=name)
    for name in ("vpc", "registry", "loadBalancer", "cluster", "nodePool")
}
MANIFESTS = manifests(application_plan("staging", SETTINGS, SLOTS, "1.34.1-do.0"))
BY_KEY = {key(one): one for one in MANIFESTS}
SECRET, NAMESPACE, DEPLOYMENT = (
    "secret/formerr/formerr-app-secret",
    "namespace/formerr",
    "deployment/formerr/formerr-backend",
)
MARKS = {
    "ours": {LABEL_STACK: stack_label(PROJECT, "staging")},
    "other": {LABEL_STACK: stack_label(PROJECT, "production")},
    "unmarked": {},
}


def live(name: str, mark: str = "unmarked", **labels: str) -> dict[str, Any]:
    """The object as the API server has it, with that mark."""
    one = BY_KEY[name]
    return one | {"metadata": one["metadata"] | {"labels": MARKS[mark] | labels}}


def decided(
    held: dict[str, Held] | None = None,
    cluster: Decision = CLUSTER,
    settings: Any = SETTINGS,
) -> dict[str, Decision]:
    """Everything decided, on a cluster where nothing is there."""
    answers: dict[str, Any] = dict.fromkeys(BY_KEY)
    return decide_objects(MANIFESTS, held or {}, cluster, Looked(answers), settings, "staging")


def one(name: str, found: Any, settings: Any = SETTINGS, held: Held | None = None) -> Decision:
    """The decision for one object that is there like this, all others absent."""
    answers = dict.fromkeys(BY_KEY) | {name: found}
    known = {name: held} if held else {}
    return decide_objects(MANIFESTS, known, CLUSTER, Looked(answers), settings, "staging")[name]


def test_on_a_new_cluster_everything_is_made_and_nothing_asked_for() -> None:
    held = {SECRET: Held(Holding.MANAGED, "formerr/formerr-app-secret")}
    assert to_ask(MANIFESTS, held, NEW) == {}
    assert {found.outcome for found in decided(held, NEW).values()} == {Outcome.CREATE}


def test_what_the_state_holds_on_a_kept_cluster_is_kept_and_not_asked_for() -> None:
    held = {SECRET: Held(Holding.MANAGED, "formerr/formerr-app-secret")}
    assert SECRET not in to_ask(MANIFESTS, held, CLUSTER)
    assert len(to_ask(MANIFESTS, held, CLUSTER)) == len(MANIFESTS) - 1
    assert one(SECRET, Unknown("nobody asked"), held=held[SECRET]).outcome is Outcome.KEEP


@pytest.mark.parametrize(
    ("mark", "policy", "outcome", "code"),
    [
        ("ours", Policy.AUTO, Outcome.IMPORT, None),
        ("other", Policy.AUTO, Outcome.REFUSE, Code.OWNED_BY_OTHER),
        ("other", Policy.IMPORT, Outcome.REFUSE, Code.OWNED_BY_OTHER),
        ("unmarked", Policy.AUTO, Outcome.REFUSE, Code.EXISTS),
        ("unmarked", Policy.CREATE, Outcome.REFUSE, Code.EXISTS),
        ("unmarked", Policy.IMPORT, Outcome.IMPORT, None),
    ],
)
def test_a_secret_that_is_there_is_decided_by_its_mark_and_the_policy(
    mark: str, policy: Policy, outcome: Outcome, code: Code | None
) -> None:
    settings = SETTINGS.model_copy(update={"application_policy": policy})
    found = one(SECRET, live(SECRET, mark), settings)
    assert (found.outcome, found.code) == (outcome, code)
    if code is Code.EXISTS:
        assert "applicationPolicy=import" in found.settle


def test_what_nobody_asked_about_is_unknown_and_never_made() -> None:
    found = decide_objects(MANIFESTS, {}, CLUSTER, Looked(), SETTINGS, "staging")
    assert {one.code for one in found.values()} == {Code.UNKNOWN}


@pytest.mark.parametrize("name", [NAMESPACE, SECRET])
def test_another_stacks_object_is_taken_over_only_with_the_word_for_it(name: str) -> None:
    policies = {"application_policy": Policy.IMPORT, "namespace_policy": Policy.IMPORT}
    for words, outcome in (
        ((), Outcome.REFUSE),
        (("cluster",), Outcome.REFUSE),
        ((APPLICATION,), Outcome.IMPORT),
    ):
        settings = SETTINGS.model_copy(update=policies | {"take_over": words})
        assert one(name, live(name, "other"), settings).outcome is outcome


def test_an_adopted_object_that_is_gone_is_refused_and_one_that_is_there_is_adopted_again() -> None:
    held = Held(Holding.ADOPTED, "formerr")
    assert one(NAMESPACE, None, held=held).code is Code.ADOPTED_GONE
    there = live(NAMESPACE, **{ENFORCE: "restricted"})
    assert one(NAMESPACE, there, held=held).outcome is Outcome.ADOPT


def test_the_policy_of_the_namespace_is_about_the_applications_own_and_no_other() -> None:
    (other,) = (name for name, made in BY_KEY.items() if made["kind"] == "Namespace" and name != NAMESPACE)
    adopt = SETTINGS.model_copy(update={"namespace_policy": Policy.ADOPT})
    assert one(NAMESPACE, None, adopt).code is Code.NOT_FOUND
    assert one(other, None, adopt).outcome is Outcome.CREATE


def test_with_import_what_is_absent_is_made() -> None:
    settings = SETTINGS.model_copy(
        update={"application_policy": Policy.IMPORT, "namespace_policy": Policy.IMPORT}
    )
    assert {found.outcome for found in decided(settings=settings).values()} == {Outcome.CREATE}


@pytest.mark.parametrize(
    ("labels", "policy", "outcome"),
    [
        ({ENFORCE: "restricted"}, Policy.AUTO, Outcome.ADOPT),
        ({ENFORCE: "baseline"}, Policy.AUTO, Outcome.REFUSE),
        ({}, Policy.ADOPT, Outcome.REFUSE),
        ({}, Policy.IMPORT, Outcome.IMPORT),
        ({ENFORCE: "restricted"}, Policy.CREATE, Outcome.REFUSE),
    ],
)
def test_a_namespace_is_used_only_if_it_enforces_the_restricted_standard(
    labels: dict[str, str], policy: Policy, outcome: Outcome
) -> None:
    settings = SETTINGS.model_copy(update={"namespace_policy": policy})
    assert one(NAMESPACE, live(NAMESPACE, **labels), settings).outcome is outcome


@pytest.mark.parametrize("name", [NAMESPACE, SECRET])
@pytest.mark.parametrize("mark", ["ours", "unmarked"])
def test_what_is_being_deleted_is_waited_for(name: str, mark: str) -> None:
    there = live(name, mark, **{ENFORCE: "restricted"})
    there["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    settings = SETTINGS.model_copy(update={"application_policy": Policy.IMPORT})
    found = one(name, there, settings)
    assert found.code is Code.DOES_NOT_FIT
    assert "wait until it is gone" in found.settle


def test_a_deployment_with_another_selector_is_not_taken_over() -> None:
    there = live(DEPLOYMENT)
    there = there | {"spec": there["spec"] | {"selector": {"matchLabels": {"app": "theirs"}}}}
    settings = SETTINGS.model_copy(update={"application_policy": Policy.IMPORT})
    found = one(DEPLOYMENT, there, settings)
    assert found.code is Code.DOES_NOT_FIT
    assert "spec.selector" in found.reason
    assert "delete" in found.settle


def test_a_managed_namespace_is_released_and_an_adopted_one_taken_over_by_the_policy() -> None:
    adopt = SETTINGS.model_copy(update={"namespace_policy": Policy.ADOPT})
    held = Held(Holding.MANAGED, "formerr")
    assert one(NAMESPACE, None, adopt, held).outcome is Outcome.RELEASE
    taken = SETTINGS.model_copy(update={"namespace_policy": Policy.IMPORT})
    assert one(NAMESPACE, live(NAMESPACE), taken, Held(Holding.ADOPTED, "formerr")).outcome is Outcome.IMPORT


def test_what_the_state_marks_for_replacement_is_replaced_but_never_what_keeps_data() -> None:
    marked = "urn:pulumi:staging::formerr-infra::t::name"
    again = one(DEPLOYMENT, None, held=Held(Holding.MANAGED, "formerr/formerr-backend", tainted=marked))
    assert (again.outcome, again.replaces) == (Outcome.KEEP, True)
    assert "1 of them replaced" in summary({DEPLOYMENT: again}, CLUSTER).reason
    kept = one(NAMESPACE, None, held=Held(Holding.MANAGED, "formerr", tainted=marked))
    assert (kept.outcome, kept.code) == (Outcome.REFUSE, Code.WOULD_REPLACE)
    assert kept.settle == f"pulumi state untaint '{marked}'."


def test_a_renamed_one_is_not_taken_in_while_the_engine_would_delete_it() -> None:
    types = f"formerr:application:Application${Reference.of(BY_KEY[SECRET]).engine_type}"
    urn = f"urn:pulumi:staging::formerr-infra::{types}::renamed"
    renamed = Standing(urn, types, "renamed", "formerr/formerr-app-secret")
    taken = decided() | {SECRET: one(SECRET, live(SECRET, "ours"))}
    found = none_elsewhere(MANIFESTS, taken, [renamed])
    assert taken[SECRET].outcome is Outcome.IMPORT
    assert [name for name, decision in found.items() if decision.outcome is Outcome.REFUSE] == [SECRET]
    assert found[SECRET].settle == f"pulumi state rename '{urn}' {SECRET}."


@given(
    seen=st.fixed_dictionaries(
        {
            name: st.sampled_from([None, "unknown", "ours", "other", "unmarked"])
            for name in (NAMESPACE, SECRET, DEPLOYMENT)
        }
    ),
    application=st.sampled_from([Policy.AUTO, Policy.CREATE, Policy.IMPORT]),
    namespace=st.sampled_from(list(Policy)),
)
def test_nothing_that_is_there_is_made_again_and_nothing_unmarked_is_taken_over_unasked(
    seen: dict[str, str | None], application: Policy, namespace: Policy
) -> None:
    settings = SETTINGS.model_copy(update={"application_policy": application, "namespace_policy": namespace})
    answers: dict[str, Any] = dict.fromkeys(BY_KEY)
    for name, how in seen.items():
        answers[name] = None if how is None else Unknown("why") if how == "unknown" else live(name, how)
    for name, found in decide_objects(MANIFESTS, {}, CLUSTER, Looked(answers), settings, "staging").items():
        how = seen.get(name)
        asked = namespace if BY_KEY[name]["kind"] == "Namespace" else application
        if how == "unknown":
            assert found.code is Code.UNKNOWN
        if how is not None:
            assert found.outcome is not Outcome.CREATE
        if how == "unmarked" and asked is not Policy.IMPORT:
            assert found.outcome in (Outcome.REFUSE, Outcome.ADOPT)
        if how == "other" and asked is not Policy.ADOPT:
            assert found.outcome is Outcome.REFUSE
        if found.outcome is Outcome.REFUSE:
            assert found.settle


def test_one_row_stands_for_all_and_a_refusal_is_not_hidden_in_it() -> None:
    found = decided() | {SECRET: one(SECRET, live(SECRET))}
    row = summary(found, CLUSTER)
    assert (row.slot, row.outcome, row.code) == (APPLICATION, Outcome.REFUSE, Code.EXISTS)
    assert f"{len(MANIFESTS)} objects" in row.reason
    assert summary(decided(), CLUSTER).outcome is Outcome.CREATE


def test_a_refused_cluster_decides_nothing_about_what_is_on_it() -> None:
    refused = Decision("cluster", Outcome.REFUSE, "1", "unknown")
    assert decided(cluster=refused) == {}
    assert to_ask(MANIFESTS, {}, refused) == {}
    assert summary({}, refused).outcome is Outcome.OMIT
