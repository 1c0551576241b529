"""What is remembered of the toolchain, and which DigitalOcean plugin is found where."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from formerr_infra.errors import SettingsError, SetupError
from formerr_infra.local import environment, plugin
from formerr_infra.local.paths import LocalPaths
from formerr_infra.local.toolchain import TABLE, ToolUnavailable, Way, gobuild, tool
from formerr_infra.local.toolchain.cache import ToolCache
from formerr_infra.local.tools import (
    CONTROL_PLANE,
    KUBERNETES_PLUGIN,
    MEMBERS,
    ONLY_CORE,
    PLUGIN,
    Toolbox,
    ToolSet,
)
from tests.setup.toolbench import Silence, put, put_application

if TYPE_CHECKING:
    from pathlib import Path


class Bench:
    """A checkout of its own with fake programs on its PATH."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.bin = put(folder / "bin", "3.259.0")
        self.environ = {
            "HOME": os.fspath(folder / "home"),
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "FORMERR_LOCAL_DIR": os.fspath(folder / "local"),
            "FORMERR_CACHE_DIR": os.fspath(folder / "cache"),
            "FORMERR_RELEASE_URL": "http://127.0.0.1:9",
        } | environ
        self.paths = LocalPaths.of(self.environ)

    def toolbox(self, sets: frozenset[ToolSet] = ONLY_CORE, **environ: str) -> Toolbox:
        return Toolbox(self.paths, self.environ | environ, sets)

    def set_up(self, sets: frozenset[ToolSet] = ONLY_CORE, **environ: str) -> Toolbox:
        box = self.toolbox(sets, **environ)
        for name in box.open():
            box.ensure(name, Silence())
        box.remember()
        return self.toolbox(sets, **environ)

    def official(self, folder: Path, version: str = "4.76.0") -> Path:
        return put(folder, version, (PLUGIN,)) / PLUGIN


def test_what_was_found_is_remembered(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert not bench.toolbox().is_ready()

    box = bench.set_up()

    assert box.is_ready()
    assert box.programs()["pulumi"].path == bench.bin / "pulumi"
    assert box.programs()["pulumi"].way is Way.PATH


def test_a_program_that_changed_is_looked_at_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.set_up()

    put(bench.bin, "3.260.10", ("pulumi",))

    assert not bench.toolbox().is_ready()


def test_a_program_that_is_gone_is_looked_for_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.set_up()

    (bench.bin / "pulumi").unlink()

    assert not bench.toolbox().is_ready()
    with pytest.raises(SetupError, match="make setup"):
        bench.toolbox().programs()


def test_a_new_program_earlier_on_the_path_is_looked_at(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.set_up()
    other = put(tmp_path / "other", "3.260.0")

    assert not bench.toolbox(PATH=f"{other}{os.pathsep}{bench.environ['PATH']}").is_ready()


def test_a_memory_that_cannot_be_read_is_no_memory(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.set_up()

    for text in ("", "[]", "{", '{"question": 1}', "null"):
        bench.paths.toolchain_stamp.write_text(text, "utf-8")
        assert not bench.toolbox().is_ready()


def test_a_host_that_was_not_reached_is_asked_again_the_next_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.set_up().is_ready()

    stamp = json.loads(bench.paths.toolchain_stamp.read_text("utf-8"))
    stamp["programs"][PLUGIN]["at"] = time.time() - 25 * 3600
    bench.paths.toolchain_stamp.write_text(json.dumps(stamp), "utf-8")

    assert not bench.toolbox().is_ready()


@pytest.mark.parametrize("name", ["FORMERR_TOOLCHAIN", "FORMERR_PLUGIN"])
def test_a_setting_that_there_is_not_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}=none: it is one of auto"):
        Bench(tmp_path).toolbox(ONLY_CORE, **{name: "none"})


def test_the_official_plugin_on_the_path_is_used_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program = bench.official(bench.bin)

    chosen = plugin.choose(bench.set_up(), bench.paths)

    assert (chosen.official, chosen.program, chosen.on_path) == (True, program, None)
    assert not bench.paths.stand_in.exists()


def test_the_official_plugin_in_the_users_home_is_linked_and_not_touched(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program = bench.official(tmp_path / "home" / ".pulumi" / "plugins" / "resource-digitalocean-v4.76.0")

    chosen = plugin.choose(bench.set_up(), bench.paths)

    link = bench.paths.pulumi_home / "plugins" / "resource-digitalocean-v4.76.0" / PLUGIN
    assert chosen.official
    assert link.samefile(program)
    assert link.is_symlink()
    assert [p.name for p in program.parent.iterdir()] == [PLUGIN]


@pytest.mark.parametrize("version", ["4.75.0", "5.0.0"])
def test_an_official_plugin_of_another_line_is_not_used(tmp_path: Path, version: str) -> None:
    bench = Bench(tmp_path)
    bench.official(bench.bin, version)

    assert not plugin.choose(bench.set_up(), bench.paths).official


def test_without_the_official_plugin_the_stand_in_is_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    chosen = plugin.choose(bench.set_up(), bench.paths)

    assert not chosen.official
    assert chosen.on_path == bench.paths.stand_in
    assert os.access(chosen.program, os.X_OK)


def test_the_stand_in_is_chosen_against_an_official_one_only_when_asked(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.official(bench.bin)

    assert plugin.choose(bench.set_up(), bench.paths).official
    assert not plugin.choose(bench.set_up(FORMERR_PLUGIN="stand-in"), bench.paths).official


def test_an_official_plugin_that_is_demanded_and_missing_fails_the_set_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    with pytest.raises(ToolUnavailable, match="pulumi-resource-digitalocean"):
        bench.set_up(FORMERR_PLUGIN="official")


def test_the_stand_in_is_never_taken_for_the_official_plugin(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    chosen = plugin.choose(bench.set_up(), bench.paths)
    assert chosen.on_path is not None
    inside = f"{chosen.on_path}{os.pathsep}{bench.environ['PATH']}"

    box = bench.set_up(PATH=inside)

    assert PLUGIN not in box.programs()
    assert not plugin.choose(box, bench.paths).official


def test_with_the_official_plugin_nothing_of_the_stand_in_is_on_the_path(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    before = plugin.choose(bench.set_up(), bench.paths)
    bench.official(bench.bin)
    inside = f"{before.on_path}{os.pathsep}{bench.environ['PATH']}"
    box = bench.set_up(PATH=inside)

    wanted = environment.exports(bench.paths, box, plugin.choose(box, bench.paths), "http://127.0.0.1:1")

    assert os.fspath(bench.paths.stand_in) not in wanted["PATH"]


@pytest.mark.parametrize(
    ("made", "asked", "ready"),
    [
        ("auto", "stand-in", True),
        ("stand-in", "stand-in", True),
        ("stand-in", "auto", False),
        ("auto", "official", False),
    ],
)
def test_another_choice_of_plugin_needs_another_set_up_only_where_it_asks_for_more(
    tmp_path: Path, made: str, asked: str, *, ready: bool
) -> None:
    bench = Bench(tmp_path)
    bench.set_up(FORMERR_PLUGIN=made)

    assert bench.toolbox(FORMERR_PLUGIN=asked).is_ready() is ready


# -- the sets ------------------------------------------------------------------------------------------------

BOTH = frozenset({ToolSet.CORE, ToolSet.APPLICATION})


def test_every_program_is_in_one_set() -> None:
    names = [name for members in MEMBERS.values() for name in members]

    assert sorted([*names, PLUGIN]) == sorted(row.name for row in TABLE)


def test_the_four_slots_are_ready_without_a_program_of_a_cluster(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    box = bench.set_up()

    assert box.is_ready()
    assert box.kubernetes() is None
    assert not bench.toolbox(BOTH).is_ready()
    assert bench.toolbox(BOTH).open() == MEMBERS[ToolSet.APPLICATION]


def test_what_one_set_up_found_the_next_one_of_more_does_not_look_for_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.set_up()
    put_application(bench.bin)

    box = bench.toolbox(BOTH)
    assert box.open() == MEMBERS[ToolSet.APPLICATION]
    bench.set_up(BOTH)

    assert bench.toolbox(BOTH).is_ready()
    assert bench.toolbox().is_ready()


def test_a_set_up_of_less_forgets_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    bench.set_up(BOTH)
    put(bench.bin, "3.260.10")

    assert not bench.toolbox().is_ready()
    bench.set_up()

    assert bench.toolbox(BOTH).is_ready()


def test_a_program_of_a_cluster_that_is_gone_leaves_the_four_slots_ready(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    bench.set_up(BOTH)

    (bench.bin / "kwok").unlink()

    assert bench.toolbox(BOTH).open() == ("kwok",)
    assert bench.toolbox().is_ready()
    assert bench.toolbox(BOTH).kubernetes() is None


def test_a_program_that_was_not_to_be_had_does_not_keep_the_others_from_being_known(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    (bench.bin / "kwok").unlink()
    box = bench.toolbox(BOTH)
    for name in box.open():
        if name == "kwok":
            with pytest.raises(ToolUnavailable, match="APPLICATION=no"):
                box.ensure(name, Silence())
        else:
            box.ensure(name, Silence())
    box.remember()

    assert bench.toolbox(BOTH).open() == ("kwok",)


def test_another_way_asks_for_every_program_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    bench.set_up(BOTH)

    assert set(bench.toolbox(BOTH, FORMERR_TOOLCHAIN="path").open()) >= set(MEMBERS[ToolSet.APPLICATION])


def test_the_programs_of_a_cluster_stand_side_by_side_wherever_they_come_from(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    elsewhere = put(tmp_path / "elsewhere", "0.7.1", ("kwok",))
    search = f"{elsewhere}{os.pathsep}{bench.environ['PATH']}"
    bench.set_up(BOTH)
    before = bench.toolbox(BOTH).kubernetes()

    folder = bench.set_up(BOTH, PATH=search).kubernetes()

    assert folder is not None
    assert folder == before
    assert sorted(path.name for path in folder.iterdir()) == sorted(CONTROL_PLANE)
    assert (folder / "kwok").resolve() == (elsewhere / "kwok").resolve()
    assert (folder / "etcd").resolve() == (bench.bin / "etcd").resolve()
    assert not [one for one in bench.toolbox(BOTH).folders() if one == folder]


def test_the_kubernetes_plugin_in_the_users_home_is_linked_and_not_touched(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_application(bench.bin)
    (bench.bin / KUBERNETES_PLUGIN).unlink()
    name = "resource-kubernetes-v4.34.2"
    program = (
        put(tmp_path / "home" / ".pulumi" / "plugins" / name, "4.34.2", (KUBERNETES_PLUGIN,))
        / KUBERNETES_PLUGIN
    )

    plugin.choose(bench.set_up(BOTH), bench.paths)

    link = bench.paths.pulumi_home / "plugins" / name / KUBERNETES_PLUGIN
    assert link.is_symlink()
    assert link.samefile(program)


@pytest.mark.parametrize("way", [Way.RELEASE, Way.BUILD])
def test_a_kubernetes_plugin_out_of_the_cache_is_put_where_the_engine_takes_it(
    tmp_path: Path, way: Way
) -> None:
    """A folder of plugins is searched for the version that the SDK asks for, which a build is too old for."""
    bench = Bench(tmp_path)
    put_application(bench.bin)
    (bench.bin / KUBERNETES_PLUGIN).unlink()
    row = tool(KUBERNETES_PLUGIN)
    assert row.release is not None
    assert row.build is not None
    released = way is Way.RELEASE
    version = row.release.version if released else row.build.version
    recipe = version if released else gobuild.recipe_of(row.build)

    def fill(into: Path) -> None:
        put(into, version, (KUBERNETES_PLUGIN,))

    ToolCache(bench.paths.tools).make(KUBERNETES_PLUGIN, version, way, recipe, fill)

    box = bench.set_up(BOTH)
    plugin.choose(box, bench.paths)

    assert [*box.programs()] == [row.name for row in TABLE if row.name in box.programs()]
    assert box.told(box.programs()["etcd"]).startswith("etcd 3.6.5: already installed: ")
    assert box.folders() == ([] if released else [bench.paths.bin])
    assert (bench.paths.bin / KUBERNETES_PLUGIN).exists() is not released
    linked = bench.paths.pulumi_home / "plugins" / f"resource-kubernetes-v{version}" / KUBERNETES_PLUGIN
    assert linked.exists() is released
    assert not (bench.paths.bin / "etcd").exists()
