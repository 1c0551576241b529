"""doctl and terraform with the official provider against the emulator, where someone has them.

FORMERR_TEST_DOCTL names the doctl program, FORMERR_TEST_TERRAFORM_PROVIDER the folder with the provider's program.
Registry credentials stay out: the provider's delete of them talks to the real service, whatever the endpoint.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.store import DEFAULT_TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer

DOCTL = os.environ.get("FORMERR_TEST_DOCTL", "")
PROVIDER = os.environ.get("FORMERR_TEST_TERRAFORM_PROVIDER", "")
TERRAFORM = shutil.which("terraform") or ""

CONFIGURATION = """\
terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
  }
}
resource "digitalocean_vpc" "v" {
  name     = "v"
  region   = "nyc3"
  ip_range = "10.10.0.0/16"
}
resource "digitalocean_kubernetes_cluster" "c" {
  name     = "c"
  region   = "nyc3"
  version  = "1.34.4-do.0"
  vpc_uuid = digitalocean_vpc.v.id
  node_pool {
    name       = "system"
    size       = "s-2vcpu-4gb"
    node_count = 1
  }
}
resource "digitalocean_container_registry" "r" {
  name                   = "reg"
  subscription_tier_slug = "basic"
  region                 = "nyc3"
}
resource "digitalocean_project" "p" {
  name      = "p"
  purpose   = "Web Application"
  resources = [digitalocean_kubernetes_cluster.c.urn]
}
"""


def environment(server: EmulatorServer, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DIGITALOCEAN_API_URL": server.endpoint,
        "DIGITALOCEAN_ACCESS_TOKEN": DEFAULT_TOKEN,
        "DIGITALOCEAN_TOKEN": DEFAULT_TOKEN,
        "CHECKPOINT_DISABLE": "1",
    }


@pytest.mark.may_skip(reason="doctl is not part of the set-up")
@pytest.mark.skipif(not DOCTL, reason="FORMERR_TEST_DOCTL names no doctl")
def test_doctl_creates_lists_and_deletes(
    server: EmulatorServer, control: ControlClient, tmp_path: Path
) -> None:
    def doctl(*arguments: str) -> str:
        command = [DOCTL, "--api-url", server.endpoint, *arguments]
        ended = subprocess.run(
            command,
            env=environment(server, tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    doctl("vpcs", "create", "--name", "v", "--region", "nyc3", "--ip-range", "10.10.0.0/16")
    vpc = next(v["id"] for v in control.list("vpcs") if v["name"] == "v")
    pool = "name=p;size=s-2vcpu-4gb;count=1;taint=k=v:NoSchedule"
    create = ("create", "c", "--region", "nyc3", "--version", "1.34.4-do.0", "--vpc-uuid", vpc)
    doctl("kubernetes", "cluster", *create, "--node-pool", pool, "--wait=false", "--update-kubeconfig=false")
    assert " running " in doctl("kubernetes", "cluster", "list")
    doctl("registry", "create", "reg", "--subscription-tier", "basic")
    assert "reg" in doctl("registry", "get")
    doctl("registry", "delete", "-f")
    doctl("kubernetes", "cluster", "delete", "c", "-f", "--update-kubeconfig=false")
    doctl("vpcs", "delete", vpc, "-f")
    assert control.list("kubernetes_clusters") == []


@pytest.mark.slow
@pytest.mark.may_skip(reason="terraform and its provider are not part of the set-up")
@pytest.mark.skipif(
    not (PROVIDER and TERRAFORM), reason="no terraform, or FORMERR_TEST_TERRAFORM_PROVIDER names no folder"
)
def test_terraform_applies_plans_nothing_and_destroys(
    server: EmulatorServer, control: ControlClient, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    overrides = (
        f'provider_installation {{\n dev_overrides {{ "digitalocean/digitalocean" = "{PROVIDER}" }}\n}}\n'
    )
    (tmp_path / "cli.tfrc").write_text(overrides)
    env = {**environment(server, tmp_path), "TF_CLI_CONFIG_FILE": str(tmp_path / "cli.tfrc")}

    def terraform(*arguments: str) -> int:
        command = [TERRAFORM, *arguments, "-no-color", "-input=false"]
        ended = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
        )
        assert ended.returncode in (0, 2), ended.stdout + ended.stderr
        return ended.returncode

    terraform("apply", "-auto-approve")
    control.mark()
    assert terraform("plan", "-detailed-exitcode") == 0
    assert control.requests(writes=True, since_mark=True) == []
    terraform("destroy", "-auto-approve")
    assert control.list("kubernetes_clusters") == control.list("registries") == []
