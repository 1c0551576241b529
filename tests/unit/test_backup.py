"""Backups: their form, what is damaged, which stay, what differs, where they lie."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formerr_infra.backup import sealed, state
from formerr_infra.backup.errors import BackupDamaged, BackupMissing, RestoreRefused, StateFailed
from formerr_infra.backup.key import FILE_VARIABLE, VARIABLE, passphrase
from formerr_infra.backup.places import FolderPlace
from formerr_infra.backup.restore import Plan, carry_out, find, prepare
from formerr_infra.backup.retention import Retention, dispensable
from formerr_infra.backup.sealed import Header
from formerr_infra.backup.shelf import Damaged, Shelf
from formerr_infra.engine import Engine
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT, STACK = "formerr-infra", "staging"
KEY = "a passphrase of some length"
#: The same cipher at a cost that a test can pay a thousand times.
CHEAP = 4
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def urn(
    name: str, kind: str = "digitalocean:index/vpc:Vpc", stack: str = STACK, project: str = PROJECT
) -> str:
    return f"urn:pulumi:{stack}::{project}::{kind}::{name}"


def export(*resources: dict[str, Any], time: str = "2026-11-25T11:59:00.123456789Z") -> dict[str, Any]:
    deployment = {
        "manifest": {"time": time, "magic": "x", "version": "v3.259.0"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:salt"}},
        "resources": list(resources),
    }
    return {"version": 3, "deployment": deployment}


def resource(name: str, ident: str = "", **more: Any) -> dict[str, Any]:
    return {"urn": urn(name), "custom": bool(ident), "id": ident, "type": "digitalocean:index/vpc:Vpc"} | more


def header(
    held: dict[str, Any], taken: datetime = NOON, *, stack: str = STACK, project: str = PROJECT
) -> Header:
    return Header.of(project, stack, taken, state.facts(held))


HELD = export(resource("vpc", "vpc-1"), resource("network"))
SEALED = sealed.seal(HELD, header(HELD), KEY, cost=CHEAP)


# -- the form ----------------------------------------------------------------------------------------------------

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), plain_json, max_size=5), st.text(min_size=16))
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_comes_back_as_it_was(held: dict[str, Any], key: str) -> None:
    data = sealed.seal(held, header(HELD), key.encode("utf-8", "replace").decode(), cost=CHEAP)
    found = sealed.inspect(data)
    assert found.header == header(HELD)
    assert sealed.unseal(found, key.encode("utf-8", "replace").decode()) == held


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_any_flipped_byte_is_refused_without_a_passphrase(place: int, bits: int) -> None:
    flipped = bytearray(SEALED)
    flipped[place] ^= bits
    with pytest.raises(BackupDamaged):
        sealed.inspect(bytes(flipped))


@given(st.integers(0, len(SEALED) - sealed.DIGEST - 1), st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_any_byte_changed_on_purpose_is_refused_though_its_checksum_was_made_right(
    place: int, bits: int
) -> None:
    changed = bytearray(SEALED[: -sealed.DIGEST])
    changed[place] ^= bits
    whole = bytes(changed) + hashlib.sha256(changed).digest()
    with pytest.raises(BackupDamaged):
        sealed.unseal(sealed.inspect(whole), KEY)


@given(st.integers(0, len(SEALED) - 1))
@settings(max_examples=100, deadline=None)
def test_a_backup_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(BackupDamaged):
        sealed.inspect(SEALED[:length])


@given(st.binary(max_size=300))
def test_what_is_no_backup_is_refused(data: bytes) -> None:
    with pytest.raises(BackupDamaged):
        sealed.inspect(data)


def test_another_passphrase_is_refused_and_the_message_names_neither() -> None:
    with pytest.raises(BackupDamaged) as refused:
        sealed.unseal(sealed.inspect(SEALED), "another passphrase of some length")
    assert "another passphrase" in str(refused.value)
    assert "of some length" not in str(refused.value)


def test_nothing_of_the_state_stands_in_the_open() -> None:
    held = export(resource("vpc", "id-that-is-nobodys-business"))
    held["deployment"]["resources"][0]["inputs"] = {"note": "swordfish"}
    data = sealed.seal(held, header(held), KEY, cost=CHEAP)
    for word in (b"swordfish", b"nobodys-business", b"v1:salt", KEY.encode()):
        assert word not in data
    again = sealed.seal(held, header(held), KEY, cost=CHEAP)
    bodies = [sealed.inspect(one) for one in (data, again)]
    assert bodies[0].salt != bodies[1].salt
    assert bodies[0].body != bodies[1].body


def test_a_header_that_asks_for_a_machines_memory_is_refused_before_it_gets_it() -> None:
    first, line, _ = SEALED.split(b"\n", 2)
    told = json.loads(line)
    told["cipher"]["cost"] = 2**40
    forged = first + b"\n" + json.dumps(told).encode() + b"\nbody"
    with pytest.raises(BackupDamaged, match="memory"):
        sealed.inspect(forged + hashlib.sha256(forged).digest())


def test_a_newer_form_is_named_and_not_guessed_at() -> None:
    newer = SEALED[: -sealed.DIGEST].replace(b"backup 1", b"backup 2", 1)
    with pytest.raises(BackupDamaged, match="newer"):
        sealed.inspect(newer + hashlib.sha256(newer).digest())


# -- the passphrase ----------------------------------------------------------------------------------------------


def test_the_passphrase_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert passphrase({VARIABLE: KEY}) == passphrase({FILE_VARIABLE: os.fspath(file)}) == KEY
    for environ, words in (
        ({}, VARIABLE),
        ({VARIABLE: "too short"}, "9 characters"),
        ({VARIABLE: KEY, FILE_VARIABLE: os.fspath(file)}, "both set"),
        ({FILE_VARIABLE: os.fspath(tmp_path / "none")}, "cannot be read"),
    ):
        with pytest.raises(SettingsError, match=words) as wrong:
            passphrase(environ)
        assert "too short" not in str(wrong.value)


# -- what stays --------------------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
shelves = st.lists(moments, max_size=60, unique=True).map(lambda all_: {one.isoformat(): one for one in all_})
retentions = st.builds(Retention, st.integers(1, 8), st.integers(0, 8), st.integers(0, 5), st.integers(0, 12))


@given(shelves, retentions)
def test_the_newest_stay_and_what_stays_is_one_a_period(
    taken: dict[str, datetime], retention: Retention
) -> None:
    gone = dispensable(taken, retention)
    newest = sorted(taken, key=lambda name: taken[name], reverse=True)
    assert not set(gone) & set(newest[: retention.last])
    stays = [taken[name] for name in newest if name not in gone]
    assert len(stays) <= retention.last + retention.daily + retention.weekly + retention.monthly
    # Each of the last days, weeks and months that have a backup still has its newest.
    for many, period in (
        (retention.daily, lambda one: one.date()),
        (retention.weekly, lambda one: one.isocalendar()[:2]),
        (retention.monthly, lambda one: (one.year, one.month)),
    ):
        periods = list(dict.fromkeys(period(taken[name]) for name in newest))[:many]
        for wanted in periods:
            assert max(one for one in taken.values() if period(one) == wanted) in stays


@given(shelves, retentions)
def test_letting_go_twice_lets_nothing_more_go(taken: dict[str, datetime], retention: Retention) -> None:
    gone = set(dispensable(taken, retention))
    assert dispensable({name: at for name, at in taken.items() if name not in gone}, retention) == []


def test_a_year_of_nights_keeps_days_weeks_and_months() -> None:
    taken = {f"{night:03}": NOON - timedelta(days=night) for night in range(400)}
    kept = set(taken) - set(dispensable(taken, Retention(3)))
    assert {"000", "001", "002", "006"} <= kept
    assert len(kept) <= 3 + 7 + 5 + 12
    assert min(taken[name] for name in kept) < NOON - timedelta(days=300)


# -- what differs ------------------------------------------------------------------------------------------------


def test_the_checksum_is_of_what_is_held_and_not_of_when_it_was_saved() -> None:
    later = export(resource("vpc", "vpc-1"), resource("network"), time="2026-12-01T00:00:00Z")
    other = export(resource("vpc", "vpc-2"), resource("network"))
    assert state.checksum(HELD) == state.checksum(later)
    assert state.checksum(HELD) != state.checksum(other)


def test_what_a_restore_changes_is_told_by_urn_with_its_ids() -> None:
    now = export(resource("vpc", "vpc-1"), resource("new", "n-1"), resource("mine", "m-1"))
    then = export(
        resource("vpc", "vpc-0"), resource("old", "o-1"), resource("mine", "m-1", external=True),
        resource("dying", "d-1", delete=True),
    )  # fmt: skip
    found = state.difference(now, then)
    assert [one.shown for one in found.forgotten] == ["digitalocean:index/vpc:Vpc new n-1"]
    assert [one.shown for one in found.back] == ["digitalocean:index/vpc:Vpc old o-1"]
    assert {now.id: then.shown.rpartition(" ")[2] for now, then in found.other} == {
        "vpc-1": "vpc-0",
        "m-1": "(adopted)",
    }
    assert state.difference(now, now).none


@pytest.mark.parametrize("held", [{}, {"deployment": 7}, {"version": 3, "deployment": {"resources": [7]}}])
def test_an_export_of_another_form_is_said_and_not_read_as_empty(held: dict[str, Any]) -> None:
    with pytest.raises(StateFailed, match="unknown form"):
        (state.facts(held), state.things(held))


def test_a_stack_that_was_never_run_has_nothing() -> None:
    blank = {
        "version": 3,
        "deployment": {"manifest": {"time": "0001-01-01T00:00:00Z", "magic": "", "version": ""}},
    }
    assert state.facts(blank).saved is None
    assert state.things(blank) == {}


# -- where they lie ----------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(FolderPlace(tmp_path / "backups"), PROJECT, STACK)


def put(shelf: Shelf, taken: datetime, held: dict[str, Any] = HELD, **whose: str) -> str:
    name = f"{taken:%Y%m%dT%H%M%SZ}-00000000.backup"
    data = sealed.seal(held, header(held, taken, **whose), KEY, cost=CHEAP)
    shelf.place.write(f"{shelf.folder}/{name}", data)
    return name


def files(shelf: Shelf) -> list[Path]:
    assert isinstance(shelf.place, FolderPlace)
    return sorted(one for one in shelf.place.root.rglob("*") if one.is_file())


def test_a_backup_is_for_nobody_else_to_read_and_lies_there_whole_or_not_at_all(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = shelf.add(HELD, header(HELD), KEY)
    (file,) = files(shelf)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (backup.name, backup.resources, backup.checksum) == (file.name, 2, state.checksum(HELD))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateFailed, match="No space left"):
        shelf.add(HELD, header(HELD, NOON + timedelta(hours=1)), KEY)
    assert files(shelf) == [file]


def test_the_list_says_what_is_damaged_and_the_latest_is_the_newest_that_is_not(shelf: Shelf) -> None:
    old, good, broken = (put(shelf, NOON + timedelta(hours=hour)) for hour in range(3))
    strange = put(shelf, NOON + timedelta(hours=3), stack="production")
    path = next(one for one in files(shelf) if one.name == broken)
    path.write_bytes(path.read_bytes()[:-1])
    found = {one.name: one for one in shelf.entries()}
    assert list(found) == [strange, broken, good, old]
    assert {name for name, one in found.items() if isinstance(one, Damaged)} == {strange, broken}
    assert "production" in getattr(found[strange], "why", "")
    latest = shelf.latest()
    assert latest is not None
    assert latest.name == good


def test_nothing_foreign_and_nothing_damaged_is_let_go_of(shelf: Shelf) -> None:
    names = [put(shelf, NOON - timedelta(minutes=minute)) for minute in range(6)]
    other = Shelf(shelf.place, PROJECT, "staging2")
    kept = put(other, NOON - timedelta(days=900))
    assert isinstance(shelf.place, FolderPlace)
    folder = shelf.place.root / shelf.folder
    (folder / "notes.txt").write_text("mine")
    (folder / f"{names[5]}.bak").write_bytes(SEALED)
    (folder / names[4]).write_bytes(b"damaged")
    removed = shelf.tidy(Retention(2, 0, 0, 0), names[3])
    assert removed == [names[5], names[2]]
    left = {one.name for one in files(shelf)}
    assert left == {*names[:2], names[3], names[4], kept, "notes.txt", f"{names[5]}.bak"}


def test_a_backup_is_found_by_name_by_file_and_as_the_latest(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(BackupMissing, match="no backup of"):
        find(shelf, "latest")
    name = put(shelf, NOON)
    elsewhere = tmp_path / "mine.backup"
    elsewhere.write_bytes(shelf.read(name))
    assert find(shelf, "latest")[0].name == name
    assert find(shelf, name)[0].name == name
    assert find(shelf, os.fspath(elsewhere))[0].header == find(shelf, name)[0].header
    with pytest.raises(BackupMissing, match="no such file"):
        find(shelf, "20260101T000000Z-ffffffff.backup")


@pytest.mark.parametrize("whose", [{"stack": "production"}, {"project": "another"}])
def test_a_file_of_another_project_or_stack_is_refused(
    shelf: Shelf, tmp_path: Path, whose: dict[str, str]
) -> None:
    file = tmp_path / "other.backup"
    file.write_bytes(sealed.seal(HELD, header(HELD, NOON, **whose), KEY, cost=CHEAP))
    with pytest.raises(RestoreRefused, match=re.escape(next(iter(whose.values())))):
        find(shelf, os.fspath(file))


def test_what_was_let_go_of_while_it_is_listed_is_left_out(shelf: Shelf) -> None:
    older, newer = put(shelf, NOON), put(shelf, NOON + timedelta(hours=1))
    entries = shelf.entries()
    assert next(entries).name == newer
    shelf.place.remove(f"{shelf.folder}/{older}")
    assert list(entries) == []


# -- the change itself, on a stack that somebody else works on -----------------------------------------------------


class Backend(Engine):
    """A stack whose state is what somebody put there; an import is kept, or lost."""

    def __init__(self, held: dict[str, Any], *, keeps: bool = True) -> None:
        super().__init__(Path(), STACK, {})
        self.held, self.keeps, self.imports = held, keeps, 0

    def export(self) -> dict[str, Any]:
        return self.held

    def import_state(self, state: Mapping[str, Any]) -> None:
        self.imports += 1
        if self.keeps:
            self.held = dict(state)


@pytest.fixture
def plan(shelf: Shelf) -> Plan:
    put(shelf, NOON)
    return prepare(Backend(export(resource("vpc", "vpc-9"))), shelf, "latest", KEY)


def test_a_state_that_changed_while_somebody_looked_is_not_restored_over(plan: Plan) -> None:
    backend = Backend(export(resource("vpc", "vpc-9"), resource("new", "n-1")))
    with pytest.raises(RestoreRefused, match="changed meanwhile"):
        carry_out(backend, plan)
    assert backend.imports == 0
    later = Backend(export(resource("vpc", "vpc-9"), time="2026-11-25T13:00:00Z"))
    carry_out(later, plan)
    assert later.held == HELD


def test_an_import_that_left_something_else_there_is_no_success(plan: Plan) -> None:
    with pytest.raises(StateFailed, match="not what the backup holds"):
        carry_out(Backend(export(resource("vpc", "vpc-9")), keeps=False), plan)


def test_a_backup_whose_header_names_another_state_is_refused(shelf: Shelf) -> None:
    other = export(resource("vpc", "vpc-8"))
    data = sealed.seal(HELD, header(other), KEY, cost=CHEAP)
    shelf.place.write(f"{shelf.folder}/20261125T120000Z-00000000.backup", data)
    with pytest.raises(BackupDamaged, match="not the one that it names"):
        prepare(Backend(HELD), shelf, "latest", KEY)


def test_a_state_with_resources_of_another_stack_is_refused(shelf: Shelf) -> None:
    put(shelf, NOON, export(resource("vpc", "vpc-1", urn=urn("vpc", stack="production"))))
    with pytest.raises(RestoreRefused, match="another project or stack"):
        prepare(Backend(HELD), shelf, "latest", KEY)
