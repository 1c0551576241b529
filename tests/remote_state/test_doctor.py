"""`formerr doctor` reads the locks of a state in a bucket of a real S3 server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from formerr_infra.doctor import Level, locks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.s3 import Server


def test_who_holds_a_stack_in_a_bucket_is_told_and_without_credentials_nobody_is_called_free(
    server: Server, tmp_path: Path
) -> None:
    url = server.make("doctors-visit").backend

    def look(credentials: dict[str, str]) -> tuple[Level, str]:
        (one,) = locks.look(url, tmp_path, "staging", credentials, lambda: None)
        return one.level, one.message

    assert look(server.credentials) == (Level.OK, "nobody holds the stack")
    told = {"pid": 7, "username": "ann", "hostname": "ci-7", "timestamp": "2026-05-04T10:30:00Z"}
    name = ".pulumi/locks/organization/formerr-infra/staging/1.json"
    server.place("doctors-visit").write(name, json.dumps(told).encode())
    level, message = look(server.credentials)
    assert level is Level.STOPS
    assert "ann@ci-7, process 7, since 2026-05-04T10:30:00Z" in message
    assert look({})[0] is Level.UNKNOWN
