"""Advisories held against the locks, from a copy of the data: no network."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.errors import SettingsError
from formerr_infra.local import audit
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def data(file: Path, *advisories: dict[str, Any]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for number, one in enumerate(advisories):
            archive.writestr(f"X-{number}.json", json.dumps(one))
    return file


def advisory(
    identity: str,
    name: str,
    *,
    versions: tuple[str, ...] = (),
    events: tuple[dict[str, str], ...] = (),
    **more: Any,
) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    package = {"ecosystem": more.pop("ecosystem", "PyPI"), "name": name}
    return {
        "id": identity,
        "summary": "bad",
        "affected": [{"package": package, "versions": list(versions), "ranges": ranges}],
        **more,
    }


HELD = {"pydo": {"0.30.0"}, "ruamel-yaml": {"0.19.1"}}
UNTIL = ({"introduced": "0"}, {"fixed": "0.19.1"})


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (advisory("A", "pydo", versions=("0.29.0", "0.30.0")), True),
        (advisory("A", "PyDO", versions=("0.30.0",)), True),
        (advisory("A", "ruamel.yaml", events=({"introduced": "0.19"},)), True),
        (advisory("A", "ruamel.yaml", events=({"introduced": "0"}, {"last_affected": "0.19.1"})), True),
        (advisory("A", "ruamel.yaml", events=({"introduced": "0"}, {"fixed": "not-a-version"})), True),
        (advisory("A", "ruamel.yaml", events=UNTIL), False),
        (advisory("A", "ruamel.yaml", events=(*UNTIL, {"introduced": "0.20"})), False),
        (advisory("A", "ruamel.yaml", events=({"introduced": "0"}, {"last_affected": "0.19.0"})), False),
        (advisory("A", "pydo", versions=("0.30.0",), withdrawn="2026-01-01T00:00:00Z"), False),
        (advisory("A", "pydo", versions=("0.30.0",), ecosystem="npm"), False),
        (advisory("A", "another", versions=("0.30.0",)), False),
    ],
)
def test_an_advisory_is_about_the_versions_that_it_names(
    tmp_path: Path, one: dict[str, Any], found: bool
) -> None:
    known = audit.advisories(data(tmp_path / "all.zip", one))
    assert bool(audit.vulnerable(HELD, known)) == found


def test_every_lock_is_audited_and_a_finding_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {CHECKOUT / file for file in audit.LOCKS} == {
        *CHECKOUT.glob("requirements*.txt"),
        *CHECKOUT.glob("requirements/*.txt"),
    }
    held = audit.pins([(CHECKOUT / file).read_text("utf-8") for file in audit.LOCKS])
    assert {"pulumi", "pytest", "uv", "atheris", "pip-audit"} <= set(held)
    (version,) = held["atheris"]
    monkeypatch.setenv(
        audit.VARIABLE, str(data(tmp_path / "all.zip", advisory("GHSA-1", "atheris", versions=(version,))))
    )
    assert audit.main() == 1
    assert f"atheris {version}: GHSA-1: bad" in capsys.readouterr().out
    monkeypatch.setenv(audit.VARIABLE, str(data(tmp_path / "other.zip", advisory("A", "another"))))
    assert audit.main() == 0


def test_an_archive_without_an_advisory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no advisory"):
        list(audit.advisories(data(tmp_path / "all.zip")))


@pytest.mark.parametrize("content", [b"", b"PK", b"{}"])
def test_what_is_no_such_data_is_refused_and_never_taken_for_nothing_known(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "all.zip").write_bytes(content)
    with pytest.raises(SettingsError, match="AUDIT_DATA"):
        list(audit.advisories(tmp_path / "all.zip"))
