"""Generated secrets of local runs: made once, private, and never in place of the user's own."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from formerr_infra.local import demo

if TYPE_CHECKING:
    from pathlib import Path


def test_values_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    file = tmp_path / "local" / "secrets.json"
    before = os.umask(0)
    try:
        first = demo.values(file)
    finally:
        os.umask(before)

    assert demo.values(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_two_folders_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = demo.values(tmp_path / "a.json"), demo.values(tmp_path / "b.json")

    assert set(one) == set(demo.NAMES)
    assert not set(one.values()) & set(other.values())
    for name in ("JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD", "GITHUB_CLIENT_SECRET"):
        assert len(one[name]) >= 32, name
    assert urlsplit(one["DATABASE_URL"]).password == one["DB_PASSWORD"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"JWT_SECRET": 5}', '{"JWT_SECRET": ""}'])
def test_a_file_that_cannot_be_read_is_made_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(text, "utf-8")

    made = demo.values(file)

    assert set(made) == set(demo.NAMES)
    assert demo.values(file) == made


def test_a_value_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"JWT_SECRET": "kept"}', "utf-8")

    made = demo.values(file)

    assert made["JWT_SECRET"] == "kept"
    assert made["SESSION_SECRET"]


def test_what_the_user_has_set_is_neither_replaced_nor_printed_nor_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"

    found = demo.exports(file, {"JWT_SECRET": "the users own", "DB_HOST": "db.example", "SESSION_SECRET": ""})

    assert "JWT_SECRET" not in found
    assert "DATABASE_URL" not in found
    assert found["SESSION_SECRET"]
    assert "the users own" not in file.read_text("utf-8")


def test_exporting_them_twice_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    once = demo.exports(file, {})

    assert demo.exports(file, once) == once
