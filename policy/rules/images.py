"""No image that is another one tomorrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.kubernetes import containers, pods
from policy.model import ResourceRule

if TYPE_CHECKING:
    from policy.model import Found, Resource


def tag_of(image: str) -> str | None:
    """The tag of an image's reference, None without one; a digest counts as its own tag.

    `registry:5000/name` has a port, no tag (the distribution's reference grammar: a tag follows the last slash).
    """
    name, at, digest = image.partition("@")
    if at:
        return digest
    _, colon, tag = name.rsplit("/", 1)[-1].partition(":")
    return tag if colon and tag else None


def _fixed(resource: Resource, found: Found) -> None:
    for pod in pods(resource):
        for container in containers(pod, found):
            with found.where_known():
                image = container["image"]
                if not image.text:
                    continue  # the API server refuses a pod without one, and a patch may leave it out
                match tag_of(image.text):
                    case None:
                        found.breaks(image, f"{image.text} has no tag, which means latest")
                    case "latest":
                        found.breaks(image, f"{image.text} is another image every day")


NO_LATEST_IMAGE = ResourceRule(
    name="no-latest-image",
    title="No image is taken by the tag latest",
    means="Every container of every pod, init containers included, names its image by another tag than `latest`, or by digest.",
    check=_fixed,
)
