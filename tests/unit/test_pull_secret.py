"""The right to pull images is renewed before it ends, and left alone until then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.model import Decision, Found, Mark, Outcome
from formerr_infra.pull_secret import EXPIRES, LASTS, REGISTRY, RENEW_BEFORE, pull_secret

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
