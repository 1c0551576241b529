"""Which images a way back goes to: those of a file, or of the newest backup that has others than those that run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.backup import take
from formerr_infra.engine import Engine
from formerr_infra.errors import SettingsError
from formerr_infra.images import BACKEND, FRONTEND
from formerr_infra.images.model import HOST
from formerr_infra.images.pinning import of_backups, of_state
from formerr_infra.images.registry import NoImage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipelines.conftest import Formerr
    from tests.support.stack import Stack

OLD = {BACKEND: f"sha256:{1:064x}", FRONTEND: f"sha256:{2:064x}"}
NEW = {BACKEND: f"sha256:{3:064x}", FRONTEND: f"sha256:{4:064x}"}


def running(export: dict[str, Any], images: dict[str, str]) -> dict[str, Any]:
    """The export of a state with Deployments of these images."""
    urn = "urn:pulumi:staging::formerr-infra::kubernetes:apps/v1:Deployment::"
    resources = [
        {
            "urn": f"{urn}{name}",
            "type": "kubernetes:apps/v1:Deployment",
            "custom": True,
            "id": f"formerr/{name}",
            "inputs": {"spec": {"containers": [{"image": f"{HOST}/formerr-staging/{name}@{digest}"}]}},
        }
        for name, digest in images.items()
    ]
    deployment = export["deployment"] | {"resources": resources}
    return export | {"deployment": deployment}


@pytest.fixture
def there(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack, with its environment in this process, too."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FORMERR_BACKUP_PASSPHRASE", "correct horse battery staple 42")
    monkeypatch.setenv("FORMERR_BACKUP_TO", str(stack.folder / "backups"))
    return stack


def test_the_newest_backup_with_both_images_and_others_than_now_is_taken(there: Stack) -> None:
    engine = Engine(there.project, "staging")
    empty = engine.export()
    with pytest.raises(NoImage, match="none of the 0 backups"):
        of_backups(there.project, "staging")

    take(there.project, "staging", export=running(empty, OLD))
    take(there.project, "staging", export=running(empty, NEW))
    take(there.project, "staging", export=running(empty, {BACKEND: OLD[BACKEND]}))
    engine.import_state(running(empty, NEW))

    assert of_state(there.project, "staging") == NEW
    assert of_backups(there.project, "staging") == OLD, "neither the half one nor what runs now"

    engine.import_state(running(empty, OLD))
    assert of_backups(there.project, "staging") == NEW


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"environment": "production", "images": OLD}, "is of production"),
        ({"environment": "staging", "images": {BACKEND: "x"}}, FRONTEND),
        ({"environment": "staging"}, "is not what"),
        ([], "is not what"),
    ],
)
def test_a_file_that_names_no_way_back_is_refused_before_anything_is_written(
    there: Stack, formerr: Formerr, tmp_path: Path, document: object, said: str
) -> None:
    file = tmp_path / "before.json"
    file.write_text(json.dumps(document), "utf-8")
    before = there.file.read_text("utf-8")
    with pytest.raises(SettingsError, match=said):
        formerr("rollback", "staging", "--to", file, "--yes", "--cwd", there.project)
    assert there.file.read_text("utf-8") == before
