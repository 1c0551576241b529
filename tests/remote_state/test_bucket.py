"""A state in a bucket: set up, moved to, locked, lost, had back by its versions, and raced for."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import account
from tests.support.command import formerr
from tests.support.killed import kill_amid
from tests.support.s3_proxy import Meeting, relay

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.s3 import Server
    from tests.support.stack import Stack, Step

pytestmark = pytest.mark.engine

ONE_EACH = dict.fromkeys(account.KINDS, 1)
OBJECT = ".pulumi/stacks/formerr-infra/staging.json"


def test_a_place_is_tried_and_left_as_it_was_and_a_state_moved_to_it(
    deployed: Stack, server: Server, bucket: str
) -> None:
    url = f"s3://{bucket}?endpoint={server.endpoint}"
    deployed.environment |= server.credentials
    told = formerr(deployed, "state", "init", url).ok()
    assert "versioning is off" in told.err
    assert f"put-bucket-versioning --bucket {bucket}" in told.err
    assert told.out.strip() == f"export PULUMI_BACKEND_URL='{server.bucket(bucket).backend}'"
    assert server.keys(bucket) == [".pulumi/meta.yaml"]  # the engine's own mark

    file, held = deployed.file.read_text("utf-8"), deployed.checkpoint.read_bytes()
    move = ("state", "init", url, "--migrate", "staging")
    moved = formerr(deployed, *move, "--versioning", "--json").ok().json
    assert server.place(bucket).versioned()
    assert (moved["versioning"], moved["migrated"][0]["new"]) == (True, True)
    assert deployed.checkpoint.read_bytes() == held
    assert deployed.file.read_text("utf-8") == file

    old = deployed.environment["PULUMI_BACKEND_URL"]
    deployed.environment["PULUMI_BACKEND_URL"] = moved["backend"]
    deployed.preview(expect_no_changes=True).unchanged()
    formerr(deployed, *move).ended(16, "lies there already")
    balancer = deployed_urn(deployed, "load-balancer")
    deployed.run("state", "delete", balancer, "--yes", "--force").ok()
    newer = deployed.export()

    # What stands there is not written over by what the old place still has.
    deployed.environment["PULUMI_BACKEND_URL"] = old
    formerr(deployed, *move).ended(16, "has another state of staging", "nothing was written over it")
    deployed.environment["PULUMI_BACKEND_URL"] = moved["backend"]
    assert deployed.export() == newer


def deployed_urn(stack: Stack, name: str) -> str:
    return next(str(one["urn"]) for one in stack.export()["resources"] if one["urn"].endswith(f"::{name}"))


def test_a_killed_run_leaves_a_lock_and_an_old_version_of_the_state_can_be_had_back(
    remote: Stack, cloud: ControlClient, server: Server, bucket: str
) -> None:
    place = server.place(bucket)
    place.keep_versions()
    kill_amid(remote, cloud, "^/v2/load_balancers$", applied=True)
    remote.up().refused("the stack is currently locked by 1 lock(s)", "created by", "pulumi cancel")
    remote.preview().ok()  # reads, and takes no lock
    remote.cancel()
    remote.up().ok()
    assert account.counts(cloud) == ONE_EACH
    live, ids = account.world(cloud), {name: one["id"] for name, one in resources(remote).items()}

    # The bucket's own way back: the oldest version that knows the network and not yet the cluster.
    listed = place.client.list_object_versions(Bucket=bucket, Prefix=OBJECT)["Versions"]
    listed = [one for one in listed if one["Key"] == OBJECT]
    assert len(listed) > 5
    for one in reversed(listed):
        body = place.client.get_object(Bucket=bucket, Key=OBJECT, VersionId=one["VersionId"])["Body"].read()
        names = {
            held["urn"].rsplit("::", 1)[1]
            for held in json.loads(body)["checkpoint"]["latest"].get("resources") or []
        }
        if "vpc" in names and "cluster" not in names:
            break
    else:
        raise AssertionError("no version from amid the first run")
    place.client.put_object(Bucket=bucket, Key=OBJECT, Body=body)
    assert set(resources(remote)) < set(ids)
    again = remote.up().ok()
    assert not again.log.of("create", "delete", "replace", "delete-replaced")
    assert account.world(cloud) == live
    assert {name: one["id"] for name, one in resources(remote).items()} == ids
    remote.preview(expect_no_changes=True).quiet()


def resources(stack: Stack) -> dict[str, dict[str, Any]]:
    return {
        one["urn"].rsplit("::", 1)[1]: one
        for one in stack.export()["resources"]
        if one["type"].startswith("digitalocean:")
    }


@pytest.mark.parametrize("lagging", [False, True], ids=["lists-are-current", "lists-lag"])
def test_two_writers_at_once_are_never_both_let_in_unless_the_store_lists_late(
    remote: Stack, server: Server, bucket: str, tmp_path: Path, lagging: bool
) -> None:
    """The lock is list, write, list: whoever writes first is seen by the other's second look, if lists are current."""
    held = tmp_path / "state.json"
    held.write_text(remote.run("stack", "export").ok().out)
    ended: list[Step] = []
    with relay(server.endpoint, Meeting(lagging=lagging)) as endpoint:
        twins = [remote, remote.copy(tmp_path / "twin", remote.control)]
        for one in twins:
            one.environment |= remote.environment
            one.environment["PULUMI_BACKEND_URL"] = server.bucket(bucket, endpoint=endpoint).backend
        writers = [
            threading.Thread(
                target=lambda one: ended.append(one.run("stack", "import", "--file", str(held))), args=(one,)
            )
            for one in twins
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    let_in = [one for one in ended if one.code == 0]
    refused = [one for one in ended if "currently locked" in one.out]
    assert len(let_in) + len(refused) == 2, [one.out for one in ended]
    assert len(let_in) == 2 if lagging else len(let_in) <= 1
