"""What `formerr local env` prints: right in every shell, whatever the folder is called, and harmless twice."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local import environment, plugin
from formerr_infra.local.paths import LocalPaths
from formerr_infra.local.tools import REQUIRED, Toolbox
from tests.setup.toolbench import Silence, put

if TYPE_CHECKING:
    from pathlib import Path

#: Whatever a stack is called.
OF_STACKS = ("DIGITALOCEAN_TOKEN_STAGING", "DIGITALOCEAN_TOKEN_PR_12")
ENDPOINT = "http://127.0.0.1:8123"


def _wanted(folder: Path, path: str | None = None) -> tuple[LocalPaths, dict[str, str]]:
    bench = put(folder / "bin", "3.259.0")
    environ = {
        "HOME": os.fspath(folder),
        "PATH": path or f"{bench}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "FORMERR_LOCAL_DIR": os.fspath(folder / "lo'cal $dir"),
        "FORMERR_PLUGIN": "stand-in",
    }
    paths = LocalPaths.of(environ)
    box = Toolbox(paths, environ)
    for name in REQUIRED:
        box.ensure(name, Silence())
    box.remember()
    return paths, environment.exports(paths, box, plugin.choose(box, paths), ENDPOINT)


def test_it_names_the_local_digitalocean_and_the_local_state(tmp_path: Path) -> None:
    paths, wanted = _wanted(tmp_path)

    assert wanted["DIGITALOCEAN_API_URL"] == ENDPOINT
    assert wanted["DIGITALOCEAN_TOKEN"] == "local-token"
    assert wanted["PULUMI_HOME"] == os.fspath(paths.pulumi_home)
    assert wanted["PULUMI_BACKEND_URL"].startswith("file:///")
    assert wanted["PULUMI_SKIP_UPDATE_CHECK"] == wanted["FORMERR_LOCAL"] == "1"
    assert wanted["PULUMI_CONFIG_PASSPHRASE"]
    assert wanted["PATH"].split(os.pathsep)[0] == os.fspath(paths.stand_in)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_reads_exactly_what_is_meant(tmp_path: Path, shell: str) -> None:
    _, wanted = _wanted(tmp_path)
    private = dict.fromkeys((*environment.UNSET, *OF_STACKS), "real")
    text = environment.as_sh(wanted, environment.unset(private)) + "\nenv -0\n"

    done = subprocess.run(
        [shell, "-eu"], input=text, env={"PATH": "/usr/bin:/bin", **private}, capture_output=True, text=True, check=True
    )  # fmt: skip
    seen = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)

    assert {name: seen[name] for name in wanted} == wanted
    assert not set(private) & set(seen)


def test_fish_gets_its_path_as_a_list_and_its_own_quoting(tmp_path: Path) -> None:
    _, wanted = _wanted(tmp_path)

    text = environment.as_fish(wanted, environment.unset(dict.fromkeys(OF_STACKS, "real")))

    path = next(line for line in text.splitlines() if line.startswith("set -gx PATH "))
    assert path.count("' '") == wanted["PATH"].count(os.pathsep)
    assert "lo\\'cal $dir" in text
    for name in ("DIGITALOCEAN_ACCESS_TOKEN", *OF_STACKS):
        assert f"set -e {name}" in text.splitlines()


def test_a_local_run_sees_no_token_of_a_real_account() -> None:
    private = dict.fromkeys((*environment.UNSET, *OF_STACKS), "real")
    assert environment.applied(private, {"DIGITALOCEAN_TOKEN": "local"}) == {"DIGITALOCEAN_TOKEN": "local"}


def test_applying_it_twice_changes_nothing_more(tmp_path: Path) -> None:
    _, once = _wanted(tmp_path)

    _, twice = _wanted(tmp_path, once["PATH"])

    assert twice == once


def test_the_stand_in_runs_in_the_checkouts_python(tmp_path: Path) -> None:
    paths, _ = _wanted(tmp_path)

    text = (paths.stand_in / "pulumi-resource-digitalocean").read_text("utf-8")

    assert os.fspath(paths.python) in text
    assert "-m formerr_infra.local.standin" in text
    done = subprocess.run(["sh", "-n", paths.stand_in / "pulumi-resource-digitalocean"], check=False)
    assert done.returncode == 0
