"""Marks round trip and are never read where they are not; loopback is what it says and nothing that resolves to it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra import naming
from formerr_infra.errors import NotLoopback
from formerr_infra.loopback import is_loopback, require_loopback
from formerr_infra.model import Mark
from formerr_infra.settings.schema import Settings

names = st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True)


@given(names, names, st.text(max_size=40))
def test_a_mark_is_read_back_as_ours(project: str, stack: str, text: str) -> None:
    plain = text.replace("pulumi:", "")
    owner = f"{project}/{stack}"
    marked = naming.marked_description(plain, project, stack)
    assert naming.read_mark(marked, project, stack) == (Mark.OURS, owner)
    assert naming.read_tags(["k8s", naming.mark_text(project, stack)], project, stack) == (Mark.OURS, owner)


@given(names, names, names, names)
def test_another_stacks_mark_is_never_ours(project: str, stack: str, project2: str, stack2: str) -> None:
    if (project, stack) == (project2, stack2):
        return
    owner = f"{project2}/{stack2}"
    assert naming.read_mark(naming.marked_description("x", project2, stack2), project, stack) == (
        Mark.OTHER,
        owner,
    )
    assert naming.read_tags([naming.mark_text(project2, stack2)], project, stack) == (Mark.OTHER, owner)


@given(st.text(max_size=80))
def test_any_description_has_an_answer_and_ours_needs_the_whole_mark(text: str) -> None:
    mark, owner = naming.read_mark(text, "formerr-infra", "staging")
    assert (owner is None) == (mark is Mark.UNMARKED)
    assert mark is not Mark.OURS or "pulumi:formerr-infra:staging" in text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("", Mark.UNMARKED),
        ("made with pulumi: formerr", Mark.UNMARKED),
        ("notpulumi:formerr-infra:staging", Mark.UNMARKED),
        ("[pulumi:formerr-infra:staging]", Mark.OURS),
        ("pulumi:formerr-infra:staging2", Mark.OTHER),
        ("pulumi:formerr-infra:staging.old", Mark.OTHER),
        ("pulumi:formerr:staging", Mark.OTHER),
        ("[pulumi:formerr-infra:staging] [pulumi:formerr-infra:production]", Mark.OTHER),
        ("[pulumi:formerr-infra:staging] [pulumi:formerr-infra:staging]", Mark.OURS),
    ],
)
def test_what_a_description_says(text: str, mark: Mark) -> None:
    assert naming.read_mark(text, "formerr-infra", "staging")[0] is mark


def test_a_tag_is_a_mark_only_as_a_whole() -> None:
    assert (
        naming.read_tags(["x:pulumi:formerr-infra:staging"], "formerr-infra", "staging")[0] is Mark.UNMARKED
    )
    assert naming.read_tags([], "formerr-infra", "staging") == (Mark.UNMARKED, None)


@given(names, names, names, names)
def test_a_label_is_ours_for_one_stack_only(project: str, stack: str, project2: str, stack2: str) -> None:
    labels = {naming.LABEL_STACK: naming.stack_label(project, stack)}
    assert naming.read_label(labels, project, stack) == (Mark.OURS, f"{project}/{stack}")
    other = naming.read_label(labels, project2, stack2)
    assert other[0] is (Mark.OURS if (project, stack) == (project2, stack2) else Mark.OTHER)
    assert naming.read_label({}, project, stack) == (Mark.UNMARKED, None)


@given(
    st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True),
)
def test_a_label_of_any_stack_is_one_that_kubernetes_takes(project: str, stack: str) -> None:
    label = naming.stack_label(project, stack)
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", label)


def test_a_users_tag_can_be_no_mark() -> None:
    with pytest.raises(ValueError, match="prefix"):
        Settings.model_validate({"tags": [naming.mark_text("formerr-infra", "staging")]})


def test_what_stands_in_urns_and_in_marks_never_changes() -> None:
    """A change here would have the engine delete everything that runs."""
    assert naming.PROJECT == "formerr-infra"
    assert naming.mark_text("formerr-infra", "staging") == "pulumi:formerr-infra:staging"
    assert naming.default_name("staging", "vpc") == "formerr-staging-vpc"
    assert naming.stack_label("formerr-infra", "staging") == "formerr-infra.staging"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "https://127.1.2.3",
        "http://localhost",
        "http://[::1]:9",
        "http://127.0.0.1/v2?x=1",
    ],
)
def test_loopback_is_accepted_and_handed_back_unchanged(url: str) -> None:
    assert require_loopback(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://api.digitalocean.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://example.com\\@127.0.0.1",
        "http://user@127.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "http://2130706433",
        "http://0x7f.1",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "//127.0.0.1",
        "http://",
        "http://[::1",
        "http://example.com[::1]",
        "http://[::1]example.com",
        "http://[::1]:80:90",
        "http://127.0.0.1 .example.com",
        "http://127.0.0.1\n.example.com",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(NotLoopback):
        require_loopback(url)


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_loopback(text) in (True, False)
    assert is_loopback(f"http://{text}") in (True, False)
