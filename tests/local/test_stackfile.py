"""The copy of a stack file: the local salt and the choice about the application, and nothing else changed."""

from __future__ import annotations

import pytest
import yaml

from formerr_infra.local.stackfile import APPLICATION, salted, wants_application, without_application


@pytest.mark.parametrize(
    ("checkout_text", "known", "expected"),
    [
        ("a: 1\n", "", "a: 1\n"),
        ("a: 1\n", "a: 0\nencryptionsalt: v1:x\n", "a: 1\nencryptionsalt: v1:x\n"),
        ("a: 1", "encryptionsalt: v1:x", "a: 1\nencryptionsalt: v1:x\n"),
        ("encryptionsalt: v1:own\na: 1\n", "encryptionsalt: v1:x\n", "a: 1\nencryptionsalt: v1:x\n"),
        ("secretsprovider: awskms://k\nencryptedkey: e\na: 1\n", "", "a: 1\n"),
        ("", "encryptionsalt: v1:x\n", "encryptionsalt: v1:x\n"),
        (
            "encryptionsalt: v1:own\na:\n  secure: v\n",
            "encryptionsalt: v1:x\n",
            "encryptionsalt: v1:own\na:\n  secure: v\n",
        ),
    ],
)
def test_a_local_stack_file_is_the_checkouts_with_the_local_salt(
    checkout_text: str, known: str, expected: str
) -> None:
    assert salted(checkout_text, known) == expected


FILES = [
    "",
    "config:\n",
    "config: {}\n",
    "config:\n  a:b: 1\n",
    "config:\n    a:b: 1\n    c:d:\n      e: 2\n",
    "config: # why\n\n   # a word\n   a:b: 1",
    "encryptionsalt: v1:x\n",
    "encryptionsalt: v1:x\nconfig:\n  a:b: 1\nsecretsprovider: x\n",
    f"config:\n  a:b: 1\n  {APPLICATION}: true\n  c:d: 2\n",
    f"config:\n  '{APPLICATION}': yes # why\n  c:d: 2\n",
    f"config:\n  {APPLICATION}: false",
    "# config:\nconfig:\n  a:b: |\n    config:\n",
]


@pytest.mark.parametrize("text", FILES)
def test_leaving_the_application_out_changes_that_key_and_nothing_else(text: str) -> None:
    before = yaml.safe_load(text) or {}

    after = yaml.safe_load(without_application(text))

    config = dict(before.get("config") or {}) | {APPLICATION: False}
    assert after == before | {"config": config}
    assert not wants_application(without_application(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", True),
        ("config:\n  a:b: 1\n", True),
        (f"config:\n  {APPLICATION}: true\n", True),
        (f"config:\n  {APPLICATION}: false\n", False),
        (f'config:\n  "{APPLICATION}": "false" # not here\n', False),
        (f"config:\n  # {APPLICATION}: false\n", True),
    ],
)
def test_a_stack_file_leaves_the_application_in_unless_it_says_no(text: str, *, wanted: bool) -> None:
    assert wants_application(text) is wanted
