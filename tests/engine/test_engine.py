"""The adapter to the engine: what it reads off the engine's events, what it says when the engine fails, how it ends."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.engine import (
    SECRET,
    Engine,
    EngineFailed,
    Event,
    Op,
    Phase,
    StackLocked,
    StackMissing,
)
from formerr_infra.errors import SetupError
from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

CLOUD = {"vpc", "cluster", "workers", "registry", "load-balancer"}


def _engine(stack: Stack, environ: Mapping[str, str] | None = None) -> Engine:
    return Engine(stack.project, stack.name, environ or stack.environment)


def _ops(found: Any) -> dict[str, str]:
    return {one.name: one.op for one in found.changes if one.name in CLOUD}


def test_a_first_deployment_is_read_from_its_preview_to_its_outputs(
    stack: Stack, cloud: ControlClient
) -> None:
    engine = _engine(stack)
    heard: list[Event] = []

    preview = engine.preview(on_event=heard.append)

    assert preview.ok
    assert _ops(preview) == dict.fromkeys(CLOUD, Op.CREATE)
    assert preview.counts["create"] == sum(not one.type.startswith("pulumi:prov") for one in preview.loud)
    assert [one.change.name for one in heard if one.phase is Phase.BEGUN and one.change] == [
        one.name for one in preview.changes
    ]
    workers = next(one for one in preview.changes if one.name == "workers")
    assert workers.after is not None
    assert workers.after["nodeCount"] == 3
    assert cloud.requests(writes=True) == []

    result = engine.up()

    assert result.ok
    assert result.failed == ()
    assert _ops(result) == dict.fromkeys(CLOUD, Op.CREATE)
    outputs = engine.outputs()
    assert outputs["cluster_id"] == cloud.list("kubernetes_clusters")[0]["id"]
    assert engine.config()["formerr-infra:nodeCount"] == "3"


def test_changes_say_what_differs_what_is_external_and_what_drifted(
    deployed: Stack, cloud: ControlClient
) -> None:
    engine = _engine(deployed)
    deployed.config(nodeCount=4, vpcPolicy="adopt")
    released = engine.up()

    workers = next(one for one in released.changes if one.name == "workers")
    assert (workers.op, workers.keys, dict(workers.detailed)) == (
        Op.UPDATE,
        ("nodeCount",),
        {"nodeCount": "update"},
    )
    assert (workers.before or {})["nodeCount"] == 3
    account.lose(cloud, "load_balancers")
    preview = engine.preview()

    vpc = next(one for one in preview.changes if one.name == "vpc")
    assert (vpc.op, vpc.external) == (Op.READ, True)
    assert {one.name: one.op for one in preview.drift} == {"load-balancer": Op.DELETE}
    assert _ops(preview)["load-balancer"] == Op.CREATE
    refreshed = engine.refresh(preview_only=True)
    assert {one.name: one.op for one in refreshed.changes} == {"load-balancer": Op.DELETE}


def test_an_import_of_what_was_adopted_is_read_with_all_its_steps(deployed: Stack) -> None:
    engine = _engine(deployed)
    deployed.config(vpcPolicy="adopt")
    engine.up()
    deployed.config(vpcPolicy="import")

    steps = [one.op for one in engine.preview().changes if one.name == "vpc"]

    assert set(steps) == {Op.IMPORT_REPLACEMENT, Op.REPLACE, Op.DISCARD_REPLACED}


def test_a_destroy_is_read_too_and_protected_ones_can_be_left_out(deployed: Stack) -> None:
    engine = _engine(deployed)

    seen = engine.destroy(preview_only=True)

    assert _ops(seen) == dict.fromkeys(CLOUD, Op.DELETE)
    assert seen.ok


def test_a_missing_stack_is_said_with_what_makes_it(stack: Stack) -> None:
    engine = Engine(stack.project, "nowhere", stack.environment)

    assert not engine.exists()
    with pytest.raises(StackMissing, match="pulumi stack init nowhere"):
        engine.preview()
    engine.init()
    assert engine.exists()


def test_the_programs_refusal_comes_through_once_and_without_a_traceback(stack: Stack) -> None:
    stack.config(region="moon")

    with pytest.raises(EngineFailed) as failed:
        _engine(stack).preview()

    assert str(failed.value).count("formerr-infra:region") == 1
    assert "Traceback" not in str(failed.value)
    assert "unhandled" not in str(failed.value)


def test_a_crash_of_the_program_is_told_by_its_exception_alone(stack: Stack) -> None:
    (stack.project / "__main__.py").write_text("def run():\n    raise LookupError('no moon')\n\nrun()\n")

    with pytest.raises(EngineFailed, match="LookupError: no moon") as failed:
        _engine(stack).preview()

    assert "Traceback" not in str(failed.value)
    assert "__main__.py" not in str(failed.value)


def test_a_lock_is_told_with_its_holder(stack: Stack) -> None:
    folder = stack.folder / "state" / ".pulumi" / "locks" / "organization" / "formerr-infra" / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    held = {"pid": 4711, "username": "ada", "hostname": "build-7", "timestamp": "2026-11-25T15:31:13Z"}
    (folder / "a-lock.json").write_text(json.dumps(held))
    engine = _engine(stack)

    with pytest.raises(StackLocked) as locked:
        engine.up()

    for word in ("ada@build-7", "4711", "2026-11-25T15:31:13Z", "pulumi cancel -s staging"):
        assert word in str(locked.value)
    engine.cancel()
    assert list(folder.glob("*.json")) == []


def test_a_state_goes_and_comes_back_without_a_secret_in_the_open(deployed: Stack) -> None:
    engine = _engine(deployed)
    state = engine.export()
    state["deployment"]["resources"][0]["outputs"]["noted"] = "by a test"

    engine.import_state(state)

    assert engine.outputs()["noted"] == "by a test"
    assert "plaintext" not in json.dumps(engine.export())


def test_secrets_of_outputs_and_configuration_are_left_out(stack: Stack) -> None:
    done = subprocess.run(
        [stack.tools.pulumi, "config", "set", "--secret", "jwtSecret", "-s", stack.name],
        cwd=stack.project, env=stack.environment, input="a-value-for-nobody", text=True, check=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    (stack.project / "__main__.py").write_text(
        "import pulumi\npulumi.export('word', pulumi.Config().require_secret('jwtSecret'))\n"
    )
    engine = _engine(stack)
    heard: list[Event] = []
    result = engine.up(on_event=heard.append)

    assert engine.outputs() == {"word": SECRET}
    assert engine.config()["formerr-infra:jwtSecret"] is None
    assert "a-value-for-nobody" not in repr((result, heard, engine.export()))


def test_no_engine_on_the_path_is_said(stack: Stack) -> None:
    with pytest.raises(SetupError, match="no `pulumi` on the PATH"):
        _engine(stack, {**stack.environment, "PATH": "/nowhere", "HOME": "/nowhere"}).preview()
