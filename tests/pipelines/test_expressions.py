"""The evaluator of GitHub's expressions against what GitHub documents."""

from __future__ import annotations

import pytest

from tests.pipelines.expressions import Context, evaluate, resolve

CONTEXT = Context(
    {
        "inputs": {"build": True, "tag": "", "name": "Staging", "n": 0},
        "github": {"event": {"repository": {"private": False}}, "event_name": "push"},
        "labels": [{"name": "a"}, {"name": "b"}],
        "steps": {"one-two": {"outputs": {"x": "true"}}},
    },
    {
        "success": lambda: True,
        "failure": lambda: False,
        "hashFiles": lambda name: "abc" if name == "a" else "",
    },
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.build", True),
        ("inputs.nothing", None),
        ("inputs.nothing.below", None),
        ("inputs.tag || 'main'", "main"),
        ("inputs.build && '1' || ''", "1"),
        ("inputs.tag && '1' || ''", ""),
        ("inputs.name == 'staging'", True),
        ("inputs.name != 'staging'", False),
        ("inputs.n == ''", True),
        ("inputs.build == 'true'", False),
        ("steps.one-two.outputs.x == 'true'", True),
        ("!github.event.repository.private", True),
        ("!(success() && failure())", True),
        ("failure() || inputs.build || github.event_name == 'schedule'", True),
        ("hashFiles('a') != '' && !failure()", True),
        ("'it''s'", "it's"),
        ("1 == 1.0", True),
        ("null", None),
        ("labels.*.name", ["a", "b"]),
    ],
)
def test_an_expression_has_the_value_that_github_documents(text: str, value: object) -> None:
    assert evaluate(text, CONTEXT) == value


def test_a_text_has_its_expressions_replaced_and_one_alone_keeps_its_kind() -> None:
    assert (
        resolve("a-${{ inputs.name }}-${{ inputs.build }}${{ inputs.nothing }}", CONTEXT) == "a-Staging-true"
    )
    assert resolve(" ${{ inputs.build }} ", CONTEXT) is True
    assert resolve(7, CONTEXT) == 7


@pytest.mark.parametrize(
    "text", ["secrets.X", "fromJSON('x')", "inputs.", "a b", "(true", "inputs.a ==", "*", ""]
)
def test_what_is_not_known_here_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        evaluate(text, CONTEXT)
