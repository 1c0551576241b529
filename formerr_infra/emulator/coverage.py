"""The page that says what is emulated, made from the table of operations and the published specification.

`python -m formerr_infra.emulator.coverage SPECIFICATION.json > docs/emulator.md`. A test fails when the page is stale.
It counts operations, not how faithful they are; the notes say where an answer stops short of the real service.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.emulator.control import Control
from formerr_infra.emulator.engine import Emulator, operations
from formerr_infra.emulator.kinds import KINDS

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

_METHODS = ("get", "post", "put", "patch", "delete")

_NOTES = """\
What holds everywhere: bearer tokens by account, scopes, `page` and `per_page` (20, at most 200) with `links` and
`meta`, error bodies with `id`, `message` and `request_id`, rate-limit headers and 429 with Retry-After.

Where it stops short of the real service:

- nothing runs: no droplets, no containers, no databases, no traffic, no images, no DNS;
- without `--kubernetes` no Kubernetes runs either, and its credentials open nothing, unless the control plane names a
  real API server for the cluster; their authority is the one that signs if a later run with `--kubernetes` takes the
  saved cluster up;
- the autoscaler does not scale, auto-upgrade does not upgrade;
- prices, quotas other than the droplet limit, and billing are made up or missing;
- of an own certificate only the fingerprint is real.

With `--kubernetes DIR` each cluster gets a control plane of its own on loopback: etcd, kube-apiserver,
kube-controller-manager and kube-scheduler are real, and kwok plays the nodes and pods. A cluster is `running` when its
API server is ready, a node when Kubernetes calls it Ready. Credentials and kubeconfig hold the real authority, the
address and a token that ends at `expires_at` by the emulator's clock (the API server may take one that was just in use
for ten seconds more). Nodes come and go with the pools, with DOKS's labels, the pool's labels and taints, provider
ids, addresses of the VPC and a capacity by size; an upgrade replaces them all. The Kubernetes version is that of the
programs, whatever the cluster's version says. Data are beside the state file, and go with the cluster; everything ends
with the emulator, however it ends.

What DOKS's controllers do there is done here too. Services of type LoadBalancer get a load balancer in the account,
with the rules, health check, name, size and firewall that their annotations ask for; one that is there is taken over
by id or by name; a disowned one is left alone. Claims on `do-block-storage` and its variants get a volume, a persistent
volume, and more room when they ask for it. Both are listed as the cluster's associated resources and stay when the
cluster is deleted. A node that goes is drained, with disruption budgets, for 20 seconds at most. Left out: volume
attachments and snapshots, IPv6, own addresses, HTTP/3, metrics, logs and `exec`, the cluster's own workloads (CoreDNS,
Cilium, the CSI driver), and so network policies and DNS have no effect.
"""


_ON_ITS_OWN = """\
## On its own

Any program that takes the address of DigitalOcean's API from a setting can use it. It imports nothing else of this package,
and the extra brings three packages and what they need, nothing of Pulumi.

    pip wheel --no-deps -w dist .                             # in a checkout
    pip install "$(ls dist/formerr_infra-*.whl)[emulator]"    # anywhere
    python -m formerr_infra.emulator --port 8100 --state-file state.json

It answers within a second, listens on loopback only, and ends with Ctrl-C; `--help` has the options. In the tests of a Python
program a `conftest.py` with `pytest_plugins = ["formerr_infra.emulator.fixtures"]` brings two fixtures: `emulator`, one
process for all tests, and `cloud`, the control plane of a fresh account on it.

```python
import json
import urllib.request

import pytest


def vpcs(endpoint):
    request = urllib.request.Request(f"{endpoint}/v2/vpcs", headers={"Authorization": "Bearer local-token"})
    return [one["name"] for one in json.load(urllib.request.urlopen(request))["vpcs"]]


def test_what_somebody_else_made_is_listed(cloud):
    cloud.put("vpcs", name="theirs", region="nyc3", ip_range="10.99.0.0/16")
    assert "theirs" in vpcs(cloud.endpoint)


def test_a_bad_moment_passes(cloud):
    cloud.fault("GET", "/v2/vpcs", status=503, times=1)
    with pytest.raises(urllib.error.HTTPError):
        vpcs(cloud.endpoint)
    assert vpcs(cloud.endpoint)
```

"""


def render(specification: Json) -> str:
    """The page in Markdown."""
    emulated = {(operation.method, operation.path) for operation in operations()}
    sections: dict[str, list[tuple[str, str, bool]]] = {}
    for path, methods in specification["paths"].items():
        for method in _METHODS:
            if method in methods:
                tag = methods[method]["tags"][0]
                entry = (method.upper(), path, (method.upper(), path) in emulated)
                sections.setdefault(tag, []).append(entry)
    done = {tag: sum(known for *_, known in entries) for tag, entries in sections.items()}
    lines = [
        "# What the bundled DigitalOcean emulates",
        "",
        "This page is generated: see `formerr_infra/emulator/coverage.py`.",
        "",
        _NOTES,
        _ON_ITS_OWN,
        f"{sum(done.values())} of {sum(map(len, sections.values()))} operations of the specification are emulated.",
        "",
        "| service | emulated | of |",
        "| --- | ---: | ---: |",
        *(
            f"| [{tag}](#{_anchor(tag)}) | {done[tag]} | {len(sections[tag])} |"
            for tag in sections
            if done[tag]
        ),
        "",
    ]
    for tag, entries in sections.items():
        if done[tag]:
            lines += [f"## {tag}", ""]
            lines += [f"- [{'x' if known else ' '}] `{method} {path}`" for method, path, known in entries]
            lines.append("")
    lines += _control_plane()
    missing = [tag for tag in sections if not done[tag]]
    lines += ["## Not emulated at all", "", ", ".join(missing) or "nothing", ""]
    return "\n".join(lines)


def _control_plane() -> list[str]:
    verbs = Control(Emulator()).verbs
    described = [(name, (verb.__doc__ or "").strip().splitlines()[0]) for name, verb in sorted(verbs.items())]
    return [
        "## The control plane",
        "",
        "Beside the API, on the same port: `POST /_control/VERB` with a JSON object. `ControlClient` in",
        "`formerr_infra/emulator/client.py` has them as methods; `Fault` in `faults.py` says what a fault can do.",
        "",
        "| verb | |",
        "| --- | --- |",
        *(f"| `{name}` | {text} |" for name, text in described),
        "",
        f"Kinds it can make, change and take away: {', '.join(f'`{kind}`' for kind in sorted(KINDS))};",
        "`node_pools` can be changed and taken away.",
        "",
    ]


def _anchor(tag: str) -> str:
    return re.sub(r"[^a-z0-9-]", "", tag.lower().replace(" ", "-"))


if __name__ == "__main__":
    sys.stdout.write(render(json.loads(Path(sys.argv[1]).read_text())))
