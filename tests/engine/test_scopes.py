"""The smallest set of scopes of a token, found by granting only what a failing run was refused, on the real engine.

The token begins with nothing. Whatever a failing run was refused (403) is granted, and the run is made again, until it
passes; what stops before the engine has anything to do is run without it: so each scope of the set was missed by a run that failed without it, and the set passes a whole deployment.
What reading alone needs is also taken away again, one scope at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from formerr_infra.detect import assess
from formerr_infra.doctor import scopes
from formerr_infra.emulator.engine import operations
from formerr_infra.emulator.routing import Router
from formerr_infra.errors import FormerrError
from formerr_infra.inventory.facts import Access
from formerr_infra.ledger import EMPTY
from formerr_infra.local.environment import TOKEN
from formerr_infra.pull_secret import NoPullCredentials, docker_config
from formerr_infra.settings import from_files
from tests.support import account
from tests.support.command import formerr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient, RequestRecord
    from tests.support.command import Ran
    from tests.support.stack import Stack, Step

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROUTER = Router(operations())
EVERYTHING = {
    "accountServices": True,
    "databaseMode": "managed",
    "databasePolicy": "create",
    "domain": "formerr.dev",
    "alertEmails": ["ops@formerr.dev"],
    "projectName": "Formerr",
}
#: Beyond what the engine and the plugin do here: the application's pods and what the cluster's controllers made.
NOT_HERE = scopes.APPLICATION.all
MOST_RUNS = 12
DESTROY = ("destroy", "staging", "--confirm", "staging", "--delete-data")


def refused(requests: Iterable[RequestRecord], granted: frozenset[str]) -> frozenset[str]:
    """The scopes that requests were refused for."""
    found: set[str] = set()
    for one in requests:
        if one.status == 403:
            by_method, _ = ROUTER.find(one.path)
            found |= set(by_method[one.method].scopes) - granted
    return frozenset(found)


def grown(
    cloud: ControlClient, run: Callable[[], Look | Step | Ran], granted: frozenset[str]
) -> frozenset[str]:
    """Run until it passes, granting what each run that failed was refused."""
    for _ in range(MOST_RUNS):
        cloud.account(scopes=sorted(granted))
        step = run()
        if step.code == 0:
            return granted
        missing = refused(step.requests, granted)
        assert missing, f"failed, and not for want of a scope:\n{step.said}"
        granted |= missing
    raise AssertionError(f"not within {MOST_RUNS} runs; granted: {sorted(granted)}")


def every(name: str) -> frozenset[str]:
    """That part of the documented set, of all parts that run here."""
    return frozenset().union(*(getattr(part, name) for part in scopes.PARTS)) - NOT_HERE


def test_the_set_is_what_failing_runs_were_refused_and_it_passes_a_whole_life(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.put("domains", name="formerr.dev")
    stack.config(**EVERYTHING)

    looking = grown(cloud, lambda: look(stack.project, cloud), frozenset())
    deploy = grown(cloud, lambda: stack.up("--continue-on-error"), looking)
    assert deploy == every("deploy")

    stack.config(
        ingressNodePort=30081, registryTier="professional", alertEmails=["a@formerr.dev", "b@formerr.dev"]
    )
    change = grown(cloud, lambda: stack.up("--continue-on-error"), deploy) - deploy
    assert change <= every("change") | scopes.APPLICATION.deploy
    assert {"registry:update", "load_balancer:update", "monitoring:update"} <= change

    destroy = grown(cloud, lambda: formerr(stack, *DESTROY), deploy) - deploy
    assert destroy == every("destroy") - deploy
    assert cloud.list("kubernetes_clusters") == []


@pytest.mark.parametrize("missing", sorted(scope for scope in every("deploy") if scope.endswith(":read")))
def test_without_one_scope_for_reading_no_run_begins_and_the_scope_is_named(
    missing: str, stack: Stack, cloud: ControlClient
) -> None:
    cloud.put("domains", name="formerr.dev")
    stack.config(**EVERYTHING)
    granted = every("deploy")
    assert verdict(stack.project, cloud, granted) == ""
    assert missing in verdict(stack.project, cloud, granted - {missing})


@dataclass(frozen=True, slots=True)
class Look:
    """What the running program asks and decides before its first write, without the engine around it."""

    code: int
    said: str
    requests: tuple[RequestRecord, ...]


def look(project: Path, cloud: ControlClient) -> Look:
    before = len(cloud.requests())
    access, said = Access(cloud.endpoint, TOKEN, local=True), ""
    try:
        assess("staging", from_files(project, "staging"), access, EMPTY).require()
    except FormerrError as error:
        said = str(error)
    return Look(1 if said else 0, said, tuple(cloud.requests()[before:]))


def verdict(project: Path, cloud: ControlClient, granted: frozenset[str]) -> str:
    """Why a run would stop before its first write."""
    cloud.account(scopes=sorted(granted))
    return look(project, cloud).said


@pytest.mark.parametrize("missing", ["load_balancer:create", "kubernetes:update"])
def test_without_one_scope_for_writing_the_deployment_fails_and_says_which(
    missing: str, stack: Stack, cloud: ControlClient
) -> None:
    cloud.account(scopes=sorted(scopes.CLOUD.deploy - {missing}))
    step = stack.up()
    assert step.code != 0
    assert missing in step.said


@pytest.mark.parametrize("missing", ["registry:read", "registry:update"])
def test_without_one_scope_the_application_gets_no_pull_credentials(
    missing: str, cloud: ControlClient
) -> None:
    account.registry(cloud)
    granted = scopes.CLOUD.deploy | scopes.APPLICATION.deploy
    cloud.account(scopes=sorted(granted))
    assert docker_config(cloud.endpoint, TOKEN, account.REGISTRY)
    cloud.account(scopes=sorted(granted - {missing}))
    with pytest.raises(NoPullCredentials, match=missing):
        docker_config(cloud.endpoint, TOKEN, account.REGISTRY)
