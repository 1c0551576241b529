"""Every object, sent to a real API server that enforces Pod Security, quotas and limits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.application import Environment, Plan, logical_name
from formerr_infra.application.kinds import Reference
from formerr_infra.naming import LABEL_STACK
from tests.support.kube import workloads
from tests.support.live import eventually
from tests.support.planes import one_cluster
from tests.support.plans import beside, changed, objects, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

Json = dict[str, Any]
APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}
pytestmark = [
    pytest.mark.serial,
    pytest.mark.slow,
    pytest.mark.may_skip("the programs of a control plane are not on this machine"),
]


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    """The API server of a cluster with three nodes."""
    with one_cluster(size="s-4vcpu-8gb", count=3) as client:
        yield client


def apply(api: httpx.Client, manifest: Json, *, dry: bool = False) -> httpx.Response:
    query = {"fieldManager": "test", "fieldValidation": "Strict", "force": "true"}
    return api.patch(
        Reference.of(manifest).path,
        params=query | ({"dryRun": "All"} if dry else {}),
        json=manifest,
        headers=APPLY,
    )


@pytest.fixture(scope="module")
def applied(api: httpx.Client) -> list[Json]:
    """The staging plan, all of it, in its order."""
    made = objects(plan())
    for manifest in made:
        answer = apply(api, manifest)
        assert answer.is_success, f"{logical_name(manifest)}: {answer.text}"
        assert "warning" not in answer.headers, f"{logical_name(manifest)}: {answer.headers['warning']}"
    return made


def status(api: httpx.Client, manifest: Json) -> Json:
    found: Json = api.get(Reference.of(manifest).path).raise_for_status().json()
    return found


def settled(api: httpx.Client, manifest: Json) -> bool:
    """Whether a Deployment or StatefulSet has all its pods, all of them new and ready."""
    live = status(api, manifest)
    wanted, now = live["spec"]["replicas"], live.get("status", {})
    counts = [now.get(name) for name in ("replicas", "readyReplicas", "updatedReplicas")]
    return counts == [wanted] * 3 and bool(now["observedGeneration"] == live["metadata"]["generation"])


def all_settle(api: httpx.Client, made: list[Json]) -> None:
    eventually(lambda: all(settled(api, one) for one in made), seconds=180)


def of_kinds(made: list[Json], *kinds: str) -> list[Json]:
    return [one for one in made if one["kind"] in kinds]


def test_everything_is_accepted_and_becomes_ready(api: httpx.Client, applied: list[Json]) -> None:
    """Without a warning: the API server gives one for every pod that Pod Security would not take."""
    all_settle(api, of_kinds(applied, "Deployment", "StatefulSet"))


def test_a_second_stack_stands_beside_the_first_and_changes_nothing_of_it(
    api: httpx.Client, applied: list[Json]
) -> None:
    before = [status(api, one)["metadata"]["generation"] for one in of_kinds(applied, "Deployment")]
    second = objects(beside(plan(), "pr-9"))
    for manifest in second:
        answer = apply(api, manifest)
        assert answer.is_success, f"{logical_name(manifest)}: {answer.text}"
        assert "warning" not in answer.headers, f"{logical_name(manifest)}: {answer.headers['warning']}"
    for manifest in [*applied, *second]:
        labels = status(api, manifest)["metadata"]["labels"]
        assert labels[LABEL_STACK] == manifest["metadata"]["labels"][LABEL_STACK], logical_name(manifest)
    assert [status(api, one)["metadata"]["generation"] for one in of_kinds(applied, "Deployment")] == before
    # The application of the second is not kept: the tests below count what the nodes can take.
    for manifest in of_kinds(second, "Namespace"):
        api.delete(Reference.of(manifest).path).raise_for_status()


@pytest.mark.parametrize("environment", Environment)
def test_the_other_forms_are_accepted_too(
    api: httpx.Client, applied: list[Json], environment: Environment
) -> None:
    """With TLS, a managed database and a metrics-server: tried, not kept."""
    for manifest in objects(changed(plan(environment, tls=True), metrics_server=True)):
        answer = apply(api, manifest, dry=True)
        assert answer.is_success, f"{logical_name(manifest)}: {answer.text}"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("privileged", True),
        ("allowPrivilegeEscalation", True),
        ("runAsNonRoot", False),
        ("runAsUser", 0),
        ("capabilities", {"add": ["NET_ADMIN"]}),
        ("seccompProfile", {"type": "Unconfined"}),
    ],
)
def test_a_pod_that_is_not_restricted_is_refused(
    api: httpx.Client, applied: list[Json], place: str, value: Any
) -> None:
    for manifest, template in workloads(applied):
        spec = template["spec"] | {"restartPolicy": "Never"}
        main = spec["containers"][0]
        wrong = main | {"securityContext": main["securityContext"] | {place: value}}
        where = f"/api/v1/namespaces/{manifest['metadata']['namespace']}/pods"
        for containers, taken in (([main], True), ([wrong], False)):
            pod = {"metadata": {"generateName": "try-"}, "spec": spec | {"containers": containers}}
            pod["spec"]["volumes"] = [*spec.get("volumes", []), *_claims(manifest)]
            answer = api.post(where, params={"dryRun": "All"}, json=pod)
            assert answer.is_success is taken, f"{logical_name(manifest)}: {answer.text}"
            assert taken or "violates PodSecurity" in answer.text or "privileged" in answer.text


def _claims(manifest: Json) -> list[Json]:
    """What a StatefulSet would put in the place of its claims."""
    return [
        {"name": claim["metadata"]["name"], "emptyDir": {}}
        for claim in manifest["spec"].get("volumeClaimTemplates", [])
    ]


def test_no_service_can_make_a_load_balancer(api: httpx.Client, applied: list[Json]) -> None:
    for namespace in ("formerr", "formerr-edge"):
        service = {
            "metadata": {"name": "sneaky"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "x"}},
        }
        answer = api.post(f"/api/v1/namespaces/{namespace}/services", json=service)
        assert answer.status_code == 403
        assert "exceeded quota" in answer.text
        assert "requested: services.loadbalancers=1" in answer.text


def test_everything_at_its_largest_rolls_within_the_quota(api: httpx.Client, applied: list[Json]) -> None:
    """All pods of both applications and of the way in at once, while one more of each comes: nothing is held up."""
    of: Plan = plan()
    deployments = of_kinds(applied, "Deployment")
    for scaler in of_kinds(applied, "HorizontalPodAutoscaler"):
        at = Reference.of(scaler).path
        patch = {"spec": {"minReplicas": scaler["spec"]["maxReplicas"]}}
        api.patch(at, json=patch, headers=MERGE).raise_for_status()
    for deployment in deployments:
        most = {"formerr-backend": of.backend.replicas_max, "formerr-frontend": of.frontend.replicas_max}
        wanted = most.get(deployment["metadata"]["name"], of.edge.replicas)
        patch = {"spec": {"replicas": wanted}}
        api.patch(Reference.of(deployment).path, json=patch, headers=MERGE).raise_for_status()
    all_settle(api, deployments)
    again: Json = {"spec": {"template": {"metadata": {"annotations": {"formerr.tech/test": "rolled"}}}}}
    for deployment in deployments:
        api.patch(Reference.of(deployment).path, json=again, headers=MERGE).raise_for_status()
    all_settle(api, deployments)
    for namespace in ("formerr", "formerr-edge"):
        events = api.get(f"/api/v1/namespaces/{namespace}/events").raise_for_status().json()["items"]
        refused = [one["message"] for one in events if "exceeded quota" in one.get("message", "")]
        assert [text for text in refused if "sneaky" not in text] == []


def test_a_drain_of_every_node_is_never_blocked(api: httpx.Client, applied: list[Json]) -> None:
    """Each pod evicted once, as a drain does: a budget may say "later", and not for ever."""
    budgets = of_kinds(applied, "PodDisruptionBudget")
    eventually(lambda: all(status(api, one)["status"].get("disruptionsAllowed", 0) > 0 for one in budgets))
    for namespace in ("formerr", "formerr-edge"):
        where = f"/api/v1/namespaces/{namespace}/pods"
        for pod in api.get(where).raise_for_status().json()["items"]:
            name = pod["metadata"]["name"]
            body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
            deadline = time.monotonic() + 60
            while (answer := api.post(f"{where}/{name}/eviction", json=body)).status_code == 429:
                assert time.monotonic() < deadline, answer.text
                time.sleep(0.2)
            assert answer.status_code in (201, 404), answer.text
