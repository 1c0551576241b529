"""Which programs there are, in which versions, and the ways to each: data, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, int, int]

PULUMI = "3.259.0"
DIGITALOCEAN = "4.76.0"


@dataclass(frozen=True, slots=True)
class Release:
    """Published archives with a file of SHA-256 sums beside them.

    Attributes:
        version: without a leading v.
        bases: folders that hold archive and sums, each in turn; `{version}` is replaced.
        archive: the archive's name; `{version}`, `{os}` (linux, darwin) and `{arch}` are replaced.
        sums: the name of the file of sums; `{version}` is replaced.
        arches: machine (as `uname -m` says) to the archive's word for it.
    """

    version: str
    bases: tuple[str, ...]
    archive: str
    sums: str
    arches: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GoBuild:
    """A build from published Go modules.

    Attributes:
        version: of what comes out.
        module: the folder in modules/ with go.mod and go.sum.
        package: what is built.
        ldflags: for the linker, after `-s -w`.
        scripts: (module, path in it) of files that belong beside the program, executable.
    """

    version: str
    module: str
    package: str
    ldflags: str = ""
    scripts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and the ways to it.

    Attributes:
        name: the executable, and the folder in the cache.
        purpose: what it is for, in a message.
        companions: executables that must lie beside it.
        optional_companions: taken along where they are there.
        version_args: what makes it print its version; empty where it cannot.
        at_least, below: versions that fit, on the PATH too.
        version_from: another program that stands beside this one in a release and tells the version for both.
        release, build: the ways; None where there is none.
        advice: what to do when no way works.
    """

    name: str
    purpose: str
    at_least: Version
    below: Version
    companions: tuple[str, ...] = ()
    optional_companions: tuple[str, ...] = ()
    version_args: tuple[str, ...] = ()
    version_from: str | None = None
    release: Release | None = None
    build: GoBuild | None = None
    advice: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        return (self.name, *self.companions)


_PULUMI_RELEASE = Release(
    version=PULUMI,
    bases=(
        "https://github.com/pulumi/pulumi/releases/download/v{version}",
        "https://get.pulumi.com/releases/sdk",
    ),
    archive="pulumi-v{version}-{os}-{arch}.tar.gz",
    sums="pulumi-{version}-checksums.txt",
    arches=MappingProxyType({"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}),
)

_GO_ARCHES = MappingProxyType({"x86_64": "amd64", "amd64": "amd64", "arm64": "arm64", "aarch64": "arm64"})

_PULUMI_ADVICE = (
    f"  install Pulumi {PULUMI} (https://www.pulumi.com/docs/install/) and have it on the PATH, or\n"
    "  install Go (https://go.dev/doc/install) so that it can be built, or\n"
    "  set FORMERR_RELEASE_URL to a folder that mirrors the release archives and their sums"
)

_SDK = "github.com/pulumi/pulumi/sdk/v3"

TABLE: tuple[Tool, ...] = (
    Tool(
        name="pulumi",
        purpose="the Pulumi engine",
        at_least=(3, 252, 0),  # from here on an import never deletes what has another canonical id
        below=(4, 0, 0),
        version_args=("version",),
        release=_PULUMI_RELEASE,
        build=GoBuild(
            version=PULUMI,
            module="pulumi",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            ldflags=f"-X {_SDK}/go/common/version.Version=v{PULUMI}",
        ),
        advice=_PULUMI_ADVICE,
    ),
    Tool(
        name="pulumi-language-python",
        purpose="runs Python programs for the engine",
        at_least=(3, 187, 0),  # older ones know neither `virtualenv` of Pulumi.yaml nor policy packs
        below=(4, 0, 0),
        companions=("pulumi-language-python-exec", "pulumi-resource-pulumi-python"),
        optional_companions=("pulumi-analyzer-policy-python",),
        version_from="pulumi",
        release=_PULUMI_RELEASE,
        build=GoBuild(
            version="3.187.0",
            module="language-python",
            package="github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
            scripts=(
                (_SDK, "python/cmd/pulumi-language-python-exec"),
                (_SDK, "python/dist/pulumi-resource-pulumi-python"),
                (_SDK, "python/dist/pulumi-analyzer-policy-python"),
            ),
        ),
        advice=_PULUMI_ADVICE,
    ),
    Tool(
        name="pulumi-resource-digitalocean",
        purpose="the official DigitalOcean plugin",
        at_least=(4, 76, 0),
        below=(5, 0, 0),
        version_args=("--version",),
        release=Release(
            version=DIGITALOCEAN,
            bases=("https://github.com/pulumi/pulumi-digitalocean/releases/download/v{version}",),
            archive="pulumi-resource-digitalocean-v{version}-{os}-{arch}.tar.gz",
            sums="pulumi-digitalocean_{version}_checksums.txt",
            arches=_GO_ARCHES,
        ),
        advice=(
            f"  pulumi plugin install resource digitalocean {DIGITALOCEAN} (if it can be downloaded), or\n"
            "  FORMERR_PLUGIN=stand-in   (local mode does without it)"
        ),
    ),
)


def tool(name: str) -> Tool:
    """The row of a program.

    Raises:
        KeyError: there is none.
    """
    for row in TABLE:
        if row.name == name:
            return row
    raise KeyError(name)
