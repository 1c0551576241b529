"""One emulator: the world, its faults, its record of requests, its state file, and the operations it answers.

What both the API and the control plane work on; no HTTP here.
"""

from __future__ import annotations

import importlib
from dataclasses import fields
from typing import TYPE_CHECKING

from formerr_infra.emulator.faults import FaultBook
from formerr_infra.emulator.persistence import StateFile
from formerr_infra.emulator.records import RequestLog
from formerr_infra.emulator.routing import Operation, Router, Routes
from formerr_infra.emulator.services import projects, vpcs
from formerr_infra.emulator.store import DEFAULT_TOKEN, Account, AccountSettings, Json, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICES = (
    "account",
    "actions",
    "certificates",
    "database_parts",
    "databases",
    "domains",
    "droplets",
    "firewalls",
    "garbage",
    "kubernetes_access",
    "kubernetes_clusters",
    "kubernetes_pools",
    "load_balancers",
    "monitoring",
    "projects",
    "registries",
    "repositories",
    "tags",
    "uptime",
    "volumes",
    "vpcs",
)
"""Modules of `services` that answer operations."""


def operations() -> list[Operation]:
    """Every operation that is emulated."""
    found: list[Operation] = []
    for name in SERVICES:
        routes = importlib.import_module(f"formerr_infra.emulator.services.{name}").ROUTES
        if not isinstance(routes, Routes):
            raise TypeError(f"services.{name}.ROUTES is not a table of routes")
        found.extend(routes.operations)
    return found


class Emulator:
    """The emulator without its HTTP."""

    def __init__(
        self, *, seed: int = 0, transition_seconds: float = 0.0, state_file: Path | None = None
    ) -> None:
        self._seed = seed
        self._told = -1
        self._transition_seconds = transition_seconds
        self.router = Router(operations())
        self.log = RequestLog()
        self.faults = FaultBook(seed)
        self.state = StateFile(state_file) if state_file is not None else None
        self.world = World(seed=seed, transition_seconds=transition_seconds)
        self.on_change: Callable[[], None] | None = None
        """Called when something may have changed and was saved."""
        if self.state is None or not self.state.load(self.world):
            self.reset()
            self.save()

    def reset(self, *, default_vpcs: bool = True) -> None:
        """Back to one fresh account, with no faults and an empty record."""
        before = self.world
        self.world = World(seed=self._seed, transition_seconds=self._transition_seconds)
        self.world.revision = before.revision + 1
        self.world.prepare_cluster = before.prepare_cluster
        self.faults.clear()
        self.log.clear()
        self.add_account(DEFAULT_TOKEN, "local", default_vpcs=default_vpcs)

    def add_account(self, token: str, name: str, *, default_vpcs: bool = True) -> Account:
        """A fresh account: a default project and, if wanted, a default VPC in each region."""
        account = self.world.accounts[token] = Account(self.world, token, name)
        projects.build(self.world, account, {"name": "first-project", "is_default": True})
        if default_vpcs:
            vpcs.add_defaults(self.world, account)
        self.world.revision += 1
        return account

    def configure_account(self, token: str, settings: Json) -> Account:
        """Change settings of an account, making it if there is none. ValueError on an unknown setting."""
        settings = dict(settings)
        default_vpcs = bool(settings.pop("default_vpcs", True))
        name = settings.pop("name", None)
        unknown = set(settings) - {f.name for f in fields(AccountSettings)}
        if unknown:
            raise ValueError(f"unknown account settings: {', '.join(sorted(unknown))}")
        account = self.world.accounts.get(token)
        if account is None:
            name = name or f"account-{len(self.world.accounts) + 1}"
            account = self.add_account(token, name, default_vpcs=default_vpcs)
        elif name is not None:
            account.name = name
        for key, value in settings.items():
            setattr(account.settings, key, value)
        if {"rate_limit", "rate_window"} & set(settings):
            account.window_started = 0.0
        self.world.revision += 1
        return account

    def save(self) -> None:
        """Write the state file if there is one and anything changed."""
        if self.state is not None:
            self.state.save(self.world)
        if self.on_change is not None and self.world.revision != self._told:
            self._told = self.world.revision
            self.on_change()
