"""`formerr destroy` on the real engine and the bundled DigitalOcean: what goes, what stays, what stops it, what is left."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support import account
from tests.support.command import formerr

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.command import Ran, Running
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

NOTHING = dict.fromkeys(account.KINDS, 0)
#: As the cloud controller names a load balancer, and the driver a volume.
OF_A_SERVICE = "a" + "0123456789abcdef" * 2
OF_A_CLAIM = "pvc-0f0e0d0c-0b0a-4009-8807-060504030201"
STAGING = ("destroy", "staging", "--confirm", "staging")


def destroy(stack: Stack, *more: str) -> Ran:
    """Confirmed, as a script does it."""
    return formerr(stack, *STAGING, *more)


def cluster_of(cloud: ControlClient) -> str:
    (found,) = cloud.list("kubernetes_clusters")
    return str(found["id"])


def made_by_the_cluster(cloud: ControlClient) -> dict[str, str]:
    """A load balancer and a volume as controller and driver make them; name -> id."""
    cluster = cluster_of(cloud)
    balancer = cloud.put("load_balancers", name=OF_A_SERVICE[:32], cluster_id=cluster)
    volume = cloud.put("volumes", name=OF_A_CLAIM, cluster_id=cluster, tags=[f"k8s:{cluster}"])
    return {"balancer": str(balancer["id"]), "volume": str(volume["id"])}


def ids(cloud: ControlClient, kind: str) -> set[str]:
    return {str(one["id"]) for one in cloud.list(kind)}


# -- what goes and what stays --------------------------------------------------------------------------------


def test_what_is_adopted_stays_untouched_and_is_said_to_stay(stack: Stack, cloud: ControlClient) -> None:
    there = account.three(cloud)
    stack.up().ok()
    before = {kind: cloud.list(kind) for kind in ("vpcs", "kubernetes_clusters", "registries")}
    associated = cloud.put("load_balancers", name=OF_A_SERVICE[:32], cluster_id=there.cluster)

    told = destroy(stack, "--json").ok().json

    becomes = {one["id"]: one["becomes"] for one in told["resources"]}
    assert {becomes[one] for one in (there.vpc, there.cluster, there.registry)} == {"adopted"}
    assert set(becomes.values()) == {"adopted", "goes"}
    assert {one["id"] for one in told["left"]} >= {there.vpc, there.cluster, there.registry}
    assert all(one["expected"] for one in told["left"])
    assert {kind: cloud.list(kind) for kind in before} == before
    assert ids(cloud, "load_balancers") == {associated["id"]}, "of an adopted cluster nothing is taken"


def test_a_vpc_that_was_expected_to_become_the_default_one_and_did_not_goes_with_the_rest(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.reset(default_vpcs=False)
    stack.up().ok()
    (vpc,) = cloud.list("vpcs")
    cloud.update("vpcs", vpc["id"], default=False)
    destroy(stack).ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0)


def test_what_the_stack_owns_goes_with_what_its_controller_has_made_and_data_stays_without_the_word(
    deployed: Stack, cloud: ControlClient
) -> None:
    made = made_by_the_cluster(cloud)
    cluster = cluster_of(cloud)
    by_tag = cloud.put("load_balancers", name="by-hand", cluster_id=cluster, tag=f"k8s:{cluster}")
    older = cloud.put("load_balancers", name="older", cluster_id=cluster, created_at="2020-01-01T00:00:00Z")
    static = cloud.put("volumes", name="static", cluster_id=cluster)
    foreign = cloud.put("vpcs", name="theirs", region="nyc3", ip_range="10.99.0.0/16")

    ran = formerr(deployed, "destroy", "staging", typed="staging\n").ok()

    assert ids(cloud, "load_balancers") == {by_tag["id"], older["id"]}
    assert ids(cloud, "volumes") == {made["volume"], static["id"]}
    assert account.counts(cloud) == NOTHING | {"load_balancers": 2, "vpcs": 1}
    assert foreign in cloud.list("vpcs")
    deletes = [one for one in ran.writes if "/kubernetes/clusters/" in one and "node_pools" not in one]
    assert deletes == [
        f"DELETE /v2/kubernetes/clusters/{cluster}/destroy_with_associated_resources/selective"
    ]
    for said in (made["balancer"], made["volume"], by_tag["id"], older["id"], "--delete-data", "older than"):
        assert str(said) in ran.said.replace("\n", "")

    destroy(deployed).refused(0, "nothing to destroy")


def test_with_the_word_the_volumes_go_too_and_a_load_balancer_that_nothing_proves_is_left_and_said(
    deployed: Stack, cloud: ControlClient
) -> None:
    made_by_the_cluster(cloud)
    one = cloud.put("load_balancers", name="whose", cluster_id=cluster_of(cloud))
    ran = destroy(deployed, "--delete-data").ended(15, "doctl compute load-balancer delete")
    assert "1 left that should not be" in ran.said
    assert str(one["id"]) in ran.err
    assert ids(cloud, "load_balancers") == {one["id"]}
    assert cloud.list("volumes") == []


# -- what is left --------------------------------------------------------------------------------------------


def test_where_the_engine_fails_its_words_come_with_what_is_left_and_what_only_seems_deleted_is_left_behind(
    deployed: Stack, cloud: ControlClient
) -> None:
    (registry,) = cloud.list("registries")
    cloud.fault("DELETE", "^/v2/registr", status=403, message="not with this token", times=1)
    destroy(deployed).ended(14, "not with this token", registry["name"], "should not be")
    cloud.fault("DELETE", "^/v2/registr", status=204)
    destroy(deployed).ended(15, registry["name"], "should not be")
    assert account.counts(cloud) == NOTHING | {"registries": 1}


def test_a_destroy_that_is_killed_while_the_cluster_goes_is_finished_by_the_next_one(
    deployed: Stack, cloud: ControlClient
) -> None:
    """SIGKILL to command, engine and plugin, once the delete is applied and before its answer."""
    made = made_by_the_cluster(cloud)
    cloud.fault("DELETE", "/selective$", hang=True, after_apply=True, times=1)

    def kill(running: Running) -> bool:
        if not cloud.faults()[0]["fired"]:
            return False
        running.process.kill()
        return True

    killed = formerr(deployed, *STAGING, watch=kill)
    assert killed.code < 0
    cloud.clear_faults()
    deployed.cancel()

    destroy(deployed).ok()
    assert account.counts(cloud) == NOTHING
    assert ids(cloud, "volumes") == {made["volume"]}


# -- what stops it -------------------------------------------------------------------------------------------


def test_nothing_is_deleted_unless_the_name_is_said(deployed: Stack, cloud: ControlClient) -> None:
    before = account.world(cloud)
    formerr(deployed, "destroy", "staging").refused(3, "--confirm staging", "nobody to ask", "goes")
    shown = formerr(deployed, "destroy", "staging", "--json").refused(3, "nobody to ask").json
    assert (shown["destroyed"], {one["becomes"] for one in shown["resources"]}) == (False, {"goes"})
    formerr(deployed, "destroy", "staging", typed="production\n").refused(3, "was not the environment's name")
    mistaken = formerr(deployed, "destroy", "staging", "--confirm", "production").refused(2, "production")
    assert mistaken.requests == ()
    assert (
        formerr(deployed, "destroy", "../x", "--confirm", "../x").refused(2, "name of a stack").requests == ()
    )
    assert account.world(cloud) == before


def test_without_a_state_nothing_is_deleted_and_what_carries_the_mark_is_named(
    deployed: Stack, cloud: ControlClient
) -> None:
    before = account.world(cloud)
    ids = [one["id"] for one in (*cloud.list("kubernetes_clusters"), *cloud.list("vpcs"))
           if "formerr-staging" in one["name"]]  # fmt: skip
    assert len(ids) == 2
    deployed.lose_state()
    destroy(deployed).refused(3, "holds nothing", "formerr deploy staging", *ids)
    formerr(deployed, "destroy", "nobody", "--confirm", "nobody").refused(3, "no state of stack 'nobody'")
    cloud.fault("GET", "^/v2/vpcs", status=403)
    formerr(deployed, "destroy", "nobody", "--confirm", "nobody").refused(4, "vpc:read")
    assert account.world(cloud) == before


def test_an_interrupted_create_a_lock_and_what_is_unknown_each_stop_it_before_the_first_delete(
    deployed: Stack, cloud: ControlClient
) -> None:
    before = account.world(cloud)
    cloud.fault("GET", "destroy_with_associated_resources", status=403)
    destroy(deployed).refused(4, "is not known", "kubernetes:read")
    cloud.clear_faults()
    cloud.fault("GET", "^/v2/load_balancers", status=500)
    destroy(deployed).refused(4, "500")
    cloud.clear_faults()

    with Pending(deployed.checkpoint):
        destroy(deployed).refused(3, "interrupted", "clear-pending-creates", "load-balancer")

    lock = deployed.folder / "state/.pulumi/locks/organization/formerr-infra/staging/one.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = {
        "pid": 1,
        "username": "somebody",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    lock.write_text(json.dumps(held), "utf-8")
    destroy(deployed).refused(3, "locked", "somebody", "pulumi cancel")
    assert account.world(cloud) == before


def test_what_is_protected_or_retained_by_a_setting_takes_the_word_for_it(
    deployed: Stack, cloud: ControlClient
) -> None:
    deployed.config(protect=True, retainOnDelete=True).up().ok()
    destroy(deployed).refused(3, "protect", "--unprotect", "formerr-staging-cluster")
    destroy(deployed, "--unprotect").ok()
    assert account.counts(cloud) == NOTHING


def test_production_takes_the_word_and_a_fresh_backup_and_then_really_goes(
    production: Stack, cloud: ControlClient
) -> None:
    """Everything of it is protected and retained: with the word it is deleted all the same, not only forgotten."""
    production.up().ok()
    before = account.world(cloud)
    words = ("destroy", "production", "--confirm", "production", "--unprotect")
    formerr(production, *words[:-1]).refused(3, "this is production", "no backup of the state")
    formerr(production, *words).refused(3, "no backup of the state", "formerr state backup production")
    key = {"FORMERR_BACKUP_PASSPHRASE": "swordfish and sixteen more"}
    formerr(production, "state", "backup", "production", environ=key).ok()
    formerr(production, *words[:-1]).refused(3, "--unprotect")
    assert account.world(cloud) == before
    formerr(production, *words).ok()
    assert account.counts(cloud) == NOTHING


class Pending:
    """While it holds, the create of the load balancer is an interrupted one to the state."""

    def __init__(self, checkpoint: Path) -> None:
        self._file = checkpoint

    def __enter__(self) -> None:
        self._before = self._file.read_text("utf-8")
        document = json.loads(self._before)
        latest = document["checkpoint"]["latest"]
        (one,) = [one for one in latest["resources"] if one["urn"].endswith("::load-balancer")]
        latest["resources"].remove(one)
        plain = {key: value for key, value in one.items() if key not in ("id", "outputs")}
        latest["pending_operations"] = [{"resource": plain, "type": "creating"}]
        self._file.write_text(json.dumps(document), "utf-8")

    def __exit__(self, *_: object) -> None:
        self._file.write_text(self._before, "utf-8")
