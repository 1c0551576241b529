"""Where a cluster's API server is: in local mode nowhere but on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Unknown
from formerr_infra.kubernetes.reading import Cluster, reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.inventory.facts import Access


def test_local_mode_asks_no_api_server_beyond_this_machine_and_says_how_to_go_on(
    access: Access, put: Callable[..., str]
) -> None:
    cluster = put("cluster")
    found = reach(access, cluster)
    assert isinstance(found, Unknown)
    for word in (cluster, "k8s.ondigitalocean.com", "make up", "deployApplication"):
        assert word in found.reason
    assert isinstance(reach(replace(access, local=False), cluster), Cluster)
