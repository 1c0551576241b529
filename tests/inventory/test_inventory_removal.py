"""The one write of a destroy that is not the engine's: what was applied is never taken for refused, and what was refused
is not waited for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from formerr_infra.destroy.errors import LeftBehind
from formerr_infra.destroy.removal import destroy_with
from formerr_infra.images.model import Image
from formerr_infra.images.registry import Registry
from formerr_infra.inventory import Access
from tests.inventory.liar import TOKEN, Liar, Reply

GONE = Reply({"id": "not_found", "message": "no such thing"}, 404)
APPLIED = {
    "200-with-a-body": Reply({"status": "deleting"}),
    "200-with-a-list": Reply([]),
    "200-without-a-body": Reply(b""),
    "200-with-a-text": Reply(b"deleted"),
    "202-with-a-body": Reply({"status": "deleting"}, 202),
    "202-without-a-body": Reply(b"", 202),
    "204": Reply(b"", 204),
}


def cluster(state: str) -> Reply:
    return Reply({"kubernetes_cluster": {"id": "c-1", "name": "c", "status": {"state": state}}})


def destroyed(liar: Liar, deleted: Reply, *after: Reply) -> list[str]:
    """What was said while a cluster was deleted and then looked at as often as it takes; at the end it is gone."""
    looks = iter(after)
    said: list[str] = []
    liar.answer = lambda path: deleted if path.endswith("/selective") else next(looks, GONE)
    access = Access(liar.endpoint, TOKEN, local=True)
    destroy_with(access, "c-1", (), progress=said.append, timeout=5.0, every=0.01)
    return said


@pytest.mark.parametrize("deleted", APPLIED.values(), ids=APPLIED)
def test_any_success_is_one_and_the_end_of_the_cluster_is_waited_for(liar: Liar, deleted: Reply) -> None:
    said = destroyed(liar, deleted, cluster("running"), cluster("running"), cluster("deleting"))
    assert said == ["cluster c-1: running", "cluster c-1: deleting"]


REFUSED: dict[str, Reply] = {
    "no-path": Reply(b"404 page not found", 404),
    "not-found": GONE,
    "not-allowed": Reply({"id": "method_not_allowed", "message": "no"}, 405),
    "conflict": Reply({"id": "conflict", "message": "busy"}, 409),
    "unfulfilled": Reply({"id": "precondition_failed", "message": "busy"}, 412),
    "forbidden": Reply({"id": "forbidden", "message": "no"}, 403),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_ends_the_wait_at_once_where_the_cluster_is_there(liar: Liar, name: str) -> None:
    with pytest.raises(LeftBehind, match=str(REFUSED[name].status)):
        destroyed(liar, REFUSED[name], *[cluster("running")] * 50)
    assert len(liar.asked) <= 2


@pytest.mark.parametrize("name", ["no-path", "not-found"])
def test_what_is_not_there_is_believed_of_a_cluster_that_is_gone_or_goes(liar: Liar, name: str) -> None:
    assert destroyed(liar, REFUSED[name]) == []
    assert destroyed(liar, REFUSED[name], cluster("deleting")) == ["cluster c-1: deleting"]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_image_that_was_taken_away_counts_whatever_the_success_is_called(liar: Liar, status: int) -> None:
    liar.answer = lambda _path: Reply(b"", status)
    with Registry(Access(liar.endpoint, TOKEN, local=True), "r") as registry:
        assert (
            registry.delete([Image("backend", "sha256:" + "0" * 64, (), datetime(2026, 1, 1, tzinfo=UTC), 0)])
            == 1
        )
