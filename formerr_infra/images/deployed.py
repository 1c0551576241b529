"""Which images a state says are running: read off the export of a stack, whatever kind of object they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from formerr_infra.images.model import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

_KUBERNETES = "kubernetes:"


def images_in(deployment: Mapping[str, Any]) -> tuple[Reference, ...]:
    """Every image of a DigitalOcean registry that a Kubernetes object of the stack runs; sorted, each once.

    Args:
        deployment: what `pulumi stack export` gives; the part `deployment`, or all of it.
    """
    inner = deployment.get("deployment", deployment)
    resources = inner.get("resources") if isinstance(inner, Mapping) else None
    found: set[Reference] = set()
    for one in resources or ():
        # What a replacement left to be deleted may still run.
        if str(one.get("type", "")).startswith(_KUBERNETES):
            found |= set(_images(one.get("inputs")))
            found |= set(_images(one.get("outputs")))
    return tuple(sorted(found))


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
