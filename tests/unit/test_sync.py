"""Staging gets production's pattern and keeps what is its own, and its file keeps everything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.errors import SettingsError
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.settings.schema import Settings
from formerr_infra.sync import Kind, bring
from formerr_infra.sync.own import is_own

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("Pulumi.production.yaml", "Pulumi.staging.yaml")
PRODUCTION = """\
config:
  formerr-infra:vpcName: production-vpc
  formerr-infra:kubernetesVersion: "1.35"
  formerr-infra:autoUpgrade: false
  formerr-infra:protect: true
  formerr-infra:jwtSecret:
    secure: v1:production
"""
STAGING = """\
# whose file this is
config:
  formerr-infra:vpcName: staging-vpc   # its own
  formerr-infra:kubernetesVersion: "1.34"  # the version

  # about the load balancer
  formerr-infra:loadBalancerName: 'staging-lb'
  formerr-infra:jwtSecret:
    secure: v1:staging
encryptionsalt: v1:salt
"""
#: The version and the switch are pattern; name, protection and secret are not.
BROUGHT = STAGING.replace(
    '"1.34"  # the version\n', '"1.35"  # the version\n  formerr-infra:autoUpgrade: false\n'
)


def test_pattern_is_carried_over_and_every_other_byte_stays() -> None:
    found = bring(PRODUCTION, STAGING, NAMES)
    assert found.after == BROUGHT
    assert {one.key.rpartition(":")[2]: one.kind for one in found.changes} == {
        "vpcName": Kind.KEEP,
        "kubernetesVersion": Kind.SET,
        "autoUpgrade": Kind.ADD,
        "protect": Kind.KEEP,
        "jwtSecret": Kind.KEEP,
        "loadBalancerName": Kind.KEEP,
    }


def test_what_was_brought_up_needs_nothing_more() -> None:
    assert bring(PRODUCTION, BROUGHT, NAMES).is_there


def test_the_checkouts_own_staging_has_productions_pattern() -> None:
    texts = [(CHECKOUT / name).read_text("utf-8") for name in NAMES]
    assert bring(texts[0], texts[1], NAMES).diff(NAMES[1]) == ""


@pytest.mark.parametrize("staging", ["config: {}\n", "config: {formerr-infra:region: nyc3}\n"])
def test_a_file_in_another_form_is_brought_up_too(staging: str) -> None:
    found = bring(PRODUCTION, staging, NAMES)
    assert not found.is_there
    assert bring(PRODUCTION, found.after, NAMES).is_there


def test_no_secret_is_shown() -> None:
    found = bring(
        PRODUCTION + "  digitalocean:token: dop_v1_swordfish\n",
        STAGING.replace("v1:staging", "swordfish"),
        NAMES,
    )
    assert "swordfish" not in repr(found.changes) + found.diff(NAMES[1])
    assert "digitalocean:token" not in found.after


def test_what_makes_a_stack_itself_is_its_own() -> None:
    own = {
        info.alias
        for info in Settings.model_fields.values()
        if info.alias and is_own(f"formerr-infra:{info.alias}", "")
    }
    pattern = {info.alias for info in Settings.model_fields.values()} - own
    assert own >= {
        "vpcName",
        "vpcCidr",
        "nodeSize",
        "nodeCount",
        "nodeMin",
        "frontendHost",
        "protect",
        "vpcId",
    }
    assert pattern >= {"kubernetesVersion", "autoUpgrade", "vpcPolicy", "deployApplication"}


@pytest.mark.parametrize("text", ["", "config: [", "config: []\n", "other: 1\n"])
def test_what_is_no_stack_file_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match=NAMES[1]):
        bring(PRODUCTION, text, NAMES)


def _files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in zip(NAMES, (PRODUCTION, STAGING), strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def _run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["sync-staging", "-C", str(folder), *arguments])
    return done.exit_code, done.stdout


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--json",), ("--check", "--json")])
def test_without_a_word_nothing_is_written(folder: Path, arguments: tuple[str, ...]) -> None:
    before = _files(folder)
    assert _run(folder, *arguments)[0] == 1
    assert _files(folder) == before


def test_with_yes_the_staging_file_is_written_and_no_other(folder: Path) -> None:
    code, out = _run(folder, "--yes", "--json")
    assert (code, json.loads(out)["written"]) == (0, True)
    assert _files(folder) == {NAMES[0]: PRODUCTION, NAMES[1]: BROUGHT}
    assert _run(folder, "--check")[0] == 0


def test_what_is_merged_in_from_elsewhere_is_no_line_and_stops_nobody() -> None:
    merged = "base: &base {formerr-infra:nodeSize: s-2vcpu-4gb}\nconfig:\n  <<: *base\n  formerr-infra:region: nyc3\n"
    for pair in ((merged, STAGING), (PRODUCTION, merged)):
        found = bring(*pair, NAMES)
        assert bring(pair[0], found.after, NAMES).is_there
