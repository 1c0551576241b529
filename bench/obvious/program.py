"""The obvious port: look whether it is there, `.get()` it if so, make it if not.

It is written as such programs are written, and is what the ratio and the count of what it destroys are about: its second
run finds what its first made, declares it under another name, and the engine deletes the first ones.

The engine runs this as the program of a project of its own.
"""

import os
from typing import Any

import pulumi
import pulumi_digitalocean as digitalocean
from azure.core.exceptions import HttpResponseError
from pydo import Client

CONFIG = pulumi.Config("static")
REGISTRY = CONFIG.require("registry")
client = Client(os.environ["DIGITALOCEAN_TOKEN"], endpoint=os.environ["DIGITALOCEAN_API_URL"])
#: pydo refuses a token over http, which the DigitalOcean of this measurement speaks.
LOCAL = {"enforce_https": False}


def named(items: list[Any], name: str) -> Any:
    return next((item for item in items if item["name"] == name), None)


found = named(client.vpcs.list(per_page=200, **LOCAL)["vpcs"], "obvious-vpc")
if found:
    vpc = digitalocean.Vpc.get("existing-vpc", found["id"])
else:
    vpc = digitalocean.Vpc("vpc", name="obvious-vpc", region="nyc3", ip_range="10.20.0.0/16")

found = named(
    client.kubernetes.list_clusters(per_page=200, **LOCAL)["kubernetes_clusters"], "obvious-cluster"
)
if found:
    cluster = digitalocean.KubernetesCluster.get("existing-cluster", found["id"])
else:
    cluster = digitalocean.KubernetesCluster(
        "cluster",
        name="obvious-cluster",
        region="nyc3",
        version=CONFIG.require("version"),
        vpc_uuid=vpc.id,
        auto_upgrade=True,
        surge_upgrade=True,
        node_pool={"name": "workers", "size": "s-2vcpu-4gb", "node_count": 3},
    )

try:
    found = client.registry.get(**LOCAL).get("registry")
except HttpResponseError:
    found = None
if found:
    registry = digitalocean.ContainerRegistry.get("existing-registry", found["name"])
else:
    registry = digitalocean.ContainerRegistry(
        "registry", name=REGISTRY, region="nyc3", subscription_tier_slug="basic"
    )

found = named(client.load_balancers.list(per_page=200, **LOCAL)["load_balancers"], "obvious-lb")
if found:
    balancer = digitalocean.LoadBalancer.get("existing-load-balancer", found["id"])
else:
    balancer = digitalocean.LoadBalancer(
        "load-balancer",
        name="obvious-lb",
        region="nyc3",
        vpc_uuid=vpc.id,
        droplet_tag=pulumi.Output.concat("k8s:", cluster.id),
        forwarding_rules=[
            {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 30080}
        ],
        healthcheck={"protocol": "tcp", "port": 30080},
    )
pulumi.export("load_balancer_ip", balancer.ip)
