"""A kubeconfig takes no other one's place: what a user keeps in ~/.kube/config is not lost to a token of twenty minutes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.engine import Engine
from formerr_infra.errors import SettingsError
from formerr_infra.kubernetes import kubeconfig
from formerr_infra.kubernetes.reading import Cluster

if TYPE_CHECKING:
    from pathlib import Path

NAME = "formerr-staging-cluster"
CLUSTER = Cluster("https://10.0.0.1", "authority", "token")
OWN = kubeconfig.document(CLUSTER, NAME, "formerr")
OTHER = kubeconfig.document(CLUSTER, "formerr-production-cluster", "formerr")
BOTH = {**OWN, **{key: OWN[key] + OTHER[key] for key in ("clusters", "users", "contexts")}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: formerr-infra\nruntime: python\n", "utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}\n", "utf-8")
    for name in ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "FORMERR_LOCAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(Engine, "__init__", lambda *_: None)
    monkeypatch.setattr(Engine, "outputs", lambda *_: {"cluster_id": "5f3c", "cluster_name": NAME})
    return tmp_path


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param("", False, id="an-empty-file"),
        pytest.param(json.dumps(OWN), False, id="an-earlier-one"),
        pytest.param(json.dumps(OTHER), True, id="of-another-stack"),
        pytest.param(json.dumps(BOTH), True, id="of-two-clusters"),
        pytest.param(json.dumps({**OWN, "preferences": {"colors": True}}), True, id="changed-by-hand"),
        pytest.param("apiVersion: v1\nkind: Config\nclusters: []\n", True, id="yaml"),
        pytest.param("[]", True, id="a-list"),
        pytest.param("null", True, id="null"),
        pytest.param('{"clusters": [1], "users": {}, "contexts": null}', True, id="of-another-form"),
        pytest.param("\0\xff", True, id="binary"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--force",)])
def test_a_file_that_holds_something_else_stays_unless_it_is_forced(
    project: Path, there: str | None, more: tuple[str, ...], *, stays: bool
) -> None:
    file = project / "config"
    if there is not None:
        file.write_text(there, "utf-8")

    done = CliRunner().invoke(app, ["kubeconfig", "staging", "--cwd", str(project), *more])

    # What may be written is stopped by the token that is not set: nothing is asked of an account before.
    words = "--force" if stays and not more else "DIGITALOCEAN_TOKEN is not set"
    assert isinstance(done.exception, SettingsError)
    assert words in str(done.exception)
