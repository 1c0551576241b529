"""The order of the ways: the PATH, the official release, the build; and why a way was not taken.

It decides nothing about what a program is used for. Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from formerr_infra.local.toolchain import gobuild, packaged, release
from formerr_infra.local.toolchain.cache import Entry, ToolCache
from formerr_infra.local.toolchain.errors import Attempt, ToolUnavailable, WayFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from formerr_infra.local.toolchain.release import Sayer
    from formerr_infra.local.toolchain.table import Tool, Version

VERSION_SECONDS = 30


class Way(StrEnum):
    """How a program was come by, and, as FORMERR_TOOLCHAIN, which way alone is allowed (`auto`: each)."""

    AUTO = "auto"
    PATH = "path"
    RELEASE = "release"
    BUILD = "build"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Found:
    """A program that can be run.

    Attributes:
        name: of the tool in the table.
        path: absolute.
        version: as found; "" where it cannot be asked.
        way: PATH, RELEASE, BUILD or PACKAGE.
        new: it was fetched or built just now.
    """

    name: str
    path: Path
    version: str
    way: Way
    new: bool = False


@dataclass(slots=True)
class Resolver:
    """Finds, fetches or builds programs.

    Attributes:
        cache_dir: where tools and downloads are kept.
        environ: PATH, proxies and Go's settings come from here.
        scratch: a folder that programs get as their home while they are asked for their version.
    """

    cache_dir: Path
    environ: Mapping[str, str]
    scratch: Path
    _archives: dict[str, threading.Lock] = field(default_factory=dict)
    _assets: dict[str, release.Asset | WayFailed] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cache(self) -> ToolCache:
        return ToolCache(self.cache_dir / "tools")

    def ensure(self, tool: Tool, way: Way, sayer: Sayer) -> Found:
        """The program, by the first way that works.

        Raises:
            ToolUnavailable: none works.
        """
        attempts: list[Attempt] = []
        for name, attempt in self._ways(tool, way):
            try:
                return attempt(tool, sayer)
            except WayFailed as failed:
                attempts.append(Attempt(name, str(failed)))
            except OSError as error:
                attempts.append(Attempt(name, f"{type(error).__name__}: {error}"))
        raise ToolUnavailable(f"{tool.name} ({tool.purpose})", tuple(attempts), tool.advice)

    def _ways(self, tool: Tool, way: Way) -> list[tuple[str, Callable[[Tool, Sayer], Found]]]:
        path = ("on the PATH", self.on_path)
        fetched = ("official release", self.fetched)
        built = ("build from Go modules", self.built)
        packed = ("npm package", self.packed)
        match way:
            case Way.AUTO:
                last = [packed] if tool.package is not None else []
                return [path, ("in the cache", self.cached), fetched, built, *last]
            case Way.PATH:
                return [path]
            case Way.RELEASE:
                return [fetched]
            case Way.BUILD:
                return [built]
            case Way.PACKAGE:
                return [packed]
            case _:
                assert_never(way)

    def on_path(self, tool: Tool, _sayer: Sayer) -> Found:
        where = shutil.which(tool.name, path=self.environ.get("PATH"))
        if where is None:
            raise WayFailed("not there")
        path = Path(where).absolute()
        for companion in tool.companions:
            beside = path.resolve().parent / companion
            if not beside.exists() and shutil.which(companion, path=self.environ.get("PATH")) is None:
                raise WayFailed(f"{path} has no {companion} beside it")
        return Found(tool.name, path, self._fitting(tool, path), Way.PATH)

    def cached(self, tool: Tool, _sayer: Sayer) -> Found:
        found = self._cached_release(tool) or self._cached_build(tool) or self._cached_package(tool)
        if found is None:
            raise WayFailed("not there")
        return found

    def fetched(self, tool: Tool, sayer: Sayer) -> Found:
        spec = tool.release
        if spec is None:
            raise WayFailed("there is no release of it")
        if found := self._cached_release(tool):
            return found
        with self.cache.locked(tool.name, lambda who: sayer.say(f"waiting for {who}")):
            if found := self._cached_release(tool):
                return found
            archive = self._archive(tool, sayer)

            def fill(folder: Path) -> None:
                sayer.say("unpacking", archive.name)
                release.unpack(archive, tool, folder)
                for file in folder.iterdir():
                    file.chmod(0o755)
                if tool.version_args:
                    self._fitting(tool, folder / tool.name)

            entry = self.cache.make(tool.name, spec.version, Way.RELEASE, spec.version, fill)
            return Found(tool.name, entry.program(tool.name), spec.version, Way.RELEASE, new=True)

    def built(self, tool: Tool, sayer: Sayer) -> Found:
        spec = tool.build
        if spec is None:
            raise WayFailed("its source is not published as Go modules")
        if found := self._cached_build(tool):
            return found
        with self.cache.locked(tool.name, lambda who: sayer.say(f"waiting for {who}")):
            if found := self._cached_build(tool):
                return found

            def fill(folder: Path) -> None:
                gobuild.make(spec, tool.name, folder, self.environ, sayer)
                if tool.version_args:
                    sayer.say("asking for its version")
                    self._fitting(tool, folder / tool.name)

            release.space_needed(self.cache_dir, gobuild.DISK_BYTES)
            entry = self.cache.make(tool.name, spec.version, Way.BUILD, gobuild.recipe_of(spec), fill)
            return Found(tool.name, entry.program(tool.name), spec.version, Way.BUILD, new=True)

    def packed(self, tool: Tool, sayer: Sayer) -> Found:
        spec = tool.package
        if spec is None:
            raise WayFailed("there is no package of it")
        if found := self._cached_package(tool):
            return found
        with self.cache.locked(tool.name, lambda who: sayer.say(f"waiting for {who}")):
            if found := self._cached_package(tool):
                return found

            def fill(folder: Path) -> None:
                packaged.make(spec, folder, self.environ, sayer)
                for file in folder.iterdir():
                    file.chmod(0o755)
                self._fitting(tool, folder / tool.name)

            entry = self.cache.make(tool.name, spec.version, Way.PACKAGE, packaged.recipe_of(spec), fill)
            return Found(tool.name, entry.program(tool.name), spec.version, Way.PACKAGE, new=True)

    def _cached_package(self, tool: Tool) -> Found | None:
        if tool.package is None:
            return None
        entry = self.cache.entry(tool.name, tool.package.version)
        return self._from(entry, tool, tool.package.version, Way.PACKAGE, packaged.recipe_of(tool.package))

    def _cached_release(self, tool: Tool) -> Found | None:
        if tool.release is None:
            return None
        entry = self.cache.entry(tool.name, tool.release.version)
        return self._from(entry, tool, tool.release.version, Way.RELEASE, tool.release.version)

    def _cached_build(self, tool: Tool) -> Found | None:
        if tool.build is None:
            return None
        entry = self.cache.entry(tool.name, tool.build.version)
        return self._from(entry, tool, tool.build.version, Way.BUILD, gobuild.recipe_of(tool.build))

    @staticmethod
    def _from(entry: Entry | None, tool: Tool, version: str, way: Way, recipe: str) -> Found | None:
        if entry is None or entry.way != way or entry.recipe != recipe:
            return None
        return Found(tool.name, entry.program(tool.name), version, way)

    def _archive(self, tool: Tool, sayer: Sayer) -> Path:
        """The verified archive; two tools of one archive fetch it once, and one refusal is for both."""
        spec = tool.release
        if spec is None:
            raise WayFailed("there is no release of it")
        key = f"{spec.archive} {spec.version}"
        with self._guard:
            lock = self._archives.setdefault(key, threading.Lock())
        if not lock.acquire(blocking=False):
            sayer.say("waiting for the same archive")
            lock.acquire()
        try:
            asset = self._assets.get(key)
            if asset is None:
                try:
                    asset = release.find(spec, self.environ, sayer)
                except WayFailed as failed:
                    asset = failed
                self._assets[key] = asset
            if isinstance(asset, WayFailed):
                raise WayFailed(str(asset))
            return release.fetch(asset, self.cache_dir / "downloads", sayer)
        finally:
            lock.release()

    def _fitting(self, tool: Tool, path: Path) -> str:
        """The version that `path` says it is; WayFailed where that does not fit."""
        program, args = path, tool.version_args
        if tool.version_from is not None:
            program, args = path.resolve().parent / tool.version_from, ("version",)
            if not program.exists():
                return ""
        if not args:
            return ""
        said = self._said(program, args)
        match = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
        if match is None:
            raise WayFailed(f"{program} does not tell its version: {said[:200]!r}")
        version: Version = (int(match[1]), int(match[2]), int(match[3]))
        if not tool.at_least <= version < tool.below:
            low, high = (".".join(map(str, bound)) for bound in (tool.at_least, tool.below))
            raise WayFailed(f"{program} is {match[0]}, and at least {low} and below {high} is needed")
        return match[0]

    def _said(self, program: Path, args: tuple[str, ...]) -> str:
        self.scratch.mkdir(parents=True, exist_ok=True)
        env = {**self.environ, "PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_HOME": os.fspath(self.scratch)}
        try:
            done = subprocess.run(
                [os.fspath(program), *args], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=VERSION_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise WayFailed(
                f"{program} {' '.join(args)} did not answer within {VERSION_SECONDS} s"
            ) from error
        if done.returncode != 0:
            raise WayFailed(
                f"{program} {' '.join(args)} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
            )
        return done.stdout.strip() or done.stderr.strip()
