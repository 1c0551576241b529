"""Plans of the application for tests: the four real ones, and any at all."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from formerr_infra.application import (
    APPLICATION_RESOURCES,
    Amount,
    Backups,
    ClusterDatabase,
    Digest,
    Edge,
    Environment,
    Hidden,
    Hosts,
    ManagedDatabase,
    Plan,
    Resources,
    Workload,
    image_reference,
    manifests,
)

if TYPE_CHECKING:
    from formerr_infra.application import Manifest

VPC = "10.20.0.0/20"
TAG = "3f2a9c1"


def plan(environment: Environment = Environment.STAGING, *, tls: bool = False) -> Plan:
    """A real environment's plan."""
    resources = APPLICATION_RESOURCES[environment]
    production = environment is Environment.PRODUCTION
    return Plan(
        project="formerr-infra",
        stack=environment.value,
        environment=environment,
        hosts=Hosts("formerr.tech", "api.formerr.tech")
        if production
        else Hosts("staging.formerr.dev", "api.staging.formerr.dev"),
        tls=tls,
        backend=Workload(image_reference("formerr", "formerr-backend", TAG), 2, 4, resources),
        frontend=Workload(image_reference("formerr", "formerr-frontend", TAG), 2, 4, resources),
        database=ManagedDatabase(ranges=(VPC,)) if production else ClusterDatabase(),
        edge=Edge(trusted=(VPC,)),
        metrics_server=production,
    )


#: Both environments, with and without TLS.
REAL = {
    f"{environment.value}-{'https' if tls else 'http'}": plan(environment, tls=tls)
    for environment, tls in itertools.product(Environment, (False, True))
}

_amounts = st.builds(
    Amount, cpu=st.integers(10, 4000), memory=st.integers(32, 8192), storage=st.integers(16, 4096)
)


@st.composite
def _resources(draw: st.DrawFn) -> Resources:
    low = draw(_amounts)
    more = draw(_amounts)
    return Resources(low, low + more)


_tags = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True).filter(lambda tag: tag != "latest") | st.from_regex(
    r"sha256:[0-9a-f]{64}", fullmatch=True
)
_labels = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True)


@st.composite
def _workloads(draw: st.DrawFn, name: str) -> Workload:
    replicas = draw(st.integers(1, 6))
    return Workload(
        image_reference("formerr", name, draw(_tags)),
        replicas,
        replicas + draw(st.integers(0, 6)),
        draw(_resources()),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan."""
    database = draw(
        st.builds(
            ClusterDatabase,
            volume_gib=st.integers(1, 100),
            resources=_resources(),
            backups=st.builds(Backups, keep=st.integers(1, 60), volume_gib=st.integers(1, 100)),
        )
        | st.builds(
            ManagedDatabase,
            port=st.integers(1, 65535),
            ranges=st.sampled_from([(), (VPC,), (VPC, "10.9.0.0/16")]),
        )
    )
    host = draw(_labels)
    namespace = draw(_labels)
    return Plan(
        project="formerr-infra",
        stack=draw(_labels),
        environment=draw(st.sampled_from(Environment)),
        hosts=Hosts(f"{host}.example", f"api.{host}.example"),
        tls=draw(st.booleans()),
        backend=draw(_workloads("formerr-backend")),
        frontend=draw(_workloads("formerr-frontend")),
        database=database,
        edge=Edge(
            trusted=(VPC,),
            namespace=f"{namespace}-edge",
            node_port=draw(st.integers(30000, 32767)),
            replicas=draw(st.integers(1, 5)),
            resources=draw(_resources()),
            requests_per_second=draw(st.none() | st.integers(1, 1000)),
        ),
        namespace=namespace,
        prefix=draw(st.sampled_from(("", "pr-1-"))),
        expires=draw(st.sampled_from((None, "2026-11-28T15:00:00Z"))),
        metrics_server=draw(st.booleans()),
    )


def beside(of: Plan, stack: str) -> Plan:
    """The plan of another stack on the same cluster: an environment with a prefix and a port of its own."""
    edge = dataclasses.replace(of.edge, namespace=f"{stack}-{of.edge.namespace}", node_port=30041)
    prefix = f"{stack}-"
    return dataclasses.replace(
        of,
        stack=stack,
        edge=edge,
        namespace=f"{stack}-{of.namespace}",
        prefix=prefix,
        expires="2026-11-28T15:00:00Z",
        metrics_server=False,
    )


def filled(value: Any, text: str = "a-value-of-a-test") -> Any:
    """A manifest as the engine would send it: with something in the place of what is hidden."""
    match value:
        case Hidden("REGISTRY_DOCKERCONFIG"):
            return '{"auths": {}}'
        case Hidden():
            return text
        case Digest():
            return hashlib.sha256(text.encode()).hexdigest()[:16]
        case dict():
            return {name: filled(below, text) for name, below in value.items()}
        case list() | tuple():
            return [filled(below, text) for below in value]
        case _:
            return value


def objects(of: Plan) -> list[Manifest]:
    """Every object of a plan, as the engine would send it."""
    return [filled(made) for made in manifests(of)]


def changed(of: Plan, **fields: Any) -> Plan:
    """The same plan with other values."""
    return dataclasses.replace(of, **fields)
