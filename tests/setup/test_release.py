"""The official release: fetched from a loopback host that behaves as badly as a network can."""

from __future__ import annotations

import hashlib
import os
import platform
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.toolchain import TABLE, Resolver, ToolUnavailable, Way, WayFailed, release, tool
from tests.setup.toolbench import PULUMI_FILES, ReleaseHost, Silence, archive, resolver, script, serving

if TYPE_CHECKING:
    from pathlib import Path

PULUMI = tool("pulumi")
HOST = tool("pulumi-language-python")
VERSION = "3.259.0"
linux = pytest.mark.skipif(platform.system() != "Linux", reason="Kubernetes is released for Linux only")
linux_only = pytest.mark.may_skip(reason="Kubernetes is released for Linux only")


@pytest.fixture(name="host")
def _host() -> ReleaseHost:  # type: ignore[misc]  # a generator, as pytest wants it
    with serving() as host:
        yield host


def _resolver(tmp_path: Path, host: ReleaseHost) -> Resolver:
    return resolver(tmp_path, FORMERR_RELEASE_URL=host.url, no_proxy="127.0.0.1")


def _nothing_is_kept(tmp_path: Path) -> bool:
    left = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.name != ".lock"]
    return left == []


def test_a_verified_release_is_unpacked_into_the_cache(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION))

    found = _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert (found.way, found.version, found.new) == (Way.RELEASE, VERSION, True)
    assert found.path == tmp_path / "cache" / "tools" / "pulumi" / VERSION / "pulumi"
    assert os.access(found.path, os.X_OK)


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION))
    _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())
    host.asked.clear()

    found = _resolver(tmp_path, host).ensure(PULUMI, Way.AUTO, Silence())

    assert not found.new
    assert host.asked == []


def test_two_programs_of_one_archive_fetch_it_once(tmp_path: Path, host: ReleaseHost) -> None:
    path = host.publish(archive(VERSION))
    both = _resolver(tmp_path, host)

    both.ensure(PULUMI, Way.RELEASE, Silence())
    found = both.ensure(HOST, Way.RELEASE, Silence())

    assert host.fetched(path) == [None]
    assert {p.name for p in found.path.parent.iterdir()} >= set(PULUMI_FILES[1:])


def test_a_wrong_checksum_is_never_used_and_not_kept(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION), sha256="f" * 64)

    with pytest.raises(ToolUnavailable) as refused:
        _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert "f" * 64 in str(refused.value)
    assert "SHA-256" in str(refused.value)
    assert _nothing_is_kept(tmp_path)


def test_a_wrong_checksum_leads_to_the_next_way(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION), sha256="f" * 64)

    with pytest.raises(ToolUnavailable) as refused:
        _resolver(tmp_path, host).ensure(PULUMI, Way.AUTO, Silence())

    assert [a.way for a in refused.value.attempts] == [
        "on the PATH",
        "in the cache",
        "official release",
        "build from Go modules",
    ]
    assert "no `go` on the PATH" in refused.value.attempts[-1].why


@pytest.mark.parametrize("cuts", [[40_000], [1, 100_000]], ids=["once", "twice"])
def test_a_cut_download_goes_on_where_it_was_cut(tmp_path: Path, host: ReleaseHost, cuts: list[int]) -> None:
    path = host.publish(archive(VERSION, padding=300_000))
    host.cut_after = list(cuts)

    found = _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    have = [sum(cuts[:n]) for n in range(1, len(cuts) + 1)]
    assert host.fetched(path) == [None, *(f"bytes={n}-" for n in have)]
    assert found.new


def test_a_later_run_goes_on_where_an_earlier_one_was_killed(tmp_path: Path, host: ReleaseHost) -> None:
    content = archive(VERSION, padding=100_000)
    path = host.publish(content)
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / f"{path[1:]}.part").write_bytes(content[:70_000])

    _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert host.fetched(path) == ["bytes=70000-"]


def test_halves_that_do_not_belong_together_are_fetched_from_the_start(
    tmp_path: Path, host: ReleaseHost
) -> None:
    path = host.publish(archive(VERSION, padding=50_000))
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / f"{path[1:]}.part").write_bytes(b"of another release" * 100)

    _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert host.fetched(path) == ["bytes=1800-", None]


def test_a_part_longer_than_the_archive_is_thrown_away(tmp_path: Path, host: ReleaseHost) -> None:
    content = archive(VERSION)
    path = host.publish(content)
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / f"{path[1:]}.part").write_bytes(content + b"more")

    _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert host.fetched(path)[-1] is None


def test_a_host_that_ignores_ranges_is_read_from_the_start(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION, padding=100_000))
    host.ranges = False
    host.cut_after = [30_000]

    assert _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence()).new


def test_a_host_that_is_silent_is_given_up_quickly(
    tmp_path: Path, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "CONNECT_SECONDS", 0.3)
    host.silent.set()
    began = time.monotonic()

    with pytest.raises(ToolUnavailable, match="timed out"):
        _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert time.monotonic() - began < 3


def test_a_host_that_cannot_be_reached_is_asked_once_for_both(tmp_path: Path, host: ReleaseHost) -> None:
    both = _resolver(tmp_path, host)
    for row in (PULUMI, HOST):
        with pytest.raises(ToolUnavailable, match="answered 404"):
            both.ensure(row, Way.RELEASE, Silence())

    assert len(host.asked) == 1


def test_an_archive_without_the_program_is_refused(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION, files=PULUMI_FILES[:2]))

    with pytest.raises(ToolUnavailable, match="holds no pulumi-language-python-exec"):
        _resolver(tmp_path, host).ensure(HOST, Way.RELEASE, Silence())


def test_a_damaged_archive_is_refused(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive(VERSION, padding=10_000)[:-6_000])

    with pytest.raises(ToolUnavailable, match="cannot be unpacked"):
        _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())


def test_a_release_of_another_version_than_it_says_is_refused(tmp_path: Path, host: ReleaseHost) -> None:
    host.publish(archive("3.100.0"))

    with pytest.raises(ToolUnavailable, match=r"is 3\.100\.0"):
        _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())


def test_sums_without_this_machines_archive_are_said(tmp_path: Path, host: ReleaseHost) -> None:
    path = host.publish(archive(VERSION))
    sums = next(name for name in host.files if name != path)
    host.files[sums] = f"{hashlib.sha256(b'').hexdigest()}  pulumi-v{VERSION}-plan9-x64.tar.gz\n".encode()

    with pytest.raises(ToolUnavailable, match="no sum for"):
        _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())


def test_nothing_in_an_archive_is_written_outside_its_folder(tmp_path: Path, host: ReleaseHost) -> None:
    import io
    import tarfile

    made = io.BytesIO(archive(VERSION))
    evil = io.BytesIO()
    with tarfile.open(fileobj=made) as source, tarfile.open(fileobj=evil, mode="w:gz") as target:
        for member in source:
            target.addfile(member, source.extractfile(member))
        outside = tarfile.TarInfo("../../../../outside/pulumi-language-python")
        outside.size = 4
        target.addfile(outside, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("pulumi/pulumi-resource-pulumi-python")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        target.addfile(link)
    host.publish(evil.getvalue())

    found = _resolver(tmp_path, host).ensure(PULUMI, Way.RELEASE, Silence())

    assert [p.name for p in found.path.parent.iterdir() if not p.name.startswith(".")] == ["pulumi"]
    assert list(tmp_path.rglob("outside")) == []


# -- the shapes that releases have ----------------------------------------------------------------------------


def _published(host: ReleaseHost, name: str, content: bytes) -> str:
    """Publish what a program's release is called, with its bare sum beside it; its path."""
    spec = tool(name).release
    assert spec is not None
    file, sums = release.names(spec)
    host.files[f"/{file}"] = content
    host.files[f"/{sums}"] = f"{hashlib.sha256(content).hexdigest()}\n".encode()
    return f"/{file}"


@linux_only
@linux
def test_a_program_that_is_published_bare_is_verified_and_put_into_the_cache(
    tmp_path: Path, host: ReleaseHost
) -> None:
    path = _published(host, "kube-apiserver", script("1.34.2"))

    found = _resolver(tmp_path, host).ensure(tool("kube-apiserver"), Way.RELEASE, Silence())

    assert host.fetched(path) == [None]
    assert (found.version, found.way) == ("1.34.2", Way.RELEASE)
    assert os.access(found.path, os.X_OK)


@linux_only
@linux
def test_a_bare_program_of_another_sum_is_not_kept(tmp_path: Path, host: ReleaseHost) -> None:
    path = _published(host, "kube-apiserver", script("1.34.2"))
    host.files[path] = script("1.34.3")

    with pytest.raises(ToolUnavailable, match="SHA-256"):
        _resolver(tmp_path, host).ensure(tool("kube-apiserver"), Way.RELEASE, Silence())

    assert _nothing_is_kept(tmp_path)


def test_a_zip_is_unpacked_by_name(tmp_path: Path) -> None:
    packed = tmp_path / "etcd.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("etcd-v3.6.5/etcd", script("3.6.5"))
        made.writestr("etcd-v3.6.5/etcdctl", b"other")
        made.writestr("../outside/etcd.txt", b"evil")
    into = tmp_path / "into"
    into.mkdir()

    release.unpack(packed, tool("etcd"), into)

    assert {path.name: path.read_bytes() for path in into.iterdir()} == {"etcd": script("3.6.5")}


def test_a_zip_that_is_damaged_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "etcd.zip"
    packed.write_bytes(b"PK\x03\x04 and then nothing")

    with pytest.raises(WayFailed, match="cannot be unpacked"):
        release.unpack(packed, tool("etcd"), tmp_path)


SUM = "ab" * 32


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{SUM}  kwok-linux-amd64\n", SUM),
        (f"{SUM} *kwok-linux-amd64\n", SUM),
        (f"{SUM.upper()}\n", SUM),
        (f'{{"assets": [{{"name": "kwok-linux-amd64", "digest": "sha256:{SUM}"}}]}}', SUM),
        (f'{{"assets": [{{"name": "kwok-linux-arm64", "digest": "sha256:{SUM}"}}]}}', None),
        ('{"assets": [{"name": "kwok-linux-amd64", "digest": null}]}', None),
        ('{"assets": [{"name": "kwok-linux-amd64", "digest": "sha512:ab"}]}', None),
        ('{"message": "Not Found"}', None),
        ('{"assets": ', None),
        ('{"assets": [1]}', None),
        (f"{SUM}  kwok-linux-arm64\n", None),
        ("<html>not here</html>", None),
        (SUM[:-1], None),
        ("", None),
    ],
)
def test_a_sum_is_read_in_every_shape_that_is_published_and_in_no_other(text: str, found: str | None) -> None:
    assert release.sum_of("kwok-linux-amd64", text) == found


def test_a_list_of_digests_is_asked_for_where_there_is_no_file_of_sums_and_a_mirror_for_the_file() -> None:
    spec = tool("kwok").release
    assert spec is not None

    [(base, url)] = release.places(spec, {})
    [(mirror, sums)] = release.places(spec, {"FORMERR_RELEASE_URL": "http://127.0.0.1:1/all/"})

    assert base.startswith("https://github.com/")
    assert url.startswith("https://api.github.com/")
    assert mirror == "http://127.0.0.1:1/all"
    assert sums.startswith("http://127.0.0.1:1/all/kwok-")
    assert sums.endswith(".sha256")


def test_every_release_is_asked_for_over_https_with_nothing_left_to_fill_in() -> None:
    for row in TABLE:
        if row.release is None:
            assert row.package is not None, row.name
            continue
        if platform.system().lower() not in row.release.systems:
            continue
        for base, url in release.places(row.release, {}):
            for one in (base, url, *release.names(row.release)):
                assert not {"{", "}"} & set(one), row.name
            assert base.startswith("https://")
            assert url.startswith("https://")


def test_a_program_without_a_release_for_this_system_is_said(tmp_path: Path, host: ReleaseHost) -> None:
    spec = tool("kube-apiserver").release
    assert spec is not None
    elsewhere = replace(tool("kube-apiserver"), release=replace(spec, systems=("plan9",)))

    with pytest.raises(ToolUnavailable, match="there is no release for"):
        _resolver(tmp_path, host).ensure(elsewhere, Way.RELEASE, Silence())

    assert host.asked == []
