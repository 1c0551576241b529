"""Which account a stack is in: by variables alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.backup.take import shelf
from formerr_infra.engine import Engine
from formerr_infra.environments.folder import SOURCE
from formerr_infra.errors import SettingsError
from formerr_infra.settings import access_of
from formerr_infra.tokens import LASTING, account_of, of_stacks, variable_of

if TYPE_CHECKING:
    from pathlib import Path

OWN = "DIGITALOCEAN_TOKEN_"
ALL = (
    "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", f"{OWN}STAGING", f"{OWN}PRODUCTION", f"{OWN}PR_1",
)  # fmt: skip


def environ(*names: str, **more: str) -> dict[str, str]:
    return {name: f"in-{name}" for name in names} | more


@pytest.mark.parametrize(
    ("stack", "names", "variable"),
    [
        ("staging", ALL, f"{OWN}STAGING"),
        ("production", ALL, f"{OWN}PRODUCTION"),
        ("pr-1", ALL, f"{OWN}PR_1"),
        # Made from staging, on its cluster or with its registry.
        ("pr-2", ALL, f"{OWN}STAGING"),
        ("pr-2", ("DIGITALOCEAN_TOKEN",), "DIGITALOCEAN_TOKEN"),
        # Never the other one's.
        ("production", ("DIGITALOCEAN_TOKEN", f"{OWN}STAGING"), "DIGITALOCEAN_TOKEN"),
        ("staging", (f"{OWN}PRODUCTION", "DIGITALOCEAN_ACCESS_TOKEN"), "DIGITALOCEAN_ACCESS_TOKEN"),
        ("staging", (), "DIGITALOCEAN_TOKEN"),
    ],
)
def test_a_stacks_own_token_comes_first_for_who_asks_and_for_the_engine(
    stack: str, names: tuple[str, ...], variable: str
) -> None:
    given = environ(*names)
    assert variable_of(stack, given) == variable
    if names:
        assert access_of(stack, given).token == f"in-{variable}"


@given(st.sampled_from([*LASTING, "pr-1", "x"]), st.sets(st.sampled_from(ALL)))
def test_chosen_twice_is_chosen_once_and_nothing_else_changes(stack: str, names: set[str]) -> None:
    given = environ(*sorted(names), PATH="/bin")
    once = account_of(stack, given)
    assert account_of(stack, once) == once
    assert {name: once[name] for name in given if name != "DIGITALOCEAN_TOKEN"} == {
        name: value for name, value in given.items() if name != "DIGITALOCEAN_TOKEN"
    }


@pytest.mark.parametrize("stack", [*LASTING, "pr-1"])
def test_no_token_of_a_real_account_is_for_the_local_one(stack: str) -> None:
    given = environ(*ALL, FORMERR_LOCAL="1")
    assert account_of(stack, given) == given


def test_environments_are_made_from_the_stack_whose_account_they_are_in() -> None:
    assert LASTING[0] == SOURCE


@pytest.mark.parametrize("stack", ["staging", "organization/formerr-infra/staging"])
def test_the_engine_works_where_is_looked(stack: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "pulumi").write_text('#!/bin/sh\necho "$DIGITALOCEAN_TOKEN" >> "$0.said"\n', "utf-8")
    (folder / "pulumi").chmod(0o755)
    engine = Engine(folder, stack, environ(*ALL, PATH=f"{folder}:/bin:/usr/bin"))
    engine.destroy(preview_only=True, state={"version": 3, "deployment": {}})
    assert (folder / "pulumi.said").read_text("utf-8").split() == [f"in-{OWN}STAGING"]


@pytest.mark.parametrize("name", ["", "organization//staging", "/", "../x", "a b", ".."])
def test_what_is_no_name_of_a_stack_never_reaches_the_engine_which_would_take_the_selected_one(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="name of a stack"):
        Engine(tmp_path, name)
    with pytest.raises(SettingsError, match="name of a stack"):
        shelf(tmp_path, name)


def test_the_tokens_of_stacks_are_found_by_their_names() -> None:
    assert of_stacks(environ(*ALL, DIGITALOCEAN_TOKENS="x")) == (
        f"{OWN}PRODUCTION", f"{OWN}PR_1", f"{OWN}STAGING",
    )  # fmt: skip
