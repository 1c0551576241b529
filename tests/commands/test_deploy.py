"""`formerr deploy`, good ends and bad: what was previewed is what is applied, and nothing is written before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from formerr_infra.expected import MOVED, VARIABLE
from formerr_infra.model import Holding
from tests.support import account, checkpoint
from tests.support.command import Ran, Running, formerr

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Snapshot, Stack

pytestmark = pytest.mark.engine

PHASES = ["validate", "detect", "preflight", "preview", "guard", "compare", "update", "health"]


def _deploy(stack: Stack, *more: str, watch: Callable[[Running], bool] | None = None) -> Ran:
    return formerr(stack, "deploy", stack.name, "--yes", "--json", "--no-health", *more, watch=watch)


def _once(words: str, do: Callable[[Running], object]) -> Callable[[Running], bool]:
    """Do something as soon as the words are said."""

    def watch(running: Running) -> bool:
        if words not in running.said:
            return False
        do(running)
        return True

    return watch


def test_a_deployment_goes_through_all_phases_and_the_next_one_writes_nothing(
    stack: Stack, cloud: ControlClient, risen: Snapshot
) -> None:
    cloud.reset()
    first = formerr(stack, "deploy", "staging", "formerr-staging", "--yes", "--json").ok()

    told = first.json
    assert [one["name"] for one in told["phases"]] == PHASES
    assert (told["ok"], told["rounds"], told["unforeseen"], told["guard"]["stops"]) == (True, 1, [], [])
    assert told["outputs"]["cluster_id"] == account.ids(cloud, "kubernetes_clusters")[0]
    assert {one["state"] for one in told["health"]} <= {"ok", "skipped"}
    assert account.shape(account.world(cloud)) == risen.shape

    second = formerr(stack, "deploy", "staging", "--yes").ok()
    assert second.writes == ()
    for words in ("nothing is to be changed", "nothing was changed", "healthy"):
        assert words in second.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("staging",), 2, "there is nobody to ask", id="nobody-to-ask"),
        pytest.param(("staging", "--json"), 2, "there is nobody to ask", id="json-asks-nobody"),
        pytest.param(("staging", "formerr-registry", "--yes"), 2, "registryName", id="another-registry"),
        pytest.param(("nowhere", "--yes"), 2, "there is no such stack file", id="no-stack-file"),
    ],
)
def test_what_can_be_known_to_be_wrong_is_said_before_the_first_call(
    stack: Stack, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = formerr(stack, "deploy", *words).refused(code, said)

    assert ran.requests == ()


def test_a_registry_that_is_there_and_is_another_one_is_said_and_not_guessed(
    stack: Stack, cloud: ControlClient
) -> None:
    account.registry(cloud, name="of-somebody-else")
    stack.config(registryPolicy="adopt", registryId="of-somebody-else")

    formerr(stack, "deploy", "staging", "formerr-staging", "--yes").refused(
        2, "'of-somebody-else'", "registryId"
    )


def test_a_stack_that_is_not_there_is_not_made_by_the_way(stack: Stack, cloud: ControlClient) -> None:
    (stack.project / "Pulumi.preview-7.yaml").write_text(stack.file.read_text("utf-8"))

    words = ("deploy", "preview-7", "--yes", "--json", "--no-health")
    missing = formerr(stack, *words).refused(3, "--init", "PULUMI_BACKEND_URL")
    assert missing.json["error"]["kind"] == "StackMissing"

    assert formerr(stack, *words, "--init").ok().json["outputs"]["vpc_id"]


def test_nothing_is_written_before_somebody_agrees(deployed: Stack, cloud: ControlClient) -> None:
    deployed.config(nodeCount=4)

    refused = formerr(deployed, "deploy", "staging", "--no-health", typed="n\n").refused(1, "not agreed to")
    assert "workers" in refused.out
    agreed = formerr(deployed, "deploy", "staging", "--no-health", typed="y\n").ok()
    assert [one.partition(" ")[0] for one in agreed.writes] == ["PUT"]


def test_what_moved_while_somebody_thought_is_previewed_and_asked_for_again(
    deployed: Stack, cloud: ControlClient
) -> None:
    def think(running: Running) -> bool:
        asked = running.said.count("[y/N]")
        if asked == 1 and account.ids(cloud, "load_balancers"):
            account.lose(cloud, "load_balancers")
            running.type("y\n")
        elif asked == 2:
            running.type("y\n")
            return True
        return False

    ran = formerr(deployed, "deploy", "staging", "--no-health", typed="", watch=think).ok()

    assert "moved since the preview: the account, or what is decided of it (loadBalancer)" in ran.err
    assert ran.writes == ("POST /v2/load_balancers",)


def test_what_moves_after_the_last_look_is_noticed_by_the_program_itself(
    deployed: Stack, cloud: ControlClient
) -> None:
    ran = _deploy(
        deployed,
        watch=_once("compare   done", lambda _running: account.lose(cloud, "load_balancers")),
    ).ok()

    assert ran.json["rounds"] == 2
    assert ran.writes == ("POST /v2/load_balancers",)
    assert [one["name"] for one in ran.json["phases"]].count("update") == 2


def test_a_program_that_decides_otherwise_than_expected_writes_nothing(stack: Stack) -> None:
    stack.environment[VARIABLE] = "of another world"

    stack.up().refused(MOVED)


def test_who_never_holds_still_is_not_previewed_for_ever(deployed: Stack, cloud: ControlClient) -> None:
    seen = 0

    def fidget(running: Running) -> bool:
        nonlocal seen
        rounds = running.said.count("guard     done")
        if rounds > seen:
            seen = rounds
            deployed.config(nodeCount=3 + seen % 2)
        return False

    ran = _deploy(deployed, watch=fidget).refused(3, "Somebody else works on this stack")

    assert ran.json["moved"] == ["the configuration"] * 3


def test_the_guard_stops_a_deployment_before_any_write_and_a_name_lets_it_pass(
    deployed: Stack, cloud: ControlClient
) -> None:
    deployed.config(registryName="formerr-renamed", allowReplace=["registry"])

    stopped = _deploy(deployed).refused(3)
    (stop,) = stopped.json["guard"]["stops"]
    assert stop["code"] == "protected-kind"

    done = _deploy(deployed, "--allow-replace", stop["urn"]).ok()
    assert account.ids(cloud, "registries") == ["formerr-renamed"]
    assert done.json["unforeseen"] == []


def test_a_create_that_was_interrupted_is_taken_in_by_repair_and_its_note_cleared(
    stack: Stack, cloud: ControlClient
) -> None:
    """SIGKILL while the cluster is being made: it is there, and the state does not know its id."""
    cloud.fault("POST", "^/v2/kubernetes/clusters$", hang=True, after_apply=True, times=1)
    stack.up(kill=lambda: bool(cloud.faults()[0]["fired"]))
    cloud.clear_faults()
    stack.cancel()
    (orphan,) = account.ids(cloud, "kubernetes_clusters")

    offered = _deploy(stack).refused(3, "--repair")
    (noted,) = [one for one in offered.json["pending"] if one["urn"].endswith("::cluster")]
    assert (noted["repair"], noted["id"]) == ("take in", orphan)

    repaired = _deploy(stack, "--repair").ok()
    assert account.ids(cloud, "kubernetes_clusters") == [orphan]
    assert not stack.export().get("pending_operations")
    assert "clear" in [one["name"] for one in repaired.json["phases"]]


def test_a_note_of_a_create_that_made_nothing_is_only_to_be_cleared(
    deployed: Stack, cloud: ControlClient
) -> None:
    checkpoint.hold(deployed, {"loadBalancer": Holding.INTERRUPTED})
    account.lose(cloud, "load_balancers")

    offered = _deploy(deployed).refused(3, "--repair", "nothing was made")

    assert [one["repair"] for one in offered.json["pending"]] == ["clear"]


def test_a_refusal_of_the_table_ends_before_the_engine_starts(stack: Stack, cloud: ControlClient) -> None:
    account.vpc(cloud, name=account.VPC)
    stack.config(vpcPolicy="create")

    refused = _deploy(stack).refused(3, "exists")

    assert [one["name"] for one in refused.json["phases"]] == ["validate", "detect", "preflight"]


def test_a_failed_update_ends_with_the_engines_own_words_and_what_was_done(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.fault("POST", "^/v2/load_balancers$", status=422, message="no more load balancers")

    failed = _deploy(stack).ended(14, "no more load balancers")

    assert failed.json["error"]["kind"] == "EngineFailed"
    assert "vpc" in [one["name"] for one in failed.json["update"]["changes"]]
    assert "load-balancer: " in failed.json["error"]["message"]


def test_ctrl_c_in_an_update_ends_the_engine_in_order(stack: Stack, cloud: ControlClient) -> None:
    cloud.fault("POST", "^/v2/vpcs$", delay=2.0)
    pressed = _once("vpc: create", lambda running: running.press_ctrl_c())

    ended = _deploy(stack, watch=pressed).ended(130, "the engine ends in order")

    assert ended.json["error"]["kind"] == "EngineInterrupted"
    assert account.counts(cloud)["load_balancers"] == 0
    assert [stack.resources()["vpc"]["id"]] == account.ids(cloud, "vpcs")
    assert not stack.export().get("pending_operations")
    stack.refresh().ok()  # the lock was given back


def test_health_that_cannot_be_known_afterwards_is_no_success(deployed: Stack, cloud: ControlClient) -> None:
    def forbid(_running: Running) -> None:
        cloud.fault("GET", "^/v2/load_balancers/", status=403, message="no")

    words = ("deploy", "staging", "--yes", "--json", "--health-seconds", "0")
    ran = formerr(deployed, *words, watch=_once("update    done", forbid)).ended(4, "load-balancer")

    assert ran.json["update"] is not None
    assert ran.json["error"]["kind"] == "HealthUnknown"
