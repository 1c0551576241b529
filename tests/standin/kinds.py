"""What the differential is told of a kind, and what must be there before it; the kinds are in `cases` and `more_cases`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Props = dict[str, Any]
#: Sends a POST to the API and gives the one thing of its answer.
Post = Callable[[str, Props], Props]

VERSION, NEWER, OLDER = "1.34.4-do.0", "1.35.1-do.0", "1.33.6-do.0"
NODE, BIGGER = "s-2vcpu-4gb", "s-4vcpu-8gb"
DEFAULT_TAG = "terraform:default-node-pool"
RULE = {"entryPort": 80, "entryProtocol": "http", "targetPort": 30080, "targetProtocol": "http"}
SLACK = {"channel": "#ops", "url": "https://hooks.example/x"}


def _nothing(_post: Post) -> Props:
    return {}


def _by_id(_ids: Props, ident: str, _outputs: Props) -> str:
    return ident


@dataclass(frozen=True, slots=True)
class Case:
    """One kind.

    Attributes:
        token: the engine's type.
        inputs: what is declared, given the ids of what is there.
        there: makes what must be there before.
        updates: name -> properties that change in place, one after the other; None takes one away.
        replaces: name -> properties whose change is planned as a replacement, or not.
        wrong: name -> inputs that Check refuses.
        import_id: what it is imported by.
        deletes: whether its delete is compared; see `LEFT_OUT`.
    """

    token: str
    inputs: Callable[[Props], Props]
    there: Callable[[Post], Props] = _nothing
    updates: dict[str, Props] = field(default_factory=dict)
    replaces: dict[str, Props] = field(default_factory=dict)
    wrong: dict[str, Props] = field(default_factory=dict)
    import_id: Callable[[Props, str, Props], str] = _by_id
    deletes: bool = True

    @property
    def name(self) -> str:
        """As in `do.Vpc`."""
        return self.token.rsplit(":", 1)[1]


def token(name: str) -> str:
    return f"digitalocean:index/{name[0].lower()}{name[1:]}:{name}"


# -- what must be there ----------------------------------------------------------------------------------------


def a_vpc(post: Post) -> Props:
    return {"vpc": post("/v2/vpcs", {"name": "there", "region": "nyc3", "ip_range": "10.50.0.0/16"})["id"]}


def a_cluster(post: Post) -> Props:
    pool = {"name": "system", "size": NODE, "count": 1, "tags": [DEFAULT_TAG]}
    body = {"name": "there", "region": "nyc3", "version": VERSION, "node_pools": [pool]}
    return {"cluster": post("/v2/kubernetes/clusters", body)["id"]}


def a_balancer(post: Post) -> Props:
    rule = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
    made = post("/v2/load_balancers", {"name": "there", "region": "nyc3", "forwarding_rules": [rule]})
    return {"balancer": made["id"]}


def a_database(post: Post) -> Props:
    body = {"name": "there", "engine": "pg", "version": "16", "size": "db-s-1vcpu-1gb", "region": "nyc3"}
    return {"database": post("/v2/databases", {**body, "num_nodes": 1})["id"]}


def a_domain(post: Post) -> Props:
    return {"domain": post("/v2/domains", {"name": "formerr-try.example"})["name"]}


def a_registry(post: Post) -> Props:
    return {
        "registry": post("/v2/registry", {"name": "formerr-there", "subscription_tier_slug": "basic"})["name"]
    }


def a_check(post: Post) -> Props:
    body = {
        "name": "there",
        "type": "http",
        "target": "http://192.0.2.5",
        "regions": ["us_east"],
        "enabled": True,
    }
    return {"check": post("/v2/uptime/checks", body)["id"]}


def a_project(post: Post) -> Props:
    project = post("/v2/projects", {"name": "there", "purpose": "Web Application"})["id"]
    return {"project": project, **a_balancer(post), **a_cluster(post)}


def both(one: Callable[[Post], Props], other: Callable[[Post], Props]) -> Callable[[Post], Props]:
    return lambda post: {**one(post), **other(post)}
