"""A program out of an npm package: verified by what is pinned, never run by a script, side by side in the cache."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import os
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.local.toolchain import Package, Resolver, Tool, ToolUnavailable, Way, tool
from formerr_infra.local.tools import CHROMIUM, MEMBERS, ToolSet
from tests.setup.test_tools import Bench
from tests.setup.toolbench import Silence

if TYPE_CHECKING:
    from pathlib import Path

START = b'#!/bin/sh\nexec "$(dirname "$0")/small.bin"\n'
MACHINE = (os.uname().sysname, os.uname().machine)


def archive(**files: bytes) -> bytes:
    """A tar of these files; a name's `__` is a folder, and its `_` before the ending a dot."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Npm:
    """An npm that hands over one archive, and a node that unpacks nothing."""

    def __init__(self, folder: Path, content: bytes, npm: str = 'cp "$0.tgz" ./small-1.0.0.tgz') -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.asked = folder / "asked"
        (self.bin / "npm.tgz").write_bytes(content)
        for name, does in (("npm", f'echo "$@" >> {self.asked}\n{npm}'), ("node", "cat")):
            (self.bin / name).write_text(f"#!/bin/sh\n{does}\n", "utf-8")
            (self.bin / name).chmod(0o755)
        self.resolver = Resolver(folder / "cache", {"PATH": f"{self.bin}:/usr/bin:/bin"}, folder / "scratch")


@functools.cache  # an archive holds the second that it was made in
def content() -> bytes:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as tar:
        member = tarfile.TarInfo("lib/../../beside.so")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"elf!"))
    return archive(package__bin__small_br=b"#!/bin/sh\necho v1.2.3\n", package__bin__libs_br=inner.getvalue())


def small(packed: bytes, **more: Any) -> Tool:
    package = Package(
        version="1.0.0",
        name="@scope/small",
        sha512=base64.b64encode(hashlib.sha512(packed).digest()).decode(),
        files={"bin/small.br": "small.bin", "bin/libs.br": ""},
        machines=(MACHINE,),
        texts={"small": START.decode()},
    )
    return Tool(
        name="small", purpose="a program", at_least=(1, 0, 0), below=(2, 0, 0), version_args=("--version",),
        package=replace(package, **more),
    )  # fmt: skip


def test_a_package_is_verified_unpacked_side_by_side_and_not_fetched_again(tmp_path: Path) -> None:
    npm = Npm(tmp_path, content())
    found = npm.resolver.ensure(small(content()), Way.AUTO, Silence())

    assert (found.way, found.version, found.new) == (Way.PACKAGE, "1.0.0", True)
    assert (found.path.parent / "beside.so").read_bytes() == b"elf!"
    assert not (tmp_path / "cache" / "beside.so").exists()
    again = npm.resolver.ensure(small(content()), Way.AUTO, Silence())
    assert (again.path, again.new) == (found.path, False)
    assert npm.asked.read_text("utf-8") == "pack @scope/small@1.0.0 --silent --ignore-scripts\n"


def test_a_package_of_another_sum_is_never_used_and_not_kept(tmp_path: Path) -> None:
    npm = Npm(
        tmp_path, archive(package__bin__small_br=b"#!/bin/sh\necho v1.6.6\n", package__bin__libs_br=b"")
    )

    with pytest.raises(ToolUnavailable, match="pinned is"):
        npm.resolver.ensure(small(content()), Way.AUTO, Silence())

    assert not (tmp_path / "cache" / "tools" / "small" / "1.0.0").exists()
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix in (".tgz", ".bin", ".br")] == []


def test_another_start_of_the_program_makes_it_again(tmp_path: Path) -> None:
    npm = Npm(tmp_path, content())
    npm.resolver.ensure(small(content()), Way.PACKAGE, Silence())
    other = {"small": "#!/bin/sh\necho v1.9.9\n"}

    found = npm.resolver.ensure(small(content(), texts=other), Way.PACKAGE, Silence())

    assert found.new
    assert found.path.read_text("utf-8") == other["small"]


@pytest.mark.parametrize(
    ("change", "npm", "said"),
    [
        ({"machines": (("Plan9", "mips"),)}, "true", "no package for"),
        ({}, "echo 'E404 not found' >&2; exit 1", "E404 not found"),
        ({}, "true", "says: nothing"),
        ({"files": {"bin/other.br": "small.bin"}}, 'cp "$0.tgz" ./small-1.0.0.tgz', "holds no bin/other.br"),
    ],
)
def test_what_is_wrong_with_a_package_is_said(
    tmp_path: Path, change: dict[str, Any], npm: str, said: str
) -> None:
    fake = Npm(tmp_path, content(), npm)

    with pytest.raises(ToolUnavailable) as failed:
        fake.resolver.ensure(small(content(), **change), Way.AUTO, Silence())

    assert said in str(failed.value)


def test_without_npm_a_browser_is_not_there_and_the_set_up_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    only = os.fspath(bench.bin)
    sets = frozenset({ToolSet.CHECKS})
    box = bench.toolbox(sets, PATH=only)

    assert box.ensure(CHROMIUM, Silence()) is None
    box.remember()

    assert CHROMIUM not in bench.toolbox(sets, PATH=only).open()
    assert CHROMIUM in MEMBERS[ToolSet.CHECKS]


@pytest.mark.parametrize("way", ["release", "build", "package"])
def test_a_way_that_a_program_does_not_have_is_not_forced_on_it(tmp_path: Path, way: str) -> None:
    bench = Bench(tmp_path)
    (bench.bin / "chromium").write_text("#!/bin/sh\necho Chromium 153.0.8010.0\n", "utf-8")
    (bench.bin / "chromium").chmod(0o755)
    forced = bench.toolbox(PATH=os.fspath(bench.bin), FORMERR_TOOLCHAIN=way).ensure(CHROMIUM, Silence())

    assert (forced is None) if way == "package" else (forced is not None and forced.way is Way.PATH)


def test_the_packages_program_starts_with_the_libraries_beside_it() -> None:
    package = tool("chromium").package
    assert package is not None
    assert set(package.texts) == {"chromium", "fonts.conf"}
    assert "chromium.bin" in package.files.values()
    assert package.sha512.endswith("==")
