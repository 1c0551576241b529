"""What a retention may delete: never what runs, whatever else is in the registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.images import Image, Reference, images_in, plan
from formerr_infra.images.model import HOST

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DIGESTS = [f"sha256:{number:064x}" for number in range(12)]
TAGS = ["a1", "b2", "c3", "d4"]
REPOSITORIES = ["formerr-backend", "formerr-frontend"]

images = st.lists(
    st.builds(
        Image,
        repository=st.sampled_from(REPOSITORIES),
        digest=st.sampled_from(DIGESTS),
        tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
        updated=st.integers(0, 400).map(lambda days: NOW - timedelta(days=days)),
        size=st.integers(0, 10**9),
    ),
    max_size=12,
    unique_by=lambda one: (one.repository, one.digest),
)
references = st.lists(
    st.builds(
        Reference,
        registry=st.just("reg"),
        repository=st.sampled_from(REPOSITORIES),
        tag=st.sampled_from(["", *TAGS]),
        digest=st.sampled_from(["", *DIGESTS]),
    ).filter(lambda one: bool(one.wanted)),
    max_size=4,
)
many, age = st.integers(1, 5), st.integers(1, 200)


@given(images, references, many, age)
def test_nothing_that_runs_is_untagged_newest_or_young_ever_goes(
    held: list[Image], runs: list[Reference], keep: int, days: int
) -> None:
    found = plan(held, runs, now=NOW, keep=keep, days=days)

    assert sorted(one.digest for one in (*found.going, *(kept.image for kept in found.kept))) == sorted(
        one.digest for one in held
    )
    for image in found.going:
        assert not any(image.is_named_by(one) for one in runs)
        assert image.tags
        assert image.updated <= NOW - timedelta(days=days)
        newer = [
            one
            for one in held
            if one.repository == image.repository
            and one.tags
            and (one.updated, one.digest) > (image.updated, image.digest)
        ]
        assert len(newer) >= keep


@given(images, references, many, age)
def test_what_runs_and_is_not_held_is_said(
    held: list[Image], runs: list[Reference], keep: int, days: int
) -> None:
    missing = plan(held, runs, now=NOW, keep=keep, days=days).missing
    for one in runs:
        assert (one in missing) is not any(image.is_named_by(one) for image in held)


def test_something_does_go() -> None:
    held = [
        Image("formerr-backend", DIGESTS[n], (f"t{n}",), NOW - timedelta(days=100 - n), 10) for n in range(8)
    ]
    runs = [
        Reference("reg", "formerr-backend", tag="t1"),
        Reference("reg", "formerr-backend", digest=DIGESTS[3]),
    ]
    found = plan(held, runs, now=NOW, keep=2, days=30)
    assert [one.tags for one in found.going] == [("t0",), ("t2",), ("t4",), ("t5",)]
    assert found.freed == 40
    assert {one.image.tags[0]: one.why for one in found.kept} == {
        "t1": "it runs", "t3": "it runs", "t6": "it is one of the newest", "t7": "it is one of the newest",
    }  # fmt: skip


def test_the_same_digest_of_another_repository_does_not_run() -> None:
    old = NOW - timedelta(days=100)
    held = [Image(name, DIGESTS[n], ("t",), old, 1) for name in REPOSITORIES for n in range(2)]
    found = plan(held, [Reference("reg", REPOSITORIES[0], digest=DIGESTS[0])], now=NOW, keep=1, days=1)
    assert [(one.repository, one.digest) for one in found.going] == [(REPOSITORIES[1], DIGESTS[0])]


def test_images_are_read_off_every_kubernetes_object_of_a_state() -> None:
    def pods(*images: str) -> dict[str, object]:
        return {"spec": {"template": {"spec": {"containers": [{"image": one} for one in images]}}}}

    backend = f"{HOST}/reg/formerr-backend@{DIGESTS[0]}"
    job = {"spec": {"jobTemplate": pods(f"{HOST}/reg/dump:7")}}
    export = {
        "deployment": {
            "resources": [
                {
                    "type": "kubernetes:apps/v1:Deployment",
                    "inputs": pods(backend, "docker.io/library/traefik:v3"),
                },
                {"type": "kubernetes:batch/v1:CronJob", "inputs": job, "outputs": job},
                {"type": "kubernetes:apps/v1:Deployment", "inputs": pods(backend), "delete": True},
                {"type": "digitalocean:index/droplet:Droplet", "inputs": {"image": f"{HOST}/reg/other:1"}},
            ]
        }
    }
    assert [str(one) for one in images_in(export)] == [f"{HOST}/reg/dump:7", backend]
    assert images_in({"deployment": {"resources": None}}) == images_in({"deployment": {}}) == ()


def test_a_reference_says_the_digest_before_the_tag() -> None:
    text = f"{HOST}/reg/team/app:1.2@{DIGESTS[1]}"
    one = Reference.parse(text)
    assert one is not None
    assert (one.registry, one.repository, one.tag, one.wanted, str(one)) == (
        "reg", "team/app", "1.2", DIGESTS[1], text,
    )  # fmt: skip
    for other in ("docker.io/library/traefik:v3", f"{HOST}/reg/app", f"{HOST}/app:1", "", f"{HOST}/reg/app:"):
        assert Reference.parse(other) is None
