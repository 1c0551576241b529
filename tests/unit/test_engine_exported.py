"""The outputs of a stack are read off its exported state as the engine shows them, and no secret with them."""

from __future__ import annotations

from typing import Any

import pytest

from formerr_infra.engine import SECRET, outputs

SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def _export(**held: Any) -> dict[str, Any]:
    stack = {
        "urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s",
        "type": "pulumi:pulumi:Stack",
        "outputs": held,
    }
    other = {"urn": "urn:pulumi:s::p::a:b:C::c", "type": "a:b:C", "outputs": {"word": "of another"}}
    return {"version": 3, "deployment": {"resources": [other, stack]}}


def test_a_secret_is_left_out_wherever_it_stands() -> None:
    held = {"plain": [1, {"a": None}], "whole": SEALED, "within": {"deep": [SEALED, "open"]}}

    assert outputs(_export(**held)) == {
        "plain": [1, {"a": None}],
        "whole": SECRET,
        "within": {"deep": [SECRET, "open"]},
    }


@pytest.mark.parametrize("export", [{}, {"deployment": None}, {"deployment": {"resources": []}}])
def test_a_stack_without_resources_has_no_outputs(export: dict[str, Any]) -> None:
    assert outputs(export) == {}
