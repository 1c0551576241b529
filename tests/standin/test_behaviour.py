"""The plugin does to the API what the official one does, its dangers included: nobody is to be lulled by local mode."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2

from formerr_infra.local.standin.rpc import pb
from formerr_infra.local.standin.values import SECRET, SIGNATURE, from_struct, to_struct
from tests.standin.wire import environment, error_of, started, urn

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from tests.standin.wire import Wire

VPC = "digitalocean:index/vpc:Vpc"
CLUSTER = "digitalocean:index/kubernetesCluster:KubernetesCluster"
POOL = "digitalocean:index/kubernetesNodePool:KubernetesNodePool"
BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
REGISTRY = "digitalocean:index/containerRegistry:ContainerRegistry"
CREDENTIALS = "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials"
DATABASE = "digitalocean:index/databaseCluster:DatabaseCluster"
RECORD = "digitalocean:index/dnsRecord:DnsRecord"
DEFAULT_TAG = "terraform:default-node-pool"
RULE = {"entryPort": 80, "entryProtocol": "http", "targetPort": 30080, "targetProtocol": "http"}
BALANCED = {"region": "nyc3", "forwardingRules": [RULE], "name": "lb"}


def version(wire: Wire) -> str:
    """A version that the account can have."""
    return str(wire.invoke("getKubernetesVersions")["latestVersion"])


def cluster_inputs(wire: Wire, **more: Any) -> dict[str, Any]:
    """A small cluster."""
    pool = {"name": "system", "size": "s-2vcpu-4gb", "nodeCount": 1}
    return {"name": "it", "region": "nyc3", "version": version(wire), "nodePool": pool, **more}


def writes(cloud: ControlClient) -> list[tuple[str, str]]:
    """Method and path of every write since the mark."""
    return [(r.method, r.path) for r in cloud.requests(writes=True, since_mark=True)]


def foreign_cluster(cloud: ControlClient, wire: Wire, *pools: dict[str, Any]) -> dict[str, Any]:
    """A cluster that no Pulumi program made."""
    made = cloud.put("cluster", name="foreign", region="nyc3", version=version(wire), node_pools=list(pools))
    cloud.mark()
    return made


GONE: Any = ("", {}, {})
ONE = {"name": "one", "size": "s-2vcpu-4gb", "count": 1}
TWO = {"name": "two", "size": "s-2vcpu-4gb", "count": 1}


class TestClusters:
    def test_tags_of_the_service_and_of_the_plugin_are_hidden(self, wire: Wire, cloud: ControlClient) -> None:
        _, outputs = wire.create(CLUSTER, cluster_inputs(wire, tags=["mine"]))
        (live,) = cloud.list("cluster")
        assert "k8s" in live["tags"]
        assert DEFAULT_TAG in live["node_pools"][0]["tags"]
        assert outputs["tags"] == ["mine"]
        assert outputs["nodePool"]["tags"] == []

    def test_an_import_marks_an_only_pool_as_the_default_one_which_is_a_write(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        made = foreign_cluster(cloud, wire, ONE)
        ident, outputs, inputs = wire.read(CLUSTER, made["id"])
        pool = made["node_pools"][0]["id"]
        assert writes(cloud) == [("PUT", f"/v2/kubernetes/clusters/{made['id']}/node_pools/{pool}")]
        (put,) = cloud.requests(writes=True, since_mark=True)
        assert put.body_keys == ["tags"]
        assert ident == made["id"]
        assert outputs["nodePool"]["name"] == "one"
        assert inputs["nodePool"]["size"] == "s-2vcpu-4gb"

    def test_an_import_with_two_unmarked_pools_says_there_is_no_such_cluster(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        made = foreign_cluster(cloud, wire, ONE, TWO)
        assert wire.read(CLUSTER, made["id"]) == GONE
        assert writes(cloud) == []

    def test_an_import_takes_an_error_for_absence(self, wire: Wire, cloud: ControlClient) -> None:
        made = foreign_cluster(cloud, wire, ONE)
        cloud.fault("GET", r"^/v2/kubernetes/clusters/", status=403)
        assert wire.read(CLUSTER, made["id"]) == GONE

    def test_a_read_with_some_state_writes_nothing_and_knows_no_pool(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        made = foreign_cluster(cloud, wire, ONE)
        ident, outputs, _ = wire.read(CLUSTER, made["id"], {"kubeconfigExpireSeconds": 3600})
        asked = [(r.method, r.path) for r in cloud.requests(since_mark=True)]
        path = f"/v2/kubernetes/clusters/{made['id']}"
        assert asked == [("GET", path), ("GET", f"{path}/credentials")]
        assert ident == made["id"]
        assert "nodePool" not in outputs

    def test_a_create_whose_waiting_fails_leaves_no_state(self, wire: Wire, cloud: ControlClient) -> None:
        cloud.transitions(cluster_seconds=3600)
        inputs = to_struct(wire.inputs(CLUSTER, cluster_inputs(wire)))
        cloud.fault("GET", r"^/v2/kubernetes/clusters/[^/]+$", status=500)
        with pytest.raises(grpc.RpcError) as failed:
            wire.stub.Create(pb.CreateRequest(urn=urn(CLUSTER), properties=inputs))
        assert details(failed.value) is None
        assert len(cloud.list("cluster")) == 1

    def test_credentials_are_asked_for_again_only_when_they_expire(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        ident, outputs = wire.create(CLUSTER, cluster_inputs(wire))
        cloud.mark()
        _, kept, _ = wire.read(CLUSTER, ident, outputs)
        assert kept["kubeConfigs"] == outputs["kubeConfigs"]
        outputs["kubeConfigs"][0]["expiresAt"] = "2020-01-01T00:00:00Z"
        wire.read(CLUSTER, ident, outputs)
        paths = [r.path for r in cloud.requests(since_mark=True)]
        assert sum(path.endswith("/credentials") for path in paths) == 1

    def test_a_gone_cluster_may_be_deleted(self, wire: Wire, cloud: ControlClient) -> None:
        ident, outputs = wire.create(CLUSTER, cluster_inputs(wire))
        cloud.remove("cluster", ident)
        wire.delete(CLUSTER, ident, outputs)

    def test_a_pool_finds_its_cluster_when_it_is_imported(self, wire: Wire, cloud: ControlClient) -> None:
        cloud.seed("cluster", 25)
        made = foreign_cluster(cloud, wire, {**ONE, "tags": [DEFAULT_TAG]}, TWO)
        ident, outputs, inputs = wire.read(POOL, made["node_pools"][1]["id"])
        assert (ident, outputs["clusterId"]) == (made["node_pools"][1]["id"], made["id"])
        assert inputs["clusterId"] == made["id"]
        assert wire.read(POOL, made["node_pools"][0]["id"]) == GONE, "a default pool belongs to its cluster"
        assert wire.read(POOL, "nowhere") == GONE
        assert writes(cloud) == []


def details(error: Any) -> Any:
    """The resource that an error leaves for the state, if any."""
    found = [value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    if not found:
        return None
    marker = b"type.googleapis.com/pulumirpc.ErrorResourceInitFailed"
    assert marker in found[0]
    return found[0]


class TestOthers:
    def test_a_gone_vpc_cannot_be_deleted(self, wire: Wire, cloud: ControlClient) -> None:
        ident, outputs = wire.create(VPC, {"region": "nyc3", "ipRange": "10.20.0.0/16"})
        cloud.remove("vpc", ident)
        assert "404" in error_of(wire.delete, VPC, ident, outputs)

    def test_a_vpc_is_deleted_as_soon_as_its_members_are_gone(self, wire: Wire, cloud: ControlClient) -> None:
        ident, outputs = wire.create(VPC, {"region": "nyc3", "ipRange": "10.20.0.0/16"})
        cloud.fault("DELETE", r"^/v2/vpcs/", status=409, times=2)
        cloud.mark()
        wire.delete(VPC, ident, outputs)
        assert [r.status for r in cloud.requests(writes=True, since_mark=True)] == [409, 409, 204]

    def test_a_gone_thing_is_read_as_gone(self, wire: Wire) -> None:
        gone = "11111111-2222-4333-8444-555555555555"
        state = {"name": "x", "region": "nyc3", "clusterId": gone, "registryName": "x", "project": gone}
        for token in (VPC, CLUSTER, POOL, BALANCER, REGISTRY, CREDENTIALS):
            assert wire.read(token, gone, state, {}) == GONE
        assert wire.read(VPC, gone) == GONE

    def test_a_load_balancer_that_does_not_become_active_stays_in_state(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        inputs = to_struct(wire.inputs(BALANCER, BALANCED))
        cloud.fault("GET", r"^/v2/load_balancers/[^/]+$", status=500)
        with pytest.raises(grpc.RpcError) as failed:
            wire.stub.Create(pb.CreateRequest(urn=urn(BALANCER), properties=inputs))
        (live,) = cloud.list("load_balancer")
        assert live["id"].encode() in details(failed.value)

    def test_a_registry_is_made_in_the_old_way_and_read_in_the_new(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        ident, outputs = wire.create(REGISTRY, {"name": "formerr-it", "subscriptionTierSlug": "basic"})
        wire.delete(REGISTRY, ident, outputs)
        assert [(r.method, r.path) for r in cloud.requests(since_mark=True)] == [
            ("POST", "/v2/registry"),
            ("GET", "/v2/registries/formerr-it"),
            ("GET", "/v2/registries/subscription"),
            ("DELETE", "/v2/registries/formerr-it"),
        ]

    def test_the_end_of_pull_credentials_sends_nothing_anywhere(
        self, wire: Wire, cloud: ControlClient
    ) -> None:
        wire.create(REGISTRY, {"name": "formerr-it", "subscriptionTierSlug": "basic"})
        ident, outputs = wire.create(CREDENTIALS, {"registryName": "formerr-it"})
        assert "registry.digitalocean.com" in outputs["dockerCredentials"]
        cloud.mark()
        wire.delete(CREDENTIALS, ident, outputs)
        assert cloud.requests(since_mark=True) == []

    def test_the_password_is_kept_and_stands_in_the_address(self, wire: Wire) -> None:
        declared = {
            "engine": "pg",
            "version": "16",
            "size": "db-s-1vcpu-1gb",
            "region": "nyc3",
            "nodeCount": 1,
        }
        ident, outputs = wire.create(DATABASE, {**declared, "name": "database"})
        _, again, _ = wire.read(DATABASE, ident, outputs)
        assert again["password"] == outputs["password"]
        assert outputs["password"] in again["uri"]

    def test_an_imported_database_has_an_address_without_a_password_until_a_refresh(self, wire: Wire) -> None:
        declared = {
            "engine": "pg",
            "version": "16",
            "size": "db-s-1vcpu-1gb",
            "region": "nyc3",
            "nodeCount": 1,
        }
        ident, outputs = wire.create(DATABASE, {**declared, "name": "database"})
        _, found, _ = wire.read(DATABASE, ident)
        assert found["password"] == outputs["password"]
        assert found["password"] not in found["uri"]
        assert found["password"] in found["privateUri"]
        _, again, _ = wire.read(DATABASE, ident, found)
        assert again["uri"] == outputs["uri"]

    def test_a_record_is_imported_by_domain_and_number(self, wire: Wire, cloud: ControlClient) -> None:
        wire.create("digitalocean:index/domain:Domain", {"name": "formerr.example"})
        declared = {"domain": "formerr.example", "type": "A", "name": "www", "value": "192.0.2.1"}
        ident, outputs = wire.create(RECORD, declared)
        cloud.mark()
        found, read, inputs = wire.read(RECORD, f"formerr.example,{ident}")
        assert (found, read) == (ident, outputs)
        assert {**inputs, **declared} == inputs
        assert writes(cloud) == []

    @pytest.mark.parametrize(
        ("token", "hidden"), [(CLUSTER, {"kubeConfigs"}), (DATABASE, {"password", "uri", "privateUri"})]
    )
    def test_secrets_are_marked_as_such(self, wire: Wire, token: str, hidden: set[str]) -> None:
        declared = {
            "engine": "pg",
            "version": "16",
            "size": "db-s-1vcpu-1gb",
            "region": "nyc3",
            "nodeCount": 1,
        }
        inputs = cluster_inputs(wire) if token == CLUSTER else {**declared, "name": "database"}
        request = pb.CreateRequest(urn=urn(token), properties=to_struct(wire.inputs(token, inputs)))
        answer = wire.stub.Create(request).properties.fields
        marked = {
            name
            for name, value in answer.items()
            if value.HasField("struct_value") and value.struct_value.fields[SIGNATURE].string_value == SECRET
        }
        assert hidden <= marked

    def test_the_official_registry_function_finds_nothing_and_so_does_this_one(self, wire: Wire) -> None:
        wire.create(REGISTRY, {"name": "formerr-it", "subscriptionTierSlug": "basic"})
        assert "endpoint" not in wire.invoke("getContainerRegistry", name="formerr-it")
        assert wire.invoke("getContainerRegistries", name="formerr-it")["endpoint"].endswith("/formerr-it")

    def test_what_a_function_finds_is_what_is_there(self, wire: Wire, cloud: ControlClient) -> None:
        made = cloud.put("vpc", name="theirs", region="nyc3", ip_range="10.77.0.0/16")
        for args in ({"id": made["id"]}, {"name": "theirs"}):
            assert wire.invoke("getVpc", **args)["ipRange"] == "10.77.0.0/16"
        cluster = foreign_cluster(cloud, wire, ONE)
        assert wire.invoke("getKubernetesCluster", name="foreign")["id"] == cluster["id"]
        assert wire.invoke("getAccount")["dropletLimit"] > 0
        assert {r["slug"] for r in wire.invoke("getRegions")["regions"]} >= {"nyc3"}
        assert wire.invoke("getSizes")["sizes"]
        assert wire.invoke("getProject")["isDefault"] is True
        assert writes(cloud) == []


class TestRetries:
    """The official plugin repeats a POST whose answer was lost; so does this one, unless told not to."""

    def made(self, emulator: EmulatorServer, cloud: ControlClient, retries: str) -> int:
        cloud.fault("POST", r"^/v2/load_balancers$", status=503, after_apply=True, times=1)
        more = {"DIGITALOCEAN_HTTP_RETRY_MAX": retries, "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "0.01"}
        with started(environment(emulator.endpoint, **more)) as wire:
            wire.configure()
            if retries == "0":
                assert "503" in error_of(wire.create, BALANCER, BALANCED)
            else:
                wire.create(BALANCER, BALANCED)
        return len(cloud.list("load_balancer"))

    def test_a_lost_answer_makes_two_load_balancers(
        self, emulator: EmulatorServer, cloud: ControlClient
    ) -> None:
        assert self.made(emulator, cloud, "4") == 2

    def test_without_retries_it_makes_one(self, emulator: EmulatorServer, cloud: ControlClient) -> None:
        assert self.made(emulator, cloud, "0") == 1

    def test_the_configuration_beats_the_environment(
        self, emulator: EmulatorServer, cloud: ControlClient
    ) -> None:
        cloud.fault("GET", r"^/v2/vpcs/", status=500)
        more = {"DIGITALOCEAN_HTTP_RETRY_MAX": "4", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "0.01"}
        with started(environment(emulator.endpoint, **more)) as wire:
            wire.configure(httpRetryMax="0")
            cloud.mark()
            assert "500" in error_of(wire.read, VPC, "some", {"name": "x"})
        assert len(cloud.requests(since_mark=True)) == 1

    def test_a_dropped_connection_is_tried_again(
        self, emulator: EmulatorServer, cloud: ControlClient
    ) -> None:
        made = cloud.put("vpc", name="theirs", region="nyc3", ip_range="10.77.0.0/16")
        cloud.fault("GET", r"^/v2/vpcs/", drop="before", times=1)
        more = {"DIGITALOCEAN_HTTP_RETRY_MAX": "2", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "0.01"}
        with started(environment(emulator.endpoint, **more)) as wire:
            wire.configure()
            assert wire.read(VPC, made["id"])[0] == made["id"]

    @pytest.mark.parametrize("body", ["truncated", "html"])
    def test_a_body_that_is_no_json_is_an_error(self, wire: Wire, cloud: ControlClient, body: str) -> None:
        made = cloud.put("vpc", name="theirs", region="nyc3", ip_range="10.77.0.0/16")
        cloud.fault("GET", r"^/v2/vpcs/", body=body)
        told = error_of(wire.read, VPC, made["id"], {"name": "x"})
        assert "Error reading VPC" in told
        assert "Traceback" not in told


def test_a_cancelled_wait_ends_at_once(emulator: EmulatorServer, cloud: ControlClient) -> None:
    cloud.transitions(cluster_seconds=3600)
    with started(environment(emulator.endpoint)) as wire:
        wire.configure()
        properties = to_struct(wire.inputs(CLUSTER, cluster_inputs(wire)))
        waiting = wire.stub.Create.future(pb.CreateRequest(urn=urn(CLUSTER), properties=properties))
        while not cloud.list("cluster"):
            time.sleep(0.01)
        wire.stub.Cancel(empty_pb2.Empty())
        assert "cancelled" in error_of(waiting.result, timeout=10)


def test_a_preview_asks_the_api_nothing(wire: Wire, cloud: ControlClient) -> None:
    inputs = cluster_inputs(wire)
    cloud.mark()
    _, outputs = wire.create(CLUSTER, inputs, preview=True)
    assert cloud.requests(since_mark=True) == []
    assert from_struct(to_struct(outputs)) == outputs
