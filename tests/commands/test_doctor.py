"""`formerr doctor` where something is missing: engine, token, state, stack file; and on the bundled DigitalOcean."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.cli.app import main
from formerr_infra.local.environment import TOKEN
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient


class Doctor:
    """The command, in a folder with nothing in it and an environment with nothing in it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.patch, self._capsys = folder, patch, capsys
        for name in ("home", "bin"):
            (folder / name).mkdir()
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("PATH", str(folder / "bin"))
        patch.setenv("COLUMNS", "200")

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit code and output; nobody ever sees a traceback."""
        self.patch.setattr(sys, "argv", ["formerr", "doctor", "--cwd", str(self.folder), *words])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out + err

    def levels(self, *words: str) -> tuple[int, dict[str, set[str]], dict[str, Any]]:
        """Exit code, the levels of each topic, and the document."""
        code, out = self(*words, "--json")
        document = json.loads(out)
        found: dict[str, set[str]] = {}
        for one in document["findings"]:
            found.setdefault(one["topic"], set()).add(one["level"])
        assert document["exit_code"] == code
        return code, found, document


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(tmp_path, monkeypatch, capsys)


def test_with_nothing_at_all_it_says_what_is_missing_and_what_to_do(doctor: Doctor) -> None:
    code, found, document = doctor.levels()
    assert code == 3
    assert (found["pulumi"], found["token"], found["settings"]) == ({"stops"}, {"stops"}, {"stops"})
    assert found["kubectl"] == {"ok"}
    assert all(one["fix"] for one in document["findings"] if one["level"] == "stops")


def test_without_an_engine_state_and_lock_are_unknown_and_the_rest_goes_on(
    doctor: Doctor, cloud: ControlClient
) -> None:
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
        shutil.copy(CHECKOUT / name, doctor.folder)
    doctor.patch.setenv("DIGITALOCEAN_API_URL", cloud.endpoint)
    doctor.patch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
    doctor.patch.setenv("FORMERR_LOCAL", "1")
    code, found, document = doctor.levels("staging")
    assert code == 3
    for topic in ("state", "lock", "decisions", "cluster-connection"):
        assert found[topic] == {"unknown"}, topic
    assert (found["settings"], found["token"], found["rate-limit"]) == ({"ok"}, {"ok"}, {"ok"})
    assert "warning" in found["scopes"]
    assert [one["stack"] for one in document["findings"] if one["topic"] == "token"] == ["staging"]
    assert {one["stack"] for one in document["findings"]} == {None, "staging"}


def test_without_a_stack_no_account_is_asked_about_one(doctor: Doctor, cloud: ControlClient) -> None:
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
        shutil.copy(CHECKOUT / name, doctor.folder)
    doctor.patch.setenv("DIGITALOCEAN_API_URL", cloud.endpoint)
    doctor.patch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
    doctor.patch.setenv("FORMERR_LOCAL", "1")
    _, found, document = doctor.levels()
    assert "decisions" not in found
    assert found["scopes"] == {"note"}
    assert {one["stack"] for one in document["findings"]} == {None, "staging", "production"}


def test_a_stack_file_with_faults_stops_with_each_of_them(doctor: Doctor) -> None:
    shutil.copy(CHECKOUT / "Pulumi.yaml", doctor.folder)
    faulty = "config:\n  formerr-infra:region: nowhere\n  formerr-infra:nodeCount: many\n"
    (doctor.folder / "Pulumi.staging.yaml").write_text(faulty, "utf-8")
    _, _, document = doctor.levels("staging")
    told = [one["message"] for one in document["findings"] if one["topic"] == "settings"]
    assert len(told) == 2
    assert all("Pulumi.staging.yaml:" in one for one in told)


def test_a_name_that_no_stack_can_have_is_a_wrong_usage(doctor: Doctor) -> None:
    code, out = doctor("../../etc")
    assert code == 2
    assert "cannot be the name of a stack" in out


def test_for_people_every_finding_is_a_line_with_what_to_do_below(doctor: Doctor) -> None:
    code, out = doctor()
    assert code == 3
    assert "stops   pulumi: there is no `pulumi` on the PATH" in out
    assert "to do: install Pulumi" in out
    assert out.rstrip().splitlines()[-1].endswith("stops")
