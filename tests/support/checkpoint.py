"""Changes to a stack's checkpoint that no run makes directly: a slot released, dropped, forgotten or interrupted.

The form is the one that the engine itself writes; it is read back by the engine in the next run, which refuses what is
not sound.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.model import Holding
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.stack import Stack


def hold(stack: Stack, holdings: Mapping[str, Holding]) -> dict[str, Any]:
    """Rewrite the state of a deployed stack so that it holds each slot as said; gives an export of it.

    Args:
        stack: deployed, everything managed.
        holdings: slot -> how it is held; a slot left out stays managed.
    """
    file = stack.checkpoint
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    latest: dict[str, Any] = document["checkpoint"]["latest"]
    for slot in SLOTS:
        resource = _of(latest, slot.engine_type, slot.name)
        component = _of(latest, slot.component, slot.component_name)
        if resource is None or component is None:
            continue
        noted = component["outputs"]["held"]
        match holdings.get(slot.key, Holding.MANAGED):
            case Holding.MANAGED:
                continue
            case Holding.ADOPTED:
                resource["external"] = True
                noted[slot.key]["ownership"] = "adopted"
                continue
            case Holding.NONE:
                del noted[slot.key]
                del component["inputs"]["journal"][slot.key]
            case Holding.INTERRUPTED:
                del noted[slot.key]
                plain = {key: value for key, value in resource.items() if key not in ("id", "outputs")}
                latest.setdefault("pending_operations", []).append({"resource": plain, "type": "creating"})
            case Holding.DROPPED:
                pass
        _remove(latest, resource["urn"])
    file.write_text(json.dumps(document), "utf-8")
    return {"version": 3, "deployment": latest}


def _of(latest: dict[str, Any], kind: str, name: str) -> dict[str, Any] | None:
    return next(
        (one for one in latest["resources"] if one["type"] == kind and one["urn"].endswith(f"::{name}")), None
    )


def _remove(latest: dict[str, Any], urn: str) -> None:
    latest["resources"] = [one for one in latest["resources"] if one["urn"] != urn]
    for one in (*latest["resources"], *(op["resource"] for op in latest.get("pending_operations", []))):
        if "dependencies" in one:
            one["dependencies"] = [other for other in one["dependencies"] if other != urn]
        for key, others in (one.get("propertyDependencies") or {}).items():
            one["propertyDependencies"][key] = [other for other in others or [] if other != urn]
