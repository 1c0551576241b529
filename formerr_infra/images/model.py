"""What an image is in a registry, and how it is named: values, standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

BACKEND, FRONTEND = "formerr-backend", "formerr-frontend"
HOST = "registry.digitalocean.com"

_REFERENCE = re.compile(
    r"(?P<host>[^/]+)/(?P<registry>[^/]+)/(?P<repository>[^:@]+)(:(?P<tag>[\w][\w.-]{0,127}))?"
    r"(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An image of a DigitalOcean registry as a manifest names it.

    Attributes:
        registry, repository: where it is.
        tag, digest: which one; at least one of them is said.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """The reference, or None where it names no image of a DigitalOcean registry."""
        match = _REFERENCE.fullmatch(text)
        if match is None or match["host"] != HOST or not (match["tag"] or match["digest"]):
            return None
        return cls(match["registry"], match["repository"], match["tag"] or "", match["digest"] or "")

    @property
    def wanted(self) -> str:
        """What a stack's configuration says of it: the digest, else the tag."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{HOST}/{self.registry}/{self.repository}{tag}{digest}"


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest in a registry.

    Attributes:
        repository: of which it is one.
        digest: what it is.
        tags: what names it; none is nothing unusual.
        updated: when it was pushed, or its tags changed last; UTC.
        size: compressed, in bytes.
    """

    repository: str
    digest: str
    tags: tuple[str, ...]
    updated: datetime
    size: int

    def is_named_by(self, reference: Reference) -> bool:
        """Whether a reference means this one; a digest goes before a tag."""
        if reference.repository != self.repository:
            return False
        return reference.digest == self.digest if reference.digest else reference.tag in self.tags
