"""The account that a stack is in, for every command about one; see `formerr_infra.tokens`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from formerr_infra.settings.sources import access
from formerr_infra.tokens import account_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.inventory.facts import Access


def access_of(stack: str, environment: Mapping[str, str] | None = None) -> Access:
    """Where the API is and with which token, for one stack.

    Args:
        stack: its short name; a variable of its own comes before those of all.
        environment: default `os.environ`.

    Raises:
        SettingsError, NotLoopback: see `access`.
    """
    return access(None, account_of(stack, os.environ if environment is None else environment))
