"""Staging gets production's pattern and keeps what is its own, and its file keeps everything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.errors import SettingsError
from formerr_infra.images.model import BACKEND
from formerr_infra.images.pin import pinned
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


#: Written by hand: blanks that a writer of YAML would take out, and a secret in the open.
BY_HAND = (
    "config:\n"
    "  formerr-infra:region:     nyc3\n"
    '  "formerr-infra:kubernetesVersion":   "1.34"   # the version\n'
    "  digitalocean:token:    dop_v1_swordfish\n"
    "  formerr-infra:alertSlackUrl:   https://hooks/swordfish   # swordfish\n"
    "  formerr-infra:networkPolicies:   # all of them\n"
    "      - a\n"
    "      - b\n"
    "\n"
    "  # about what follows\n"
    "  formerr-infra:surgeUpgrade:\n"
    "\n"
    "  # the last one\n"
    "  formerr-infra:nodeSize:  s-2vcpu-4gb\n"
)
WANTED = (
    'config:\n  formerr-infra:kubernetesVersion: "1.35"\n  formerr-infra:networkPolicies: [c]\n'
    "  formerr-infra:surgeUpgrade: true\n  formerr-infra:autoUpgrade: false\n"
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_key_is_set_as_a_part_of_its_line_and_line_ends_stay(end: str) -> None:
    found = bring(WANTED, BY_HAND.replace("\n", end), NAMES)
    expected = (
        BY_HAND.replace('"1.34"', '"1.35"')
        .replace("   # all of them\n      - a\n      - b\n", " [c]   # all of them\n")
        .replace("surgeUpgrade:\n", "surgeUpgrade: true\n  formerr-infra:autoUpgrade: false\n")
    )
    assert found.after == expected.replace("\n", end)
    assert "swordfish" not in repr(found.changes)
    assert [one for one in found.diff("F").splitlines() if one[:1] in "-+"][2:] == [
        '-  "formerr-infra:kubernetesVersion":   "1.34"   # the version',
        '+  "formerr-infra:kubernetesVersion":   "1.35"   # the version',
        "-  formerr-infra:networkPolicies: (not shown)",
        "-(not shown)",
        "-(not shown)",
        "+  formerr-infra:networkPolicies: (not shown)",
        "-  formerr-infra:surgeUpgrade: (not shown)",
        "+  formerr-infra:surgeUpgrade: true",
        "+  formerr-infra:autoUpgrade: false",
    ]


#: What is not one key a line is written anew as a whole, lines of secrets too.
ANEW = {
    "an alias": "base: &v '1.34'\nconfig:\n  formerr-infra:kubernetesVersion: *v\n  digitalocean:token:    swordfish\n",
    "one line": "config: {formerr-infra:kubernetesVersion: '1.34',   digitalocean:token:    swordfish}\n",
    "a block": "config:\n  ? formerr-infra:kubernetesVersion\n  : '1.34'\n  digitalocean:token:    |\n     formerr-infra:region: swordfish\n",
    "an odd line end": "config:\n  formerr-infra:kubernetesVersion: &a '1.34'\n  digitalocean:token:   'x\u2028\n      swordfish'\n  formerr-infra:surgeUpgrade: *a\n",
    "a comment": "config: {formerr-infra:kubernetesVersion: '1.34'}\n#    swordfish\n",
}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("what", ANEW)
def test_a_file_that_is_written_anew_keeps_its_line_ends_and_shows_no_secret(what: str, end: str) -> None:
    found = bring(WANTED, ANEW[what].replace("\n", end), NAMES)

    assert bring(WANTED, found.after, NAMES).is_there
    assert "swordfish" in found.after
    assert "swordfish" not in found.diff("F") + repr(found.changes)
    assert found.after.count("\n") == found.after.count(end)


def test_images_are_pinned_without_another_line_end() -> None:
    made = pinned("config:\r\n  formerr-infra:region: nyc3\r\n", {BACKEND: "sha256:1"}, NAMES[1])
    assert made.splitlines(keepends=True)[2:] == ["  formerr-infra:backendImageTag: sha256:1\r\n"]
    assert made.count("\n") == made.count("\r\n")
