"""What is said of an assessment: nothing from an account forges a line, nothing that settles a refusal is cut off."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from formerr_infra.cli.render import decisions_table, explanation
from formerr_infra.detect import Assessment
from formerr_infra.errors import PreflightFailed, Refused, UnknownIsNotAbsent
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Code, Decision, Found, Held, Holding, Mark, Outcome
from formerr_infra.preflight import Finding, Severity
from formerr_infra.report import as_json, as_output, clean, lines, ownership, stop_message
from formerr_infra.settings import check

HOSTILE = "\x1b[2J\x1b]8;;http://x\x07\r\n= vpc  keep  row 3\u202e\u2066\x00\x7f\x9b"


def assessment(*decisions: Decision, findings: tuple[Finding, ...] = ()) -> Assessment:
    return Assessment(
        "staging", check({}, "staging"), EMPTY, {one.slot: one for one in decisions}, findings=findings
    )


def refused(
    reason: str = "why", settle: str = "set vpcId", code: Code = Code.AMBIGUOUS, slot: str = "vpc"
) -> Decision:
    return Decision(slot, Outcome.REFUSE, "25", reason, code=code, settle=settle)


def rendered(found: Assessment, slot: str | None = None) -> str:
    out = io.StringIO()
    console = Console(file=out, width=4000, force_terminal=False)
    if slot:
        explanation(found, slot, console)
    else:
        decisions_table(found, console)
    return out.getvalue()


@given(st.text(max_size=100))
def test_a_cleaned_text_is_one_printable_line(text: str) -> None:
    shown = clean(text + HOSTILE + text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1


def test_what_is_harmless_is_left_as_it_is() -> None:
    text = "Größe 'a b' → 日本 (v-1)"
    assert clean(text) == text


def test_a_very_long_text_is_cut() -> None:
    assert len(clean("x" * 1_000_000)) == 2000


def test_nothing_from_an_account_forges_a_line_or_moves_a_cursor() -> None:
    found = Found(HOSTILE, HOSTILE, Mark.OTHER, HOSTILE, facts={"region": HOSTILE})
    one = Decision(
        "vpc", Outcome.REFUSE, "20", HOSTILE, id=HOSTILE, code=Code.OWNED_BY_OTHER, settle=HOSTILE,
        held=Held(Holding.MANAGED, HOSTILE), found=(found,), target=found, notes=(HOSTILE,),
    )  # fmt: skip
    finding = Finding(Severity.ERROR, "code", HOSTILE)
    hostile = assessment(one, findings=(finding,))
    for text in (
        "\n".join(lines(hostile)),
        stop_message(hostile),
        json.dumps(as_output(hostile), ensure_ascii=False),
        rendered(hostile),
        rendered(hostile, "vpc"),
    ):
        assert all(char == "\n" or char.isprintable() for char in text)
        assert "\n= vpc" not in text
        assert "\u202e" not in text


def test_markup_of_the_table_is_not_read_out_of_names() -> None:
    shown = rendered(
        assessment(Decision("vpc", Outcome.KEEP, "3", "[bold red]x[/] [link=http://x]y[/link]", id="[red]"))
    )
    assert "[bold red]x[/]" in shown
    assert "[link=http://x]" in shown


def test_a_long_reason_leaves_what_settles_it_whole() -> None:
    text = stop_message(assessment(refused("r" * 10_000, "set loadBalancerId to the one to use.")))
    assert text.splitlines()[-1] == "    to go on: set loadBalancerId to the one to use."


def test_all_reasons_to_stop_are_said_at_once() -> None:
    finding = Finding(Severity.ERROR, "droplet-limit", "too few droplets")
    text = stop_message(assessment(refused(), refused(slot="cluster"), findings=(finding,)))
    assert all(word in text for word in ("vpc: refused", "cluster: refused", "droplet-limit"))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_line_ownership_and_forms(outcome: Outcome) -> None:
    one = replace(refused(), outcome=outcome, code=Code.EXISTS if outcome is Outcome.REFUSE else None)
    found = assessment(one)
    assert f" {outcome.value} " in lines(found)[0]
    assert ownership(one) in ("managed", "adopted", "omitted", "refused")
    assert as_output(found)["vpc"]["outcome"] == outcome.value
    assert as_json(found)["ok"] == (outcome is not Outcome.REFUSE)
    assert outcome.value in rendered(found)


def test_what_is_released_or_adopted_is_never_called_managed() -> None:
    for outcome in (Outcome.ADOPT, Outcome.RELEASE):
        assert ownership(Decision("vpc", outcome, "", "")) == "adopted"


def test_what_stops_a_run_is_told_apart() -> None:
    assessment(Decision("vpc", Outcome.KEEP, "3", "")).require()
    with pytest.raises(Refused):
        assessment(refused()).require()
    with pytest.raises(UnknownIsNotAbsent):
        assessment(refused(), refused(code=Code.UNKNOWN, slot="cluster")).require()
    warning = Finding(Severity.WARNING, "w", "beware")
    assessment(Decision("vpc", Outcome.CREATE, "17", ""), findings=(warning,)).require()
    with pytest.raises(PreflightFailed, match="e: no"):
        assessment(
            Decision("vpc", Outcome.CREATE, "17", ""), findings=(Finding(Severity.ERROR, "e", "no"),)
        ).require()


def test_the_output_is_plain_texts_and_lists_of_them() -> None:
    found = assessment(refused())
    assert all(isinstance(value, str | list) for value in as_output(found)["vpc"].values())
