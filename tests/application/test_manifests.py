"""What holds for every object of every plan."""

from __future__ import annotations

import collections
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from formerr_infra.application import (
    Digest,
    Hidden,
    Plan,
    Workload,
    hidden_values,
    image_reference,
    logical_name,
    manifests,
)
from formerr_infra.application.pods import USER
from formerr_infra.naming import LABEL_STACK, stack_label
from tests.support.kube import CLUSTER_WIDE, matches, quantity, restricted, template, workloads
from tests.support.plans import REAL, beside, changed, filled, objects, plan, plans

any_plan = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

RESOURCES = ("cpu", "memory", "ephemeral-storage")


def containers(made: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (logical_name(manifest), container)
        for manifest, found in workloads(made)
        for container in [*found["spec"]["containers"], *found["spec"].get("initContainers", [])]
    ]


def of_kind(made: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in made if manifest["kind"] == kind]


def namespace(manifest: dict[str, Any]) -> str:
    return str(manifest["metadata"].get("namespace", ""))


@any_plan
@given(plans())
def test_two_stacks_on_one_cluster_have_no_object_in_common(of: Plan) -> None:
    """With a prefix: no namespace, and nothing of which a cluster has one; what points to it points to the stack's own."""
    first, second = manifests(of), manifests(beside(of, "pr-9"))
    assert not {logical_name(one) for one in first} & {logical_name(one) for one in second}
    named = {one["metadata"]["name"] for one in second if one["kind"] in CLUSTER_WIDE}
    assert all(name.startswith("pr-9-") for name in named)
    for made in second:
        spec = (template(made) or {}).get("spec", {})
        chosen = [spec.get("priorityClassName"), made.get("spec", {}).get("ingressClassName")]
        chosen += [made["roleRef"]["name"]] if made["kind"] == "ClusterRoleBinding" else []
        assert {one for one in chosen if one} <= named


@any_plan
@given(plans())
def test_the_ingress_controller_serves_the_class_that_its_own_routes_have(of: Plan) -> None:
    made = list(manifests(of))
    (edge,) = [one for one in of_kind(made, "Deployment") if one["metadata"]["name"] == "formerr-edge"]
    arguments = edge["spec"]["template"]["spec"]["containers"][0]["args"]
    (served,) = {one["spec"]["ingressClassName"] for one in of_kind(made, "Ingress")}
    assert f"--providers.kubernetesingress.ingressclass={served}" in arguments
    assert [one["metadata"]["name"] for one in of_kind(made, "IngressClass")] == [served]


def test_namespaces_say_when_the_environment_ends_and_those_that_stay_say_nothing() -> None:
    ends = [
        one["metadata"]["annotations"]
        for one in of_kind(list(manifests(beside(plan(), "pr-9"))), "Namespace")
    ]
    assert ends == [{"formerr.tech/expires": "2026-11-28T15:00:00Z"}] * 2
    assert not [
        one for one in of_kind(list(manifests(plan())), "Namespace") if "annotations" in one["metadata"]
    ]


@any_plan
@given(plans())
def test_every_object_says_what_it_is_and_whose(of: Plan) -> None:
    for manifest in manifests(of):
        labels = manifest["metadata"]["labels"]
        assert labels[LABEL_STACK] == stack_label(of.project, of.stack)
        assert labels["app.kubernetes.io/managed-by"] == "pulumi"
        assert labels["app.kubernetes.io/part-of"] == "formerr"
        assert labels["app.kubernetes.io/name"]
        found = template(manifest)
        assert found is None or found["metadata"]["labels"].items() >= labels.items()


@any_plan
@given(plans())
def test_every_object_has_one_name_and_stands_where_it_belongs(of: Plan) -> None:
    names = [logical_name(manifest) for manifest in manifests(of)]
    assert len(names) == len(set(names))
    for manifest in manifests(of):
        assert ("namespace" in manifest["metadata"]) == (manifest["kind"] not in CLUSTER_WIDE)
        assert namespace(manifest) in {"", of.namespace, of.edge.namespace, "kube-system"}


@any_plan
@given(plans())
def test_every_object_comes_after_what_it_needs(of: Plan) -> None:
    """Namespaces, and whatever a pod mounts, reads, runs as or is bound by."""
    seen: set[tuple[str, str, str]] = {("Namespace", "", "kube-system")}
    for manifest in manifests(of):
        where = namespace(manifest)
        needed: list[tuple[str, str, str]] = [("Namespace", "", where)] if where else []
        if (found := template(manifest)) is not None:
            spec = found["spec"]
            needed.append(("ServiceAccount", where, spec["serviceAccountName"]))
            if not spec.get("priorityClassName", "system-").startswith("system-"):
                needed.append(("PriorityClass", "", spec["priorityClassName"]))
            needed += [("Secret", where, one["name"]) for one in spec.get("imagePullSecrets", [])]
            for volume in spec.get("volumes", []):
                match volume:
                    case {"secret": {"secretName": name}}:
                        needed.append(("Secret", where, name))
                    case {"configMap": {"name": name}}:
                        needed.append(("ConfigMap", where, name))
                    case {"persistentVolumeClaim": {"claimName": name}}:
                        needed.append(("PersistentVolumeClaim", where, name))
            for container in spec["containers"]:
                for source in container.get("envFrom", []):
                    needed.append(("ConfigMap", where, source["configMapRef"]["name"]))
                for variable in container.get("env", []):
                    if "valueFrom" in variable:
                        needed.append(("Secret", where, variable["valueFrom"]["secretKeyRef"]["name"]))
        if manifest["kind"] == "Ingress":
            needed.append(("IngressClass", "", manifest["spec"]["ingressClassName"]))
            needed += [
                ("Service", where, path["backend"]["service"]["name"])
                for rule in manifest["spec"]["rules"]
                for path in rule["http"]["paths"]
            ]
        if manifest["kind"] == "HorizontalPodAutoscaler":
            target = manifest["spec"]["scaleTargetRef"]
            needed.append((target["kind"], where, target["name"]))
        assert set(needed) <= seen, logical_name(manifest)
        seen.add((manifest["kind"], where, manifest["metadata"]["name"]))


@any_plan
@given(plans())
def test_every_key_that_a_pod_reads_is_in_the_secret(of: Plan) -> None:
    made = objects(of)
    keys = {
        (namespace(secret), secret["metadata"]["name"]): set(secret["stringData"])
        for secret in of_kind(made, "Secret")
    }
    for manifest, found in workloads(made):
        for container in found["spec"]["containers"]:
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    reference = variable["valueFrom"]["secretKeyRef"]
                    assert reference["key"] in keys[namespace(manifest), reference["name"]]
        for volume in found["spec"].get("volumes", []):
            if "secret" in volume:
                assert {item["key"] for item in volume["secret"]["items"]} <= keys[
                    namespace(manifest), volume["secret"]["secretName"]
                ]


@any_plan
@given(plans())
def test_every_pod_is_restricted_and_more(of: Plan) -> None:
    for manifest, found in workloads(objects(of)):
        spec = found["spec"]
        assert restricted(spec) == [], logical_name(manifest)
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["fsGroup"] == USER > 10000
        for container in spec["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True
            assert own["runAsUser"] == own["runAsGroup"] == USER
        mounted = {mount["name"] for one in spec["containers"] for mount in one.get("volumeMounts", [])}
        declared = {volume["name"] for volume in spec.get("volumes", [])}
        claimed = {claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])}
        assert mounted == declared | claimed
        assert all("sizeLimit" in one["emptyDir"] for one in spec.get("volumes", []) if "emptyDir" in one)


@any_plan
@given(plans())
def test_only_who_must_read_the_api_server_has_a_token(of: Plan) -> None:
    tokens = {
        found["spec"]["serviceAccountName"]
        for _, found in workloads(objects(of))
        if found["spec"]["automountServiceAccountToken"]
    }
    assert tokens <= {"formerr-edge", "formerr-metrics-server"}
    accounts = {(namespace(one), one["metadata"]["name"]) for one in of_kind(objects(of), "ServiceAccount")}
    for manifest, found in workloads(objects(of)):
        assert (namespace(manifest), found["spec"]["serviceAccountName"]) in accounts


@any_plan
@given(plans())
def test_the_internet_facing_pod_can_read_no_secret(of: Plan) -> None:
    made = objects(of)
    for role in of_kind(made, "ClusterRole"):
        assert all("secrets" not in rule["resources"] for rule in role["rules"])
        assert all(set(rule["verbs"]) <= {"get", "list", "watch"} for rule in role["rules"])
    for role in of_kind(made, "Role"):
        assert namespace(role) == of.edge.namespace
        assert all(set(rule["verbs"]) <= {"get", "list", "watch"} for rule in role["rules"])
    assert of.edge.namespace not in {namespace(secret) for secret in of_kind(made, "Secret")}


@any_plan
@given(plans())
def test_every_container_has_requests_and_limits(of: Plan) -> None:
    for name, container in containers(objects(of)):
        asked, most = container["resources"]["requests"], container["resources"]["limits"]
        assert set(asked) == set(most) == set(RESOURCES), name
        assert all(0 < quantity(asked[one]) <= quantity(most[one]) for one in RESOURCES), name


@pytest.mark.parametrize("name", sorted(REAL))
def test_what_a_pod_may_write_fits_what_it_may_take(name: str) -> None:
    for manifest, found in workloads(objects(REAL[name])):
        written = sum(
            quantity(volume["emptyDir"]["sizeLimit"])
            for volume in found["spec"].get("volumes", [])
            if "emptyDir" in volume
        )
        allowed = sum(
            quantity(one["resources"]["limits"]["ephemeral-storage"]) for one in found["spec"]["containers"]
        )
        assert written <= allowed, logical_name(manifest)


@any_plan
@given(plans())
def test_no_image_can_be_another_one_tomorrow(of: Plan) -> None:
    for name, container in containers(objects(of)):
        repository, _, rest = container["image"].partition("/")
        assert "." in repository
        assert "@sha256:" in rest or rest.rsplit(":", 1)[1] not in ("", "latest"), name


@pytest.mark.parametrize(
    "image",
    ["x.example/a", "x.example/a:latest", "x.example:5000/a", "", "x.example/a: b", "x.example/a@sha256:12"],
)
def test_an_image_without_a_lasting_name_is_refused(image: str) -> None:
    resources = plan().backend.resources
    with pytest.raises(ValueError, match=r"image|tag"):
        Workload(image, 1, 1, resources)


@pytest.mark.parametrize(
    ("tag", "end"),
    [("1.2.3", ":1.2.3"), ("3f2a9c1", ":3f2a9c1"), ("sha256:" + "0" * 64, "@sha256:" + "0" * 64)],
)
def test_a_tag_and_a_digest_are_both_a_name(tag: str, end: str) -> None:
    image = image_reference("formerr", "formerr-backend", tag)
    assert image == f"registry.digitalocean.com/formerr/formerr-backend{end}"
    assert Workload(image, 1, 1, plan().backend.resources).image == image


@any_plan
@given(plans())
def test_every_selector_takes_the_pods_of_one_workload(of: Plan) -> None:
    """And a workload's own selector takes its own pods: two that share pods fight for them."""
    made = objects(of)
    templates = {
        (namespace(manifest), logical_name(manifest)): found["metadata"]["labels"]
        for manifest, found in workloads(made)
    }

    def taken(where: str, selector: dict[str, Any]) -> list[str]:
        return [name for (at, name), labels in templates.items() if at == where and matches(selector, labels)]

    for manifest in made:
        spec = manifest.get("spec", {})
        name = logical_name(manifest)
        match manifest["kind"]:
            case "Deployment" | "StatefulSet":
                assert taken(namespace(manifest), spec["selector"]) == [name]
            case "PodDisruptionBudget":
                assert len(taken(namespace(manifest), spec["selector"])) == 1, name
            case "Service" if spec["type"] != "ExternalName":
                assert len(taken(namespace(manifest), {"matchLabels": spec["selector"]})) == 1, name
            case "NetworkPolicy" if spec["podSelector"]:
                assert len(taken(namespace(manifest), spec["podSelector"])) == 1, name


@any_plan
@given(plans())
def test_no_selector_depends_on_anything_that_changes(of: Plan) -> None:
    for manifest in objects(of):
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            assert manifest["spec"]["selector"]["matchLabels"] == {
                "app.kubernetes.io/name": manifest["metadata"]["name"],
                "app.kubernetes.io/part-of": "formerr",
            }


@any_plan
@given(plans())
def test_a_service_reaches_a_port_that_its_pods_have(of: Plan) -> None:
    made = objects(of)
    for service in of_kind(made, "Service"):
        if service["spec"]["type"] == "ExternalName":
            continue
        [found] = [
            found
            for manifest, found in workloads(made)
            if namespace(manifest) == namespace(service)
            and matches({"matchLabels": service["spec"]["selector"]}, found["metadata"]["labels"])
        ]
        ports = {port["name"] for one in found["spec"]["containers"] for port in one.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@any_plan
@given(plans())
def test_each_host_leads_to_its_application_and_nothing_else_is_open(of: Plan) -> None:
    made = objects(of)
    services = {(namespace(one), one["metadata"]["name"]): one["spec"] for one in of_kind(made, "Service")}
    found = {}
    for ingress in of_kind(made, "Ingress"):
        assert ingress["spec"]["ingressClassName"] == of.named("formerr")
        [rule] = ingress["spec"]["rules"]
        [path] = rule["http"]["paths"]
        alias = services[namespace(ingress), path["backend"]["service"]["name"]]
        service, home = alias["externalName"].split(".")[:2]
        target = services[home, service]
        assert alias["ports"][0]["port"] == target["ports"][0]["port"]
        found[rule["host"]] = (home, target["selector"]["app.kubernetes.io/name"])
    assert found == {
        of.hosts.frontend: (of.namespace, "formerr-frontend"),
        of.hosts.backend: (of.namespace, "formerr-backend"),
    }
    node_ports = [
        port["nodePort"] for spec in services.values() for port in spec["ports"] if "nodePort" in port
    ]
    assert node_ports == [of.edge.node_port]
    assert collections.Counter(spec["type"] for spec in services.values()).keys() <= {
        "ClusterIP",
        "ExternalName",
        "NodePort",
    }


@any_plan
@given(plans())
def test_no_node_port_is_opened_to_the_internet(of: Plan) -> None:
    """DOKS opens them in its firewall, unless a Service says that it must not."""
    for service in of_kind(objects(of), "Service"):
        if service["spec"]["type"] == "NodePort":
            annotations = service["metadata"].get("annotations", {})
            assert annotations["kubernetes.digitalocean.com/firewall-managed"] == "false"


@any_plan
@given(plans())
def test_no_budget_blocks_a_drain(of: Plan) -> None:
    budgets = of_kind(objects(of), "PodDisruptionBudget")
    for budget in budgets:
        assert budget["spec"]["maxUnavailable"] >= 1
        assert "minAvailable" not in budget["spec"]
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert "formerr-postgres" not in {budget["metadata"]["name"] for budget in budgets}


@any_plan
@given(plans())
def test_the_number_of_pods_is_the_autoscalers_alone(of: Plan) -> None:
    made = objects(of)
    deployments = {(namespace(one), one["metadata"]["name"]): one for one in of_kind(made, "Deployment")}
    wanted = {"formerr-backend": of.backend.replicas, "formerr-frontend": of.frontend.replicas}
    for scaler in of_kind(made, "HorizontalPodAutoscaler"):
        spec = scaler["spec"]
        name = spec["scaleTargetRef"]["name"]
        assert "replicas" not in deployments[namespace(scaler), name]["spec"]
        assert spec["minReplicas"] == wanted[name]
        assert 1 <= spec["minReplicas"] <= spec["maxReplicas"]


@any_plan
@given(plans())
def test_a_roll_leaves_no_gap(of: Plan) -> None:
    """None goes before another is ready, and one that goes answers until nobody sends to it any more."""
    for deployment in of_kind(objects(of), "Deployment"):
        spec = deployment["spec"]
        rolling = spec["strategy"]["rollingUpdate"]
        assert (rolling["maxUnavailable"], rolling["maxSurge"]) == (0, 1)
        if namespace(deployment) == "kube-system":
            continue
        pod = spec["template"]["spec"]
        [container] = pod["containers"]
        lingers = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert 0 < lingers < pod["terminationGracePeriodSeconds"]
        assert container["readinessProbe"]["periodSeconds"] <= 5
        assert spec["minReadySeconds"] > 0


@any_plan
@given(plans())
def test_liveness_is_not_readiness(of: Plan) -> None:
    for name, container in containers(objects(of)):
        if "readinessProbe" in container:
            kinds = [
                {
                    key: value
                    for key, value in container[probe].items()
                    if key in ("exec", "httpGet", "tcpSocket")
                }
                for probe in ("readinessProbe", "livenessProbe")
            ]
            assert kinds[0] != kinds[1], name


@any_plan
@given(plans())
def test_the_quota_holds_everything_at_its_largest_while_it_rolls(of: Plan) -> None:
    made = objects(of)
    for quota in of_kind(made, "ResourceQuota"):
        where = namespace(quota)
        hard = quota["spec"]["hard"]
        needed: collections.Counter[str] = collections.Counter()
        for manifest, found in workloads(made):
            if namespace(manifest) != where:
                continue
            most = {
                "formerr-backend": of.backend.replicas_max + 1,
                "formerr-frontend": of.frontend.replicas_max + 1,
                "formerr-edge": of.edge.replicas + 1,
            }.get(manifest["metadata"]["name"], 1)
            needed["pods"] += most
            for container in found["spec"]["containers"]:
                for kind in ("requests", "limits"):
                    for name, amount in container["resources"][kind].items():
                        needed[f"{kind}.{name}"] += most * quantity(amount)
        needed["pods"] *= 1000
        assert needed
        for name, amount in needed.items():
            assert amount <= quantity(hard[name]), (where, name)
        claims = [one for one in of_kind(made, "PersistentVolumeClaim") if namespace(one) == where]
        templates = sum(
            len(one["spec"]["volumeClaimTemplates"])
            for one in of_kind(made, "StatefulSet")
            if namespace(one) == where
        )
        assert len(claims) + templates == int(hard["persistentvolumeclaims"])


@any_plan
@given(plans())
def test_no_load_balancer_can_be_made_behind_our_back(of: Plan) -> None:
    quotas = {namespace(one): one["spec"]["hard"] for one in of_kind(objects(of), "ResourceQuota")}
    assert set(quotas) == {of.namespace, of.edge.namespace}
    assert all(hard["services.loadbalancers"] == "0" for hard in quotas.values())
    assert quotas[of.namespace]["services.nodeports"] == "0"
    assert quotas[of.edge.namespace]["services.nodeports"] == "1"


@any_plan
@given(plans())
def test_every_container_is_within_the_limits_of_its_namespace(of: Plan) -> None:
    made = objects(of)
    most = {namespace(one): one["spec"]["limits"][0]["max"] for one in of_kind(made, "LimitRange")}
    for manifest, found in workloads(made):
        for container in found["spec"]["containers"]:
            for name, bound in most.get(namespace(manifest), {}).items():
                assert quantity(container["resources"]["limits"][name]) <= quantity(bound)


@any_plan
@given(plans())
def test_both_namespaces_enforce_the_restricted_standard(of: Plan) -> None:
    spaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in of_kind(objects(of), "Namespace")}
    assert set(spaces) == {of.namespace, of.edge.namespace}
    for labels in spaces.values():
        for mode in ("enforce", "audit", "warn"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == f"v{of.kubernetes_minor}"


@any_plan
@given(plans())
def test_a_hidden_value_stands_only_where_secrets_are(of: Plan) -> None:
    """So that a manifest can be printed, and a value is in no config map, argument or label."""
    for manifest in manifests(of):
        if manifest["kind"] == "Secret":
            assert all(isinstance(value, Hidden) for value in manifest["stringData"].values())
            continue
        found = template(manifest)
        elsewhere = dict(manifest)
        if found is not None:
            annotations = found["metadata"].get("annotations", {})
            assert set(hidden_values(manifest)) == set(hidden_values(annotations))
        else:
            assert list(hidden_values(elsewhere)) == []


@any_plan
@given(plans())
def test_every_object_is_plain_but_for_what_is_hidden(of: Plan) -> None:
    """As JSON would give it back: what was read can be compared with it."""
    for manifest in manifests(of):
        plain = _marked(manifest)
        assert json.loads(json.dumps(plain)) == plain


def _marked(value: Any) -> Any:
    match value:
        case dict():
            return {name: _marked(below) for name, below in value.items()}
        case list():
            return [_marked(below) for below in value]
        case Hidden() | Digest():
            return repr(value)
        case _:
            return value


def _annotations(of: Plan, name: str, value: str = "one") -> dict[str, str]:
    [found] = [
        template(manifest)
        for manifest in manifests(of)
        if manifest["kind"] in ("Deployment", "StatefulSet") and manifest["metadata"]["name"] == name
    ]
    assert found is not None
    annotations: dict[str, str] = filled(found["metadata"]["annotations"], value)
    return annotations


@pytest.mark.parametrize("name", ["formerr-backend", "formerr-postgres"])
def test_a_changed_secret_rolls_the_pods_that_read_it(name: str) -> None:
    assert _annotations(plan(), name, "one") != _annotations(plan(), name, "two")


@pytest.mark.parametrize("name", sorted(REAL))
def test_every_secret_that_pods_read_is_in_what_rolls_them(name: str) -> None:
    for manifest, found in workloads(list(manifests(REAL[name]))):
        if manifest["kind"] == "CronJob":
            continue
        read = {
            variable["valueFrom"]["secretKeyRef"]["key"]
            for container in found["spec"]["containers"]
            for variable in container.get("env", [])
            if "valueFrom" in variable
        }
        assert read <= set(hidden_values(found["metadata"].get("annotations", {})))


@pytest.mark.parametrize("name", ["formerr-backend", "formerr-edge"])
def test_a_changed_setting_rolls_the_pods_that_read_it(name: str) -> None:
    assert _annotations(plan(), name) != _annotations(plan(tls=True), name)
    assert _annotations(plan(), name) == _annotations(changed(plan(), stack="another"), name)


@pytest.mark.parametrize("name", sorted(REAL))
def test_addresses_are_https_where_tls_is_on(name: str) -> None:
    of = REAL[name]
    data = {one["metadata"]["name"]: one["data"] for one in of_kind(objects(of), "ConfigMap")}
    scheme = "https" if of.tls else "http"
    backend = data["formerr-backend"]
    assert backend["OAUTH_CALLBACK_URL"] == f"{scheme}://{of.hosts.backend}/auth/github/callback"
    assert backend["ALLOWED_ORIGINS"] == f"{scheme}://{of.hosts.frontend}"
    assert backend["FRONTEND_SUCCESS_URL"].startswith(f"{scheme}://{of.hosts.frontend}/")
    assert backend["FRONTEND_ERROR_URL"].startswith(f"{scheme}://{of.hosts.frontend}/")
    assert backend["ENVIRONMENT"] == of.environment.value
    assert data["formerr-frontend"]["NEXT_PUBLIC_API_URL"] == f"{scheme}://{of.hosts.backend}"
    dynamic = json.loads(data["formerr-edge"]["dynamic.yaml"])
    headers = dynamic["http"]["middlewares"]["headers"]["headers"]
    assert headers.get("stsSeconds", 0) == (31_536_000 if of.tls else 0)
    assert headers.get("forceSTSHeader", False) is of.tls


def test_a_managed_database_is_reached_with_its_certificate_checked() -> None:
    of = REAL["production-https"]
    [backend] = [one for name, one in containers(objects(of)) if name.endswith("/formerr-backend")]
    environment = {one["name"]: one.get("value") for one in backend["env"]}
    assert environment["PGSSLMODE"] == "verify-full"
    folder, _, file = str(environment["PGSSLROOTCERT"]).rpartition("/")
    assert folder in {mount["mountPath"] for mount in backend["volumeMounts"]}
    assert file == "ca.crt"
    assert not of_kind(objects(of), "StatefulSet")
    assert not of_kind(objects(of), "PersistentVolumeClaim")
