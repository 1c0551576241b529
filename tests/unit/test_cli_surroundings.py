"""Commands in odd surroundings: no home, a full disk, an encoding without the sign, Ctrl-C at once, names with brackets."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra import docs, tokens
from formerr_infra.backup import remote
from formerr_infra.cli.app import app
from formerr_infra.cli.ending import TRACEBACK
from formerr_infra.cli.options import VERBOSE, console, verbose
from formerr_infra.cli.pipeline import hand
from formerr_infra.credential import NoCredentialError, _endpoint
from formerr_infra.doctor import locks, versions
from formerr_infra.engine import command
from formerr_infra.errors import EXIT_CODES, FormerrError, NotLoopback, SettingsError, SetupError
from formerr_infra.export import Export
from formerr_infra.images.docker import add_auths
from formerr_infra.local.paths import LocalPaths
from formerr_infra.pipeline import GitHub
from formerr_infra.settings import access

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY = "from formerr_infra.cli.entry import main; main()"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, region in (("staging", "ä"), ("production", "ö")):
        text = f"config:\n  formerr-infra:region: {region}\n"
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def _formerr(folder: Path, words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`formerr` by a shell, which redirects as it is told."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {words}', sys.executable, ENTRY],
        cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A container whose user has no entry in its passwd, and whose environment no HOME."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "DOCKER_CONFIG", "PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize(
    ("look", "said"),
    [
        pytest.param(lambda: command.find({"PATH": "/none"}), "no `pulumi`", id="engine"),
        pytest.param(lambda: Export("staging", Path()), "no `pulumi`", id="export"),
        pytest.param(lambda: add_auths({}), "DOCKER_CONFIG", id="docker"),
        pytest.param(lambda: LocalPaths.of({}), "set HOME", id="local"),
        pytest.param(lambda: remote._has_token("https://x", {}), "PULUMI_ACCESS_TOKEN", id="cloud"),
    ],
)
def test_without_a_home_what_is_missing_is_said(look: Callable[[], object], said: str) -> None:
    with pytest.raises(FormerrError, match=said):
        look()


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_doctor_finds_nothing_there() -> None:
    assert versions.engine({"PATH": "/none"}) is None
    assert locks._of_login({}) == ""


def test_a_sign_that_the_output_lacks_stops_nothing() -> None:
    code = (
        "from formerr_infra.cli import app, options\n"
        "app.app = lambda: options.console().print('3\\u00d71 \\u2014')\n"
        "app.main()"
    )
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"3?1 ?\n", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_the_output_is_no_fault_of_the_command(project: Path) -> None:
    done = _formerr(project, "sync-staging --check >/dev/full")
    assert (done.returncode, done.stderr) == (
        1, "error: what this command prints cannot be written: No space left on device\n",
    )  # fmt: skip
    assert _formerr(project, "sync-staging --check >/dev/full 2>&1").returncode == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stops_nothing(project: Path, closed: str) -> None:
    done = _formerr(project, f"sync-staging --check {closed}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("after", [0.0, 0.02, 0.06, 0.12])
def test_ctrl_c_while_it_starts_is_quiet(project: Path, after: float) -> None:
    begun = ENTRY.replace("; ", "; print(flush=True); ")
    words = [sys.executable, "-c", begun, "health", "staging", "--watch"]
    with subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    # What was quicker than the signal has said so by its own code.
    assert process.returncode in (130, 2), err
    assert b"Traceback" not in err


def test_a_bracket_is_a_bracket_wherever_it_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.table import Table

    table = Table("[/col]", title="there [/x]")
    table.add_row("[/cell] :smile:")
    console().print(table)
    console().print("[/text]")
    said = capsys.readouterr().out
    assert all(one in said for one in ("there [/x]", "[/col]", "[/cell] :smile:", "[/text]"))


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_file_of_a_workflow_that_cannot_be_written_is_named_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    from formerr_infra.cli import pipeline

    monkeypatch.setenv(variable, str(tmp_path / "none" / "file"))
    with pytest.raises(SettingsError, match=f"{variable}: .*none/file: cannot be written: No such file"):
        hand(["a=b"]) if variable == "GITHUB_OUTPUT" else pipeline._summarize("text")


def test_every_exit_code_is_told_in_the_help() -> None:
    page = docs.exit_codes()
    of_make = {"10"}
    codes = {line.split(" | ")[0].strip("| ") for line in page.splitlines() if line[:3].strip("| ").isdigit()}
    assert codes - of_make == {str(code) for code in EXIT_CODES}
    told = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert all(f"{code} {said}" in told for code, said in EXIT_CODES.items())


@pytest.mark.parametrize(
    ("said", "on"),
    [("", False), ("0", False), ("false", False), ("No", False), (" off ", False), ("1", True), ("true", True), ("x", True)],
)  # fmt: skip
def test_one_word_means_the_same_to_every_switch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, *, on: bool
) -> None:
    monkeypatch.setenv(VERBOSE, said)
    assert verbose() is on
    assert tokens.is_local({"FORMERR_LOCAL": said}) is on

    from formerr_infra.cli.ending import stopped

    monkeypatch.setenv(TRACEBACK, said)
    stopped(SetupError("nothing"))
    assert ("SetupError: nothing" in capsys.readouterr().err) is on


URL = "https://ada:swordfish@api.example"


@pytest.mark.parametrize(
    "read",
    [
        lambda: access({}, {"DIGITALOCEAN_API_URL": URL}),
        lambda: access({}, {"DIGITALOCEAN_API_URL": URL.replace("https", "http")}),
        lambda: access({}, {"DIGITALOCEAN_API_URL": "ada:swordfish@api.example", "FORMERR_LOCAL": "1"}),
        lambda: access({"digitalocean:apiEndpoint": URL + "/v2"}, {}),
        lambda: GitHub.of({"GITHUB_API_URL": "http://ada:swordfish@x", "GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t"}),
        lambda: _endpoint(URL),
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_not_shown(read: Callable[[], object]) -> None:
    with pytest.raises((FormerrError, NotLoopback, NoCredentialError)) as stopped:
        read()
    assert "swordfish" not in str(stopped.value)
    assert "api.example" in str(stopped.value) or "@x" in str(stopped.value)


def test_a_backup_in_a_folder_with_brackets_is_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from formerr_infra.backup import Damaged
    from formerr_infra.cli.state import _table

    class Shelf:
        folder = "formerr-infra/staging"
        place = type("Place", (), {"shown": "s3://[/x]"})

    _table([Damaged("[/one].backup", "torn [/here]")], Shelf())  # type: ignore[arg-type]  # what is shown of one
    said = capsys.readouterr().out
    assert "s3://[/x]" in said
    assert "[/here]" in said
