"""The same four resources as a new staging stack, declared as plainly as they can be: what detection is held against.

The engine runs this as the program of a project of its own.
"""

import pulumi
import pulumi_digitalocean as digitalocean

CONFIG = pulumi.Config("static")
TAG = "pulumi:formerr-static:staging"

vpc = digitalocean.Vpc("vpc", name="static-vpc", region="nyc3", ip_range="10.20.0.0/16", description="Static")
cluster = digitalocean.KubernetesCluster(
    "cluster",
    name="static-cluster",
    region="nyc3",
    version=CONFIG.require("version"),
    vpc_uuid=vpc.id,
    auto_upgrade=True,
    surge_upgrade=True,
    tags=[TAG],
    node_pool={"name": "system", "size": "s-2vcpu-4gb", "node_count": 1, "tags": [TAG]},
)
workers = digitalocean.KubernetesNodePool(
    "workers", cluster_id=cluster.id, name="workers", size="s-2vcpu-4gb", node_count=3, tags=[TAG]
)
registry = digitalocean.ContainerRegistry(
    "registry", name=CONFIG.require("registry"), region="nyc3", subscription_tier_slug="basic"
)
balancer = digitalocean.LoadBalancer(
    "load-balancer",
    name="static-lb",
    region="nyc3",
    vpc_uuid=vpc.id,
    droplet_tag=pulumi.Output.concat("k8s:", cluster.id),
    forwarding_rules=[
        {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 30080}
    ],
    healthcheck={"protocol": "tcp", "port": 30080},
)
pulumi.export("load_balancer_ip", balancer.ip)
