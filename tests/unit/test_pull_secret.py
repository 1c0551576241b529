"""The right to pull images is renewed before it ends, and left alone until then."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.images.registry import Registry, RegistryFailed
from formerr_infra.inventory import Access
from formerr_infra.model import Decision, Found, Mark, Outcome
from formerr_infra.pull_secret import (
    EXPIRES,
    LASTS,
    REGISTRY,
    RENEW_BEFORE,
    NoPullCredentials,
    docker_config,
    pull_secret,
)
from tests.support.service import service

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def recorded(expires: str, registry: str = "ours", **more: Any) -> dict[str, Any]:
    """The secret with what stands beside its credentials."""
    return {"metadata": {"annotations": {EXPIRES: expires, REGISTRY: registry}}, **more}


def kept(inputs: dict[str, Any], outcome: Outcome = Outcome.KEEP) -> bool:
    """Whether nothing is asked for."""
    return not pull_secret(Decision("s", outcome, "3", ""), inputs, "ours", NOW).due


@given(left=st.timedeltas(min_value=-2 * LASTS, max_value=2 * LASTS))
def test_it_is_renewed_exactly_when_a_third_of_its_time_is_left(left: timedelta) -> None:
    text = (NOW + left).isoformat()
    assert kept(recorded(text)) == (RENEW_BEFORE < left <= LASTS)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-99-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_an_end_that_says_nothing_is_renewed(text: str) -> None:
    assert not kept(recorded(text))
    assert not kept({})


def test_the_credentials_of_another_registry_are_renewed() -> None:
    assert not kept(recorded((NOW + LASTS).isoformat(), registry="theirs"))


def test_a_new_one_lasts_its_time_and_says_so() -> None:
    made = pull_secret(Decision("s", Outcome.CREATE, "17", ""), {}, "ours", NOW)
    assert made.due
    assert datetime.fromisoformat(made.annotations[EXPIRES]) == NOW + LASTS
    assert made.annotations[REGISTRY] == "ours"


@pytest.mark.parametrize("outcome", [Outcome.CREATE, Outcome.RECREATE])
def test_what_is_made_anew_never_takes_the_old_credentials(outcome: Outcome) -> None:
    assert not kept(recorded((NOW + LASTS).isoformat()), outcome)


def test_an_import_takes_the_live_credentials_along_while_they_are_good() -> None:
    def imported(live: dict[str, Any]) -> Any:
        found = Found("n/s", "s", Mark.OURS, details=live)
        return pull_secret(Decision("s", Outcome.IMPORT, "19", "", target=found), {}, "ours", NOW)

    good = imported(recorded((NOW + LASTS).isoformat(), data={".dockerconfigjson": "e30="}))
    assert not good.due
    assert dict(good.data) == {".dockerconfigjson": "e30="}
    assert "e30=" not in repr(good)
    assert imported(recorded(NOW.isoformat(), data={".dockerconfigjson": "e30="})).due
    assert imported(recorded((NOW + LASTS).isoformat())).due


# -- how they are read ---------------------------------------------------------------------------------------

AUTHS = {"auths": {"registry.digitalocean.com": {"auth": "eA=="}}}
NEWER = "/v2/registries/ours/docker-credentials?expiry_seconds=7776000&read_write=false"
OLDER = "/v2/registry/docker-credentials?expiry_seconds=7776000&read_write=false"


def read(*answers: tuple[int, Any]) -> tuple[str, list[str]]:
    """What became of it, or why nothing did; and what was asked for."""
    with service(*answers) as api:
        try:
            said = docker_config(api.endpoint, "tok", "ours")
        except NoPullCredentials as error:
            said = str(error)
    return said, [path for path, _ in api.asked]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int) -> None:
    assert read((status, {}), (200, AUTHS)) == (json.dumps(AUTHS), [NEWER, NEWER])


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_the_newer_path_the_older_one_is_asked_if_the_registry_is_the_only_one(status: int) -> None:
    only = {"registry": {"name": "ours"}}
    assert read((status, {}), (200, only), (200, AUTHS)) == (
        json.dumps(AUTHS),
        [NEWER, "/v2/registry", OLDER],
    )


@pytest.mark.parametrize("only", [(200, {"registry": {"name": "theirs"}}), (404, {}), (200, {}), (403, {})])
def test_the_credentials_of_another_registry_are_never_asked_for(only: tuple[int, Any]) -> None:
    said, asked = read((404, {}), only, (200, AUTHS))
    assert asked == [NEWER, "/v2/registry"]
    assert "answered 404" in said


@pytest.mark.parametrize(
    ("answer", "words", "scopes"),
    [
        ((401, {}), "answered 401", True),
        ((403, {}), "answered 403", True),
        ((503, {}), "answered 503", False),
        ((418, {}), "answered 418", False),
        ((200, {}), "without credentials", False),
        ((200, {"auths": {}}), "without credentials", False),
        ((200, []), "without credentials", False),
        ((200, b"<html>"), "not JSON", False),
    ],
)
def test_scopes_are_named_only_where_the_token_is_refused(
    answer: tuple[int, Any], words: str, scopes: bool
) -> None:
    said, _ = read(answer)
    assert words in said
    assert ("registry:update" in said) is scopes


def test_a_push_is_opened_in_the_same_way() -> None:
    only = {"registry": {"name": "ours"}}
    with service((503, {}), (405, {}), (200, only), (200, AUTHS)) as api:
        registry = Registry(Access(api.endpoint, "tok", local=True), "ours")
        assert registry.login() == AUTHS["auths"]
    assert api.asked[-1][0] == "/v2/registry/docker-credentials?expiry_seconds=3600&read_write=true"
    with service((503, {})) as api:
        registry = Registry(Access(api.endpoint, "tok", local=True), "ours")
        with pytest.raises(RegistryFailed, match="answered 503") as failed:
            registry.login()
    assert "registry:update" not in str(failed.value)
