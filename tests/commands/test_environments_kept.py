"""`formerr env` with a script in the engine's place: what is looked at once more before it goes, and what is never begun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.inprocess import InProcess

#: Notes what is written; as soon as the first environment goes, the second is given more time.
PULUMI = """#!/bin/sh
case "$*" in
  *"stack export"*) cat state.json ;;
  *"stack tag ls"*"--stack pr-2"*) test -e worked && cat later || cat early ;;
  *"stack tag ls"*) cat early ;;
  *"stack ls"*) cat stacks.json ;;
  *) echo "$*" >> worked ;;
esac
"""


@pytest.fixture
def formerr(
    tmp_path: Path,
    in_process: Callable[..., InProcess],
    cloud: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
) -> InProcess:
    typed = in_process("staging", "production")
    (tmp_path / "pulumi").write_text(PULUMI, "utf-8")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    for name, moment in (("early", "2020-01-01T00:00:00Z"), ("later", "2099-01-01T00:00:00Z")):
        (tmp_path / name).write_text(json.dumps({"formerr:expires": moment}), "utf-8")
    backend(typed, "pr-1", "pr-2")
    vpc = cloud.put("vpcs", name="formerr-pr-vpc", region="nyc3", ip_range="10.20.0.0/16")
    typed.holds(vpc=str(vpc["id"]))
    text = (tmp_path / "Pulumi.staging.yaml").read_text("utf-8")
    for name in ("pr-1", "pr-2"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text, "utf-8")
    return typed


def backend(typed: InProcess, *names: str) -> None:
    """The stacks that it has."""
    listed = [{"name": name, "resourceCount": 1, "updateInProgress": False} for name in names]
    (typed.folder / "stacks.json").write_text(json.dumps(listed), "utf-8")


def worked(typed: InProcess) -> str:
    """What was written."""
    file = typed.folder / "worked"
    return file.read_text("utf-8") if file.exists() else ""


def test_what_is_given_more_time_while_others_go_stays(formerr: InProcess) -> None:
    said = formerr("env", "sweep", "--yes", state=False, code=17)
    assert "pr-1: deleting" in said
    assert "pr-2: stays; it lives until 2099-01-01T00:00:00Z" in said
    assert "1 of 1 are still there" in said, "what is not expired is not left behind"
    assert "pr-1" in worked(formerr)
    assert "pr-2" not in worked(formerr)


def test_who_removes_one_means_it_whatever_its_time(formerr: InProcess) -> None:
    formerr("env", "remove", "pr-2", "--yes", state=False, code=17)
    assert "--stack pr-2" in worked(formerr)


def test_one_file_that_cannot_be_read_stops_no_sweep_and_its_own_environment_stays(
    formerr: InProcess,
) -> None:
    (formerr.folder / "Pulumi.pr-2.yaml").write_text("config: [\n", "utf-8")
    (formerr.folder / "Pulumi.foo.bak.yaml").write_text("config: [\n", "utf-8")
    rows = json.loads(formerr("env", "list", "--json", state=False))["environments"]
    assert [(one["name"], "Pulumi.pr-2.yaml" in one["trouble"]) for one in rows] == [
        ("pr-1", False),
        ("pr-2", True),
    ]
    formerr("env", "sweep", "--yes", state=False, code=17)
    assert "--stack pr-1" in worked(formerr)
    assert "pr-2" not in worked(formerr)


def test_a_stack_whose_file_alone_may_call_it_an_environment_is_not_removed(formerr: InProcess) -> None:
    (formerr.folder / "Pulumi.dev.yaml").write_text("config: [\n", "utf-8")
    backend(formerr, "dev")
    (formerr.folder / "early").write_text("{}", "utf-8")
    # The script names every stack as tagged; this one's tags say nothing.
    said = formerr("env", "remove", "dev", "--yes", state=False, code=3)
    assert "Pulumi.dev.yaml" in said
    assert worked(formerr) == ""


@pytest.mark.parametrize("more", [(), ("--image-tag", "1f0e2d3")])
def test_what_has_no_time_to_live_is_refused_before_the_first_write(
    formerr: InProcess, more: tuple[str, ...]
) -> None:
    backend(formerr)
    file = formerr.folder / "Pulumi.pr-1.yaml"
    before = file.read_text("utf-8")
    said = formerr("env", "new", "pr-1", "--or-extend", *more, state=False, code=3)
    assert "no time to live" in said
    assert (worked(formerr), file.read_text("utf-8")) == ("", before)


def test_an_empty_name_is_never_the_selected_stack(formerr: InProcess) -> None:
    for words in (
        ("pipeline", "outputs", "", "a"),
        ("images", "deployed", ""),
        ("state", "list", ""),
        ("state", "backup", ""),
    ):
        formerr.patch.setenv("FORMERR_BACKUP_PASSPHRASE", "swordfish and sixteen more")
        assert "name of a stack" in formerr(*words, state=False, code=2)
