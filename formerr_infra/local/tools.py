"""Which programs a checkout's local mode uses, remembered, so that a warm run asks none of them anything.

The programs come in sets: what brings the four slots up needs no Kubernetes. Holds the choice of ways (FORMERR_TOOLCHAIN) and whether the official DigitalOcean plugin is looked for
(FORMERR_PLUGIN). Standard library only. It does not say how a program is come by: `toolchain` does.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from formerr_infra import children
from formerr_infra.errors import SettingsError, SetupError
from formerr_infra.local.toolchain import TABLE, Found, Resolver, ToolUnavailable, Way, WayFailed, tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from formerr_infra.local.paths import LocalPaths
    from formerr_infra.local.toolchain.release import Sayer

PLUGIN = "pulumi-resource-digitalocean"
KUBERNETES_PLUGIN = "pulumi-resource-kubernetes"
#: What the report is opened with; its tests skip where it is not to be had.
CHROMIUM = "chromium"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
# A host that could not be reached is asked again after this long.
FORGET_SECONDS = 24 * 3600


class ToolSet(StrEnum):
    """What a run may need: the four slots alone, the application on a real API server, the linters' and the tests' own."""

    CORE = "core"
    APPLICATION = "application"
    LINT = "lint"
    CHECKS = "checks"


MEMBERS: Mapping[ToolSet, tuple[str, ...]] = MappingProxyType(
    {
        ToolSet.CORE: ("pulumi", "pulumi-language-python"),
        ToolSet.APPLICATION: (*CONTROL_PLANE, KUBERNETES_PLUGIN),
        ToolSet.LINT: ("actionlint",),
        ToolSet.CHECKS: ("kube-score", "versitygw", CHROMIUM),
    }
)
REQUIRED = MEMBERS[ToolSet.CORE]
ONLY_CORE = frozenset({ToolSet.CORE})

T = TypeVar("T", bound=StrEnum)
Json = dict[str, Any]


class PluginChoice(StrEnum):
    """FORMERR_PLUGIN: which DigitalOcean plugin local mode runs on."""

    AUTO = "auto"
    OFFICIAL = "official"
    STAND_IN = "stand-in"


def _setting(environ: Mapping[str, str], name: str, kind: type[T]) -> T:
    value = environ.get(name) or "auto"
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise SettingsError([f"{name}={value}: it is one of {known}"]) from None


@dataclass(slots=True)
class Toolbox:
    """The programs of one checkout.

    Attributes:
        paths: where they are kept.
        environ: the PATH and the settings.
        sets: what is asked for: whether it is ready, and what is to be prepared, follow from it.

    Raises:
        SettingsError: FORMERR_TOOLCHAIN or FORMERR_PLUGIN has a value that there is not.
    """

    paths: LocalPaths
    environ: Mapping[str, str]
    sets: AbstractSet[ToolSet] = ONLY_CORE
    way: Way = field(init=False)
    plugin: PluginChoice = field(init=False)
    _resolver: Resolver = field(init=False)
    _found: dict[str, Found] = field(init=False, default_factory=dict)
    _missing: dict[str, str] = field(init=False, default_factory=dict)
    _known: dict[str, Json] = field(init=False, default_factory=dict)
    _recalled: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.way = _setting(self.environ, "FORMERR_TOOLCHAIN", Way)
        self.plugin = _setting(self.environ, "FORMERR_PLUGIN", PluginChoice)
        cleaned = children.for_tool(self.environ) | {"PATH": self.search_path()}
        self._resolver = Resolver(self.paths.cache_dir, cleaned, self.paths.local_dir / "scratch")

    def search_path(self) -> str:
        """The PATH without what local mode itself put there: a stand-in is never found as the official
        plugin."""
        ours = (self.paths.stand_in, self.paths.bin, self.paths.tools)
        parts = self.environ.get("PATH", "").split(os.pathsep)
        return os.pathsep.join(
            part for part in parts if part and not any(Path(part).is_relative_to(own) for own in ours)
        )

    def optional(self) -> tuple[str, ...]:
        return () if self.plugin is PluginChoice.STAND_IN else (PLUGIN,)

    def wanted(self) -> tuple[str, ...]:
        """Every program of the sets, the optional ones too; those that a first run waits for come first."""
        return tuple(name for one in ToolSet if one in self.sets for name in MEMBERS[one]) + self.optional()

    def open(self) -> tuple[str, ...]:
        """Those of the wanted ones that nothing is known of that still holds."""
        self._recall()
        return tuple(name for name in self.wanted() if not self._is_known(name))

    def ensure(self, name: str, sayer: Sayer) -> Found | None:
        """Find, fetch or build a program; None for an optional one that is not to be had.

        Raises:
            ToolUnavailable: it is needed and not to be had.
        """
        row = tool(name)
        needed = name != CHROMIUM and (name != PLUGIN or self.plugin is PluginChoice.OFFICIAL)
        try:
            found = self._from_plugins(name) or self._resolver.ensure(row, self._way_to(name), sayer)
        except ToolUnavailable as error:
            if needed:
                raise
            self._missing[name] = "; ".join(f"{a.way}: {a.why}" for a in error.attempts)
            self._known.pop(name, None)
            return None
        self._found[name] = found
        self._missing.pop(name, None)
        self._known.pop(name, None)
        return found

    def _way_to(self, name: str) -> Way:
        """A way that a program does not have (the plugin's build, a browser's release) is not forced on it."""
        row = tool(name)
        there = {Way.BUILD: row.build, Way.PACKAGE: row.package}.get(self.way, row)
        if name == CHROMIUM and self.way is Way.RELEASE:
            there = None
        return Way.AUTO if there is None else self.way

    def _from_plugins(self, name: str) -> Found | None:
        """A plugin in one of Pulumi's own folders, unless there is one on the PATH, which the engine
        prefers."""
        spec = tool(name).release
        if name not in (PLUGIN, KUBERNETES_PLUGIN) or spec is None:
            return None
        try:
            return self._resolver.on_path(tool(name), _Silent())
        except WayFailed:
            pass
        given = self.environ.get("PULUMI_HOME")
        homes = [self.paths.pulumi_home, *([Path(given)] if given else []), self.paths.home / ".pulumi"]
        for home in homes:
            program = home / "plugins" / plugin_folder(name, spec.version) / name
            if os.access(program, os.X_OK):
                return Found(name, program, spec.version, Way.PATH)
        return None

    def told(self, found: Found) -> str:
        """One line: the program, its version and the way to it."""
        did = {
            (Way.RELEASE, True): "official release, checksum verified",
            (Way.BUILD, True): "built from Go modules, sums verified",
            (Way.PACKAGE, True): "npm package, integrity verified",
            (Way.RELEASE, False): "official release, cached",
            (Way.BUILD, False): "built from Go modules, cached",
            (Way.PACKAGE, False): "npm package, cached",
        }.get((found.way, found.new), "already installed")
        return f"{f'{found.name} {found.version}'.rstrip()}: {did}: {found.path}"

    # -- the memory ------------------------------------------------------------------------------------------

    def _question(self) -> Json:
        """What every answer follows from."""
        return {"way": self.way, "cache": os.fspath(self.paths.cache_dir)}

    def _seen(self, name: str) -> list[object] | None:
        """What the PATH has of that name: another program there is another answer."""
        where = shutil.which(name, path=self.search_path())
        return [where, *_stat(Path(where))] if where else None

    def remember(self) -> None:
        """Write down what was found, beside what is known of programs that nobody asked for this time."""
        self._recall()
        now = time.time()
        for name, found in self._found.items():
            if name not in self._known:
                facts = {"path": os.fspath(found.path), "version": found.version, "way": found.way}
                self._known[name] = {"seen": self._seen(name), "found": facts | {"stat": _stat(found.path)}}
        for name, why in self._missing.items():
            if name not in self._known:
                self._known[name] = {"seen": self._seen(name), "missing": why, "at": now}
        stamp = {"question": self._question(), "programs": self._known}
        self.paths.local_dir.mkdir(parents=True, exist_ok=True)
        new = self.paths.toolchain_stamp.with_suffix(".new")
        new.write_text(json.dumps(stamp, indent=2) + "\n", "utf-8")
        new.replace(self.paths.toolchain_stamp)

    def _recall(self) -> None:
        """Take what was remembered and still holds, once; what was found since goes before it."""
        if self._recalled:
            return
        self._recalled = True
        try:
            stamp = json.loads(self.paths.toolchain_stamp.read_text("utf-8"))
            programs = dict(stamp["programs"]) if stamp["question"] == self._question() else {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            programs = {}
        for name, facts in programs.items():
            if name in self._found or name in self._missing:
                continue
            try:
                if facts["seen"] != self._seen(name):
                    continue
                if "missing" in facts:
                    if time.time() - float(facts["at"]) > FORGET_SECONDS:
                        continue
                    self._missing[name] = str(facts["missing"])
                else:
                    told = facts["found"]
                    path = Path(told["path"])
                    if _stat(path) != told["stat"]:
                        continue
                    self._found[name] = Found(name, path, told["version"], Way(told["way"]))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            self._known[name] = facts

    def is_ready(self) -> bool:
        """Whether all that is asked for is known and still there; reads files and starts nothing."""
        return not self.open()

    def _is_known(self, name: str) -> bool:
        """Whether a program was looked for as far as is asked now: a stand-in asks for nothing."""
        if name in self._found:
            return True
        optional = name == CHROMIUM or (name == PLUGIN and self.plugin is PluginChoice.AUTO)
        return optional and name in self._missing

    def has(self, one: ToolSet) -> bool:
        """Whether every program of a set is known and still there."""
        self._recall()
        return all(name in self._found for name in MEMBERS[one])

    def programs(self) -> Mapping[str, Found]:
        """The programs as remembered.

        Raises:
            SetupError: set-up has not been run, or what it found is gone.
        """
        self._recall()
        if not all(self._is_known(name) for name in (*REQUIRED, *self.optional())):
            raise SetupError("The toolchain is not set up, or has changed since. Run: make setup")
        return {row.name: self._found[row.name] for row in TABLE if row.name in self._found}

    def kubernetes(self) -> Path | None:
        """A folder with the programs of a local cluster; None where the application's set is not there.

        They are links, so that a program from the PATH and one from the cache stand side by side, and no
        PATH of the user's has any of them.
        """
        if not self.has(ToolSet.APPLICATION):
            return None
        folder = self.paths.kubernetes
        folder.mkdir(parents=True, exist_ok=True)
        for name in CONTROL_PLANE:
            link, program = folder / name, self._found[name].path
            if not (link.is_symlink() and link.readlink() == program):
                new = folder / f".{name}.{os.getpid()}"
                new.symlink_to(program)
                new.replace(link)
        return folder

    def folders(self) -> list[Path]:
        """What the PATH needs for the programs that are not on it already.

        The engine takes a language host beside itself without a word, and warns of one that it finds on the
        PATH: the programs out of the cache are linked into one folder.

        Raises:
            SetupError: set-up has not been run.
        """
        programs = self.programs()
        beside = [programs[name] for name in (*REQUIRED, KUBERNETES_PLUGIN) if name in programs]
        cached = [
            found for found in beside if self._is_cached(found) and not self.is_plugin_of_the_sdk(found)
        ]
        for found in cached:
            for source in found.path.parent.iterdir():
                target = self.paths.bin / source.name
                if source.name.startswith(".") or (target.exists() and target.samefile(source)):
                    continue
                self.paths.bin.mkdir(parents=True, exist_ok=True)
                new = self.paths.bin / f".{source.name}.{os.getpid()}"
                try:
                    new.hardlink_to(source)
                except OSError:  # another file system
                    shutil.copy2(source, new)
                new.replace(target)
        return [self.paths.bin] if cached else []

    def engine(self) -> Path:
        """The `pulumi` to start.

        Raises:
            SetupError: set-up has not been run.
        """
        found = self.programs()["pulumi"]
        return self.folders()[0] / "pulumi" if self._is_cached(found) else found.path

    @staticmethod
    def is_plugin_of_the_sdk(found: Found) -> bool:
        """Whether the engine takes it out of its folder of plugins without a word.

        A build is older than the SDK asks for: that one it takes from the PATH alone, with a warning.
        """
        return found.name in (PLUGIN, KUBERNETES_PLUGIN) and found.way is Way.RELEASE

    def _is_cached(self, found: Found) -> bool:
        return found.path.is_relative_to(self.paths.tools)

    def why_no_plugin(self) -> str:
        """Why the official plugin is not used."""
        return self._missing.get(PLUGIN, "")


def plugin_folder(name: str, version: str) -> str:
    """How Pulumi calls a plugin's folder below its own."""
    return f"resource-{name.removeprefix('pulumi-resource-')}-v{version}"


class _Silent:
    def say(self, phase: str, detail: str = "") -> None:
        """What is over in milliseconds is not worth a line."""


def _stat(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]
