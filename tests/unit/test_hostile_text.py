"""Names and messages that mean ill, in everything that shows one: a terminal, JSON, Markdown, GitHub's files, errors."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from formerr_infra.cli import doctor, env, health, pipeline
from formerr_infra.cli.options import as_text, complain
from formerr_infra.cli.render import decisions_table, explanation
from formerr_infra.destroy import render as destroy
from formerr_infra.destroy.model import Left, Outcome, Plan
from formerr_infra.detect import Assessment
from formerr_infra.doctor.model import Finding as DoctorFinding
from formerr_infra.doctor.model import Level, Slot, Visit
from formerr_infra.drift import render as drift
from formerr_infra.drift.model import Difference, Finding, Item, Noise, Report
from formerr_infra.environments.listing import Environment
from formerr_infra.environments.listing import State as Standing
from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.health.model import Check, State
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Found, Mark
from formerr_infra.model import Outcome as Decided
from formerr_infra.page.comment import comment, escaped
from formerr_infra.pipeline.handing import handed
from formerr_infra.pipeline.rendered import Unreadable, rendered
from formerr_infra.pipeline.texts import LONGEST, body
from formerr_infra.report import clean, lines, stop_message
from formerr_infra.settings import check
from tests.support.hostile import SNIPPETS, marked_up, obeyed, rows, texts
from tests.support.stories import decision, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

SETTINGS = check({}, "staging")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
some = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def every(test: Callable[[str], None]) -> Callable[[], None]:
    """The test with each snippet, and with what hypothesis makes of them."""
    for one in ("\n".join(SNIPPETS), "".join(SNIPPETS[:40]), "::set-output name=x::y", "a\n::error::x"):
        test = example(one)(test)
    return some(given(texts)(test))


def shown(show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=120, force_terminal=False))
    return out.getvalue()


def assessment(text: str, outcome: Decided) -> Assessment:
    keys = ("vpc", "cluster", "registry")
    return Assessment(
        "staging", SETTINGS, EMPTY, {key: decision(key, outcome, text) for key in keys},
        objects={f"deployment/formerr/{text}": decision(text, outcome, text)},
    )  # fmt: skip


def drifted(text: str) -> Report:
    difference = Difference(text, text, text)
    items = (
        Item(text, text, text, text, True, Finding.CHANGED, (difference, difference)),
        Item(text, text, text, text, False, Finding.GONE, reason=text),
        Item(text, text, text, text, True, Finding.UNKNOWN, reason=text),
    )
    return Report("staging", items, (Noise(text, text, text),))


# -- a terminal, and the log of a run on GitHub --------------------------------------------------------------


@every
def test_a_cleaned_text_is_a_line_of_text_that_nothing_obeys(text: str) -> None:
    safe = clean(text)
    assert obeyed(safe) == []
    assert "\n" not in safe
    assert len(safe) <= 2000


@every
def test_no_table_obeys_a_text(text: str) -> None:
    for outcome in (Decided.KEEP, Decided.REFUSE):
        found = assessment(text, outcome)
        assert obeyed(shown(lambda console: decisions_table(found, console))) == []  # noqa: B023  (called at once)
        assert obeyed(shown(lambda console: explanation(found, "vpc", console))) == []  # noqa: B023
    assert obeyed(shown(lambda console: drift.show(drifted(text), console, noise=True))) == []
    stray = Found(text, text, Mark.OURS, text)
    plan, outcome_ = (
        Plan("staging", strays=((text, stray),)),
        Outcome((Left(text, text, text, text, False),), (text,)),
    )
    assert obeyed(shown(lambda console: destroy.show_plan(plan, console))) == []
    assert obeyed(shown(lambda console: destroy.show_outcome(outcome_, console))) == []


@every
def test_no_command_prints_what_is_obeyed(text: str) -> None:
    checks = [Check(text, state, text) for state in State]
    visit = Visit(
        tuple(DoctorFinding(text, level, text, text, text) for level in Level),
        {"staging": (Slot(text, text, text, text, text),)},
    )
    environments = [Environment(text, NOW, None, Standing.UP, trouble=text)]
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        health.show("staging", checks, as_json=False)
        doctor._show(visit)
        env._table(environments, NOW)
        complain(FormerrError(text))
        complain(SettingsError([text, text]))
    assert obeyed(out.getvalue()) == []


@every
def test_the_lines_of_the_engines_log_and_the_reason_to_stop_are_text(text: str) -> None:
    for outcome in (Decided.KEEP, Decided.REFUSE):
        found = assessment(text, outcome)
        for said in (*lines(found), *stop_message(found).splitlines()):
            assert obeyed(said) == []


# -- JSON ----------------------------------------------------------------------------------------------------


@some
@given(
    st.recursive(
        texts | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    )
)
def test_a_document_is_one_document_in_printable_ascii_and_says_what_was_meant(value: Any) -> None:
    for indent in (2, None):
        printed = as_text(value, indent=indent)
        assert json.loads(printed) == value
        assert printed.isascii()
        assert obeyed(printed) == []
        assert indent is not None or "\n" not in printed


# -- Markdown ------------------------------------------------------------------------------------------------


@every
def test_an_escaped_text_is_text_for_a_parser_of_markdown_wherever_it_stands(text: str) -> None:
    safe = escaped(text)
    for place in (
        safe,
        f"- {safe}",
        f"## {safe}",
        f"| a | b |\n| --- | --- |\n| {safe} | x |\n",
        f"**{safe}.**",
    ):
        found = [one for one in marked_up(place) if one != "strong_open"]
        assert found == []
    assert rows(f"| a | b |\n| --- | --- |\n| {safe} | x |\n| y | z |\n") == [2, 2, 2]


@every
def test_no_cell_of_drift_ends_its_table_or_is_markup(text: str) -> None:
    said = drift.markdown(drifted(text))
    assert marked_up(said) == []
    assert rows(said) == [5] * 6


@every
def test_no_text_in_a_comment_is_markup(text: str) -> None:
    said = comment(story(text=text or "x", full=True))
    assert [one for one in marked_up(said) if one != "strong_open"] == []
    assert len(set(rows(said))) > 1


@every
def test_a_preview_and_findings_of_a_scanner_are_text(text: str) -> None:
    change = {"name": text, "op": text, "external": True, "keys": [text], "urn": text}
    stop = {"urn": text, "code": "production", "reason": text, "settle": text}
    document = {
        "stack": text, "ok": False, "error": {"kind": text, "message": text}, "guard": {"stops": [stop]},
        "preview": {"counts": {text: 1}, "changes": [change], "policy": [{"policy": text, "level": text, "message": text}]},
    }  # fmt: skip
    results = [{"ruleId": text, "level": text, "message": {"text": text}}]
    for said in (
        rendered("preview.json", json.dumps(document)),
        rendered("scan.sarif", json.dumps({"runs": [{"results": results}]})),
    ):
        assert [one for one in marked_up(said) if one != "strong_open"] == []


@every
def test_a_block_of_text_ends_where_it_should_whole_or_cut(text: str) -> None:
    for many in (1, 200):
        block = rendered("health.txt", f"{text}\n" * many)
        said = body("key", [block, "after"], footer="run 1")
        assert len(said) <= LONGEST
        assert marked_up(said) == []
        assert said.rstrip().endswith("<sub>run 1</sub>")
        tail = said[said.rindex("\n\n<sub>") :]
        assert marked_up(said.replace(tail, "\n\n**told**\n")) == ["strong_open"], (
            "the block swallows what follows"
        )


# -- what one step of a workflow hands to the next -----------------------------------------------------------


@every
def test_no_value_hands_another_one(text: str) -> None:
    with suppress(SettingsError):
        (line,) = handed({"url": text}, ["url"], "staging", secret="[secret]")
        assert line == f"url={text}"
        assert line.splitlines() == [line]


@some
@given(texts)
def test_github_output_gets_the_lines_that_were_meant_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "output"
    file.unlink(missing_ok=True)
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    meant = ["deployed=true", f"backend={text}"]
    try:
        pipeline.hand(meant)
    except SettingsError:
        assert not file.exists()
    else:
        assert file.read_text("utf-8").splitlines() == meant


@some
@given(texts, st.sampled_from(["a.json", "a.sarif", "a.txt"]))
def test_any_file_is_shown_or_refused(text: str, name: str) -> None:
    with suppress(Unreadable):
        rendered(name, text)
