"""Which programs a checkout's local mode uses, remembered, so that a warm run asks none of them anything.

Holds the choice of ways (FORMERR_TOOLCHAIN) and whether the official DigitalOcean plugin is looked for
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
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from formerr_infra.errors import SettingsError, SetupError
from formerr_infra.local.toolchain import Found, Resolver, ToolUnavailable, Way, WayFailed, tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.local.paths import LocalPaths
    from formerr_infra.local.toolchain.release import Sayer

REQUIRED = ("pulumi", "pulumi-language-python")
PLUGIN = "pulumi-resource-digitalocean"
# A host that could not be reached is asked again after this long.
FORGET_SECONDS = 24 * 3600


T = TypeVar("T", bound=StrEnum)


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

    Raises:
        SettingsError: FORMERR_TOOLCHAIN or FORMERR_PLUGIN has a value that there is not.
    """

    paths: LocalPaths
    environ: Mapping[str, str]
    way: Way = field(init=False)
    plugin: PluginChoice = field(init=False)
    _resolver: Resolver = field(init=False)
    _found: dict[str, Found] = field(init=False, default_factory=dict)
    _missing: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.way = _setting(self.environ, "FORMERR_TOOLCHAIN", Way)
        self.plugin = _setting(self.environ, "FORMERR_PLUGIN", PluginChoice)
        cleaned = dict(self.environ) | {"PATH": self.search_path()}
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

    def ensure(self, name: str, sayer: Sayer) -> Found | None:
        """Find, fetch or build a program; None for an optional one that is not to be had.

        Raises:
            ToolUnavailable: it is needed and not to be had.
        """
        row = tool(name)
        needed = name in REQUIRED or self.plugin is PluginChoice.OFFICIAL
        try:
            found = self._from_plugins(name) or self._resolver.ensure(row, self._way_to(name), sayer)
        except ToolUnavailable as error:
            if needed:
                raise
            self._missing[name] = "; ".join(f"{a.way}: {a.why}" for a in error.attempts)
            return None
        self._found[name] = found
        return found

    def _way_to(self, name: str) -> Way:
        """A way that a program does not have (the plugin's build) is not forced on it."""
        forced = self.way is Way.BUILD and tool(name).build is None
        return Way.AUTO if forced else self.way

    def _from_plugins(self, name: str) -> Found | None:
        """A plugin in one of Pulumi's own folders, unless there is one on the PATH, which the engine
        prefers."""
        spec = tool(name).release
        if name != PLUGIN or spec is None:
            return None
        try:
            return self._resolver.on_path(tool(name), _Silent())
        except WayFailed:
            pass
        given = self.environ.get("PULUMI_HOME")
        homes = [self.paths.pulumi_home, *([Path(given)] if given else []), self.paths.home / ".pulumi"]
        for home in homes:
            program = home / "plugins" / f"resource-digitalocean-v{spec.version}" / PLUGIN
            if os.access(program, os.X_OK):
                return Found(name, program, spec.version, Way.PATH)
        return None

    def told(self, found: Found) -> str:
        """One line: the program, its version and the way to it."""
        did = {
            (Way.RELEASE, True): "official release, checksum verified",
            (Way.BUILD, True): "built from Go modules, sums verified",
            (Way.RELEASE, False): "official release, cached",
            (Way.BUILD, False): "built from Go modules, cached",
        }.get((found.way, found.new), "already installed")
        return f"{found.name} {found.version}: {did}: {found.path}".replace("  ", " ")

    # -- the memory ------------------------------------------------------------------------------------------

    def _question(self) -> dict[str, Any]:
        """Everything that a changed answer would follow from."""
        search = self.search_path()
        seen = {}
        for name in (*REQUIRED, PLUGIN):
            where = shutil.which(name, path=search)
            seen[name] = [where, *_stat(Path(where))] if where else None
        return {
            "way": self.way,
            "cache": os.fspath(self.paths.cache_dir),
            "path": seen,
        }

    def remember(self) -> None:
        """Write down what was found; call it after every `ensure`."""
        found = {
            name: {"path": os.fspath(f.path), "version": f.version, "way": f.way, "stat": _stat(f.path)}
            for name, f in self._found.items()
        }
        stamp = {"question": self._question(), "found": found, "missing": self._missing, "at": time.time()}
        self.paths.local_dir.mkdir(parents=True, exist_ok=True)
        new = self.paths.toolchain_stamp.with_suffix(".new")
        new.write_text(json.dumps(stamp, indent=2) + "\n", "utf-8")
        new.replace(self.paths.toolchain_stamp)

    def is_ready(self) -> bool:
        """Whether what was remembered still holds; reads files and starts nothing."""
        try:
            stamp = json.loads(self.paths.toolchain_stamp.read_text("utf-8"))
            if stamp["question"] != self._question():
                return False
            if stamp["missing"] and time.time() - float(stamp["at"]) > FORGET_SECONDS:
                return False
            if not self._knows_the_plugin(stamp["found"], stamp["missing"]):
                return False
            found = {}
            for name, facts in stamp["found"].items():
                path = Path(facts["path"])
                if _stat(path) != facts["stat"]:
                    return False
                found[name] = Found(name, path, facts["version"], Way(facts["way"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        self._found, self._missing = found, dict(stamp["missing"])
        return True

    def _knows_the_plugin(self, found: Mapping[str, object], missing: Mapping[str, object]) -> bool:
        """Whether the official plugin was looked for as far as is asked now: a stand-in asks for nothing."""
        match self.plugin:
            case PluginChoice.STAND_IN:
                return True
            case PluginChoice.AUTO:
                return PLUGIN in found or PLUGIN in missing
            case PluginChoice.OFFICIAL:
                return PLUGIN in found
            case _:
                assert_never(self.plugin)

    def programs(self) -> Mapping[str, Found]:
        """The programs as remembered.

        Raises:
            SetupError: set-up has not been run, or what it found is gone.
        """
        if not self._found and not self.is_ready():
            raise SetupError("The toolchain is not set up, or has changed since. Run: make setup")
        return self._found

    def folders(self) -> list[Path]:
        """What the PATH needs for the programs that are not on it already.

        The engine takes a language host beside itself without a word, and warns of one that it finds on the
        PATH: the programs out of the cache are linked into one folder.

        Raises:
            SetupError: set-up has not been run.
        """
        cached = [f for name, f in self.programs().items() if name != PLUGIN and self._is_cached(f)]
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

    def _is_cached(self, found: Found) -> bool:
        return found.path.is_relative_to(self.paths.tools)

    def why_no_plugin(self) -> str:
        """Why the official plugin is not used."""
        return self._missing.get(PLUGIN, "")


class _Silent:
    def say(self, phase: str, detail: str = "") -> None:
        """What is over in milliseconds is not worth a line."""


def _stat(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]
