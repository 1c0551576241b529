"""Call by call: the stand-in gives what the official plugin gives, and asks the API what it asks.

It runs where FORMERR_TEST_OFFICIAL_PLUGIN names the official executable; with FORMERR_TEST_RECORD=1 it writes
docs/stand-in.md. The plain tests hold the table to the kinds that the program declares, and the page to its results.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.local.paths import CHECKOUT
from formerr_infra.local.standin.catalogue import RESOURCES
from formerr_infra.local.standin.fields import snake
from tests.standin.cases import CASES, LEFT_OUT
from tests.standin.differential import OPERATIONS, lives
from tests.standin.record import KNOWN, PAGE, RESULTS, known, page

if TYPE_CHECKING:
    from tests.standin.differential import Life
    from tests.standin.kinds import Case

OFFICIAL, RECORD = "FORMERR_TEST_OFFICIAL_PLUGIN", "FORMERR_TEST_RECORD"
IDS = ("vpc", "cluster", "balancer", "database", "domain", "registry", "check", "project")
ALL = [pytest.param(case, id=case.name) for case in CASES]


def test_every_kind_of_the_stand_in_is_compared() -> None:
    assert {case.token for case in CASES} == set(RESOURCES)


@pytest.mark.parametrize("case", ALL)
def test_every_input_is_compared_or_said_to_be_left_out(case: Case) -> None:
    ids = dict.fromkeys(IDS, "x")
    declared = set(case.inputs(ids))
    declared |= {key for change in (*case.updates.values(), *case.replaces.values()) for key in change}
    settable = {field.name for field in RESOURCES[case.token].fields if field.settable}
    assert settable - declared == LEFT_OUT.get(case.name, frozenset()) - declared
    assert declared <= settable


def test_the_program_declares_nothing_that_is_left_out() -> None:
    """`project_id` of an imported balancer is as it is, and no change of it is ever declared."""
    sources = "".join(
        file.read_text("utf-8") for file in (CHECKOUT / "formerr_infra" / "components").glob("*.py")
    )
    ids = dict.fromkeys(IDS, "x")
    compared = {snake(name) for case in CASES for name in case.inputs(ids)}
    compared |= {snake(key) for case in CASES for one in case.replaces.values() for key in one}
    inputs = (
        {snake(name) for names in LEFT_OUT.values() for name in names}
        - compared
        - {
            "kubeconfig_expire_seconds",
            "project_id",
        }
    )
    distinct = {name for name in inputs if "_" in name}
    assert {name for name in distinct if f'"{name}"' in sources} == set()


def test_the_page_is_that_of_the_results_beside_it() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert PAGE.read_text("utf-8") == page(results), f"run this file with {OFFICIAL} and {RECORD}=1"
    assert set(results["kinds"]) == {case.name for case in CASES}
    for case in CASES:
        cells = results["kinds"][case.name]
        missing = {operation for operation in OPERATIONS if not cells[operation]["calls"]}
        assert missing <= _without(case), case.name
        for operation, cell in cells.items():
            assert all(known(case.name, operation, call) for call in cell["differ"]), (case.name, operation)


def _without(case: Case) -> set[str]:
    """Operations that a kind does not have."""
    none = set() if case.deletes else {"delete", "delete refused"}
    return (
        none
        | (set() if case.updates else {"diff and update", "update refused"})
        | (set() if case.replaces else {"replacements"})
    )


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(1800)  # the official plugin waits ten seconds wherever it polls
@pytest.mark.may_skip("it needs the official plugin")
def test_every_call_of_every_kind_is_as_with_the_official_plugin() -> None:
    named = os.environ.get(OFFICIAL)
    if not named:
        pytest.skip(f"set {OFFICIAL} to the official plugin's executable")
    program = Path(named)
    theirs = lives(CASES, program, width=6)
    ours = lives(CASES, None, width=2)
    told: dict[str, list[str]] = {}
    kinds: dict[str, Any] = {}
    for case, mine, other in zip(CASES, ours, theirs, strict=True):
        kinds[case.name] = {
            operation: {
                "calls": len(mine[operation].keys() | other[operation].keys()),
                "differ": _differing(mine, other, operation, told, case.name),
            }
            for operation in OPERATIONS
        }
    if os.environ.get(RECORD):
        results = {
            "plugin": _version(program),
            "commit": _commit(),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "kinds": kinds,
        }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        PAGE.write_text(page(results), "utf-8")
    unexpected = [line for lines in told.values() for line in lines]
    assert not unexpected, "\n".join(unexpected)
    assert {why for *_, why in KNOWN} == {
        known(kind, operation, call)
        for kind, cells in kinds.items()
        for operation, cell in cells.items()
        for call in cell["differ"]
    }, "a difference that is known is there no more"


def _differing(mine: Life, other: Life, operation: str, told: dict[str, list[str]], kind: str) -> list[str]:
    """The calls that differ; what is not known of them goes into `told`."""
    differ = []
    for call in dict.fromkeys((*other[operation], *mine[operation])):
        one, two = mine[operation].get(call), other[operation].get(call)
        if _compared(one) == _compared(two):
            continue
        differ.append(call)
        if not known(kind, operation, call):
            parts = one.keys() | two.keys() if one and two else set()
            lines = [
                f"{kind}, {operation} ({call}), {part}: stand-in {json.dumps(one.get(part))}, official {json.dumps(two.get(part))}"
                for part in sorted(parts)
                if one and two and one.get(part) != two.get(part)
            ]
            told.setdefault(kind, []).extend(
                lines or [f"{kind}, {operation} ({call}): only one of them has it"]
            )
    return differ


def _compared(call: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is compared: all but the words of an error, which are a user's to read."""
    return None if call is None else {key: value for key, value in call.items() if key != "said"}


def _version(program: Path) -> str:
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return (
        (asked.stdout or asked.stderr).strip().splitlines()[-1]
        if (asked.stdout or asked.stderr).strip()
        else "unknown"
    )


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"
