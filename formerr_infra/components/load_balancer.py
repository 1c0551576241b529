"""The load balancer in front of the cluster.

It targets nodes by the tag that DOKS puts on every worker of the cluster, autoscaled ones included, and sends http
to one fixed node port, so that its address outlives ingress and cluster. Where there is a certificate, it ends TLS and
sends who comes by http there.

The PROXY protocol stays off: the ingress knows who asks from X-Forwarded-For, which the load balancer sets on http.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain, recorded, slug
from formerr_infra.model import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What the provider has in mind where nobody declares one.
USUAL_ALGORITHM = "round_robin"


@dataclass(frozen=True, slots=True)
class LoadBalancerArgs:
    """What the load balancer is declared with.

    Attributes:
        decision: what is done with it.
        name, region: as DigitalOcean knows them.
        vpc_id: the VPC it stands in.
        cluster_id: the cluster whose nodes it targets.
        node_port: where the ingress listens on every node.
        certificate: name of the certificate, where it ends TLS.
        certificate_names: UUID -> name, of those that are known; a live rule names one by UUID.
        own_records: whether the records of its hosts are somebody else's than DigitalOcean's to make.
        care: how it is kept.
        began: when the run began.
        inputs: what the state has recorded for it.
    """

    decision: Decision
    name: str
    region: str
    vpc_id: pulumi.Input[str]
    cluster_id: pulumi.Input[str]
    node_port: int
    care: Care
    began: str
    certificate: pulumi.Input[str] | None = None
    certificate_names: Mapping[str, str] = field(default_factory=dict)
    own_records: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)


def arguments(args: LoadBalancerArgs) -> dict[str, Any]:
    """Inputs of the load balancer: the live ones for an import, otherwise the declared ones."""
    if found := args.decision.imported:
        return live(found.details, args.certificate_names)
    declared: dict[str, Any] = {
        "name": args.name,
        "region": args.region,
        "vpc_uuid": args.vpc_id,
        "droplet_tag": pulumi.Output.concat("k8s:", args.cluster_id),
        "forwarding_rules": [_rule("http", 80, args)],
        "healthcheck": {"protocol": "tcp", "port": args.node_port},
    }
    if args.certificate is not None:
        declared["forwarding_rules"].append(
            _rule("https", 443, args) | {"certificate_name": args.certificate}
        )
        declared["redirect_http_to_https"] = True
        declared["disable_lets_encrypt_dns_records"] = args.own_records
    if args.decision.outcome is Outcome.KEEP:
        kept = recorded(
            args.inputs,
            algorithm="algorithm",
            size="size",
            enable_backend_keepalive="enableBackendKeepalive",
        )
        declared |= {name: value for name, value in kept.items() if value != USUAL_ALGORITHM}
    return declared


def _rule(protocol: str, port: int, args: LoadBalancerArgs) -> dict[str, Any]:
    return {
        "entry_protocol": protocol,
        "entry_port": port,
        "target_protocol": "http",
        "target_port": args.node_port,
    }


def live(details: Mapping[str, Any], certificates: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The inputs that describe a live load balancer as it is.

    Its network, network stack and cipher policy are left out: the provider never reads them, so declaring them
    would plan a replacement (seen with the provider 4.76).

    Args:
        details: the API's object (OpenAPI `load_balancer`).
        certificates: UUID -> name; the provider knows a certificate by its name.
    """
    picked = plain(
        details,
        name="name",
        vpc_uuid="vpc_uuid",
        redirect_http_to_https="redirect_http_to_https",
        enable_proxy_protocol="enable_proxy_protocol",
        enable_backend_keepalive="enable_backend_keepalive",
        http_idle_timeout_seconds="http_idle_timeout_seconds",
        disable_lets_encrypt_dns_records="disable_lets_encrypt_dns_records",
        project_id="project_id",
        type="type",
    )
    if region := slug(details.get("region")):
        picked["region"] = region
    # The provider reads the size only where there is no number of nodes, as in some regions.
    picked |= (
        plain(details, size_unit="size_unit") if details.get("size_unit") else plain(details, size="size")
    )
    # The provider's default needs no words, which it would call deprecated.
    if details.get("algorithm") not in (None, "", USUAL_ALGORITHM):
        picked["algorithm"] = details["algorithm"]
    if details.get("tag"):
        picked["droplet_tag"] = details["tag"]
    elif details.get("droplet_ids"):
        picked["droplet_ids"] = details["droplet_ids"]
    picked["forwarding_rules"] = [
        plain(
            rule,
            entry_protocol="entry_protocol",
            entry_port="entry_port",
            target_protocol="target_protocol",
            target_port="target_port",
            tls_passthrough="tls_passthrough",
        )
        | _certificate(rule, certificates or {})
        for rule in details.get("forwarding_rules") or []
    ]
    if check := details.get("health_check"):
        picked["healthcheck"] = plain(
            check,
            protocol="protocol",
            port="port",
            path="path",
            check_interval_seconds="check_interval_seconds",
            response_timeout_seconds="response_timeout_seconds",
            healthy_threshold="healthy_threshold",
            unhealthy_threshold="unhealthy_threshold",
        )
    sticky = details.get("sticky_sessions") or {}
    if sticky.get("type") not in (None, "none"):
        picked["sticky_sessions"] = plain(
            sticky, type="type", cookie_name="cookie_name", cookie_ttl_seconds="cookie_ttl_seconds"
        )
    firewall = plain(details.get("firewall") or {}, allows="allow", denies="deny")
    return picked | ({"firewall": firewall} if firewall else {})


def _certificate(rule: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    identity = rule.get("certificate_id")
    if not identity:
        return {}
    return {"certificate_name": names[identity]} if identity in names else {"certificate_id": identity}


class LoadBalancer(SlotComponent):
    """The one load balancer of the environment."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_LOAD_BALANCER, name, [args.decision], args.began, opts)
        self.load_balancer = self.declare(
            digitalocean.LoadBalancer,
            digitalocean.LoadBalancer.get,
            "load-balancer",
            args.decision,
            arguments(args),
            care=args.care,
        )
        self.finish({"loadBalancer": self.load_balancer}, ip=self.load_balancer.ip)
