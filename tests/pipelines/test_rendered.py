"""What other tools wrote, as Markdown: a preview, findings, plain text; never markup of somebody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from formerr_infra.pipeline.rendered import MOST, Unreadable, of_sarif, rendered

URN = "urn:pulumi:production::formerr-infra::formerr:network:Network$digitalocean:index/vpc:Vpc::vpc"


def preview(**more: Any) -> dict[str, Any]:
    """A document of `formerr preview --json`."""
    change = {"name": "vpc", "op": "replace", "external": False, "keys": ["ipRange"], "urn": URN}
    return {
        "stack": "production",
        "ok": True,
        "error": None,
        "guard": {"ok": True, "stops": [], "allowed": [], "unused": []},
        "preview": {"counts": {"same": 3, "replace": 1}, "changes": [change], "drift": [], "policy": []},
        **more,
    }


def test_a_preview_says_the_guards_verdict_the_changes_and_what_the_pack_found() -> None:
    stop = {
        "urn": URN,
        "code": "production",
        "reason": "it would be replaced",
        "settle": "--allow-replace URN",
    }
    finding = {
        "policy": "no-latest-image",
        "level": "mandatory",
        "message": "an image has no tag",
        "urn": URN,
    }
    document = preview(ok=False, error={"kind": "GuardStopped", "message": "the guard stops this plan"})
    document["guard"]["stops"] = [stop]
    document["preview"]["policy"] = [finding, finding | {"level": "advisory"}]
    said = rendered("preview.json", json.dumps(document))
    for word in (
        "🔴 Preview of production",
        "GuardStopped",
        "stops 1",
        "`production` vpc",
        "3 same, 1 replace",
    ):
        assert word in said
    assert "replace vpc (ipRange)" in said
    assert said.count("an image has no tag") == 2

    said = rendered("preview.json", json.dumps(preview()))
    assert "🟢" in said
    assert "nothing stops this plan" in said
    assert "no findings" in said


def test_a_preview_that_came_to_nothing_says_why() -> None:
    error = {"kind": "Refused", "message": "two VPCs have that name"}
    said = rendered("preview.json", json.dumps(preview(ok=False, error=error, guard=None, preview=None)))
    assert "two VPCs have that name" in said
    assert "Guard" not in said


def test_findings_are_listed_worst_first_and_not_without_end() -> None:
    results = [{"ruleId": "note-1", "level": "note", "message": {"text": "small"}}]
    results += [{"ruleId": f"CVE-{n}", "level": "error", "message": {"text": "bad"}} for n in range(MOST + 5)]
    said = of_sarif("scan.sarif", {"runs": [{"results": results}, {"results": None}]})
    lines = said.splitlines()
    assert f"{MOST + 6} findings" in lines[0]
    assert "CVE-0" in lines[2]
    assert lines[-1] == "- … and 6 more"
    assert "no findings" in of_sarif("scan.sarif", {"runs": []})


def test_nothing_from_elsewhere_is_markup() -> None:
    bad = "@everyone <script> [x](http://evil.invalid) | # `"
    document = preview()
    document["preview"]["changes"][0]["name"] = bad
    for said in (
        rendered("preview.json", json.dumps(document)),
        of_sarif(
            "a.sarif", {"runs": [{"results": [{"ruleId": bad, "level": bad, "message": {"text": bad}}]}]}
        ),
    ):
        assert "<script>" not in said
        assert "@everyone" not in said
        assert "](http" not in said


@pytest.mark.parametrize("text", ["plain", "```\nended?\n```", "`````", ""])
def test_plain_text_cannot_end_its_block(text: str) -> None:
    first, *between, last = rendered("health.txt", text).splitlines()
    assert first == f"{last}text"
    assert set(last) == {"`"}
    assert all(line.strip() != last for line in between)


@pytest.mark.parametrize("name", ["a.json", "a.sarif"])
@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"runs": 3}', '{"runs": [{"results": [1]}]}'])
def test_a_file_that_is_not_what_its_name_says_is_said(name: str, text: str) -> None:
    with pytest.raises(Unreadable):
        rendered(name, text)
