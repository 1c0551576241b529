"""`formerr state backup|list|restore` on a stack that is up: what is written, what is refused, what a run does afterwards."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from formerr_infra.backup import checksum, sealed
from formerr_infra.backup.key import VARIABLE
from tests.support import account
from tests.support.command import formerr
from tests.support.killed import kill_amid

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.command import Ran
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

KEY = "swordfish and sixteen more"
FAILED = 16
ONE_EACH = dict.fromkeys(account.KINDS, 1)


def state(stack: Stack, *words: str, typed: str | None = None, key: str = KEY) -> Ran:
    return formerr(stack, "state", *words, typed=typed, environ={VARIABLE: key})


def files(stack: Stack) -> list[Path]:
    return sorted(one for one in (stack.project / "backups").rglob("*") if one.is_file())


def tear(file: Path) -> None:
    """One bit of it."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_backup_holds_the_state_and_is_listed_until_it_is_damaged(deployed: Stack) -> None:
    held = json.loads(deployed.run("stack", "export").ok().out)
    told = state(deployed, "backup", "staging", "--json").ok()
    (file,) = files(deployed)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (told.json["name"], told.json["checksum"]) == (file.name, checksum(held))
    assert told.json["resources"] == len(held["deployment"]["resources"])
    assert told.requests == ()
    assert KEY not in told.said
    for one in deployed.resources().values():
        assert one["id"].encode() not in file.read_bytes()

    listed = state(deployed, "list", "staging", "--decrypt", "--json").ok().json
    assert [(one["name"], one["damaged"]) for one in listed["backups"]] == [(file.name, None)]
    wrong = state(deployed, "list", "staging", "--decrypt", "--json", key="another one of that length")
    wrong.ended(FAILED, "another passphrase")

    tear(file)
    state(deployed, "list", "staging").ended(FAILED, file.name, "damaged")
    state(deployed, "restore", "staging", file.name, "--yes").refused(
        FAILED, file.name, "checksum", "nothing was restored"
    )
    state(deployed, "restore", "staging", "latest", "--yes").refused(FAILED, "none undamaged")


def test_without_a_passphrase_a_stack_or_a_right_address_nothing_is_written(deployed: Stack) -> None:
    state(deployed, "backup", "staging", key="").refused(2, f"{VARIABLE} is not set")
    state(deployed, "backup", "nobody").refused(3, "no stack")
    state(deployed, "backup", "staging", "--to", "s3://backups?endpoint=127.0.0.1:9").refused(
        2, "AWS_ACCESS_KEY_ID"
    )
    state(deployed, "list", "staging", "--to", "s4://backups").refused(2, "did you mean s3://")
    assert files(deployed) == []


def test_an_old_state_restored_is_completed_by_the_next_run_and_nothing_is_made_twice(
    stack: Stack, cloud: ControlClient
) -> None:
    """The backup is of a first deployment that broke off after its network; everything else came later."""
    cloud.fault("POST", "^/v2/kubernetes/clusters$", status=422, message="no")
    assert stack.up().code != 0
    cloud.clear_faults()
    state(stack, "backup", "staging").ok()
    old = set(stack.resources())
    assert {"vpc"} <= old < {"vpc", "cluster", "workers", "registry", "load-balancer"}
    stack.up().ok()
    live, held = account.world(cloud), json.loads(stack.run("stack", "export").ok().out)
    ids = {name: one["id"] for name, one in stack.resources().items()}

    asked = state(stack, "restore", "staging", "latest", typed="n\n")
    asked.refused(FAILED, "nothing was restored", ids["cluster"], ids["load-balancer"], "forget")
    assert {name: one["id"] for name, one in stack.resources().items()} == ids
    assert len(files(stack)) == 1
    done = state(stack, "restore", "staging", "latest", typed="y\n").ok()
    assert done.requests == ()
    assert set(stack.resources()) == old

    plan = stack.preview().ok()
    assert not plan.log.of("create", "delete", "replace", "delete-replaced")
    assert {step.name for step in plan.log.of("import")} == set(ids) - old
    stack.up().ok()
    assert account.world(cloud) == live
    assert {name: one["id"] for name, one in stack.resources().items()} == ids
    stack.preview(expect_no_changes=True).unchanged()

    # What was the state before is there, too.
    before = next(one for one in files(stack) if f"until now: {one.name}" in done.said)
    assert sealed.unseal(sealed.inspect(before.read_bytes()), KEY) == held


def test_a_state_with_what_is_gone_since_is_not_believed(deployed: Stack, cloud: ControlClient) -> None:
    """The load balancer of the backup was lost and made again since: the account has the new one."""
    state(deployed, "backup", "staging").ok()
    lost = deployed.resources()["load-balancer"]["id"]
    account.lose(cloud, "load_balancers")
    deployed.up().ok()
    live, made = account.world(cloud), deployed.resources()["load-balancer"]["id"]
    told = state(deployed, "restore", "staging", "latest", "--yes", "--json").ok().json
    assert [(one["id"], one["then"]) for one in told["other"]] == [(made, lost)]
    deployed.up().refused("replaced-behind-us", made)
    assert account.world(cloud) == live


def test_a_stack_that_the_backend_has_lost_is_made_and_restored(deployed: Stack) -> None:
    state(deployed, "backup", "staging").ok()
    before = deployed.file.read_text("utf-8")
    shutil.rmtree(deployed.folder / "state")
    (deployed.folder / "state").mkdir()
    state(deployed, "restore", "staging", "latest", "--yes").ok()
    assert deployed.file.read_text("utf-8") == before
    deployed.preview(expect_no_changes=True).unchanged()


def test_a_restore_is_refused_for_another_stack_a_lock_and_what_was_interrupted(
    deployed: Stack, cloud: ControlClient, tmp_path: Path
) -> None:
    state(deployed, "backup", "staging").ok()
    deployed.run("stack", "init", "production", stack="").ok()
    state(deployed, "backup", "production", "--to", str(tmp_path / "other")).ok()
    (other,) = (tmp_path / "other").rglob("*.backup")
    state(deployed, "restore", "staging", str(other), "--yes").refused(FAILED, "formerr-infra/production")
    state(deployed, "restore", "staging", "latest").refused(FAILED, "there is nobody to ask")

    account.lose(cloud, "load_balancers")
    kill_amid(deployed, cloud, "^/v2/load_balancers$", applied=False)
    held = deployed.checkpoint.read_bytes()
    locked = state(deployed, "restore", "staging", "latest", "--yes")
    locked.refused(FAILED, "locked by", "pulumi cancel -s staging", "--break-lock")
    pending = state(deployed, "restore", "staging", "latest", "--yes", "--break-lock")
    pending.refused(FAILED, "interrupted", "load-balancer", "--despite-pending")
    assert deployed.checkpoint.read_bytes() == held
    told = state(
        deployed, "restore", "staging", "latest", "--yes", "--break-lock", "--despite-pending", "--json"
    ).ok()
    assert len(told.json["pending_forgotten"]) == 1
    deployed.up().ok()
    assert account.counts(cloud) == ONE_EACH
    deployed.preview(expect_no_changes=True).unchanged()


def test_a_folder_is_made_the_engines_own_choice_and_the_state_stands_in_both(deployed: Stack) -> None:
    held = deployed.checkpoint.read_bytes()
    assert b"ciphertext" in held  # secrets are moved as they are
    told = state(deployed, "init", "../elsewhere", "--migrate", "staging", "--login").ok()
    assert "only this machine" in told.err
    assert (
        told.out.strip()
        == f"export PULUMI_BACKEND_URL='{(deployed.folder / 'elsewhere').as_uri()}?metadata=skip'"
    )
    assert told.requests == ()
    assert deployed.checkpoint.read_bytes() == held
    assert sorted(one.name for one in (deployed.folder / "elsewhere").iterdir()) == [".pulumi"]

    del deployed.environment["PULUMI_BACKEND_URL"]
    (deployed.folder / "state").rename(deployed.folder / "gone")
    deployed.preview(expect_no_changes=True).unchanged()
