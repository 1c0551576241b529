"""Which images a state says are running: read off the export of a stack, whatever kind of object they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import LedgerUnreadable
from formerr_infra.images.model import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

_KUBERNETES = "kubernetes:"


def images_in(deployment: Mapping[str, Any]) -> tuple[Reference, ...]:
    """Every image of a DigitalOcean registry that a Kubernetes object of the stack runs; sorted, each once.

    Args:
        deployment: what `pulumi stack export` gives; the part `deployment`, or all of it.

    Raises:
        LedgerUnreadable: it has another form, so that nothing may be taken for idle.
    """
    try:
        return tuple(sorted(_found(deployment)))
    except (AttributeError, RecursionError, TypeError) as error:
        raise LedgerUnreadable(
            f"the stack's state could not be read: the export has an unknown form ({type(error).__name__})."
        ) from None


def _found(deployment: Mapping[str, Any]) -> set[Reference]:
    inner = deployment.get("deployment", deployment)
    resources = inner.get("resources") if inner is not None else None
    found: set[Reference] = set()
    for one in resources or ():
        # What a replacement left to be deleted may still run.
        if str(one.get("type", "")).startswith(_KUBERNETES):
            found |= set(_images(one.get("inputs")))
            found |= set(_images(one.get("outputs")))
    return found


def _images(value: Any) -> Iterator[Reference]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str):
                if (reference := Reference.parse(inner)) is not None:
                    yield reference
            else:
                yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)
