"""Secrets of the application: complete, strong, named when they are not, and shown by nothing."""

from __future__ import annotations

import base64
import copy
import pickle
import secrets as random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import Policy
from formerr_infra.settings import from_files
from formerr_infra.settings.secrets import DATABASE, LOGIN, SHORTEST, URL, address, needed, read

STAGING, PRODUCTION = from_files(CHECKOUT, "staging"), from_files(CHECKOUT, "production")
PARTS = {
    "DB_HOST": "db.example.invalid",
    "DB_PORT": "25060",
    "DB_NAME": "formerr",
    "DB_USER": "formerr",
    "DB_PASSWORD": "uR7wQ2zX9cV4bN8m/+@:",
}


def good() -> dict[str, str]:
    """All that staging needs."""
    login = {"GITHUB_CLIENT_ID": "Ov23liAbCdEfGhIjKlMn", "GITHUB_CLIENT_SECRET": random.token_hex(20)}
    return login | {
        name: random.token_urlsafe(36) for name in ("JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")
    }


def findings(given: dict[str, str], settings: Any = STAGING, configured: dict[str, str] | None = None) -> str:
    """What is found wrong, as one text; no value occurs in it."""
    kept, found = read(settings, given, configured or {})
    said = "\n".join(found)
    for value in given.values():
        assert len(value) < 4 or value not in said
    assert not any(secret.reveal() in repr(kept) for secret in kept.values.values())
    return said


def test_complete_and_strong_ones_are_fine() -> None:
    assert findings(good()) == ""
    assert findings({name: good()[name] for name in LOGIN} | {URL: address(PARTS)}, PRODUCTION) == ""


def test_all_that_are_missing_are_named_at_once() -> None:
    said = findings({})
    assert all(name in said for name in needed(STAGING))
    assert findings({}, STAGING.model_copy(update={"deploy_application": False})) == ""


@pytest.mark.parametrize("name", sorted(SHORTEST))
@pytest.mark.parametrize(
    "value",
    [
        "k9Qz7",
        "change-me-please-change-me-please-now",
        "<the secret that goes here, at last>",
        "k9Qz7wX2vB4nM8rT6yH3jL5pD1sF0gA9cE7uI2oK4 ",
    ],
)
def test_a_weak_one_is_refused_by_name(name: str, value: str) -> None:
    assert name in findings(good() | {name: value})


def test_two_that_are_the_same_are_refused_by_both_names() -> None:
    given = good()
    given["SESSION_SECRET"] = given["JWT_SECRET"]
    said = findings(given)
    assert "JWT_SECRET" in said
    assert "SESSION_SECRET" in said


@given(raw=st.binary(min_size=36, max_size=64))
def test_a_random_value_is_hardly_ever_taken_for_a_placeholder(raw: bytes) -> None:
    value = base64.b64encode(raw).decode()
    if len(set(value)) > 8:
        assert findings(good() | {"JWT_SECRET": value}) == ""


def test_no_value_of_a_usual_generator_is_refused() -> None:
    refused = 0
    for _ in range(3000):
        value = base64.b64encode(random.token_bytes(48)).decode()
        refused += bool(read(STAGING, good() | {"JWT_SECRET": value}, {})[1])
    assert refused == 0


def test_the_environment_comes_before_the_configuration() -> None:
    given = good()
    word = given.pop("JWT_SECRET")
    kept, found = read(STAGING, given, {"jwtSecret": word})
    assert found == []
    assert kept.values["JWT_SECRET"].reveal() == word
    other = random.token_urlsafe(36)
    kept, _ = read(STAGING, given | {"JWT_SECRET": other}, {"jwtSecret": word})
    assert kept.values["JWT_SECRET"].reveal() == other


def test_address_and_parts_say_the_same_either_way() -> None:
    login = {name: good()[name] for name in LOGIN}
    from_parts, _ = read(PRODUCTION, login | PARTS, {})
    from_address, _ = read(PRODUCTION, login | {URL: address(PARTS)}, {})
    for name in (*DATABASE, URL):
        assert from_parts.values[name].reveal() == from_address.values[name].reveal()
    assert "DB_HOST" in findings(login | {URL: address(PARTS), "DB_HOST": "another.invalid"}, PRODUCTION)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:uR7wQ2zX9cV4@h.invalid:1/d",
        "postgresql://u@h.invalid:1/d",
        "postgresql://u:uR7wQ2zX9cV4@h.invalid:1",
        "postgresql://u:uR7wQ2zX9cV4@h.invalid:99999/d",
        "postgresql://u:uR7wQ2zX9cV4@h.invalid:1/d?sslmode=disable",
        "postgresql://u:uR7wQ2zX9cV4@h.invalid:1/d?sslmode=%64isable",
        "postgresql://[u:uR7wQ2zX9cV4/d",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    assert "DATABASE_URL" in findings({name: good()[name] for name in LOGIN} | {URL: url}, PRODUCTION)


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "x", "025060"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    login = {name: good()[name] for name in LOGIN}
    assert "DB_PORT" in findings(login | PARTS | {"DB_PORT": port}, PRODUCTION)


def test_nobody_has_to_know_a_database_that_the_stack_makes() -> None:
    login = {name: good()[name] for name in LOGIN}
    assert URL in findings(login, PRODUCTION)
    assert findings(login, PRODUCTION.model_copy(update={"database_policy": Policy.CREATE})) == ""


def test_a_secret_is_written_down_by_nothing() -> None:
    kept, _ = read(STAGING, good(), {})
    word = kept.values["JWT_SECRET"]
    for shown in (repr(word), str(word), f"{word}", repr(kept)):
        assert word.reveal() not in shown
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            write(word)
