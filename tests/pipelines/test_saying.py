"""One comment and one issue of a key, edited in place, never anybody else's; and what is handed from step to step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from formerr_infra.engine import SECRET
from formerr_infra.errors import SettingsError
from formerr_infra.pipeline import GitHub, GitHubFailed
from formerr_infra.pipeline.handing import handed
from formerr_infra.pipeline.texts import LONGEST, body, marker
from tests.pipelines.fake_github import TOKEN, FakeGitHub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipelines.conftest import Formerr

KEY = "preview-staging"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.md"
    file.write_text("# staging\n\nnothing to do\n", "utf-8")
    return file


def test_a_comment_is_written_once_and_edited_in_place(
    github: FakeGitHub, formerr: Formerr, report: Path
) -> None:
    github.say(5, "a word of somebody", {"login": "somebody", "type": "User"})
    formerr("pipeline", "comment", KEY, report, "--number", 5)
    report.write_text("# staging\n\none to create\n", "utf-8")
    formerr("pipeline", "comment", KEY, report, "--number", 5)

    assert len(github.comments) == 2
    assert github.comments[1]["body"].startswith(f"{marker(KEY)}\n# staging\n\none to create")
    assert "run 77" in github.comments[1]["body"]
    assert [one.split()[0] for one in github.writes] == ["POST", "PATCH"]

    formerr("pipeline", "comment", KEY, report, "--number", 5)
    assert len(github.writes) == 2, "what says the same already is not written again"


def test_each_key_has_a_comment_of_its_own_below_each_pull_request(
    github: FakeGitHub, formerr: Formerr, report: Path
) -> None:
    for key, number in ((KEY, 5), ("preview-production", 5), (KEY, 6)):
        formerr("pipeline", "comment", key, report, "--number", number)
    assert [(one["issue"], one["body"].splitlines()[0]) for one in github.comments] == [
        (5, marker(KEY)), (5, marker("preview-production")), (6, marker(KEY)),
    ]  # fmt: skip


def test_a_mark_that_a_person_planted_is_nobodys_comment(
    github: FakeGitHub, formerr: Formerr, report: Path
) -> None:
    planted = f"{marker(KEY)}\nmine"
    github.say(5, planted, {"login": "somebody", "type": "User"})
    github.say(5, f"quoted: {marker(KEY)}")
    formerr("pipeline", "comment", KEY, report, "--number", 5)
    assert [one["body"] for one in github.comments[:2]] == [planted, f"quoted: {marker(KEY)}"]
    assert len(github.comments) == 3


def test_the_comment_is_found_behind_many_others(github: FakeGitHub, formerr: Formerr, report: Path) -> None:
    for number in range(230):
        github.say(5, f"word {number}")
    formerr("pipeline", "comment", KEY, report, "--number", 5)
    formerr("pipeline", "comment", KEY, report, "--number", 5)
    assert len(github.comments) == 231


def test_the_pull_request_is_that_of_the_event(
    github: FakeGitHub, formerr: Formerr, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="--number"):
        formerr("pipeline", "comment", KEY, report)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 9}}), "utf-8")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    formerr("pipeline", "comment", KEY, report)
    assert github.comments[0]["issue"] == 9
    assert "nothing to do" in summary.read_text("utf-8")


def test_what_a_failed_step_did_not_write_is_said_to_be_missing(
    github: FakeGitHub, formerr: Formerr, report: Path, tmp_path: Path
) -> None:
    formerr("pipeline", "comment", KEY, tmp_path / "guard.md", report, "--number", 5)
    assert "`guard.md` is not there, or is empty" in github.comments[0]["body"]
    assert "nothing to do" in github.comments[0]["body"]


@pytest.mark.parametrize("size", [10, LONGEST - 500, LONGEST, 10 * LONGEST])
def test_a_text_is_never_longer_than_github_takes(size: int) -> None:
    text = body(KEY, ["```\n" + "x" * size + "\n```"], footer="who")
    assert len(text) <= LONGEST
    assert text.startswith(marker(KEY))
    assert text.rstrip().endswith("<sub>who</sub>")
    assert text.count("```") % 2 == 0, "a block that was cut is closed"


def test_an_issue_is_opened_once_brought_up_to_date_and_closed_when_it_is_over(
    github: FakeGitHub, formerr: Formerr, report: Path
) -> None:
    key, title = "drift-staging", "Drift in staging"
    assert "none was open" in formerr("pipeline", "close", key).stdout
    assert github.writes == []
    formerr("pipeline", "issue", key, "--title", title, report)
    report.write_text("two changed", "utf-8")
    formerr("pipeline", "issue", key, "--title", title, report)
    formerr("pipeline", "issue", "drift-production", "--title", "Drift in production", report)

    assert [(one["title"], one["state"]) for one in github.issues] == [
        (title, "open"), ("Drift in production", "open"),
    ]  # fmt: skip
    assert "two changed" in github.issues[0]["body"]

    formerr("pipeline", "close", key)
    assert [one["state"] for one in github.issues] == ["closed", "open"]
    assert "run 77" in github.comments[-1]["body"]

    formerr("pipeline", "issue", key, "--title", title, report)
    assert [one["state"] for one in github.issues] == ["closed", "open", "open"], (
        "a new finding is a new issue"
    )


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ([(403, "Resource not accessible by integration")], "permissions"),
        ([(500, "oops"), (500, "oops")], "500"),
        ([None, None], "GET"),
    ],
)
def test_what_github_does_not_take_ends_the_step(
    github: FakeGitHub, formerr: Formerr, report: Path, trouble: list[tuple[int, str] | None], said: str
) -> None:
    github.trouble[:] = trouble
    with pytest.raises(GitHubFailed, match=said) as caught:
        formerr("pipeline", "comment", KEY, report, "--number", 5)
    assert caught.value.exit_code == 18
    assert TOKEN not in str(caught.value)
    assert github.comments == []


def test_a_dropped_write_is_not_sent_twice(github: FakeGitHub, formerr: Formerr, report: Path) -> None:
    github.trouble[:] = [(0, ""), None]
    with pytest.raises(GitHubFailed):
        formerr("pipeline", "comment", KEY, report, "--number", 5)
    assert len(github.writes) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_API_URL", "http://api.example.com"),
        ("GITHUB_REPOSITORY", "../../etc"),
        ("GITHUB_REPOSITORY", ""),
        ("GITHUB_TOKEN", "two words"),
        ("GITHUB_TOKEN", ""),
    ],
)
def test_the_token_goes_only_where_a_workflow_says_and_never_in_the_open(
    github: FakeGitHub, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        GitHub.of(github.environment | {name: value})


def test_a_key_is_a_word(github: FakeGitHub, formerr: Formerr, report: Path) -> None:
    for key in ("--> x", "", "A", "x" * 64):
        with pytest.raises(SettingsError, match="key"):
            formerr("pipeline", "comment", "--number", 5, "--", key, report)
    assert github.asked == []


def test_outputs_are_handed_on_as_lines_and_a_secret_never_is() -> None:
    held = {"ip": "192.0.2.1", "ports": [80, 443], "key": SECRET, "text": "a\nKEY=b"}
    assert handed(held, ["ip", "ports"], "staging", secret=SECRET) == ["ip=192.0.2.1", "ports=[80, 443]"]
    with pytest.raises(SettingsError) as caught:
        handed(held, ["ip", "key", "text", "gone"], "staging", secret=SECRET)
    assert [one.split("'")[1] for one in caught.value.findings] == ["key", "text", "staging"]
