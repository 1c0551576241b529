"""Requests that make one of each, as small as they can be."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]
VERSION = "1.34.4-do.0"
NODE = "s-2vcpu-4gb"
RULE: Json = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 30080}


def pool(name: str = "work", count: int = 1, **more: Any) -> Json:
    return {"name": name, "size": NODE, "count": count, **more}


def cluster(name: str = "c", **more: Any) -> Json:
    return {"name": name, "region": "nyc3", "version": VERSION, "node_pools": [pool()], **more}


def balancer(name: str = "lb", **more: Any) -> Json:
    return {"name": name, "region": "nyc3", "forwarding_rules": [RULE], **more}


def vpc(name: str = "v", **more: Any) -> Json:
    return {"name": name, "region": "nyc3", **more}


def database(name: str = "data", **more: Any) -> Json:
    base = {"name": name, "engine": "pg", "version": "16", "size": "db-s-1vcpu-1gb", "region": "nyc3"}
    return {**base, "num_nodes": 1, **more}


MERGE = {"Content-Type": "application/merge-patch+json"}
POD: Json = {"containers": [{"name": "main", "image": "app:1"}]}


def deployment(name: str, *, replicas: int) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": POD}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def inside(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network)


def made(response: httpx.Response) -> Json:
    """The one resource of an answer that must be a success."""
    assert response.is_success, response.text
    body: Json = response.json()
    one: Json = next(iter(body.values()))
    return one
