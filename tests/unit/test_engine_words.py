"""The engine's words as a person reads them: without styles and tracebacks; a held lock with its holder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.engine import locks, words

LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/formerr-infra/staging/0f3c.json: created by ada@build-7 (pid 4711) at 2026-11-25T15:31:13Z
"""
TRACEBACK = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/project/__main__.py", line 5, in <module>
    run()
  File "/project/program.py", line 40, in run
    password = "hunter2-hunter2"

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/project/__main__.py", line 7, in <module>
    raise ValueError("no such size")
ValueError: no such size
and what follows stays"""


def test_of_a_traceback_only_the_line_that_names_the_exception_stays() -> None:
    shown = words.without_tracebacks(TRACEBACK)

    assert shown.splitlines()[0] == "Program failed with an unhandled exception:"
    assert "ValueError: no such size" in shown
    assert shown.endswith("and what follows stays")
    for gone in ("Traceback", "File", "hunter2", "During handling"):
        assert gone not in shown


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"))), max_size=8))
def test_text_without_a_traceback_is_left_as_it_is(lines: list[str]) -> None:
    text = "\n".join(lines)
    if "Traceback" not in text and "exception" not in text:
        assert words.without_tracebacks(text) == "\n".join(text.splitlines())


def test_styles_are_taken_away_and_each_message_is_told_once() -> None:
    told = words.told(["<{%fg 1%}>error: <{%reset%}>it broke", "\x1b[31merror: it broke\x1b[0m", "and this"])

    assert told == "it broke\nand this"


def test_errors_are_found_between_other_lines_with_what_belongs_to_them() -> None:
    printed = (
        "Previewing update (staging):\nwarning: old\nerror: one\n  more of one\n\nother\n    error: two\n"
    )

    assert words.errors(printed) == ("error: one\n  more of one", "error: two")


def test_a_lock_says_who_holds_it_and_since_when() -> None:
    assert locks.is_locked(LOCKED)
    assert locks.locks(LOCKED) == (locks.Lock("ada", "build-7", 4711, "2026-11-25T15:31:13Z"),)


@pytest.mark.parametrize(
    ("host", "alive", "said"),
    [
        pytest.param("build-7", frozenset({4711}), "Wait for that run", id="it-runs"),
        pytest.param("build-7", frozenset(), "That process is gone", id="it-was-killed"),
        pytest.param("build-8", frozenset(), "only if you are sure", id="on-another-machine"),
    ],
)
def test_a_lock_is_called_stale_only_where_its_process_is_known_to_be_gone(
    host: str, alive: frozenset[int], said: str
) -> None:
    advice = locks.advice("staging", locks.locks(LOCKED), host=host, alive=alive)

    assert said in advice
    for word in ("ada@build-7", "4711", "2026-11-25T15:31:13Z", "pulumi cancel -s staging"):
        assert word in advice


def test_a_backend_that_names_no_holder_still_locks() -> None:
    said = "error: [409] Conflict: Another update is currently in progress."

    assert locks.is_locked(said)
    assert "another update" in locks.advice("staging", locks.locks(said), host="x", alive=frozenset())
