"""What `formerr doctor` makes of locks, backends, versions, tokens and refusals; each by itself, without the engine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.detect import assess
from formerr_infra.doctor import Finding, Level, locks, run, scopes, token, troubles, versions
from formerr_infra.doctor.model import exit_code
from formerr_infra.emulator.engine import operations
from formerr_infra.errors import LedgerUnreadable
from formerr_infra.inventory.facts import Access
from formerr_infra.ledger import EMPTY
from formerr_infra.local.environment import TOKEN
from formerr_infra.settings import from_files
from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.settings.schema import Settings

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HERE = socket.gethostname()


def levels(findings: list[Finding], topic: str = "") -> list[Level]:
    return [one.level for one in findings if topic in ("", one.topic)]


@given(st.lists(st.sampled_from(Level)))
def test_what_stops_a_run_outweighs_what_is_not_known_and_neither_is_a_success(seen: list[Level]) -> None:
    code = exit_code(Finding("x", level, "") for level in seen)
    assert (code == 3) == (Level.STOPS in seen)
    assert (code == 0) == (Level.STOPS not in seen and Level.UNKNOWN not in seen)


# -- locks ---------------------------------------------------------------------------------------------------


def locked(root: Path, **fields: Any) -> Path:
    """A lock as the engine's backends write it."""
    folder = root / ".pulumi" / "locks" / "organization" / "formerr-infra" / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    since = (NOW - timedelta(minutes=90)).isoformat()
    content = {"pid": 1, "username": "ann", "hostname": HERE, "timestamp": since} | fields
    file = folder / f"{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def found(root: Path) -> list[Finding]:
    return locks.look(f"file://{root}", root, "staging", {}, lambda: None, now=NOW)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[int]:
    """A process that looks like the engine's."""
    program = tmp_path / "pulumi"
    program.symlink_to(sys.executable)
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_nobody_holds_a_stack_without_a_lock(tmp_path: Path) -> None:
    (one,) = found(tmp_path)
    assert one.level is Level.OK


def test_a_lock_of_a_killed_run_stops_and_says_who_since_when_and_how_to_clear_it(tmp_path: Path) -> None:
    locked(tmp_path, pid=gone())
    (one,) = found(tmp_path)
    assert one.level is Level.STOPS
    assert f"ann@{HERE}" in one.message
    assert "2026-05-04T10:30" in one.message
    assert "90 minutes" in one.message
    assert "process is gone" in one.message
    assert "pulumi cancel -s staging --yes" in one.fix


def test_a_run_that_is_under_way_is_no_stale_lock(tmp_path: Path, engine: int) -> None:
    locked(tmp_path, pid=engine)
    (one,) = found(tmp_path)
    assert one.level is Level.WARNING
    assert "process is gone" not in one.message


def test_a_number_that_another_program_has_by_now_is_no_run(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        locked(tmp_path, pid=other.pid)
        (one,) = found(tmp_path)
        other.kill()
    assert one.level is Level.STOPS


def test_a_lock_from_another_machine_is_never_called_stale(tmp_path: Path) -> None:
    locked(tmp_path, hostname="ci-runner-7", pid=gone())
    (one,) = found(tmp_path)
    assert one.level is Level.STOPS
    assert "process is gone" not in one.message
    assert "only if you are sure" in one.message


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_lock_that_says_nothing_is_still_a_lock(tmp_path: Path, content: str) -> None:
    locked(tmp_path).write_text(content, "utf-8")
    (one,) = found(tmp_path)
    assert one.level is Level.STOPS


def test_every_lock_is_told(tmp_path: Path) -> None:
    locked(tmp_path, pid=gone())
    locked(tmp_path, hostname="elsewhere")
    assert len(found(tmp_path)) == 2


@pytest.mark.parametrize(
    ("listed", "level"),
    [
        (None, Level.UNKNOWN),
        ([], Level.OK),
        ([{"name": "acme/formerr-infra/staging", "updateInProgress": True}], Level.WARNING),
        ([{"name": "staging", "updateInProgress": False}], Level.OK),
        ([{"name": "production", "updateInProgress": True}], Level.OK),
    ],
)
def test_pulumi_cloud_says_only_whether_an_update_is_under_way(
    listed: Any, level: Level, tmp_path: Path
) -> None:
    (one,) = locks.look("https://api.pulumi.com", tmp_path, "staging", {}, lambda: listed)
    assert one.level is level


@pytest.mark.parametrize(
    "url", ["", "gs://bucket", "s3://bucket?region=x", "s3://user:hush@bucket/f?region=x&key=hush"]
)
def test_a_backend_that_cannot_be_read_is_unknown_and_never_free(url: str, tmp_path: Path) -> None:
    (one,) = locks.look(url, tmp_path, "staging", {}, lambda: None)
    assert one.level is Level.UNKNOWN
    assert "hush" not in one.message + one.fix


def test_the_backend_is_the_environments_then_the_projects_then_the_logins(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".pulumi").mkdir(parents=True)
    environ = {"HOME": str(home)}
    assert locks.backend(tmp_path, environ) == ""
    (home / ".pulumi" / "credentials.json").write_text('{"current": "https://api.pulumi.com"}', "utf-8")
    assert locks.backend(tmp_path, environ) == "https://api.pulumi.com"
    (tmp_path / "Pulumi.yaml").write_text("name: x\nbackend:\n  url: file://./state\n", "utf-8")
    assert locks.backend(tmp_path, environ) == "file://./state"
    environ["PULUMI_BACKEND_URL"] = "s3://bucket"
    assert locks.backend(tmp_path, environ) == "s3://bucket"


# -- versions ------------------------------------------------------------------------------------------------


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    file.chmod(0o755)


PLUGINS = '[{"name": "digitalocean", "kind": "resource", "version": "4.76.0"}, {"name": "kubernetes", "kind": "resource", "version": "4.0.0"}]'


def of_engine(folder: Path, version: str, **environ: str) -> list[Finding]:
    listed = f"[ \"$1\" = plugin ] && echo '{PLUGINS}' && exit"
    program(folder, "pulumi", f"{listed}\n{version}")
    return versions.pulumi({"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)} | environ)


def test_without_an_engine_a_run_stops(tmp_path: Path) -> None:
    (one,) = versions.pulumi({"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert one.level is Level.STOPS
    assert "Pulumi" in one.fix


@pytest.mark.parametrize(
    ("script", "level"),
    [
        ("echo v3.259.0", Level.OK),
        ("echo v3.251.9", Level.STOPS),
        ("echo v4.0.0", Level.STOPS),
        ("echo hello", Level.UNKNOWN),
        ("exit 1", Level.UNKNOWN),
    ],
)
def test_the_engines_version_is_wanted_against_found(tmp_path: Path, script: str, level: Level) -> None:
    assert levels(of_engine(tmp_path, script))[0] is level


def test_a_plugin_in_another_version_is_told_and_stops_only_where_nothing_is_fetched(tmp_path: Path) -> None:
    program(tmp_path, "pulumi-language-python", "exit 0")
    plugins = [one for one in of_engine(tmp_path, "echo v3.259.0") if one.topic == "plugins"]
    assert [one.level for one in plugins] == [Level.OK, Level.NOTE]
    assert "installed: 4.0.0" in plugins[1].message
    assert "pulumi plugin install resource kubernetes" in plugins[1].fix
    strict = of_engine(tmp_path, "echo v3.259.0", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    assert levels(strict, "plugins") == [Level.OK, Level.STOPS]


def test_packages_are_wanted_against_installed() -> None:
    pinned = versions.pins()
    assert pinned is not None
    assert {"pulumi", "pydo", "typer"} <= set(pinned)
    assert levels(versions.packages(pinned)) == [Level.OK, Level.OK]
    other = versions.packages({"typer": "0.0.1", "no-such-package": "1"})
    assert levels(other, "packages") == [Level.WARNING, Level.STOPS]
    assert levels(versions.packages(None), "packages") == [Level.UNKNOWN]


@pytest.mark.parametrize(
    ("version", "level"),
    [("v1.34.2", Level.OK), ("v1.33.0", Level.OK), ("v1.32.9", Level.WARNING), ("nothing", Level.NOTE)],
)
def test_kubectl_is_told_when_it_is_too_far_from_the_clusters(
    tmp_path: Path, version: str, level: Level
) -> None:
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    program(tmp_path, "kubectl", f'echo \'{{"clientVersion": {{"gitVersion": "{version}"}}}}\'')
    assert versions.kubectl(environ, "1.34").level is level
    assert versions.kubectl({"PATH": str(tmp_path / "no")}, "1.34").level is Level.OK


# -- token, scopes, rate limit -------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a staging stack without services around the cluster."""
    (tmp_path / "Pulumi.yaml").write_text("name: formerr-infra\nruntime: python\n", "utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text(
        "config:\n  formerr-infra:accountServices: false\n  formerr-infra:deployApplication: false\n", "utf-8"
    )
    return from_files(tmp_path, "staging")


def visited(cloud: ControlClient, settings: Settings | None, secret: str = TOKEN) -> list[Finding]:
    return token.look(Access(cloud.endpoint, secret, local=True), settings, "staging", timeout=10)


def test_a_token_that_may_do_everything_is_too_wide_and_the_smallest_set_is_not(
    cloud: ControlClient, settings: Settings
) -> None:
    wide = [one for one in visited(cloud, settings) if one.level is Level.WARNING]
    assert "firewall:read" in wide[0].message
    assert "database:read" in wide[0].message
    assert "docs/token-scopes.md" in wide[0].fix
    cloud.account(scopes=sorted(scopes.needed(settings)))
    assert set(levels(visited(cloud, settings))) == {Level.OK, Level.NOTE}


@pytest.mark.parametrize("missing", sorted(one for one in scopes.CLOUD.deploy if one.endswith(":read")))
def test_a_scope_that_is_missing_stops_and_is_named(
    missing: str, cloud: ControlClient, settings: Settings
) -> None:
    cloud.account(scopes=sorted(scopes.needed(settings) - {missing}))
    (one,) = [one for one in visited(cloud, settings) if one.level is Level.STOPS]
    assert one.message == f"the token lacks {missing}"


def test_what_digitalocean_adds_by_itself_is_not_too_wide() -> None:
    assert not set(token.LISTS) & scopes.IMPLIED


def test_looking_at_a_token_sends_reads_alone(cloud: ControlClient, settings: Settings) -> None:
    cloud.mark()
    visited(cloud, settings)
    assert {one.method for one in cloud.requests(since_mark=True)} == {"GET"}


def test_a_token_that_is_none_stops_and_is_not_shown(cloud: ControlClient, settings: Settings) -> None:
    (one,) = visited(cloud, settings, "dop_v1_notthistoken")
    assert one.level is Level.STOPS
    assert "notthistoken" not in one.message + one.fix


def test_an_api_that_fails_leaves_the_scopes_unknown(cloud: ControlClient, settings: Settings) -> None:
    cloud.fault("GET", "", status=500)
    seen = visited(cloud, settings)
    assert levels(seen, "token") == [Level.UNKNOWN]
    assert Level.UNKNOWN in levels(seen, "scopes")
    assert Level.STOPS not in levels(seen)


def test_the_rate_limit_is_told_and_stops_when_nothing_is_left(
    cloud: ControlClient, settings: Settings
) -> None:
    (one,) = [one for one in visited(cloud, settings) if one.topic == "rate-limit"]
    assert one.level is Level.OK
    assert "requests are left; it begins anew in" in one.message
    cloud.account(rate_limit=150)
    (one,) = [one for one in visited(cloud, settings) if one.topic == "rate-limit"]
    assert one.level is Level.WARNING


def test_every_scope_of_the_set_is_one_that_the_api_knows() -> None:
    known = {scope for operation in operations() for scope in operation.scopes}
    assert set().union(*(part.all for part in scopes.PARTS)) - known == set()


# -- the usual four ------------------------------------------------------------------------------------------


def troubled(cloud: ControlClient, folder: Path) -> list[Finding]:
    access = Access(cloud.endpoint, TOKEN, local=True)
    return troubles.troubles(assess("staging", from_files(folder, "staging"), access, EMPTY), "staging")


def configured(folder: Path, **values: object) -> None:
    lines = ["config:", "  formerr-infra:accountServices: false", "  formerr-infra:deployApplication: false"]
    lines += [f"  formerr-infra:{key}: {json.dumps(value)}" for key, value in values.items()]
    (folder / "Pulumi.staging.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def test_nothing_is_wrong_with_an_empty_account(
    cloud: ControlClient, settings: Settings, tmp_path: Path
) -> None:
    seen = troubled(cloud, tmp_path)
    assert set(levels(seen)) == {Level.OK}
    assert {one.topic for one in seen} == {troubles.EXISTS, troubles.STATE, troubles.REGISTRY}


def test_what_exists_already_is_told_with_what_settles_it(
    cloud: ControlClient, settings: Settings, tmp_path: Path
) -> None:
    network = account.vpc(cloud)
    configured(tmp_path, vpcPolicy="create")
    (one,) = [one for one in troubled(cloud, tmp_path) if one.level is Level.STOPS]
    assert one.topic == troubles.EXISTS
    assert network in one.message
    assert "vpcPolicy" in one.fix


def test_a_registry_in_the_only_place_is_told_under_registry(
    cloud: ControlClient, settings: Settings, tmp_path: Path
) -> None:
    cloud.put("registries", name="somebody-elses", subscription_tier_slug="basic")
    (one,) = [one for one in troubled(cloud, tmp_path) if one.level is Level.STOPS]
    assert one.topic == troubles.REGISTRY
    assert "registryId" in one.message + one.fix


def test_a_registry_that_is_there_already_is_told_under_registry(
    cloud: ControlClient, settings: Settings, tmp_path: Path
) -> None:
    account.registry(cloud)
    configured(tmp_path, registryPolicy="create")
    (one,) = [one for one in troubled(cloud, tmp_path) if one.level is Level.STOPS]
    assert one.topic == troubles.REGISTRY
    assert "registryPolicy" in one.fix


def test_an_api_that_hides_the_clusters_is_unknown_under_the_cluster(
    cloud: ControlClient, settings: Settings, tmp_path: Path
) -> None:
    cloud.fault("GET", "/v2/kubernetes/clusters$", status=403)
    seen = [one for one in troubled(cloud, tmp_path) if one.level is Level.UNKNOWN]
    assert seen
    assert {one.topic for one in seen} == {troubles.CLUSTER}


# -- independence --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [LedgerUnreadable("no engine"), KeyError("hush"), RecursionError(), ValueError("hush")]
)
def test_a_check_that_breaks_says_unknown_and_shows_nothing_of_its_inside(error: Exception) -> None:
    def broken() -> list[Finding]:
        raise error

    (one,) = run._guarded("state", "staging", broken)
    assert (one.topic, one.level, one.stack) == ("state", Level.UNKNOWN, "staging")
    assert "hush" not in one.message
