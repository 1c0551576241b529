"""A registry on the bundled DigitalOcean: what it holds, deletes, garbage collections, credentials, and pinned stack files."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from ruamel.yaml import YAML

from formerr_infra.emulator.store import DEFAULT_TOKEN
from formerr_infra.errors import SettingsError, UnknownIsNotAbsent
from formerr_infra.images import BACKEND, FRONTEND
from formerr_infra.images.docker import add_auths
from formerr_infra.images.pin import pinned, wanted
from formerr_infra.images.pinning import of_registry
from formerr_infra.images.registry import NoImage, Registry, RegistryFailed
from formerr_infra.inventory.facts import Access, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient

QUICK = Limits(budget=5.0, connect=1.0, read=2.0, retries=1, pause=0.01)
OLD = "2026-01-02T03:04:05Z"
FILE = """\
# said by hand
config:
  formerr-infra:region: nyc3 # near
  formerr-infra:imageTag: "abc"
  formerr-infra:nodeCount: 3
"""


@pytest.fixture
def registry(cloud: ControlClient) -> Iterator[Registry]:
    cloud.put("registries", name="reg")
    for name in (BACKEND, FRONTEND):
        cloud.put("repositories", registry_name="reg", name=name, tags=["abc", "def"], updated_at=OLD)
    with Registry(Access(cloud.endpoint, DEFAULT_TOKEN, local=True), "reg", limits=QUICK) as found:
        yield found


def test_every_manifest_is_listed_with_tags_date_and_size(cloud: ControlClient, registry: Registry) -> None:
    tags = [f"t{number:03}" for number in range(230)]
    cloud.put("repositories", registry_name="reg", name="team/app", tags=tags, size_bytes=10)
    found = registry.images()
    assert {one.repository for one in found} == {BACKEND, FRONTEND, "team/app"}
    assert sorted(one.tags[0] for one in found if one.repository == "team/app") == tags
    assert {one.updated.isoformat() for one in found if one.repository == BACKEND} == {
        "2026-01-02T03:04:05+00:00"
    }
    assert {one.size for one in found if one.repository == "team/app"} == {5}


@pytest.mark.parametrize("path", ["repositoriesV2", "digests"])
def test_a_list_that_cannot_be_read_is_no_empty_list(
    cloud: ControlClient, registry: Registry, path: str
) -> None:
    cloud.fault("GET", f".*{path}.*", status=503)
    with pytest.raises(UnknownIsNotAbsent, match="503"):
        registry.images()
    cloud.clear_faults()
    cloud.fault("GET", f".*{path}.*", status=403)
    with pytest.raises(UnknownIsNotAbsent, match="registry:read"):
        registry.images()


def test_what_is_deleted_goes_by_digest_and_its_blobs_with_the_collection(
    cloud: ControlClient, registry: Registry
) -> None:
    first = [one for one in registry.images() if one.repository == BACKEND][:1]
    cloud.mark()
    assert registry.delete(first) == 1
    assert registry.delete(first) == 0, "gone already"
    (sent, *_) = cloud.requests(writes=True, since_mark=True)
    assert unquote(sent.path).endswith(f"{BACKEND}/digests/{first[0].digest}")
    assert len(registry.images()) == 3

    said: list[str] = []
    done = registry.collect(timeout=10, progress=said.append, every=0.01)
    assert (done["status"], done["blobs_deleted"]) == ("succeeded", 1)
    assert said == []


def test_a_delete_that_fails_says_how_far_it_came(cloud: ControlClient, registry: Registry) -> None:
    cloud.fault("DELETE", ".*", status=500, times=1, skip=1)
    with pytest.raises(RegistryFailed, match="1 images are gone"):
        registry.delete(registry.images())
    assert len(registry.images()) == 3


def test_a_collection_is_waited_for_and_one_that_runs_is_joined(
    cloud: ControlClient, registry: Registry
) -> None:
    cloud.transitions(collection_seconds=0.3)
    with Registry(Access(cloud.endpoint, DEFAULT_TOKEN, local=True), "reg", limits=QUICK) as other:
        said: list[str] = []
        with pytest.raises(RegistryFailed, match="goes on by itself"):
            registry.collect(timeout=0.05, every=0.04)
        assert other.collect(timeout=10, progress=said.append, every=0.02)["status"] == "succeeded"
        assert "already" in said[0]
        assert "requested" in said[1]


def test_a_collection_that_is_cancelled_or_refused_is_a_failure(
    cloud: ControlClient, registry: Registry
) -> None:
    cloud.fault("POST", ".*garbage.*", status=403, times=1)
    with pytest.raises(RegistryFailed, match="registry:update"):
        registry.collect(timeout=1)


def test_credentials_to_push_are_asked_for_a_while_and_kept_from_others(
    cloud: ControlClient, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"auths": {"other.example": {"auth": "eA=="}}, "credsStore": ""})
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    file = add_auths(registry.login(seconds=900))
    held = json.loads(file.read_text("utf-8"))
    assert set(held["auths"]) == {"other.example", "registry.digitalocean.com"}
    assert held["credsStore"] == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert DEFAULT_TOKEN not in file.read_text("utf-8")
    asked = cloud.requests()[-1]
    assert asked.query == {"expiry_seconds": "900", "read_write": "true"}

    file.write_text("[]")
    with pytest.raises(SettingsError, match=r"config\.json"):
        add_auths({})
    cloud.fault("GET", ".*docker-credentials.*", status=403)
    with pytest.raises(RegistryFailed, match="registry:update"):
        registry.login()


def test_pinning_keeps_everything_else_of_the_file() -> None:
    after = pinned(
        FILE, {BACKEND: "sha256:" + "a" * 64, FRONTEND: "sha256:" + "b" * 64}, "Pulumi.staging.yaml"
    )
    assert after.startswith("# said by hand\nconfig:\n  formerr-infra:region: nyc3 # near\n")
    assert wanted(after, "") == {BACKEND: "sha256:" + "a" * 64, FRONTEND: "sha256:" + "b" * 64}
    assert "imageTag:" not in after.replace("backendImageTag:", "").replace("frontendImageTag:", "")
    assert pinned(after, wanted(after, ""), "") == after

    one = pinned(FILE, {BACKEND: "x"}, "")
    assert wanted(one, "") == {BACKEND: "x", FRONTEND: "abc"}
    for text in ("", "- a", "config: 3", "config: {", "a: 1"):
        with pytest.raises(SettingsError, match=r"Pulumi\.x\.yaml"):
            pinned(text, {}, "Pulumi.x.yaml")


def test_a_tag_becomes_the_digests_that_the_registry_has(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yaml").write_text(FILE, "utf-8")
    digests = {one.repository: one.digest for one in registry.images() if "abc" in one.tags}
    assert of_registry(registry, tmp_path, "staging", "") == digests
    assert of_registry(registry, tmp_path, "staging", "def") != digests

    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(pinned(FILE, digests, file.name), "utf-8")
    assert of_registry(registry, tmp_path, "staging", "") == digests, "a digest stays what it is"
    with pytest.raises(NoImage, match=f"{BACKEND}:ghi and .*{FRONTEND}:ghi"):
        of_registry(registry, tmp_path, "staging", "ghi")
    file.write_text("config:\n  formerr-infra:region: nyc3\n", "utf-8")
    with pytest.raises(SettingsError, match="names no image"):
        of_registry(registry, tmp_path, "staging", "")


def test_a_pinned_file_is_still_yaml_that_the_settings_take(tmp_path: Path) -> None:
    from formerr_infra.local.paths import CHECKOUT
    from formerr_infra.settings import from_files

    for name in ("Pulumi.yaml", "Pulumi.staging.yaml"):
        (tmp_path / name).write_text((CHECKOUT / name).read_text("utf-8"), "utf-8")
    file = tmp_path / "Pulumi.staging.yaml"
    digests = {BACKEND: "sha256:" + "a" * 64, FRONTEND: "sha256:" + "b" * 64}
    file.write_text(pinned(file.read_text("utf-8"), digests, file.name), "utf-8")
    settings = from_files(tmp_path, "staging")
    assert (settings.backend_image_tag, settings.frontend_image_tag) == tuple(digests.values())
    assert YAML(typ="safe").load(file.read_text("utf-8"))["config"]
