"""`formerr report` against the bundled DigitalOcean: what it writes, where, and that it writes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from formerr_infra.page import marker
from tests.support.inprocess import TOKEN, InProcess

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def formerr(in_process: Callable[..., InProcess]) -> InProcess:
    return in_process()


def test_the_page_is_one_file_and_reads_only(formerr: InProcess) -> None:
    before = {path.name for path in formerr.folder.iterdir()}
    formerr.control.mark()
    formerr("report", "staging")
    assert {path.name for path in formerr.folder.iterdir()} - before == {"formerr-staging.html"}
    assert {one.method for one in formerr.control.requests(since_mark=True)} == {"GET"}
    text = (formerr.folder / "formerr-staging.html").read_text("utf-8")
    assert "<h1>staging</h1>" in text
    assert "$114.00" in text


def test_what_is_there_is_told_as_adopted_and_what_is_anothers_as_foreign(formerr: InProcess) -> None:
    vpc = formerr.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    formerr.control.put("load_balancers", name="theirs", region="nyc3")
    told = formerr.json("report", "staging")
    slots = {one["slot"]: one for one in told["slots"]}
    assert (slots["vpc"]["standing"], slots["vpc"]["id"]) == ("adopted", vpc["id"])
    assert slots["cluster"]["standing"] == "new"
    assert slots["loadBalancer"]["needs"] == ["vpc", "nodePool"]
    foreign = {one["kind"]: one for one in told["foreign"]}
    assert foreign["Load balancer"]["names"] == ["theirs"]
    assert "formerr-staging-vpc" not in foreign["VPC"]["names"]


def test_what_cannot_be_listed_is_said_and_stops_no_report(formerr: InProcess) -> None:
    formerr.control.fault("GET", "/v2/databases", status=403)
    told = formerr.json("report", "staging")
    unknown = {one["kind"]: one["unknown"] for one in told["foreign"]}
    assert "database:read" in unknown["Managed database"]
    formerr("report", "staging")
    assert "not known" in (formerr.folder / "formerr-staging.html").read_text("utf-8")


def test_a_report_of_what_is_refused_is_a_report(formerr: InProcess) -> None:
    for _ in "ab":
        formerr.control.put("load_balancers", name="formerr-staging-lb", region="nyc3")
    text = formerr("report", "staging", "--markdown", "-")
    assert text.startswith(marker("staging"))
    assert "1 slot is refused" in text
    assert "To go on:" in text
    assert "loadBalancerId" in text


def test_the_comment_goes_to_a_file_beside_the_page_or_alone_to_the_output(formerr: InProcess) -> None:
    formerr("report", "staging", "--output", "page.html", "--markdown", "comment.md")
    assert (formerr.folder / "page.html").is_file()
    assert (formerr.folder / "comment.md").read_text("utf-8").startswith(marker("staging"))
    (formerr.folder / "page.html").unlink()
    assert formerr("report", "staging", "--markdown", "-").count(marker("staging")) == 1
    assert not (formerr.folder / "page.html").exists()
    assert not (formerr.folder / "formerr-staging.html").exists()


def test_hostile_names_of_an_account_are_texts_wherever_they_are_written(formerr: InProcess) -> None:
    hostile = "<img src=x onerror=alert(1)>\x1b[2J\u202e| @octocat"
    formerr.configure(projectName="Formerr")
    formerr.control.put(
        "vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16", description=hostile
    )
    formerr.control.put("load_balancers", name=hostile, region="nyc3")
    formerr.control.put("projects", name="Formerr", description=f"pulumi:formerr-infra:other {hostile}")
    formerr("report", "staging", "--markdown", "comment.md")
    page = (formerr.folder / "formerr-staging.html").read_text("utf-8")
    comment = (formerr.folder / "comment.md").read_text("utf-8")
    for text in (page, comment, formerr("report", "staging", "--json")):
        assert all(char.isprintable() or char == "\n" for char in text)
    assert "<img" not in page + comment
    assert "&lt;img" in page
    assert "@octocat" not in comment


def test_neither_token_nor_secret_is_in_a_report(formerr: InProcess) -> None:
    formerr.patch.setenv("DB_PASSWORD", "hunter2-hunter2-hunter2")
    formerr("report", "staging", "--markdown", "comment.md")
    for name in ("formerr-staging.html", "comment.md"):
        text = (formerr.folder / name).read_text("utf-8")
        assert TOKEN not in text
        assert "hunter2" not in text


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(formerr: InProcess) -> None:
    assert "no/such/page.html: cannot be written" in formerr(
        "report", "staging", "-o", "no/such/page.html", code=2
    )
    assert [path.name for path in formerr.folder.iterdir() if path.name.endswith(".new")] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "qa"), "no such stack file"),
        (("report", "staging", "--json", "-o", "x.html"), "--json prints the report"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_before_any_call(
    formerr: InProcess, words: tuple[str, ...], said: str
) -> None:
    formerr.control.mark()
    assert said in formerr(*words, code=2)
    assert formerr.control.requests(since_mark=True) == []
