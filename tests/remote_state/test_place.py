"""A bucket as a place for files, and what is said of one that cannot be used; without the engine but for Pulumi Cloud."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.backup import remote, sealed, state
from formerr_infra.backup.address import Cloud
from formerr_infra.backup.errors import BackendUnusable, BackupMissing
from formerr_infra.backup.retention import Retention
from formerr_infra.backup.s3 import BucketPlace
from formerr_infra.backup.sealed import Header
from formerr_infra.backup.shelf import Damaged, Shelf
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.s3 import Server
    from tests.support.tools import Tools

KEY = "swordfish and sixteen more"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HELD: dict[str, Any] = {"version": 3, "deployment": {"manifest": {}, "resources": []}}


def test_backups_in_a_bucket_are_listed_verified_and_let_go_of(server: Server, bucket: str) -> None:
    place = server.place(bucket, "deep/folder")
    shelf = Shelf(place, "formerr-infra", "staging")
    assert list(shelf.entries()) == []
    names = []
    for hour in range(4):
        head = Header.of("formerr-infra", "staging", NOON + timedelta(hours=hour), state.facts(HELD))
        names.append(f"{head.taken:%Y%m%dT%H%M%SZ}-00000000.backup")
        place.write(f"{shelf.folder}/{names[-1]}", sealed.seal(HELD, head, KEY, cost=4))
    place.write(f"{shelf.folder}/notes.txt", b"mine")
    place.write(f"{shelf.folder}/{names[3]}", b"damaged")
    assert [(one.name, isinstance(one, Damaged)) for one in shelf.entries()] == [
        (names[3], True), (names[2], False), (names[1], False), (names[0], False),
    ]  # fmt: skip
    latest = shelf.latest()
    assert latest is not None
    assert latest.name == names[2]
    assert shelf.tidy(Retention(1, 0, 0, 0), latest.name) == names[:2]
    left = {f"deep/folder/{shelf.folder}/{one}" for one in (names[2], names[3], "notes.txt")}
    assert set(server.keys(bucket)) == left
    with pytest.raises(BackupMissing, match=names[0]):
        shelf.read(names[0])


@pytest.mark.parametrize("versions", [False, True])
def test_a_try_leaves_nothing_behind(server: Server, bucket: str, versions: bool) -> None:
    place = server.place(bucket, "folder")
    assert not place.versioned()
    if versions:
        place.keep_versions()
    place.probe(".probe")
    listed = place.client.list_object_versions(Bucket=bucket)
    assert (place.versioned(), listed.get("Versions"), listed.get("DeleteMarkers")) == (versions, None, None)


def test_what_is_wrong_with_a_bucket_is_said_and_no_secret_is(server: Server, bucket: str) -> None:
    good, secret = server.credentials, server.credentials["AWS_SECRET_ACCESS_KEY"]
    for name, endpoint, credentials, words in (
        ("nowhere", "", good, "there is no such bucket there"),
        (bucket, "", good | {"AWS_SECRET_ACCESS_KEY": secret[::-1]}, "does not belong to AWS_ACCESS_KEY_ID"),
        (bucket, "http://127.0.0.1:9", good, "Could not connect to the endpoint"),
    ):
        place = BucketPlace.of(server.bucket(name, endpoint=endpoint), credentials)
        with pytest.raises(BackendUnusable, match=words) as refused:
            place.probe(".probe")
        assert name in str(refused.value)
        assert secret not in str(refused.value)
        assert secret[::-1] not in str(refused.value)
    assert server.keys(bucket) == []


def test_a_service_is_asked_with_a_token_and_its_refusal_is_the_engines(tools: Tools, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()
            self.wfile.write(
                b'{"code": 401, "message": "Unauthorized: No credentials provided or are invalid."}'
            )

        def log_message(self, *_: object) -> None:
            """Nothing."""

    service = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    try:
        address = Cloud(f"http://127.0.0.1:{service.server_address[1]}")
        path = os.pathsep.join([*map(os.fspath, tools.folders), os.environ["PATH"]])
        environ = {**os.environ, "PATH": path, "PULUMI_HOME": os.fspath(tmp_path / "home")}
        with pytest.raises(SettingsError, match="PULUMI_ACCESS_TOKEN is not set"):
            remote.check(address, tmp_path, environ)
        with pytest.raises(BackendUnusable) as refused:
            remote.check(address, tmp_path, environ | {"PULUMI_ACCESS_TOKEN": "pul-swordfish"})
        assert "the engine cannot use it" in str(refused.value)
        assert "swordfish" not in str(refused.value)
    finally:
        service.shutdown()
        service.server_close()
