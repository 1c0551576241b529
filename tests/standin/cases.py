"""What the differential does with each kind: what must be there, what is declared, what is changed, what replaces.

Every input that a program can declare occurs, but for those in `LEFT_OUT`, which this program never does, or only as it is (an
imported balancer's `size` and `projectId`).
"""

from __future__ import annotations

from tests.standin.kinds import (
    BIGGER,
    NEWER,
    NODE,
    OLDER,
    RULE,
    VERSION,
    Case,
    a_cluster,
    a_project,
    a_registry,
    a_vpc,
    both,
    token,
)
from tests.standin.more_cases import MORE

CASES: tuple[Case, ...] = (
    Case(
        token("Vpc"),
        lambda ids: {"name": "it", "region": "nyc3", "ipRange": "10.10.0.0/16", "description": "one"},
        updates={"description": {"description": "two"}, "name": {"name": "other"}},
        replaces={"region": {"region": "ams3"}, "ipRange": {"ipRange": "10.11.0.0/16"}},
        wrong={"no region": {"name": "it"}},
    ),
    Case(
        token("KubernetesCluster"),
        lambda ids: {
            "name": "it",
            "region": "nyc3",
            "version": VERSION,
            "vpcUuid": ids["vpc"],
            "ha": False,
            "autoUpgrade": False,
            "surgeUpgrade": True,
            "tags": ["a"],
            "nodePool": {"name": "system", "size": NODE, "nodeCount": 1, "tags": ["x"]},
        },
        a_vpc,
        updates={
            "tags": {"tags": ["b", "c"]},
            "name": {"name": "other"},
            "autoUpgrade": {"autoUpgrade": True},
            "surgeUpgrade": {"surgeUpgrade": False},
            "ha": {"ha": True},
            "maintenancePolicy": {"maintenancePolicy": {"day": "monday", "startTime": "04:00"}},
            "nodePool.nodeCount": {
                "nodePool": {"name": "system", "size": NODE, "nodeCount": 2, "tags": ["x"]}
            },
            "nodePool.labels": {
                "nodePool": {
                    "name": "system",
                    "size": NODE,
                    "nodeCount": 2,
                    "tags": ["y"],
                    "labels": {"a": "b"},
                }
            },
            "version": {"version": NEWER},
            "destroyAllAssociatedResources": {"destroyAllAssociatedResources": True},
            "clusterAutoscalerConfigurations": {
                "clusterAutoscalerConfigurations": [
                    {
                        "scaleDownUtilizationThreshold": 0.5,
                        "scaleDownUnneededTime": "5m",
                        "expanders": ["priority"],
                    }
                ]
            },
        },
        replaces={
            "region": {"region": "ams3"},
            "vpcUuid": {"vpcUuid": "11111111-2222-4333-8444-555555555555"},
            "clusterSubnet": {"clusterSubnet": "10.200.0.0/16"},
            "serviceSubnet": {"serviceSubnet": "10.201.0.0/20"},
            "a lower version": {"version": OLDER},
            "nodePool.size": {"nodePool": {"name": "system", "size": BIGGER, "nodeCount": 2, "tags": ["y"]}},
        },
        wrong={
            "no pool": {"name": "it", "region": "nyc3", "version": VERSION},
            "no version": {
                "name": "it",
                "region": "nyc3",
                "nodePool": {"name": "p", "size": NODE, "nodeCount": 1},
            },
            "a day that is none": {
                "name": "it",
                "region": "nyc3",
                "version": VERSION,
                "nodePool": {"name": "p", "size": NODE, "nodeCount": 1},
                "maintenancePolicy": {"day": "someday"},
            },
        },
    ),
    Case(
        token("KubernetesNodePool"),
        lambda ids: {"name": "it", "clusterId": ids["cluster"], "size": NODE, "nodeCount": 1, "tags": ["a"]},
        a_cluster,
        updates={
            "nodeCount": {"nodeCount": 2},
            "name": {"name": "other"},
            "tags": {"tags": ["b"]},
            "labels": {"labels": {"a": "b"}},
            "taints": {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
            "autoScale": {"autoScale": True, "minNodes": 1, "maxNodes": 3, "nodeCount": None},
            "bounds": {"minNodes": 2, "maxNodes": 4},
            "no autoScale": {"autoScale": None, "minNodes": None, "maxNodes": None, "nodeCount": 2},
        },
        replaces={
            "size": {"size": BIGGER},
            "clusterId": {"clusterId": "11111111-2222-4333-8444-555555555555"},
        },
        wrong={"no size": {"name": "it", "clusterId": "x"}},
    ),
    Case(
        token("ContainerRegistry"),
        lambda ids: {"name": "formerr-it", "subscriptionTierSlug": "basic", "region": "nyc3"},
        updates={"subscriptionTierSlug": {"subscriptionTierSlug": "professional"}},
        replaces={"name": {"name": "formerr-other"}, "region": {"region": "ams3"}},
        wrong={
            "no plan": {"name": "it"},
            "a plan that is none": {"name": "it", "subscriptionTierSlug": "huge"},
        },
    ),
    Case(
        token("ContainerRegistryDockerCredentials"),
        lambda ids: {"registryName": ids["registry"], "expirySeconds": 3600},
        a_registry,
        updates={"write": {"write": True}, "expirySeconds": {"expirySeconds": 7200}},
        replaces={"registryName": {"registryName": "formerr-other"}},
        wrong={"no registry": {}},
        deletes=False,
    ),
    Case(
        token("LoadBalancer"),
        lambda ids: {
            "name": "it",
            "region": "nyc3",
            "vpcUuid": ids["vpc"],
            "dropletTag": "k8s:one",
            "forwardingRules": [RULE, {**RULE, "entryPort": 81}],
            "healthcheck": {"port": 30080, "protocol": "tcp"},
        },
        both(a_vpc, lambda post: {"certificate": "there"}),
        updates={
            "forwardingRules": {"forwardingRules": [{**RULE, "targetPort": 30090}]},
            "healthcheck": {
                "healthcheck": {"port": 30090, "protocol": "http", "path": "/", "checkIntervalSeconds": 20}
            },
            "name": {"name": "other"},
            "sizeUnit": {"sizeUnit": 2},
            "dropletTag": {"dropletTag": "k8s:two"},
            "redirectHttpToHttps": {
                "redirectHttpToHttps": True,
                "forwardingRules": [
                    RULE,
                    {
                        **RULE,
                        "entryPort": 443,
                        "entryProtocol": "https",
                        "targetProtocol": "https",
                        "tlsPassthrough": True,
                    },
                ],
            },
            "switches": {
                "enableProxyProtocol": True,
                "enableBackendKeepalive": True,
                "disableLetsEncryptDnsRecords": True,
                "httpIdleTimeoutSeconds": 90,
            },
            "stickySessions": {
                "stickySessions": {"type": "cookies", "cookieName": "one", "cookieTtlSeconds": 30}
            },
            "firewall": {"firewall": {"allows": ["ip:192.0.2.1"], "denies": ["cidr:198.51.100.0/24"]}},
            "algorithm": {"algorithm": "least_connections"},
        },
        replaces={
            "region": {"region": "ams3"},
            "vpcUuid": {"vpcUuid": "11111111-2222-4333-8444-555555555555"},
            "type": {"type": "REGIONAL_NETWORK"},
            "dropletIds": {"dropletTag": None, "dropletIds": [1, 2]},
        },
        wrong={
            "no region": {"name": "it", "forwardingRules": [RULE]},
            "a path for tcp": {
                "name": "it",
                "region": "nyc3",
                "forwardingRules": [RULE],
                "healthcheck": {"port": 1, "protocol": "tcp", "path": "/"},
            },
            "tag and droplets": {"name": "it", "region": "nyc3", "dropletTag": "a", "dropletIds": [1]},
        },
    ),
    Case(
        token("Project"),
        lambda ids: {
            "name": "it",
            "description": "one",
            "environment": "Staging",
            "purpose": "Web Application",
        },
        updates={
            "description": {"description": "two"},
            "environment": {"environment": "Production"},
            "name": {"name": "other"},
            "purpose": {"purpose": "Service or API"},
        },
        replaces={"environment, in small letters": {"environment": "production"}},
        wrong={"a stage that is none": {"name": "it", "environment": "Somewhere"}},
    ),
    Case(
        token("ProjectResources"),
        lambda ids: {"project": ids["project"], "resources": [f"do:loadbalancer:{ids['balancer']}"]},
        a_project,
        updates={"resources": {"resources": ["do:kubernetes:{cluster}"]}},
        replaces={"project": {"project": "11111111-2222-4333-8444-555555555555"}},
        wrong={"no project": {"resources": []}},
    ),
    *MORE,
)

LEFT_OUT: dict[str, frozenset[str]] = {
    "KubernetesCluster": frozenset(
        [
            "amdGpuDeviceMetricsExporterPlugin",
            "amdGpuDevicePlugin",
            "controlPlaneFirewall",
            "corednsAutoscaler",
            "kubeconfigExpireSeconds",
            "nvidiaGpuDevicePlugin",
            "p2pOciRegistryPlugin",
            "rdmaSharedDevicePlugin",
            "registryIntegration",
            "routingAgent",
            "ssos",
            "workerSubnetUuid",
        ]
    ),
    "LoadBalancer": frozenset(
        [
            "domains",
            "glbSettings",
            "network",
            "networkStack",
            "projectId",
            "size",
            "targetLoadBalancerIds",
            "tlsCipherPolicy",
        ]
    ),
    "Project": frozenset({"isDefault", "resources"}),
    "Certificate": frozenset({"certificateChain", "leafCertificate", "privateKey"}),
    "DnsRecord": frozenset({"flags", "port", "priority", "tag", "weight"}),
    "Firewall": frozenset({"dropletIds", "tags"}),
    "DatabaseCluster": frozenset(
        {"backupRestore", "evictionPolicy", "projectId", "sqlMode", "storageAutoscale", "storageSizeMib"}
    ),
    "DatabaseUser": frozenset({"mysqlAuthPlugin", "settings"}),
}
"""Inputs that are not compared: nothing here declares them. `projectId` of an imported balancer is what it has."""
