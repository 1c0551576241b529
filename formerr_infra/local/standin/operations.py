"""What each call of the protocol does, in property maps; `server.py` only translates to and from the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.local.standin import plan as planning
from formerr_infra.local.standin.check import DEFAULTS
from formerr_infra.local.standin.errors import Gone, InitFailed, StandinError
from formerr_infra.local.standin.inputs import imported, refreshed
from formerr_infra.local.standin.plan import Difference
from formerr_infra.local.standin.resource import Made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.local.standin.fields import Props
    from formerr_infra.local.standin.resource import Cloud, Resource

META = "__meta"


@dataclass(frozen=True, slots=True)
class Diffed:
    """A diff: what changes, and what can be relied on not to."""

    differences: tuple[Difference, ...]
    stables: tuple[str, ...]
    delete_before_replace: bool

    @property
    def replaces(self) -> list[str]:
        """Properties that force the replacement."""
        return sorted({d.top for d in self.differences if d.replaces})

    @property
    def changed(self) -> list[str]:
        """Properties that change."""
        return sorted({d.top for d in self.differences})


def diff(resource: Resource, olds: Props, news: Props, ignored: Sequence[str] = ()) -> Diffed:
    """Compare what is declared with the state."""
    planned = planning.plan(resource.fields, news, olds, ignored=ignored)
    also = resource.also_replaces(olds, planned)
    found = tuple(
        Difference(d.path, d.change, d.replaces or d.top in also)
        for d in planning.diff(resource.fields, planned, olds)
    )
    replaced = {d.top for d in found if d.replaces}
    autonamed = [f.name for f in resource.fields if f.autoname]
    named = any(name in news and name not in news.get(DEFAULTS, [name]) for name in autonamed)
    stables = tuple(sorted(f.name for f in resource.fields if f.replaces and f.name not in replaced))
    return Diffed(found, stables, bool(replaced) and named)


def preview_create(resource: Resource, news: Props) -> Props:
    """Outputs of a create that is only previewed."""
    return planning.plan_create(resource.fields, news)


def create(resource: Resource, cloud: Cloud, news: Props) -> tuple[str, Props]:
    """Make the thing and read it back.

    Raises:
        Unfinished: if it is there but not as wanted; it belongs into the state.
        StandinError: if the state keeps nothing of it.
    """
    planned = planning.plan(resource.fields, news, {})
    try:
        made = resource.create(cloud, planned)
    except InitFailed as error:
        raise Unfinished(
            resource, error.ident, _outputs(resource, error.ident, planned, {}), error.reason
        ) from None
    if isinstance(made, str):
        made = Made(made, {})
    ident, planned = made.ident, {**planned, **made.known}
    try:
        live = {} if made.complete else resource.read(cloud, ident, planned)
    except StandinError as error:
        raise Unfinished(resource, ident, _outputs(resource, ident, planned, {}), str(error)) from None
    if live is None:
        raise StandinError(f"{resource.name} {ident} was created and is gone again")
    return ident, _outputs(resource, ident, planned, live)


def update(
    resource: Resource, cloud: Cloud, ident: str, olds: Props, news: Props, ignored: Sequence[str]
) -> Props:
    """Change the thing and read it back.

    Raises:
        Unfinished: if the change failed; the state keeps what was planned, as with the official plugin.
    """
    planned = planning.plan(resource.fields, news, olds, ignored=ignored)
    try:
        planned |= resource.update(cloud, ident, olds, planned) or {}
        live = resource.read(cloud, ident, planned) if resource.reads_again else {}
    except Gone:
        live = None
    except StandinError as error:
        raise Unfinished(resource, ident, _outputs(resource, ident, planned, {}), str(error)) from None
    if live is None:
        raise StandinError(
            f"{resource.name} {ident} is gone: it was deleted outside of Pulumi (run a refresh)"
        )
    return _outputs(resource, ident, planned, live)


def preview_update(resource: Resource, olds: Props, news: Props, ignored: Sequence[str]) -> Props:
    """Outputs of an update that is only previewed."""
    planned = planning.plan(resource.fields, news, olds, ignored=ignored)
    return _outputs(resource, str(olds.get("id", "")), planned, {})


def read(
    resource: Resource, cloud: Cloud, ident: str, state: Props, inputs: Props
) -> tuple[str, Props, Props] | None:
    """Id, outputs and inputs as they are now, or None when the thing is gone.

    Without a state this is an import or a `.get()`: the importer runs first, and it may write. Whatever
    it fails with, a refusal or an answer 500, says "does not exist" to the user: the official plugin's way.
    """
    is_refresh = bool(state)
    known = state
    if not is_refresh:
        if resource.importer is None:
            return None
        try:
            found = resource.importer(cloud, ident)
        except StandinError:
            return None
        if found is None:
            return None
        ident = str(found.pop("id", ident))
        known = found
    live = resource.read(cloud, ident, known)
    if live is None:
        return None
    outputs = _outputs(resource, ident, known, live)
    reported = (
        refreshed(resource.fields, inputs, outputs) if is_refresh else imported(resource.fields, outputs)
    )
    return ident, outputs, reported


class Unfinished(StandinError):
    """A create or update that left something behind: id and outputs for the state, and the reason."""

    def __init__(self, resource: Resource, ident: str, outputs: Props, reason: str) -> None:
        self.resource = resource
        self.ident = ident
        self.outputs = outputs
        self.reason = reason
        super().__init__(reason)


def _outputs(resource: Resource, ident: str, known: Props, live: Props) -> Props:
    merged = {**known, **live}
    outputs = {f.name: merged[f.name] for f in resource.fields if merged.get(f.name) is not None}
    outputs["id"] = ident
    if resource.schema_version:
        outputs[META] = json.dumps({"schema_version": str(resource.schema_version)})
    return outputs
