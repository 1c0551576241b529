"""How each outcome is declared: read, imported, protected, retained, replaced; always under the one name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from formerr_infra.components.base import Care, SlotComponent
from formerr_infra.model import READ_ONLY, Decision, Outcome

if TYPE_CHECKING:
    import pulumi

DECLARED = [outcome for outcome in Outcome if outcome not in (Outcome.OMIT, Outcome.REFUSE)]


def declared(decision: Decision, care: Care) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Which of the two was called, and with what."""

    def make(*names: Any, **arguments: Any) -> Any:
        return "make", names, arguments

    def get(*names: Any, **arguments: Any) -> Any:
        return "get", names, arguments

    # Only the parent of what is declared, and where it is noted what a destroy leaves.
    component = cast("SlotComponent", SimpleNamespace(_retained=set()))
    called: Any = SlotComponent.declare(
        component, make, get, "vpc", decision, {"region": "nyc3"}, care=care, known={"known": 1}
    )
    return cast("tuple[str, tuple[Any, ...], dict[str, Any]]", called)


@pytest.mark.parametrize("outcome", DECLARED)
@pytest.mark.parametrize("care", [Care(), Care(protect=True, retain=True)])
def test_every_outcome_is_declared_under_the_same_name(outcome: Outcome, care: Care) -> None:
    which, names, arguments = declared(Decision("vpc", outcome, "", "", id="v-1"), care)
    options: pulumi.ResourceOptions = arguments.pop("opts")
    assert names[0] == "vpc"
    assert options.protect is (True if care.protect else None)
    if outcome in READ_ONLY:
        assert (which, names, arguments) == ("get", ("vpc", "v-1"), {"known": 1})
        assert options.retain_on_delete is None
    else:
        assert (which, arguments) == ("make", {"region": "nyc3"})
        assert options.retain_on_delete is (True if care.retain else None)
    assert options.import_ == ("v-1" if outcome is Outcome.IMPORT else None)
    assert options.delete_before_replace is None


def test_one_that_may_be_replaced_goes_before_the_new_one_comes() -> None:
    _, _, arguments = declared(Decision("vpc", Outcome.KEEP, "3", "", id="v-1", replaces=True), Care())
    assert arguments["opts"].delete_before_replace is True
