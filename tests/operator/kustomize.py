"""As much of kustomize as `deploy/operator` uses, for machines without it: resources, components, JSON patches."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "resources", "components", "patches"}


def documents(file: Path) -> list[Json]:
    """Every document of a file."""
    return [one for one in YAML(typ="safe", pure=True).load_all(file.read_text("utf-8")) if one is not None]


def build(folder: Path) -> list[Json]:
    """What `kustomize build` gives.

    Raises:
        ValueError: something is used that is not known here.
    """
    return _build(folder, [])


def _build(folder: Path, made: list[Json]) -> list[Json]:
    (told,) = documents(folder / "kustomization.yaml")
    if unknown := told.keys() - _KNOWN:
        raise ValueError(f"{folder.name}: {sorted(unknown)} is not known here")
    for name in told.get("resources", []):
        at = folder / name
        made += _build(at, []) if at.is_dir() else documents(at)
    for name in told.get("components", []):
        made = _build(folder / name, made)
    for patch in told.get("patches", []):
        made = [_patched(one, patch) for one in made]
    return made


def _patched(one: Json, patch: Json) -> Json:
    target = patch["target"]
    if one["kind"] != target["kind"] or not one["apiVersion"].startswith(f"{target['group']}/"):
        return one
    changed = copy.deepcopy(one)
    for step in YAML(typ="safe", pure=True).load(patch["patch"]):
        *path, last = step["path"].strip("/").split("/")
        at = changed
        for part in path:
            at = at[part]
        if (step["op"] == "replace") != (last in at) or step["op"] not in ("add", "replace"):
            raise ValueError(f"{step['op']} {step['path']}: {'is' if last in at else 'is not'} there")
        at[last] = step["value"]
    return changed
