"""Two accounts in one shell: every command about a stack asks the stack's own, and none ever takes the other for it."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.cli.app import main
from tests.support.inprocess import TOKEN, InProcess

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer

OTHER = "token-of-another-account"
#: Says what the state holds; notes the token of whatever would work on the account.
PULUMI = """#!/bin/sh
case "$*" in
  *"stack export"*) cat state.json ;;
  *"stack ls"*) cat stacks.json ;;
  *"stack tag ls"*) echo '{"formerr:expires": "2020-01-01T00:00:00Z"}' ;;
  *whoami*) echo '{"user": "somebody", "url": "file:///nowhere"}' ;;
  *) echo "$DIGITALOCEAN_TOKEN" >> worked ;;
esac
"""
DESTROY = ("destroy", "staging", "--confirm", "staging")


class Shell(InProcess):
    """As docs/how-to/deploy.md has it, on accounts that no variable says to be local."""

    def __init__(self, folder: Path, server: EmulatorServer, patch: Any, capsys: Any) -> None:
        super().__init__(folder, server, patch, capsys, "staging", "production")
        (folder / "pulumi").write_text(PULUMI, "utf-8")
        (folder / "pulumi").chmod(0o755)
        server.control.account(token=OTHER, name="other")
        patch.setenv("PATH", f"{folder}:/bin:/usr/bin")
        patch.delenv("FORMERR_LOCAL")
        patch.setenv("DIGITALOCEAN_TOKEN", OTHER)
        patch.setenv("DIGITALOCEAN_TOKEN_STAGING", TOKEN)
        patch.setenv("KUBECONFIG", str(folder / "kubeconfig"))
        self.stacks()

    def stacks(self, *names: str) -> None:
        """The stacks of the backend."""
        listed = [{"name": name, "resourceCount": 1, "updateInProgress": False} for name in names]
        (self.folder / "stacks.json").write_text(json.dumps(listed), "utf-8")

    def type(self, *words: str) -> None:
        """A command, however it ends."""
        self.patch.setattr(sys, "argv", ["formerr", *words])
        with suppress(SystemExit):
            main()

    def asked(self) -> set[str]:
        """The accounts that were asked."""
        return {one.token_name for one in self.control.requests(since_mark=True)}

    def worked(self) -> set[str]:
        """The tokens that the engine worked with."""
        file = self.folder / "worked"
        return set(file.read_text("utf-8").split()) if file.exists() else set()


@pytest.fixture
def shell(
    tmp_path: Path,
    emulator: EmulatorServer,
    cloud: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    assert cloud.requests() == []
    return Shell(tmp_path, emulator, monkeypatch, capsys)


@pytest.fixture
def vpc(shell: Shell) -> str:
    """What staging has made, in its account."""
    made = shell.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    balancer = shell.control.put(
        "load_balancers", name="formerr-staging-lb", vpc_uuid=made["id"], ip="127.0.0.1"
    )
    shell.holds(vpc=str(made["id"]), loadBalancer=str(balancer["id"]))
    state = json.loads(shell.state.read_text("utf-8"))
    outputs = {
        "cluster_id": "b52a1c59-5d40-4f4a-a1f5-5ee8c4b1f00d",
        "cluster_name": "formerr-staging-cluster",
    }
    kind = "pulumi:pulumi:Stack"
    urn = f"urn:pulumi:staging::formerr-infra::{kind}::formerr-infra-staging"
    state["deployment"]["resources"].append({"urn": urn, "type": kind, "custom": False, "outputs": outputs})
    shell.state.write_text(json.dumps(state), "utf-8")
    shell.control.mark()
    return str(made["id"])


@pytest.mark.parametrize(
    "words",
    [
        ("detect", "-s", "staging"),
        ("explain", "vpc", "-s", "staging"),
        ("cost", "staging"),
        ("report", "staging"),
        ("drift", "staging"),
        ("health", "staging"),
        ("smoke", "staging"),
        ("kubeconfig", "staging"),
        ("doctor", "staging"),
        ("images", "list", "staging"),
        DESTROY,
        ("env", "list"),
        ("env", "new", "pr-1"),
        ("env", "sweep", "--dry-run"),
    ],
    ids=" ".join,
)
def test_every_command_about_a_stack_asks_the_account_of_that_stack(
    shell: Shell, vpc: str, words: tuple[str, ...]
) -> None:
    shell.type(*words)
    assert shell.asked() == {"local"}


def test_a_destroy_takes_what_is_in_the_stacks_own_account(shell: Shell, vpc: str) -> None:
    shell.control.fault("DELETE", ".*", status=500)  # the engine is a script here, and nothing else deletes
    assert "goes" in shell(*DESTROY, state=False, code=15)
    assert shell.worked() == {TOKEN}


def test_an_environment_is_swept_in_stagings_account(shell: Shell, vpc: str) -> None:
    shell.stacks("pr-1")
    text = (shell.folder / "Pulumi.staging.yaml").read_text("utf-8")
    (shell.folder / "Pulumi.pr-1.yaml").write_text(text, "utf-8")
    state = shell.state.read_text("utf-8").replace("urn:pulumi:staging", "urn:pulumi:pr-1")
    shell.state.write_text(state, "utf-8")
    shell("env", "sweep", "--yes", state=False, code=17)
    assert (shell.asked(), shell.worked()) == ({"local"}, {TOKEN})


def test_an_account_in_which_nothing_of_the_stack_is_counts_as_the_wrong_one(shell: Shell, vpc: str) -> None:
    shell.patch.setenv("DIGITALOCEAN_TOKEN_STAGING", OTHER)
    before = shell.state.read_text("utf-8")
    said = shell(*DESTROY, state=False, code=3)
    for word in ("DIGITALOCEAN_TOKEN_STAGING", vpc, "another account", "formerr destroy staging --gone"):
        assert word in said, said
    shell.patch.delenv("DIGITALOCEAN_TOKEN_STAGING")
    assert "that DIGITALOCEAN_TOKEN opens" in shell(*DESTROY, "--json", state=False, code=3)
    assert (shell.worked(), shell.state.read_text("utf-8")) == (set(), before)
    shell(*DESTROY, "--gone", state=False)
    assert shell.worked() == {OTHER}
