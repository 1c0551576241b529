"""The order of the ways to a program, and what is said when none leads there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from formerr_infra.local.toolchain import TABLE, GoBuild, Tool, ToolUnavailable, Way, gobuild, tool
from formerr_infra.local.tools import PLUGIN
from tests.setup.toolbench import Silence, put, resolver

PULUMI = tool("pulumi")
HOST = tool("pulumi-language-python")
NO_RELEASE = "http://127.0.0.1:9"


def test_a_program_on_the_path_is_taken_before_anything_else(tmp_path: Path) -> None:
    folder = put(tmp_path / "bin", "3.260.1")
    ways = resolver(tmp_path, path=folder)

    found = ways.ensure(PULUMI, Way.AUTO, Silence())

    assert (found.way, found.version, found.path) == (Way.PATH, "3.260.1", folder / "pulumi")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("version", ["3.251.9", "2.40.0", "4.0.0"])
def test_a_version_that_does_not_fit_is_not_taken(tmp_path: Path, version: str) -> None:
    ways = resolver(tmp_path, path=put(tmp_path / "bin", version))

    with pytest.raises(ToolUnavailable) as refused:
        ways.ensure(PULUMI, Way.PATH, Silence())

    assert f"is {version}" in str(refused.value)
    assert "3.252.0" in str(refused.value)


def test_a_language_host_counts_by_the_engine_beside_it(tmp_path: Path) -> None:
    ways = resolver(tmp_path, path=put(tmp_path / "bin", "3.100.0"))

    with pytest.raises(ToolUnavailable, match=r"is 3\.100\.0"):
        ways.ensure(HOST, Way.PATH, Silence())


def test_a_language_host_without_its_companion_is_not_taken(tmp_path: Path) -> None:
    ways = resolver(tmp_path, path=put(tmp_path / "bin", "3.259.0", ("pulumi", "pulumi-language-python")))

    with pytest.raises(ToolUnavailable, match="has no pulumi-language-python-exec beside it"):
        ways.ensure(HOST, Way.PATH, Silence())


def test_a_program_that_does_not_run_is_not_taken(tmp_path: Path) -> None:
    folder = put(tmp_path / "bin", "3.259.0")
    (folder / "pulumi").write_text("#!/bin/sh\necho broken >&2\nexit 3\n", "utf-8")

    with pytest.raises(ToolUnavailable, match="ended with 3: broken"):
        resolver(tmp_path, path=folder).ensure(PULUMI, Way.PATH, Silence())


def test_a_failure_names_every_way_and_what_helps(tmp_path: Path) -> None:
    ways = resolver(tmp_path, FORMERR_RELEASE_URL=NO_RELEASE)

    with pytest.raises(ToolUnavailable) as refused:
        ways.ensure(PULUMI, Way.AUTO, Silence())

    said = str(refused.value)
    for word in (
        "on the PATH: not there",
        "cannot be reached",
        "no `go`",
        "install Pulumi",
        "FORMERR_RELEASE_URL",
    ):
        assert word in said
    assert refused.value.exit_code == 12


def test_a_go_that_is_too_old_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "go").write_text("#!/bin/sh\necho go1.19.8\n", "utf-8")
    (folder / "go").chmod(0o755)

    with pytest.raises(ToolUnavailable, match=r"go1\.19\.8, and Go 1\.21"):
        resolver(tmp_path, path=folder).ensure(PULUMI, Way.BUILD, Silence())


GO = shutil.which("go")
needs_go = pytest.mark.may_skip(reason="a machine that takes the official releases has no Go")


def _module(folder: Path, main: str) -> None:
    module = folder / "small"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module small\n\ngo 1.21\n", "utf-8")
    (module / "go.sum").write_text("", "utf-8")
    (module / "main.go").write_text(main, "utf-8")


SMALL = Tool(
    name="small",
    purpose="a test",
    at_least=(1, 2, 0),
    below=(2, 0, 0),
    version_args=("version",),
    build=GoBuild(version="1.2.3", module="small", package="small", ldflags="-X main.version=v1.2.3"),
)
MAIN = 'package main\n\nvar version = "unset"\n\nfunc main() { println(version) }\n'


@needs_go
def test_a_build_is_published_once_and_made_again_when_its_recipe_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if GO is None:
        pytest.skip("no go on the PATH")
    _module(tmp_path / "modules", MAIN)
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    cached = subprocess.run([GO, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    ways = resolver(tmp_path, path=Path(GO).parent, GOPROXY="off", GOCACHE=cached, GOTOOLCHAIN="local")

    first = ways.ensure(SMALL, Way.BUILD, Silence())
    second = ways.ensure(SMALL, Way.AUTO, Silence())
    sums = tmp_path / "modules" / "small" / "go.sum"
    sums.write_text("\n", "utf-8")
    third = ways.ensure(SMALL, Way.BUILD, Silence())

    assert (first.new, second.new, third.new) == (True, False, True)
    assert os.access(third.path, os.X_OK)


@needs_go
def test_a_build_that_does_not_compile_says_what_go_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if GO is None:
        pytest.skip("no go on the PATH")
    _module(tmp_path / "modules", 'package main\n\nimport _ "example.invalid/nowhere"\n\nfunc main() {}\n')
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    ways = resolver(tmp_path, path=Path(GO).parent, GOPROXY="off", GOTOOLCHAIN="local")

    with pytest.raises(ToolUnavailable, match=r"example\.invalid/nowhere"):
        ways.ensure(SMALL, Way.BUILD, Silence())

    assert ways.cache.entry("small", "1.2.3") is None


def test_every_build_has_its_module_with_a_sum_for_each_requirement() -> None:
    for row in TABLE:
        if row.build is None:
            continue
        folder = gobuild.MODULES / row.build.module
        sums = {tuple(line.split()[:2]) for line in (folder / "go.sum").read_text("utf-8").splitlines()}
        text = (folder / "go.mod").read_text("utf-8")
        replaced = dict(re.findall(r"^(?:replace)?\s*(\S+) => (\S+ \S+)$", text, re.MULTILINE))
        wanted = re.findall(r"^(?:require )?\s*(\S+\.\S+/\S+) (v\S+)", text, re.MULTILINE)
        assert wanted
        for module, version in wanted:
            name, number = replaced.get(module, f"{module} {version}").split()
            assert (name, f"{number}/go.mod") in sums, f"{row.name}: {name} {number}"


def test_every_program_can_come_without_the_path_in_a_version_that_fits() -> None:
    for row in TABLE:
        assert row.release is not None or row.package is not None, row.name
        assert row.build is not None or row.package is not None or row.name == PLUGIN
        ways = (row.release, row.build, row.package)
        for version in [way.version for way in ways if way is not None]:
            number = tuple(int(part) for part in version.split("."))
            assert row.at_least <= number < row.below, f"{row.name}: {version}"


def test_what_a_program_embeds_is_taken_out_of_its_verified_module_and_never_from_the_checkout() -> None:
    row = tool("pulumi-resource-kubernetes")
    assert row.build is not None
    folder = gobuild.MODULES / row.build.module
    text = (folder / "main.go").read_text("utf-8")

    assert row.build.embeds
    for module, path in row.build.embeds:
        name = path.rsplit("/", 1)[-1]
        assert f"//go:embed {name}\n" in text
        assert not (folder / name).exists()
        assert f"{module} v" in (folder / "go.mod").read_text("utf-8")


EMBEDDING = """package main

import _ "embed"

//go:embed word.txt
var word string

func main() { print(word) }
"""


@needs_go
def test_a_build_embeds_files_of_another_module_and_leaves_the_recipe_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if GO is None:
        pytest.skip("no go on the PATH")
    # Go tells only of what it compiles, so the text is one that it has not seen.
    _module(tmp_path / "modules", f"{EMBEDDING}\n// {uuid.uuid4()}\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "go.mod").write_text("module example.invalid/other\n\ngo 1.21\n", "utf-8")
    (other / "word.txt").write_text("v1.2.3\n", "utf-8")
    recipe = tmp_path / "modules" / "small"
    with (recipe / "go.mod").open("a", encoding="utf-8") as file:
        file.write(f"\nrequire example.invalid/other v0.0.0\n\nreplace example.invalid/other => {other}\n")
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    cached = subprocess.run([GO, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    ways = resolver(tmp_path, path=Path(GO).parent, GOPROXY="off", GOCACHE=cached, GOTOOLCHAIN="local")
    build = GoBuild("1.2.3", "small", ".", embeds=(("example.invalid/other", "word.txt"),))
    said = Silence()

    found = ways.ensure(replace(SMALL, build=build), Way.BUILD, said)

    assert subprocess.run([found.path], capture_output=True, text=True, check=True).stderr == "v1.2.3\n"
    assert sorted(path.name for path in recipe.iterdir()) == ["go.mod", "go.sum", "main.go"]
    assert (gobuild.LINKING, "") in said.said


def test_another_main_program_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _module(tmp_path, EMBEDDING)
    monkeypatch.setattr(gobuild, "MODULES", tmp_path)
    build = GoBuild("1.2.3", "small", ".", embeds=(("example.invalid/other", "word.txt"),))
    before = gobuild.recipe_of(build)

    (tmp_path / "small" / "main.go").write_text(MAIN, "utf-8")

    assert gobuild.recipe_of(build) != before


def test_the_settings_that_change_a_build_do_not_reach_go() -> None:
    given = {"GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOPROXY": "https://proxy.example", "PATH": "/bin"}

    env = gobuild.go_environment(given)

    assert env["GOFLAGS"] == ""
    assert "GOOS" not in env
    assert env["GOPROXY"] == "https://proxy.example"
