"""What is wrong with a checkout is found all at once, with its file and line, and what is right is left alone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.validate import Finding, Level, sarif, validate

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"DIGITALOCEAN_TOKEN": "local-token"}
STAGING, PRODUCTION = "Pulumi.staging.yaml", "Pulumi.production.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout that nothing is wrong with, with the application left out."""
    for name in ("Pulumi.yaml", STAGING, PRODUCTION, "__main__.py"):
        shutil.copy(CHECKOUT / name, tmp_path)
    for name in (STAGING, PRODUCTION):
        with (tmp_path / name).open("a") as file:
            file.write("  formerr-infra:deployApplication: false\n")
    (tmp_path / "formerr_infra").symlink_to(CHECKOUT / "formerr_infra")
    (tmp_path / "policy").mkdir()
    for name in ("PulumiPolicy.yaml", "__main__.py"):
        shutil.copy(CHECKOUT / "policy" / name, tmp_path / "policy")
    return tmp_path


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def _found(folder: Path) -> set[tuple[str, str, str]]:
    """Rule, file and the line that is named."""
    return {
        (
            one.rule,
            one.file,
            (folder / one.file).read_text("utf-8").splitlines()[one.line - 1].strip() if one.line else "",
        )
        for one in validate(folder, ENVIRONMENT)
    }


def test_a_good_checkout_has_no_finding(folder: Path) -> None:
    assert validate(folder, ENVIRONMENT) == []


def test_everything_wrong_is_found_at_once(folder: Path) -> None:
    _change(folder / STAGING, "formerr-staging-vpc", "formerr-production-vpc")
    _change(folder / STAGING, "10.20.0.0/16", "10.30.128.0/17")
    _change(folder / STAGING, '"1.34"', '"1.35"')
    with (folder / STAGING).open("a") as file:
        file.write("  digitalocean:token: dop_v1_swordfish\n")
    with (folder / PRODUCTION).open("a") as file:
        file.write("  formerr-infra:autoUpgrade: true\n")
    (folder / "policy" / "__main__.py").unlink()
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "good.yml").write_text("on: push\njobs: {}\n")
    (workflows / "half.yml").write_text("on: push\n")
    (workflows / "no.yaml").write_text("on: push\njobs: ]\n")
    assert _found(folder) == {
        ("same-name", STAGING, "formerr-infra:vpcName: formerr-production-vpc"),
        ("ranges-collide", STAGING, "formerr-infra:vpcCidr: 10.30.128.0/17"),
        ("versions-differ", STAGING, 'formerr-infra:kubernetesVersion: "1.35"'),
        ("plain-secret", STAGING, "digitalocean:token: dop_v1_swordfish"),
        ("missing-key", STAGING, ""),
        ("policy-pack", "policy/PulumiPolicy.yaml", ""),
        ("workflow", ".github/workflows/half.yml", ""),
        ("workflow", ".github/workflows/no.yaml", "jobs: ]"),
    }
    assert not any("swordfish" in one.message for one in validate(folder, ENVIRONMENT))


def test_a_setting_that_the_schema_refuses_is_found_with_its_line(folder: Path) -> None:
    _change(folder / STAGING, "region: nyc3", "region: nowhere")
    assert _found(folder) == {("settings", STAGING, "formerr-infra:region: nowhere")}


def test_a_program_that_cannot_be_imported_is_found(folder: Path) -> None:
    (folder / "formerr_infra").unlink()
    (folder / "formerr_infra").mkdir()
    (folder / "formerr_infra" / "__init__.py").touch()
    assert {rule for rule, _, _ in _found(folder)} == {"program"}


def test_what_the_environment_lacks_is_found_and_what_the_stack_holds_is_not(folder: Path) -> None:
    _change(folder / STAGING, "deployApplication: false", "imageTag: abc1234")
    with (folder / STAGING).open("a") as file:
        file.write("  formerr-infra:jwtSecret:\n    secure: v1:sealed\n")
    lacking = [one for one in validate(folder, {}, ("staging",)) if one.rule == "environment"]
    found = {one.message.partition(":")[0].partition(" ")[0] for one in lacking}
    assert found == {
        "DIGITALOCEAN_TOKEN", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "SESSION_SECRET", "DB_PASSWORD",
    }  # fmt: skip


def test_sarif_has_file_line_and_level() -> None:
    log = sarif([Finding("a.yaml", 3, "rule", "words", Level.WARNING), Finding("b.yaml", 0, "rule", "more")])
    run = log["runs"][0]
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == ["rule"]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert places == [
        {"artifactLocation": {"uri": "a.yaml"}, "region": {"startLine": 3}},
        {"artifactLocation": {"uri": "b.yaml"}},
    ]
    assert [one["level"] for one in run["results"]] == ["warning", "error"]


def test_the_command_ends_with_2_where_there_is_an_error_and_with_0_where_none_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "local-token")
    monkeypatch.setenv("FORMERR_LOCAL", "")
    monkeypatch.delenv("DIGITALOCEAN_API_URL", raising=False)
    arguments = ["validate", "-C", str(folder), "--json", "--sarif", str(folder / "log.sarif")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    _change(folder / STAGING, '"1.34"', '"1.33"')
    assert CliRunner().invoke(app, arguments).exit_code == 0  # a warning
    _change(folder / STAGING, "10.20.0.0/16", "10.30.0.0/16")
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, json.loads(done.stdout)["errors"]) == (2, 1)
    assert len(json.loads((folder / "log.sarif").read_text("utf-8"))["runs"][0]["results"]) == 2


def test_what_no_run_depends_on_is_not_looked_at_for_a_run(folder: Path) -> None:
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "a.yml").write_text("on: [")
    (folder / "policy" / "PulumiPolicy.yaml").unlink()

    assert {one.rule for one in validate(folder, ENVIRONMENT)} == {"policy-pack", "workflow"}
    assert validate(folder, ENVIRONMENT, elsewhere=False) == []
