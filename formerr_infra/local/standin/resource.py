"""What a resource kind consists of: its table of properties, and the five things it does to the API."""

# ruff: noqa: ARG001 - what a kind does not do is a function with the same arguments

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.errors import StandinError
from formerr_infra.local.standin.fields import Field, Props, is_zero

if TYPE_CHECKING:
    import threading

    from formerr_infra.local.standin.api import Api

PACKAGE = "digitalocean"


@dataclass(frozen=True, slots=True)
class Cloud:
    """What a resource works with.

    Args:
        poll_seconds: pause between two looks at something that is being made.
    """

    api: Api
    stopping: threading.Event
    poll_seconds: float = 0.2

    def wait(self, look: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Look until true; a failed look ends the wait with its error.

        Raises:
            StandinError: after `seconds`, or when the engine cancels.
        """
        until = time.monotonic() + seconds
        while not look():
            if time.monotonic() >= until:
                raise StandinError(f"timeout while waiting for {what}")
            if self.stopping.wait(self.poll_seconds):
                raise StandinError(f"cancelled while waiting for {what}")


@dataclass(frozen=True, slots=True)
class Made:
    """What a create knows besides the id.

    Args:
        known: properties that only the create's answer has (a password, say).
        complete: they are all there is; nothing is read afterwards.
    """

    ident: str
    known: Props
    complete: bool = False


Create = Callable[[Cloud, Props], "str | Made"]
"""(cloud, planned) -> id. Raises InitFailed where the thing exists but is not ready, another error where the
official plugin keeps no state of it."""
Read = Callable[[Cloud, str, Props], Props | None]
"""(cloud, id, what is known of it) -> its properties as the API has them, or None when it is gone."""
Update = Callable[[Cloud, str, Props, Props], "Props | None"]
"""(cloud, id, olds, planned) -> properties that only this update's answers have, or None."""
Delete = Callable[[Cloud, str, Props], None]
"""(cloud, id, olds)."""
Importer = Callable[[Cloud, str], Props | None]
"""(cloud, id) -> what is known before the first read; None: nothing there. An `id` in it replaces
the given one. May write, as the official."""


def _nothing_known(cloud: Cloud, ident: str) -> Props | None:
    return {}


def _never(olds: Props, planned: Props) -> frozenset[str]:
    return frozenset()


def _nothing_wrong(inputs: Props) -> list[tuple[str, str]]:
    return []


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource kind.

    Args:
        module: as in `digitalocean:index/<module>:<name>`.
        importer: None where the official plugin has none; an import then finds nothing.
        also_replaces: properties whose change replaces by its direction, not by itself.
        conflicts: pairs of properties of which only one may be declared.
        validate: what the program declared wrongly across properties, as (path, reason).
        reads_again: whether it is read after an update.
        schema_version: as the official plugin writes it into the state, so that it can take the state over.
    """

    module: str
    name: str
    fields: tuple[Field, ...]
    create: Create
    read: Read
    update: Update
    delete: Delete
    importer: Importer | None = _nothing_known
    also_replaces: Callable[[Props, Props], frozenset[str]] = _never
    conflicts: tuple[tuple[str, str], ...] = ()
    validate: Callable[[Props], list[tuple[str, str]]] = _nothing_wrong
    reads_again: bool = True
    schema_version: int = 0

    @property
    def token(self) -> str:
        """The engine's type, e.g. `digitalocean:index/vpc:Vpc`."""
        return f"{PACKAGE}:index/{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class Function:
    """One function that programs call.

    Args:
        call: (cloud, checked inputs) -> outputs.
    """

    name: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    call: Callable[[Cloud, Props], Props]

    @property
    def token(self) -> str:
        """The engine's token, e.g. `digitalocean:index/getVpc:getVpc`."""
        return f"{PACKAGE}:index/{self.name}:{self.name}"


def nothing_to_update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """The update of a resource whose every property replaces it."""


def changed(olds: Props, planned: Props, *names: str) -> bool:
    """Whether any of the named properties differs, nothing and empty being the same."""
    return any(_said(olds.get(name)) != _said(planned.get(name)) for name in names)


def _said(value: Any) -> Any:
    """A value without what is empty in it; None for one that is empty itself."""
    if isinstance(value, dict):
        value = {key: said for key, item in value.items() if (said := _said(item)) is not None}
    elif isinstance(value, list):
        value = [_said(item) for item in value]
    return None if is_zero(value) else value


def compact(body: dict[str, Any]) -> dict[str, Any]:
    """A request body without what is empty, as the official plugin sends it."""
    return {key: value for key, value in body.items() if not is_zero(value)}


def stamp(value: Any) -> str:
    """A point in time in the form the official plugin stores, `2026-11-23 13:53:27 +0000 UTC`."""
    if not value:
        return "0001-01-01 00:00:00 +0000 UTC"
    moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"
