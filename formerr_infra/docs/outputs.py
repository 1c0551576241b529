"""The page of the stack's outputs."""

from __future__ import annotations

from formerr_infra.docs.page import page, table

#: Output -> when a stack has it, and what it is. A test holds it against what the program exports.
OUTPUTS = {
    "vpc_id": ("always", "id of the VPC, made or adopted"),
    "cluster_id": ("always", "id of the DOKS cluster"),
    "cluster_name": ("always", "its name"),
    "cluster_endpoint": ("always", "address of its API server; credentials are asked for when they are used"),
    "registry_endpoint": ("always", "where images are pushed to and pulled from"),
    "registry_name": ("always", "name of the registry"),
    "load_balancer_ip": ("always", "its IPv4 address; empty until it has one"),
    "load_balancer_id": ("always", "its id"),
    "region": ("always", "slug of the region"),
    "expires_at": ("an environment made by `formerr env new`", "when the sweep may destroy it (UTC)"),
    "application_url": ("with the application", "address of the front end"),
    "api_url": ("with the application", "address of the back end"),
    "database_id": ("with a managed database", "id of the database cluster"),
    "database_host": ("with a managed database", "its private host"),
    "database_port": ("with a managed database", "its port"),
    "decisions": (
        "always",
        "slot -> `outcome`, `ownership`, `row` of the decision table, `held`, `found`, `reason`, `notes` of the last run",
    ),
}


def outputs() -> str:
    """Every output of a stack."""
    return page(
        "Outputs of a stack",
        "`pulumi stack output NAME -s staging`, or `formerr pipeline outputs` in a workflow. None of them is secret.",
        table(("output", "there", "what it is"), [(f"`{name}`", *told) for name, told in OUTPUTS.items()]),
    )
