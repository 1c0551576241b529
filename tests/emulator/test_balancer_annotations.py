"""What the annotations of a Service of type LoadBalancer make of its load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from formerr_infra.emulator.kubernetes import balancers

Json = dict[str, Any]
CERTIFICATES = {"own": "cert-1"}
ANNOTATIONS = "service.beta.kubernetes.io/do-loadbalancer-"


def fields(spec: Json | None = None, /, **annotations: str) -> Json:
    notes = {f"{ANNOTATIONS}{name.replace('_', '-')}": value for name, value in annotations.items()}
    service = {
        "metadata": {"uid": "0b1c-2d", "annotations": notes},
        "spec": {
            "ports": [{"port": 80, "nodePort": 30080}, {"port": 443, "nodePort": 30443}],
            **(spec or {}),
        },
    }
    return balancers.fields(service, [1, 2], CERTIFICATES)


def rules(**annotations: str) -> list[tuple[str, int, str, int]]:
    keys = ("entry_protocol", "entry_port", "target_protocol", "target_port")
    made = fields(type="REGIONAL", **annotations)["forwarding_rules"]
    return [tuple(rule[key] for key in keys) for rule in made]


def test_without_annotations_it_is_a_network_load_balancer_named_after_the_service() -> None:
    made = fields()
    assert (made["name"], made["type"]) == ("a0b1c2d", "REGIONAL_NETWORK")
    assert made["droplet_ids"] == [1, 2]
    assert [rule["target_port"] for rule in made["forwarding_rules"]] == [80, 443]


@pytest.mark.parametrize(
    ("asked", "unit"),
    [({}, 1), ({"size_slug": "lb-medium"}, 3), ({"size_slug": "lb-large"}, 6), ({"size_unit": "9"}, 9)],
)
def test_the_size_is_asked_for_by_slug_or_by_units(asked: dict[str, str], unit: int) -> None:
    assert fields(**asked)["size_unit"] == unit


@pytest.mark.parametrize("certificate", [{"certificate_id": "cert-1"}, {"certificate_name": "own"}])
def test_a_certificate_ends_tls_on_the_load_balancer(certificate: dict[str, str]) -> None:
    made = fields(type="REGIONAL", protocol="http", **certificate)["forwarding_rules"]
    assert [rule["certificate_id"] for rule in made] == ["", "cert-1"]
    assert rules(protocol="http", **certificate)[1] == ("https", 443, "http", 30443)


def test_tls_can_be_passed_through() -> None:
    made = fields(type="REGIONAL", protocol="http", tls_passthrough="true")["forwarding_rules"]
    assert [rule["tls_passthrough"] for rule in made] == [False, True]
    assert rules(protocol="http", tls_passthrough="true")[1] == ("https", 443, "https", 30443)


def test_protocols_are_given_by_port() -> None:
    by_port = {"http_ports": "80", "tls_ports": "443", "certificate_id": "cert-1"}
    assert rules(**by_port) == [("http", 80, "http", 30080), ("https", 443, "http", 30443)]


def test_the_health_check_is_that_of_the_nodes_unless_it_is_overridden() -> None:
    own = fields(healthcheck_path="/ready", healthcheck_check_interval_seconds="9")["health_check"]
    assert (own["port"], own["path"], own["check_interval_seconds"]) == (10256, "/healthz", 9)
    other = fields(
        override_health_check="",
        healthcheck_protocol="http",
        healthcheck_path="/ready",
        healthcheck_port="443",
    )["health_check"]
    assert (other["protocol"], other["port"], other["path"]) == ("http", 30443, "/ready")


def test_source_ranges_are_the_firewall() -> None:
    made = fields({"loadBalancerSourceRanges": ["192.0.2.0/24"]}, allow_rules="ip:198.51.100.1")
    assert made["firewall"]["allow"] == ["cidr:192.0.2.0/24"]


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ({"type": "GLOBAL"}, "types supported"),
        ({"size_slug": "lb-large", "size_unit": "2"}, "only one of"),
        ({"size_unit": "201"}, "from 1 to 200"),
        ({"type": "REGIONAL", "tls_passthrough": "true", "certificate_id": "cert-1"}, "not both"),
        ({"type": "REGIONAL", "protocol": "https"}, "must set certificate"),
        ({"type": "REGIONAL", "certificate_id": "gone"}, "not found"),
        ({"type": "REGIONAL", "http_ports": "80", "tls_ports": "80"}, "cannot be shared"),
        ({"override_health_check": "", "healthcheck_port": "8080"}, "does not exist on service"),
    ],
)
def test_annotations_that_do_not_fit_say_why(asked: dict[str, str], about: str) -> None:
    with pytest.raises(balancers.Unfit, match=about):
        fields(**asked)
