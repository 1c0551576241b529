"""Whether the images that the stack has declared are in the registry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from formerr_infra.health.model import State
from formerr_infra.inventory.facts import Limits, Unknown
from formerr_infra.inventory.kinds import Kind
from formerr_infra.inventory.listing import read_list
from formerr_infra.inventory.session import Session
from formerr_infra.model import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger

_HERE = re.compile(
    r"registry\.digitalocean\.com/(?P<registry>[^/]+)/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a DigitalOcean registry, by tag or by digest."""

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def label(self) -> str:
        """Its name with what pins it."""
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def declared(ledger: Ledger) -> list[Image]:
    """The images of Deployments and StatefulSets in the state that come from a DigitalOcean registry, each once."""
    found: dict[Image, None] = {}
    for key, inputs in ledger.object_inputs.items():
        if key.startswith(("deployment/", "statefulset/")):
            for reference in _references(inputs):
                if (match := _HERE.fullmatch(reference)) is not None:
                    found[Image(**match.groupdict())] = None
    return list(found)


def _references(inputs: Mapping[str, Any]) -> Iterator[str]:
    """The images of a workload's containers; what is no such object has none."""
    spec: Any = inputs
    for step in ("spec", "template", "spec", "containers"):
        spec = spec.get(step) if isinstance(spec, dict) else None
    for one in spec if isinstance(spec, list) else ():
        image = one.get("image") if isinstance(one, dict) else None
        if isinstance(image, str):
            yield image


def check(access: Access, image: Image, *, timeout: float) -> tuple[State, str]:
    """Whether it is there."""
    session = Session(access, Limits(budget=timeout))
    try:
        repositories = read_list(session, _repositories(image.registry))
        if isinstance(repositories, Unknown):
            return State.UNKNOWN, repositories.reason
        if all(one["name"] != image.repository for one in repositories):
            return State.FAILED, f"registry {image.registry} has no repository {image.repository}"
        wanted, kind = (image.digest, _digests(image)) if image.digest else (image.tag, _tags(image))
        listed = read_list(session, kind)
        if isinstance(listed, Unknown):
            return State.UNKNOWN, listed.reason
    finally:
        session.close()
    if any(one[kind.id_key] == wanted for one in listed):
        return State.OK, f"{image.label} is in registry {image.registry}"
    what = "digest" if image.digest else "tag"
    return State.FAILED, f"{image.repository} in registry {image.registry} has no {what} {wanted}"


def _repositories(registry: str) -> Kind:
    path = f"/v2/registries/{registry}/repositoriesV2"
    return _kind(
        path, "repositories", "name", lambda client: partial(client.registries.list_repositories_v2, registry)
    )


def _tags(image: Image) -> Kind:
    path = f"/v2/registries/{image.registry}/repositories/{image.repository}/tags"
    return _kind(
        path, "tags", "tag", lambda client: partial(client.registries.list_repository_tags, *_quoted(image))
    )


def _digests(image: Image) -> Kind:
    path = f"/v2/registries/{image.registry}/repositories/{image.repository}/digests"
    return _kind(
        path,
        "manifests",
        "digest",
        lambda client: partial(client.registries.list_repository_manifests, *_quoted(image)),
    )


def _quoted(image: Image) -> tuple[str, str]:
    return image.registry, image.repository


def _kind(path: str, many: str, key: str, lister: Callable[[Any], Callable[..., Any]]) -> Kind:
    """A list of this package's own; nothing of it is adopted, so that it has neither mark nor facts."""
    return Kind(
        path=path,
        scope="registry:read",
        many=many,
        one=key,
        lister=lister,
        getter=lister,
        marker=lambda _raw, _project, _stack: (Mark.UNMARKABLE, None),
        facts=lambda _raw: {},
        id_key=key,
        name_key=key,
    )
