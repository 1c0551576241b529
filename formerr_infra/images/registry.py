"""A container registry of the account: what it holds, what is taken away, its garbage collection, what opens it for a push.

Lists are complete or not concluded from. A delete is sent once and never repeated: what was meant is a digest, so the next
run finds it gone or still there.
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from formerr_infra import credential, docker_credentials
from formerr_infra.errors import FormerrError, Refused, UnknownIsNotAbsent
from formerr_infra.images.model import Image
from formerr_infra.inventory.facts import Limits, Unknown
from formerr_infra.inventory.kinds import Kind, Raw
from formerr_infra.inventory.listing import read_list
from formerr_infra.inventory.moments import moment
from formerr_infra.inventory.session import Session
from formerr_infra.model import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from pydo import GeneratedClient

    from formerr_infra.inventory.facts import Access
    from formerr_infra.inventory.session import Answer

#: For a registry of any size: its lists are paged, its deletes come one by one.
LIMITS = Limits(budget=300.0)
#: How long credentials for a push are good for: a build's time, seconds.
PUSH_SECONDS = 3600
_SCOPE = "registry:read"
_DONE = frozenset({"succeeded", "failed", "cancelled"})


class RegistryFailed(FormerrError):
    """The registry did not do what it was asked for; the message says what it did."""

    exit_code = 19


class Registry:
    """One registry of one account. A context manager, which closes its connections.

    Args:
        access: where the account is and what opens it.
        name: of the registry.
        limits: how long and how hard it may be asked.
    """

    def __init__(self, access: Access, name: str, *, limits: Limits = LIMITS) -> None:
        self.name = name
        self._access = access
        self._session = Session(access, limits)

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def images(self) -> tuple[Image, ...]:
        """Every manifest, tagged or not, by repository.

        Raises:
            UnknownIsNotAbsent: a list could not be read whole.
        """
        path = f"/v2/registries/{self.name}"
        repositories = self._list(
            f"{path}/repositoriesV2", "repositories", "name", lambda of: of.list_repositories_v2
        )
        found: list[Image] = []
        for repository in sorted(str(one["name"]) for one in repositories):
            manifests = self._list(
                f"{path}/repositories/{repository}/digests",
                "manifests",
                "digest",
                lambda of: of.list_repository_manifests,
                repository,
            )
            found += [_image(repository, raw) for raw in manifests]
        return tuple(found)

    def _list(
        self, path: str, many: str, key: str, method: Callable[[Any], Callable[..., Any]], *within: str
    ) -> tuple[Raw, ...]:
        def lister(client: GeneratedClient) -> Callable[..., Any]:
            return partial(method(client.registries), self.name, *within)

        kind = Kind(
            path=path, scope=_SCOPE, many=many, one="", lister=lister, getter=lister,
            marker=lambda *_: (Mark.UNMARKABLE, None), facts=lambda _: {}, id_key=key, name_key=key,
        )  # fmt: skip
        found = read_list(self._session, kind)
        if isinstance(found, Unknown):
            raise UnknownIsNotAbsent(
                f"what registry {self.name} holds could not be read: {found.reason}. Nothing was done; run again."
            )
        return found

    def delete(self, images: Iterable[Image]) -> int:
        """Take manifests away, with all their tags; how many went. One that is gone already counts as none.

        Raises:
            RegistryFailed: one could not be taken away; what went before it is gone.
        """
        gone = 0
        for one in images:
            answer = self._session.send_once(
                f"DELETE {self.name}/{one.repository}@{one.digest}",
                "registry:delete",
                self._session.client.registries.delete_repository_manifest,
                self.name,
                one.repository,
                one.digest,
            )
            if answer.trouble or not (answer.succeeded or answer.status == 404):
                raise RegistryFailed(f"{_said(answer)}; {gone} images are gone, the others are as they were")
            gone += answer.succeeded
        return gone

    def collect(
        self, *, timeout: float, progress: Callable[[str], None] = lambda _: None, every: float = 5.0
    ) -> dict[str, Any]:
        """Run a garbage collection and wait for its end; what the API says of it. Joins one that runs already.

        Raises:
            RegistryFailed: it could not be started, failed, was cancelled, or did not end in time.
        """
        registries = self._session.client.registries
        answer = self._session.send_once(
            "POST garbage-collection", "registry:update", registries.run_garbage_collection, self.name
        )
        if answer.status == 409 and not answer.trouble:
            progress("a garbage collection runs already; waiting for that one")
            started = self._active()
        elif answer.succeeded:
            started = answer.body.get("garbage_collection") if answer.body else self._active()
        else:
            raise RegistryFailed(
                f"no garbage collection of registry {self.name} was started: {_said(answer)}"
            )
        if not isinstance(started, dict) or not isinstance(started.get("uuid"), str):
            raise RegistryFailed(f"registry {self.name} does not say which garbage collection it runs")
        until = time.monotonic() + timeout
        shown = ""
        while True:
            one = self._collection(started["uuid"])
            status = str(one.get("status"))
            if status in _DONE:
                break
            if status != shown:
                progress(f"garbage collection {started['uuid']}: {status}")
                shown = status
            if time.monotonic() + every > until:
                raise RegistryFailed(
                    f"garbage collection {started['uuid']} of registry {self.name} did not end within {timeout:.0f} s "
                    f"(it says: {status}); it goes on by itself"
                )
            time.sleep(every)
        if status != "succeeded":
            raise RegistryFailed(f"garbage collection {started['uuid']} of registry {self.name}: {status}")
        return one

    def _active(self) -> Any:
        answer = self._read("garbage-collection", self._session.client.registries.get_garbage_collection)
        return (answer.body or {}).get("garbage_collection")

    def _collection(self, uuid: str) -> dict[str, Any]:
        answer = self._read("garbage-collections", self._session.client.registries.list_garbage_collections)
        listed = (answer.body or {}).get("garbage_collections")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("uuid") == uuid:
                return one
        raise RegistryFailed(f"registry {self.name} lists no garbage collection {uuid} any more")

    def _read(self, what: str, operation: Callable[..., Any]) -> Answer:
        self._session.deadline = time.monotonic() + LIMITS.read * 4
        answer = self._session.read(f"/v2/registries/{self.name}/{what}", _SCOPE, operation, self.name)
        if answer.trouble:
            raise RegistryFailed(answer.trouble)
        return answer

    def login(self, *, seconds: int = PUSH_SECONDS) -> dict[str, Any]:
        """What a container engine needs to push: the `auths` of its configuration, good for so many seconds.

        Raises:
            RegistryFailed: there is none, and why.
        """
        try:
            return docker_credentials.auths(
                self._access.endpoint, self._access.token, self.name, seconds=seconds, write=True
            )
        except credential.NoCredentialError as error:
            raise RegistryFailed(
                f"the credentials of registry {self.name} could not be read: {error}; run again"
            ) from None


class NoImage(Refused):
    """An image that was named is not in the registry; nothing was written."""


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _image(repository: str, raw: Raw) -> Image:
    tags, size, updated = raw.get("tags"), raw.get("compressed_size_bytes"), moment(raw.get("updated_at"))
    if not isinstance(tags, list | None) or updated is None:
        # What has no date is neither old nor new, and what has no list of tags may have one.
        raise UnknownIsNotAbsent(
            f"{repository}@{raw.get('digest')}: the registry tells neither its tags nor its date; nothing was done"
        )
    if not _DIGEST.fullmatch(raw["digest"]):
        raise UnknownIsNotAbsent(
            f"{repository}: the registry names a manifest {raw['digest']!r}, which is no digest; nothing was done"
        )
    known = size if isinstance(size, int) and not isinstance(size, bool) else 0
    return Image(repository, str(raw["digest"]), tuple(sorted(map(str, tags or ()))), updated, known)


def _said(answer: Answer) -> str:
    message = answer.body.get("message") if answer.body else None
    return answer.trouble or f"{answer.status}: {message or 'no reason given'}"
