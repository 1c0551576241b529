"""Whatever goes wrong on the way is unknown: never absent, never an exception, never a write."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.errors import NotLoopback, SettingsError
from formerr_infra.inventory import Access, Inventory, Limits, Question, look
from formerr_infra.inventory.facts import AccountFacts, Unknown
from formerr_infra.inventory.kinds import KINDS
from tests.inventory.liar import CLOUD, NAME, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient

    See = Callable[..., Inventory]
    Put = Callable[..., str]

LISTS = {name: f"^{kind.path}$" for name, kind in KINDS.items()}

FAULTS: dict[str, dict[str, Any]] = {
    "forbidden": {"status": 403},
    "token refused": {"status": 401},
    "bad request": {"status": 400},
    "unprocessable": {"status": 422},
    "rate limited for long": {"status": 429, "retry_after": 3600},
    "server error": {"status": 500},
    "bad gateway": {"status": 502},
    "unavailable": {"status": 503, "retry_after": 60},
    "gateway timeout": {"status": 504},
    "redirect": {"status": 302},
    "hang": {"hang": True},
    "dropped": {"drop": "before"},
    "half the JSON": {"body": "truncated"},
    "cut in mid-body": {"body": "cut"},
    "HTML": {"body": "html"},
    "HTML as 404": {"body": "html", "status": 404},
    "HTML as 503": {"body": "html", "status": 503},
}
#: Short, and with few repetitions: nothing in here gets better by waiting.
SHORT = Limits(budget=4.0, connect=1.0, read=0.4, retries=1, pause=0.01)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", CLOUD)
def test_a_list_that_fails_is_unknown_and_the_others_are_not(
    kind: str, fault: str, control: ControlClient, put: Put, see: See, everything: tuple[Question, ...]
) -> None:
    for each in CLOUD:
        put(each)
    control.fault("GET", LISTS[kind], **FAULTS[fault])
    if (kind, fault) == ("registry", "HTML as 404"):
        # That this path is not there may be said in any words; the older one is asked then, and has to answer.
        control.fault("GET", "^/v2/registry$", **FAULTS[fault])
    sightings = see(*everything, limits=SHORT).sightings
    assert sightings[kind].named is None
    assert len(sightings[kind].unknown) == 1
    assert f"GET {KINDS[kind].path.removesuffix('ies')}" in sightings[kind].unknown[0]
    if fault == "rate limited for long":
        return  # that is the limit of the account, which the other requests respect
    for each in set(CLOUD) - {kind}:
        assert sightings[each].unknown == ()
        assert len(sightings[each].named or ()) == 1


HIDDEN = ("registry", "HTML as 404")
"""A path that is not there says nothing of registries, whose list decides then: next test."""


@pytest.mark.parametrize(
    ("kind", "fault"), [(kind, fault) for kind in CLOUD for fault in FAULTS if (kind, fault) != HIDDEN]
)
def test_a_get_that_fails_is_unknown_and_not_gone(
    kind: str, fault: str, control: ControlClient, put: Put, see: See
) -> None:
    identity = put(kind)
    control.fault("GET", f"/{re.escape(identity)}$", **FAULTS[fault])
    sighting = see(Question("slot", kind, (identity,)), limits=SHORT).sightings["slot"]
    assert identity not in sighting.by_id
    assert len(sighting.unknown) == 1
    assert f"GET {KINDS[kind].path}/{identity}" in sighting.unknown[0]


def test_a_registry_whose_path_is_not_there_is_what_the_list_says_and_unknown_without_one(
    control: ControlClient, put: Put, see: See
) -> None:
    identity = put("registry")
    asked = Question("slot", "registry", (identity, "another"))
    control.fault("GET", r"^/v2/registries/(?!subscription)", **FAULTS["HTML as 404"])
    sighting = see(asked, limits=SHORT).sightings["slot"]
    assert sighting.by_id["another"] is None
    assert sighting.by_id[identity] is not None
    control.fault("GET", r"^/v2/registr(ies|y)$", **FAULTS["HTML as 404"])
    assert len(see(asked, limits=SHORT).sightings["slot"].unknown) == 2


@pytest.mark.parametrize("fault", ["forbidden", "server error", "half the JSON", "dropped"])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_one_page_that_fails_makes_the_whole_list_unknown(
    page: int, fault: str, control: ControlClient, see: See
) -> None:
    control.seed("vpcs", 500, token=TOKEN, name="other-{n}", region="nyc3")
    control.fault("GET", LISTS["vpc"], skip=page - 1, **FAULTS[fault])
    sighting = see(Question("slot", "vpc", (), NAME), limits=SHORT).sightings["slot"]
    assert sighting.named is None
    assert sighting.unknown


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("^/v2/account$", {"status", "droplet_limit"}),
        ("^/v2/droplets$", {"droplets"}),
        ("^/v2/kubernetes/options$", {"kubernetes"}),
        ("^/v2/registries/subscription$", {"registry_tier"}),
        ("^/v2/registries$", {"registries"}),
        ("^/v2/vpcs$", {"vpcs"}),
    ],
)
@pytest.mark.parametrize(
    "fault", ["forbidden", "token refused", "server error", "hang", "half the JSON", "HTML"]
)
def test_a_fact_of_the_account_that_cannot_be_read_is_unknown(
    path: str, facts: set[str], fault: str, control: ControlClient, put: Put, see: See
) -> None:
    put("registry")
    control.fault("GET", path, **FAULTS[fault])
    account = see(with_account=True, limits=SHORT).account
    assert account is not None
    assert {name for name in AccountFacts.__slots__ if isinstance(getattr(account, name), Unknown)} == facts
    assert (account.missing_scopes != ()) == (fault == "forbidden")


@pytest.mark.parametrize("scope", ["vpc", "kubernetes", "registry", "load_balancer", "account", "droplet"])
def test_a_refused_scope_is_named(
    scope: str, control: ControlClient, see: See, everything: tuple[Question, ...]
) -> None:
    every = {"vpc", "kubernetes", "registry", "load_balancer", "project", "account", "droplet"}
    control.account(token=TOKEN, scopes=[f"{one}:read" for one in every - {scope}])
    inventory = see(*everything, with_account=True)
    assert inventory.account is not None
    assert inventory.account.missing_scopes == (f"{scope}:read",)


@pytest.mark.parametrize(
    "fault", ["server error", "unavailable", "hang", "dropped", "half the JSON", "cut in mid-body"]
)
def test_a_read_that_fails_once_is_read_again(fault: str, control: ControlClient, put: Put, see: See) -> None:
    identity = put("cluster")
    control.fault("GET", "^/v2/kubernetes", times=1, **FAULTS[fault])
    inventory = see(Question("slot", "cluster", (identity,)))
    assert inventory.sightings["slot"].by_id[identity] is not None
    assert inventory.calls == 2


def test_an_answer_that_comes_too_late_is_unknown(control: ControlClient, put: Put, see: See) -> None:
    identity = put("vpc")
    control.fault("GET", "^/v2/vpcs", delay=0.8)
    sighting = see(Question("slot", "vpc", (identity,)), limits=SHORT).sightings["slot"]
    assert "no answer in time" in sighting.unknown[0]
    until = time.monotonic() + 10
    while len(control.requests()) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(control.requests()) == 2


def test_retry_after_is_honoured_by_all_requests(control: ControlClient, put: Put, see: See) -> None:
    identity = put("vpc")
    control.fault("GET", "^/v2/vpcs", status=429, retry_after=1, times=1)
    control.mark()
    inventory = see(Question("slot", "vpc", (identity,)), limits=Limits())
    assert inventory.sightings["slot"].by_id[identity] is not None
    first, second = control.requests(since_mark=True)
    assert second.at - first.at >= 0.99


def test_a_rate_limit_that_does_not_end_is_unknown_within_the_budget(
    control: ControlClient, put: Put, see: See
) -> None:
    identity = put("vpc")
    control.fault("GET", "^/v2/vpcs", status=429, retry_after=0)
    inventory = see(Question("slot", "vpc", (identity,), NAME), limits=Limits(budget=1.4))
    assert all("rate limited" in reason for reason in inventory.sightings["slot"].unknown)
    assert len(inventory.sightings["slot"].unknown) == 2
    assert inventory.calls <= 8


def test_a_list_that_the_rate_limit_does_not_allow_is_not_begun(control: ControlClient, see: See) -> None:
    control.seed("vpcs", 5000, token=TOKEN, name="other-{n}", region="nyc3")
    control.account(token=TOKEN, rate_limit=10, rate_window=3600)
    sighting = see(Question("slot", "vpc", (), NAME), limits=Limits()).sightings["slot"]
    assert "the rate limit leaves" in sighting.unknown[0]
    assert [record.status for record in control.requests()] == [200]


def test_a_list_that_needs_more_than_one_window_waits_for_the_next_and_no_request_is_refused(
    control: ControlClient, put: Put, see: See
) -> None:
    control.seed("vpcs", 5000, token=TOKEN, name="other-{n}", region="nyc3")
    identity = put("vpc")
    control.account(token=TOKEN, rate_limit=16, rate_window=2)
    control.latency(0.02)
    sighting = see(Question("slot", "vpc", (), NAME), limits=Limits()).sightings["slot"]
    control.latency(0)
    assert [one.id for one in sighting.named or ()] == [identity]
    assert {record.status for record in control.requests()} == {200}
    assert len(control.requests()) > 16


def test_a_thing_that_changes_pages_while_they_are_read_is_never_absent(
    control: ControlClient, put: Put, see: See
) -> None:
    control.seed("kubernetes_clusters", 399, token=TOKEN, name="other-{n}", region="nyc3")
    identity = put("cluster")
    control.seed("kubernetes_clusters", 100, token=TOKEN, name="further-{n}", region="nyc3")
    settled = 0
    for times in (1, 2, 3, None):
        control.clear_faults()
        control.fault("GET", LISTS["cluster"], move_across_pages=identity, times=times)
        sighting = see(Question("slot", "cluster", (), NAME), limits=Limits()).sightings["slot"]
        if sighting.unknown:
            assert "also when read again" in sighting.unknown[0]
        else:
            assert sighting.named is not None
            assert [found.id for found in sighting.named] == [identity]
            settled += 1
    assert settled


def test_a_refused_token_says_so_without_saying_the_token(control: ControlClient, server: Any) -> None:
    access = Access(server.endpoint, "dop_v1_of_nobody", local=True)
    inventory = look(access, [Question("slot", "vpc", ("x-1",), NAME)], stack="staging", with_account=True)
    assert inventory.sightings["slot"].unknown
    assert all("the token is refused" in reason for reason in inventory.sightings["slot"].unknown)
    assert "of_nobody" not in repr(inventory)


def test_nobody_there_is_unknown() -> None:
    inventory = look(
        Access("http://127.0.0.1:9", TOKEN, local=True),
        [Question("slot", "vpc", ("x-1",), NAME)],
        stack="staging",
        with_account=True,
        limits=SHORT,
    )
    assert len(inventory.sightings["slot"].unknown) == 2
    assert "no connection" in inventory.sightings["slot"].unknown[0]


@pytest.mark.parametrize(
    "identity", ["", "..", "../../account", "a/b", "a?b", "a b", "%2e%2e", "\n", "é" * 3 + "/"]
)
def test_what_cannot_be_an_id_is_not_sent(identity: str, control: ControlClient, see: See) -> None:
    sighting = see(Question("slot", "vpc", (identity,))).sightings["slot"]
    assert sighting.unknown
    assert control.requests() == []


def test_nothing_takes_longer_than_its_budget(
    control: ControlClient, see: See, everything: tuple[Question, ...]
) -> None:
    control.fault("GET", hang=True)
    began = time.monotonic()
    inventory = see(*everything, with_account=True, limits=Limits(budget=1.0, read=0.4))
    assert time.monotonic() - began < 1.0 + 0.5 + 1.0
    assert all(sighting.unknown for sighting in inventory.sightings.values())


@pytest.mark.parametrize(
    ("endpoint", "token", "local", "error"),
    [
        ("http://127.0.0.2.example.com", TOKEN, True, NotLoopback),
        ("https://api.digitalocean.com", TOKEN, True, NotLoopback),
        ("http://api.digitalocean.com", TOKEN, False, SettingsError),
        ("ftp://127.0.0.1", TOKEN, False, SettingsError),
        ("https://api.digitalocean.com", "", False, SettingsError),
        ("https://api.digitalocean.com", "a\nb: c", False, SettingsError),
    ],
)
def test_a_token_is_sent_encrypted_or_to_this_machine_only(
    endpoint: str, token: str, local: bool, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        look(Access(endpoint, token, local=local), [], stack="staging", with_account=False)
    assert TOKEN not in str(caught.value)


def test_ctrl_c_ends_a_look_that_hangs(control: ControlClient, server: Any) -> None:
    control.fault("GET", hang=True)
    code = (
        "import sys\n"
        "from formerr_infra.inventory import Access, Question, look\n"
        "look(Access(sys.argv[1], sys.argv[2], local=True), [Question('s', 'vpc', (), 'x')],"
        " stack='staging', with_account=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, server.endpoint, TOKEN], stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 20
        while not control.faults()[0]["fired"] and time.monotonic() < until:
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=5)
    finally:
        process.kill()
        process.wait()
    assert time.monotonic() - began < 2
    assert b"KeyboardInterrupt" in said
