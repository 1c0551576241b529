"""Objects that were on the cluster before: the same question as for the slots, and the same kind of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture
def foreign(stack: Stack, cloud: ControlClient, live: Callable[[], Live]) -> Live:
    """The cluster that the stack will adopt, made by somebody else."""
    there = account.three(cloud)
    cloud.wait_for_kubernetes(there.cluster)
    return live()


def meta(one: dict[str, Any]) -> dict[str, Any]:
    """What changes with each write."""
    return {name: one["metadata"].get(name) for name in ("uid", "resourceVersion", "labels", "annotations")}


def test_a_namespace_that_fits_is_used_and_never_written_to(
    stack: Stack, foreign: Live, live: Callable[[], Live]
) -> None:
    foreign.namespace("formerr", **RESTRICTED, team="web")
    before = meta(foreign.there("Namespace", "formerr", None))
    stack.up().ok()
    assert foreign.available("formerr-backend") == 2
    stack.up().unchanged()
    assert meta(foreign.there("Namespace", "formerr", None)) == before
    stack.destroy().ok()
    left = foreign.there("Namespace", "formerr", None)
    assert meta(left) == before
    assert left["status"]["phase"] == "Active"
    assert foreign.all("Deployment", "formerr") == []
    assert foreign.all("Deployment", "formerr-edge") == []


def test_a_namespace_without_pod_security_is_refused_before_the_first_write(
    stack: Stack, foreign: Live
) -> None:
    foreign.namespace("formerr")
    before = meta(foreign.there("Namespace", "formerr", None))
    stack.up().refused(
        "namespace/formerr", "pod-security.kubernetes.io/enforce=restricted", "namespacePolicy=import"
    )
    assert meta(foreign.there("Namespace", "formerr", None)) == before


def test_a_namespace_is_taken_over_where_the_policy_says_so(stack: Stack, foreign: Live) -> None:
    before = foreign.namespace("formerr")["metadata"]["uid"]
    stack.config(namespacePolicy="import")
    stack.up().ok()
    now = foreign.there("Namespace", "formerr", None)["metadata"]
    assert now["uid"] == before
    assert now["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    stack.up().unchanged()


def test_a_secret_that_is_there_is_refused_and_with_the_policy_gets_every_rotation(
    stack: Stack, foreign: Live, secrets: dict[str, str]
) -> None:
    foreign.namespace("formerr", **RESTRICTED)
    made = foreign.secret("formerr-app-secret", JWT_SECRET="of-somebody-else")
    stack.up().refused("Secret 'formerr-app-secret' in namespace formerr", "applicationPolicy=import")
    assert meta(foreign.there("Secret", "formerr-app-secret")) == meta(made)
    stack.config(applicationPolicy="import")
    stack.up().ok()
    taken = foreign.there("Secret", "formerr-app-secret")
    assert taken["metadata"]["uid"] == made["metadata"]["uid"]
    assert foreign.secret_value("formerr-app-secret", "JWT_SECRET") == secrets["JWT_SECRET"]
    stack.up().unchanged()


def test_what_another_stack_has_on_the_cluster_is_refused_with_that_stack_named(
    stack: Stack, foreign: Live
) -> None:
    foreign.namespace("formerr", **RESTRICTED, **{"formerr.tech/stack": "formerr-infra.production"})
    stack.up().refused("Namespace 'formerr'", "production", "namespaceName")


def test_an_api_server_that_does_not_answer_is_unknown_and_nothing_is_made(
    stack: Stack, foreign: Live, cloud: ControlClient
) -> None:
    (cluster,) = cloud.list("kubernetes_clusters")
    cloud.stop_kubernetes(cluster["id"])
    stack.up().refused("unknown")
    cloud.start_kubernetes(cluster["id"])
    stack.up().ok()


def test_after_a_lost_state_every_object_is_taken_back_without_a_write(
    stack: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    stack.up().ok()
    before = live().versions()
    stack.lose_state()
    step = stack.up().ok()
    assert step.writes == ()
    assert live().versions() == before
    stack.up().unchanged()
    stack.destroy().ok()
    # A registry has no room for a mark, so that it was adopted; all else was this stack's and is gone.
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0) | {"registries": 1}


def test_an_adopted_load_balancer_that_cannot_reach_the_ingress_stops_the_run_before_the_first_write(
    stack: Stack, cloud: ControlClient
) -> None:
    vpc = account.vpc(cloud)
    balancer = account.balancer(cloud, vpc)
    stack.up().refused(balancer, "30080", "loadBalancerPolicy=import")
