"""Which programs there are, in which versions, and the ways to each: data, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, int, int]

PULUMI = "3.259.0"
DIGITALOCEAN = "4.76.0"
KUBERNETES_PLUGIN = "4.34.2"
KUBERNETES = "1.34.2"
ETCD = "3.6.5"
KWOK = "0.7.0"
KUBE_SCORE = "1.20.0"
ACTIONLINT = "1.7.12"
CHROMIUM = "153.0.0"
VERSITYGW = "1.8.0"


@dataclass(frozen=True, slots=True)
class Release:
    """Published archives or programs with their SHA-256 sums.

    In `bases`, `archive`, `sums` and `listing`, `{version}`, `{os}` (linux, darwin), `{system}` (Linux, Darwin),
    `{arch}` and `{ext}` (tar.gz, on darwin zip) are replaced.

    Attributes:
        version: without a leading v.
        bases: folders that hold archive and sums, each in turn.
        archive: the archive's name; a name without an archive's ending is the program itself.
        sums: the name of the file of sums: a line for each file, or the bare sum of the one.
        arches: machine (as `uname -m` says) to the archive's word for it.
        listing: where the publisher has no file of sums but GitHub's list of the release's files with their
            digests, its address; a mirror is asked for `sums` all the same.
        systems: what there are archives for.
    """

    version: str
    bases: tuple[str, ...]
    archive: str
    sums: str
    arches: Mapping[str, str]
    listing: str = ""
    systems: tuple[str, ...] = ("linux", "darwin")


@dataclass(frozen=True, slots=True)
class GoBuild:
    """A build from published Go modules.

    Attributes:
        version: of what comes out.
        module: the folder in modules/ with go.mod and go.sum.
        package: what is built.
        ldflags: for the linker, after `-s -w`.
        scripts: (module, path in it) of files that belong beside the program, executable.
        embeds: (module, path in it) of files that the program embeds. A program can embed only what lies in
            its own module: they are copied out of the verified module beside `main.go` of `module`.
    """

    version: str
    module: str
    package: str
    ldflags: str = ""
    scripts: tuple[tuple[str, str], ...] = ()
    embeds: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the npm registry that holds a program, compressed with brotli.

    Attributes:
        version, name: of the package.
        sha512: of its archive, base64, as npm writes it behind `sha512-`.
        files: path in the package -> name of the program, or "" for a tar whose files come beside it.
        machines: (system, machine) that it is for.
        texts: files that come beside those, by name: what starts a program with the libraries that came with it.
    """

    version: str
    name: str
    sha512: str
    files: Mapping[str, str]
    machines: tuple[tuple[str, str], ...]
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


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
        release, build, package: the ways; None where there is none.
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
    package: Package | None = None
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
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"

_START_CHROMIUM = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium.bin" "$@"
"""

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""

_APPLICATION_ADVICE = (
    "  have it on the PATH, or\n"
    "  install Go (https://go.dev/doc/install) so that it can be built, or\n"
    "  set FORMERR_RELEASE_URL to a folder that mirrors the releases and their sums, or\n"
    "  leave the application out: make up APPLICATION=no"
)

_CHECK_ADVICE = "  have it on the PATH, or install Go (https://go.dev/doc/install) so that it can be built"


def _control_plane(name: str, purpose: str) -> Tool:
    """A program of Kubernetes itself. They are taken in one minor version, so that they fit each other."""
    return Tool(
        name=name,
        purpose=purpose,
        at_least=(1, 34, 0),
        below=(1, 35, 0),
        version_args=("--version",),
        release=Release(
            version=KUBERNETES,
            bases=("https://dl.k8s.io/release/v{version}/bin/{os}/{arch}",),
            archive=name,
            sums=f"{name}.sha256",
            arches=_GO_ARCHES,
            systems=("linux",),
        ),
        build=GoBuild(
            version=KUBERNETES,
            module="kubernetes",
            package=f"k8s.io/kubernetes/cmd/{name}",
            ldflags=f"-X k8s.io/component-base/version.gitVersion=v{KUBERNETES}",
        ),
        advice=_APPLICATION_ADVICE,
    )


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
    Tool(
        name="etcd",
        purpose="the store of a Kubernetes API server",
        at_least=(3, 5, 13),  # older ones lack RequestWatchProgress, and consistent reads are slow
        below=(3, 7, 0),
        version_args=("--version",),
        release=Release(
            version=ETCD,
            bases=("https://github.com/etcd-io/etcd/releases/download/v{version}",),
            archive="etcd-v{version}-{os}-{arch}.{ext}",
            sums="SHA256SUMS",
            arches=_GO_ARCHES,
        ),
        build=GoBuild(version=ETCD, module="etcd", package="go.etcd.io/etcd/server/v3"),
        advice=_APPLICATION_ADVICE,
    ),
    _control_plane("kube-apiserver", "the API server of a local cluster"),
    _control_plane("kube-controller-manager", "the controllers of a local cluster"),
    _control_plane("kube-scheduler", "the scheduler of a local cluster"),
    Tool(
        name="kwok",
        purpose="the nodes and pods of a local cluster",
        at_least=(0, 7, 0),
        below=(0, 8, 0),
        version_args=("--version",),
        release=Release(
            version=KWOK,
            bases=("https://github.com/kubernetes-sigs/kwok/releases/download/v{version}",),
            archive="kwok-{os}-{arch}",
            sums="kwok-{os}-{arch}.sha256",
            listing="https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v{version}",
            arches=_GO_ARCHES,
        ),
        build=GoBuild(
            version=KWOK,
            module="kwok",
            package="sigs.k8s.io/kwok/cmd/kwok",
            ldflags=f"-X sigs.k8s.io/kwok/pkg/consts.Version=v{KWOK}",
        ),
        advice=_APPLICATION_ADVICE,
    ),
    Tool(
        name="pulumi-resource-kubernetes",
        purpose="the official Kubernetes plugin",
        at_least=(4, 25, 0),  # the newest that is published as Go modules
        below=(5, 0, 0),
        release=Release(
            version=KUBERNETES_PLUGIN,
            bases=("https://github.com/pulumi/pulumi-kubernetes/releases/download/v{version}",),
            archive="pulumi-resource-kubernetes-v{version}-{os}-{arch}.tar.gz",
            sums="pulumi-kubernetes_{version}_checksums.txt",
            arches=_GO_ARCHES,
        ),
        build=GoBuild(
            version="4.25.0",
            module="kubernetes-provider",
            package=".",
            ldflags=f"-X {_PROVIDER}/pkg/version.Version=4.25.0",
            embeds=(
                (_PROVIDER, "cmd/pulumi-resource-kubernetes/schema.json"),
                (_PROVIDER, "cmd/pulumi-resource-kubernetes/terraform-mapping.json"),
            ),
        ),
        advice=_APPLICATION_ADVICE,
    ),
    Tool(
        name="kube-score",
        purpose="judges manifests in the tests",
        at_least=(1, 20, 0),
        below=(2, 0, 0),
        version_args=("version",),
        release=Release(
            version=KUBE_SCORE,
            bases=("https://github.com/zegl/kube-score/releases/download/v{version}",),
            archive="kube-score_{version}_{os}_{arch}.tar.gz",
            sums="checksums.txt",
            arches=_GO_ARCHES,
        ),
        build=GoBuild(
            version=KUBE_SCORE,
            module="kube-score",
            package="github.com/zegl/kube-score/cmd/kube-score",
            ldflags=f"-X main.version={KUBE_SCORE}",
        ),
        advice=_CHECK_ADVICE,
    ),
    Tool(
        name="actionlint",
        purpose="judges the workflows",
        at_least=(1, 7, 12),  # older ones take keys of newer workflows for slips
        below=(2, 0, 0),
        version_args=("-version",),
        release=Release(
            version=ACTIONLINT,
            bases=("https://github.com/rhysd/actionlint/releases/download/v{version}",),
            archive="actionlint_{version}_{os}_{arch}.tar.gz",
            sums="actionlint_{version}_checksums.txt",
            arches=_GO_ARCHES,
        ),
        build=GoBuild(
            version=ACTIONLINT,
            module="actionlint",
            package="github.com/rhysd/actionlint/cmd/actionlint",
            ldflags=f"-X github.com/rhysd/actionlint.version={ACTIONLINT}",
        ),
        advice=_CHECK_ADVICE,
    ),
    Tool(
        name="chromium",
        purpose="opens the report in the tests",
        at_least=(120, 0, 0),
        below=(1000, 0, 0),
        version_args=("--version",),
        package=Package(
            version=CHROMIUM,
            name="@sparticuz/chromium",
            sha512="jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
            files=MappingProxyType(
                {"bin/chromium.br": "chromium.bin", "bin/al2023.tar.br": "", "bin/fonts.tar.br": ""}
            ),
            machines=(("Linux", "x86_64"),),
            texts=MappingProxyType({"chromium": _START_CHROMIUM, "fonts.conf": _FONTS}),
        ),
        advice="  have chromium on the PATH, or install Node.js with npm so that it can be fetched",
    ),
    Tool(
        name="versitygw",
        purpose="an S3-compatible server, for the tests of a state in a bucket",
        at_least=(1, 8, 0),
        below=(2, 0, 0),
        version_args=("--version",),
        release=Release(
            version=VERSITYGW,
            bases=("https://github.com/versity/versitygw/releases/download/v{version}",),
            archive="versitygw_v{version}_{system}_{arch}.tar.gz",
            sums="checksums.txt",
            arches=MappingProxyType(
                {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
            ),
        ),
        build=GoBuild(
            version=VERSITYGW,
            module="versitygw",
            package="github.com/versity/versitygw/cmd/versitygw",
            ldflags=f"-X main.Version=v{VERSITYGW}",
        ),
        advice=_CHECK_ADVICE,
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
