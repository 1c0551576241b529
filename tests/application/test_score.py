"""kube-score finds nothing critical in any real plan, and every finding that stands has a reason here."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.application import logical_name
from tests.conftest import in_ci
from tests.support import tools
from tests.support.plans import REAL, objects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Grades of kube-score: 1 critical, 5 a warning, 7 nearly, 10 all well.
_FINE = 7
#: (check, object) -> why it stands.
REASONS = {
    (
        "deployment-replicas",
        "formerr-metrics-server",
    ): "one, as its project ships it: while it moves, autoscalers wait",
    ("service-type", "formerr-edge"): "the node port is what the stack's load balancer sends to",
}
pytestmark = pytest.mark.may_skip("kube-score is not on this machine")


@pytest.fixture(scope="module")
def kube_score() -> Path:
    try:
        return tools.check("kube-score")
    except LookupError as error:
        if in_ci():
            raise
        pytest.skip(str(error))


def findings(kube_score: Path, made: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """Check and object of every finding, warnings too."""
    said = subprocess.run(
        [kube_score, "score", "--output-format", "json", "--kubernetes-version", "v1.34", "-"],
        input="\n---\n".join(json.dumps(one) for one in made),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    judged = json.loads(said.stdout)
    assert judged, said.stderr
    return {
        (check["check"]["id"], one["object_meta"]["name"])
        for one in judged
        for check in one["checks"]
        if not check["skipped"] and check["grade"] < _FINE
    }


def test_nothing_is_found_but_what_has_a_reason(kube_score: Path) -> None:
    found = {name: findings(kube_score, objects(of)) for name, of in REAL.items()}
    assert {name: some - set(REASONS) for name, some in found.items()} == {name: set() for name in REAL}
    assert set().union(*found.values()) == set(REASONS)  # and no reason is left over


@pytest.mark.parametrize(
    ("field", "value", "check"),
    [
        ("image", "x.example/a:latest", "container-image-tag"),
        ("resources", {}, "container-resources"),
        ("securityContext", {}, "container-security-context-readonlyrootfilesystem"),
    ],
)
def test_a_slip_is_found(kube_score: Path, field: str, value: Any, check: str) -> None:
    made = objects(REAL["production-https"])
    [backend] = [one for one in made if logical_name(one) == "deployment/formerr/formerr-backend"]
    backend["spec"]["template"]["spec"]["containers"][0][field] = value
    assert (check, "formerr-backend") in findings(kube_score, made)
