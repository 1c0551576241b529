"""Everything that a stack can have on the cloud, on an API with other manners than the bundled one's (tests/support/manners.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.manners import WORDS, Manners, mannered

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ZONE = "formerr.dev"
ODD = Manners(
    page=3, links="elsewhere", turned=True, novel=True, blank="missing", plain=True, words=WORDS[1], status=501,
    absent=(r"/v2/registries", r"/v2/vpcs/[^/]+/members", r"/v2/droplets"),
)  # fmt: skip
"""Of what is empty nothing is said; null would be as good to the program, and is none of the official plugin's trouble."""

KINDS = (
    "vpcs", "kubernetes_clusters", "registries", "load_balancers", "projects", "databases", "domain_records",
    "certificates", "uptime_checks", "uptime_alerts", "alert_policies",
)  # fmt: skip


def test_with_other_manners_all_is_made_kept_taken_back_and_destroyed(
    blank: Stack, cloud: ControlClient, tmp_path: Path
) -> None:
    cloud.put("domains", name=ZONE)
    before = {kind: len(cloud.list(kind)) for kind in KINDS}
    with mannered(cloud.endpoint, ODD) as proxy:
        control = SimpleNamespace(endpoint=proxy.endpoint, requests=cloud.requests)
        stack = blank.copy(tmp_path / "stack", cast("Any", control))
        stack.config(accountServices=True, databaseMode="managed", databasePolicy="create", domain=ZONE)
        stack.config(alertEmails=["ops@formerr.dev"], projectName="formerr")
        stack.up().ok()
        assert all(len(cloud.list(kind)) > before[kind] for kind in KINDS)
        stack.up().unchanged()
        stack.lose_state()
        taken = stack.up().ok().writes
        assert all(write.endswith("/resources") for write in taken), "members of a project cannot be imported"
        stack.destroy().ok()
    left = {kind: len(cloud.list(kind)) for kind in KINDS}
    assert left == before | {"registries": 1}, "a registry has no room for a mark: it is only adopted"
