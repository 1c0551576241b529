"""The kinds of resources the control plane can make, change and take away behind the API's back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from formerr_infra.emulator.services import (
    certificates,
    database_model,
    domains,
    droplets,
    firewalls,
    kubernetes_model,
    load_balancers,
    monitoring,
    projects,
    registries,
    repositories,
    tags,
    uptime,
    volumes,
    vpcs,
)
from formerr_infra.emulator.store import Account, Json, World

Maker = Callable[[World, Account, Json], Json]
Changer = Callable[[World, Account, Json], None]


def _nothing(_world: World, _account: Account, _item: Json) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """How resources of one kind are made without checks, shown, adjusted after a change, and taken away."""

    name: str
    build: Maker
    view: Maker
    drop: Changer
    adjust: Changer = _nothing


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(vpcs.KIND, vpcs.build, vpcs.view, vpcs.drop, vpcs.adjust),
        Kind(
            kubernetes_model.KIND,
            kubernetes_model.build,
            kubernetes_model.view,
            kubernetes_model.drop,
            kubernetes_model.adjust,
        ),
        Kind(registries.KIND, registries.build, registries.view, registries.drop),
        Kind(repositories.KIND, repositories.build, repositories.view, repositories.drop),
        Kind(
            load_balancers.KIND,
            load_balancers.build,
            load_balancers.view,
            load_balancers.drop,
            load_balancers.adjust,
        ),
        Kind(projects.KIND, projects.build, projects.view, projects.drop),
        Kind(tags.KIND, tags.build, tags.view, tags.drop),
        Kind(volumes.KIND, volumes.build, volumes.view, volumes.drop),
        Kind(volumes.SNAPSHOTS, volumes.build_snapshot, volumes.view_snapshot, volumes.drop_snapshot),
        Kind(certificates.KIND, certificates.build, certificates.view, certificates.drop),
        Kind(domains.KIND, domains.build, domains.view, domains.drop),
        Kind(domains.RECORDS, domains.build_record, domains.view_record, domains.drop_record),
        Kind(firewalls.KIND, firewalls.build, firewalls.view, firewalls.drop),
        Kind(
            database_model.KIND,
            database_model.build,
            database_model.view,
            database_model.drop,
            database_model.adjust,
        ),
        Kind(droplets.KIND, droplets.build, droplets.view, droplets.drop),
        Kind(monitoring.KIND, monitoring.build, monitoring.view, monitoring.drop),
        Kind(uptime.KIND, uptime.build, uptime.view, uptime.drop),
        Kind(uptime.ALERTS, uptime.build_alert, uptime.view_alert, uptime.drop_alert),
    )
}

_ALIASES = {
    "cluster": kubernetes_model.KIND,
    "clusters": kubernetes_model.KIND,
    "kubernetes": kubernetes_model.KIND,
    "kubernetes_cluster": kubernetes_model.KIND,
    "registry": registries.KIND,
    "repository": repositories.KIND,
    "alert_policy": monitoring.KIND,
}


def find_kind(name: str) -> Kind:
    """A kind by its name in the API or in the singular; ValueError if there is none."""
    known = _ALIASES.get(name, name)
    kind = KINDS.get(known) or KINDS.get(f"{known}s")
    if kind is None:
        raise ValueError(f"unknown kind {name!r}; known: {', '.join(sorted(KINDS))}")
    return kind
