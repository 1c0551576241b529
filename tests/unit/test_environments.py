"""An environment's name, time to live and file; what is known of several, put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from formerr_infra.environments import lifetime
from formerr_infra.environments.account import Marks
from formerr_infra.environments.backend import CREATED, EXPIRES, Listed
from formerr_infra.environments.folder import expiries
from formerr_infra.environments.listing import Seen, State, environments
from formerr_infra.environments.names import LONGEST, RESERVED, require_name
from formerr_infra.environments.pattern import Choice, entries
from formerr_infra.environments.stackfile import compose, with_key
from formerr_infra.environments.sweeping import due
from formerr_infra.errors import SettingsError
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.naming import marked_description, read_mark, read_until, until
from formerr_infra.settings import Settings, check
from formerr_infra.settings.schema import stack_defaults

if TYPE_CHECKING:
    from collections.abc import Callable

UNTIL = "2026-11-28T15:00:00Z"
NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)
OWN = Choice("pr-12", UNTIL, "10.7.16.0/20")
SHARED = Choice("pr-12", UNTIL, node_port=30041)
STAGING = (CHECKOUT / "Pulumi.staging.yaml").read_text("utf-8")
FILE = "Pulumi.staging.yaml"
RICH = """\
# whose file this is
config:
  # where
  formerr-infra:region: ams3
  formerr-infra:vpcId: 0f0f0f0f-aaaa
  formerr-infra:vpcName: theirs  # its own
  formerr-infra:vpcCidr: 10.20.0.0/16

  # the version that all have
  formerr-infra:kubernetesVersion: "1.34"
  formerr-infra:clusterSubnet: 10.100.0.0/17
  formerr-infra:serviceSubnet: 10.101.0.0/20
  formerr-infra:projectName: Staging
  formerr-infra:domain: example.org
  formerr-infra:frontendHost: staging.example.org
  formerr-infra:backendHost: api.staging.example.org
  formerr-infra:databaseMode: managed
  formerr-infra:databaseName: staging-db
  formerr-infra:alertEmails: ["ops@example.org"]
  # a secret of staging
  formerr-infra:jwtSecret:
    secure: v1:swordfish
  digitalocean:token:
    secure: v1:swordfish
  digitalocean:spacesEndpoint: https://spaces.example.org
  # to the end
encryptionsalt: v1:swordfish
environment:
  - shared/base
"""


def config(text: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)["config"]
    return found


def settings(text: str, stack: str) -> Settings:
    own = {
        key.partition(":")[2]: value for key, value in config(text).items() if key.startswith("formerr-infra")
    }
    return check({key: value for key, value in own.items() if not isinstance(value, dict)}, stack)


def made(choice: Choice, staging: str = STAGING) -> str:
    return compose(staging, FILE, entries(settings(staging, "staging"), choice), choice)[0]


# -- names and times -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pr-123", "a", "a1", "n" * LONGEST])
def test_a_name_that_fits_everywhere_is_taken(name: str) -> None:
    require_name(name)
    assert check({}, name).cluster_name == f"formerr-{name}-cluster"


@pytest.mark.parametrize(
    "name", ["", "PR-1", "1pr", "-a", "a-", "a--b", "a_b", "a.b", "ä", "a b", "../a", "a\n", "n" * (LONGEST + 1), *sorted(RESERVED)]
)  # fmt: skip
def test_a_name_that_does_not_fit_or_is_reserved_is_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        require_name(name)


@pytest.mark.parametrize(
    ("text", "hours"), [("90m", 1.5), ("72h", 72), ("14d", 336), ("10m", 1 / 6), ("90d", 2160)]
)
def test_a_time_to_live_is_what_it_says(text: str, hours: float) -> None:
    assert lifetime.time_to_live(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "72", "h", "-1h", "1.5h", "9m", "91d", "72 h", "1w", "\u0667h", "999999h"]
)
def test_what_is_no_time_to_live_or_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--ttl"):
        lifetime.time_to_live(text)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_read_as_it_was_written_and_sorts_as_it_is_written(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert lifetime.read(lifetime.written(moment)) == moment
    assert lifetime.written(moment) < lifetime.written(moment + timedelta(seconds=1))


@given(st.text(max_size=30))
def test_what_says_no_moment_is_none(text: str) -> None:
    assert lifetime.read(text) is None


def test_a_description_keeps_mark_and_end_and_one_without_an_end_is_as_ever() -> None:
    text = marked_description(until("Formerr pr-1 network", UNTIL), "formerr-infra", "pr-1")
    assert read_until(text) == UNTIL
    assert read_mark(text, "formerr-infra", "pr-1")[1] == "formerr-infra/pr-1"
    assert until("Formerr staging network", None) == "Formerr staging network"
    assert read_until("Formerr staging network [pulumi:formerr-infra:staging]") is None
    assert read_until(f"somebody's, until {UNTIL}") is None


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_staging_and_production_take_no_time_to_live(stack: str) -> None:
    with pytest.raises(SettingsError, match="expiresAt"):
        check({"expiresAt": UNTIL}, stack)


@pytest.mark.parametrize("value", ["tomorrow", "2026-11-28", datetime(2026, 11, 28), 20261128])
def test_an_end_in_another_form_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="expiresAt"):
        check({"expiresAt": value}, "pr-1")


# -- the file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [OWN, SHARED])
@pytest.mark.parametrize("staging", [STAGING, RICH])
def test_the_file_comes_to_what_was_chosen_and_nothing_of_stagings_own_is_in_it(
    staging: str, choice: Choice
) -> None:
    text = made(choice, staging)
    found, source = settings(text, "pr-12"), settings(staging, "staging")
    assert found.expires_at == UNTIL
    assert found.kubernetes_version == source.kubernetes_version
    assert found.region == source.region
    assert found.registry_name == source.registry_name
    assert (found.registry_policy, found.load_balancer_policy) == ("adopt", "create")
    assert (found.database_mode, found.delete_data, found.protect) == ("cluster", True, False)
    assert {found.namespace, found.edge_namespace} == {"pr-12-formerr", "pr-12-formerr-edge"}
    for key in ("frontend_host", "backend_host", "load_balancer_name", "name_prefix", "namespace"):
        assert getattr(found, key) != getattr(source, key)
    assert "swordfish" not in text
    assert not {"databaseName", "alertEmails", "projectName", "encryptionsalt"} & {
        word.partition(":")[0].strip() for word in text.replace("formerr-infra:", "").splitlines()
    }


def test_an_environment_of_its_own_makes_vpc_and_cluster_under_its_own_names() -> None:
    found = settings(made(OWN, RICH), "pr-12")
    assert (found.vpc_policy, found.vpc_name, found.vpc_id) == ("create", "formerr-pr-12-vpc", None)
    assert (found.cluster_policy, found.cluster_name) == ("create", "formerr-pr-12-cluster")
    assert found.vpc_cidr == OWN.vpc_range


def test_one_on_stagings_cluster_only_reads_that_and_listens_on_a_port_of_its_own() -> None:
    found, source = settings(made(SHARED, RICH), "pr-12"), settings(RICH, "staging")
    assert (found.vpc_policy, found.vpc_name, found.vpc_id) == ("adopt", "theirs", source.vpc_id)
    assert (found.cluster_policy, found.cluster_name) == ("adopt", source.cluster_name)
    assert (found.vpc_cidr, found.cluster_subnet, found.node_count) == (None, None, None)
    assert found.ingress_node_port == 30041


def test_hosts_are_in_the_domain_or_beside_stagings() -> None:
    assert settings(made(OWN, RICH), "pr-12").frontend_host == "pr-12.example.org"
    assert settings(made(OWN), "pr-12").backend_host == "api.pr-12.formerr.dev"
    bare = settings(made(OWN, "config:\n  formerr-infra:frontendHost: example.org\n"), "pr-12")
    assert bare.frontend_host == "pr-12.example.org"


def test_comments_and_order_stay_where_their_keys_do() -> None:
    lines = made(OWN, RICH).splitlines()
    kept = [
        "  # where",
        "  # the version that all have",
        '  formerr-infra:kubernetesVersion: "1.34"',
        "- shared/base",
    ]
    assert [line for line in lines if line in kept] == kept
    assert lines[lines.index("  # where") + 1] == "  formerr-infra:region: ams3"
    assert "  # a secret of staging" not in lines
    assert not [line for line in lines if "# its own" in line]


def test_secrets_that_only_staging_can_read_are_named() -> None:
    _, secrets = compose(RICH, FILE, entries(settings(RICH, "staging"), OWN), OWN)
    assert set(secrets) == {"formerr-infra:jwtSecret", "digitalocean:token"}


def test_another_image_takes_the_place_of_all_that_staging_names() -> None:
    staging = STAGING + "  formerr-infra:imageTag: old\n  formerr-infra:backendImageTag: older\n"
    kept, other = (
        settings(made(OWN, staging), "pr-12"),
        Choice("pr-12", UNTIL, "10.7.16.0/20", image_tag="abc"),
    )
    found = settings(made(other, staging), "pr-12")
    assert (kept.image_tag, kept.backend_image_tag) == ("old", "older")
    assert (found.image_tag, found.backend_image_tag) == ("abc", None)


@pytest.mark.parametrize(
    "staging",
    [
        "config: {formerr-infra:region: ams3, formerr-infra:kubernetesVersion: '1.34'}\n",
        'config:\n    formerr-infra:region: ams3\n    "formerr-infra:vpcName": x\n',
        "config:\n  formerr-infra:region: ams3",
        "environment: [a]\nconfig:\n  formerr-infra:region: ams3\n  formerr-infra:tags:\n    - a\n    - b\n",
    ],
)
def test_a_file_in_another_form_is_followed_too(staging: str) -> None:
    found = settings(made(OWN, staging), "pr-12")
    assert (found.region, found.vpc_name) == ("ams3", "formerr-pr-12-vpc")
    assert found.tags == settings(staging, "staging").tags


def test_the_file_of_one_that_is_given_more_time_differs_in_that_line_alone() -> None:
    text = made(OWN, RICH)
    after = with_key(text, "x", "expiresAt", "2027-01-01T00:00:00Z")
    changed = [(a, b) for a, b in zip(text.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [
        (
            '  formerr-infra:expiresAt: "2026-11-28T15:00:00Z"',
            '  formerr-infra:expiresAt: "2027-01-01T00:00:00Z"',
        )
    ]
    assert settings(with_key(text, "x", "imageTag", "1e10"), "pr-12").image_tag == "1e10"


def test_every_key_that_a_stack_names_by_default_is_the_environments_own() -> None:
    """A key added later, whose default holds the stack's name, must not come over from staging's file."""
    defaults = stack_defaults("staging")
    named = {key for key, value in defaults.items() if isinstance(value, str) and "staging" in value}
    everything = STAGING + "".join(
        f"  formerr-infra:{key}: {defaults[key]}\n" for key in sorted(named) if f":{key}:" not in STAGING
    )
    text = made(OWN, everything)
    own = {key.partition(":")[2]: value for key, value in config(text).items()}
    assert {key for key, value in own.items() if "staging" in str(value)} == {"registryName"}


# -- the list ------------------------------------------------------------------------------------------------


def seen(**parts: Any) -> Seen:
    given: dict[str, Any] = {"files": {}, "stacks": (), "tags": {}, "marks": Marks()} | parts
    return Seen(**given)


def early(days: int) -> str:
    return lifetime.written(NOW - timedelta(days=days))


def late(days: int) -> str:
    return lifetime.written(NOW + timedelta(days=days))


Place = tuple[str, "Callable[[str, str], Seen]"]
PLACES = (
    lambda name, text: seen(files={name: text}),
    lambda name, text: seen(tags={name: {EXPIRES: text}}, stacks=(Listed(name, 3, busy=False),)),
    lambda name, text: seen(marks=Marks({name: text}, {name: "v"})),
)


@pytest.mark.parametrize("place", PLACES)
def test_an_end_is_found_wherever_it_is_written(place: Callable[[str, str], Seen]) -> None:
    (one,) = environments(place("pr-1", early(1)))
    assert due((one,), NOW) == (one,)
    (other,) = environments(place("pr-1", late(1)))
    assert due((other,), NOW) == ()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["staging", "production"])
def test_staging_and_production_are_never_due_whatever_says_so(
    place: Callable[[str, str], Seen], name: str
) -> None:
    assert environments(place(name, early(400))) == ()


@given(st.tuples(*[st.sampled_from([-2, -1, 0, 1, None, "x"])] * 3))
def test_nothing_is_due_before_the_last_moment_that_anything_names_or_while_one_cannot_be_read(
    days: tuple[int | str | None, ...],
) -> None:
    texts = [None if one is None else one if isinstance(one, str) else late(one) for one in days]
    file, tag, mark = texts
    found = environments(
        seen(
            files={"pr-1": file},
            stacks=(Listed("pr-1", 1, busy=False),),
            tags={} if tag is None else {"pr-1": {EXPIRES: tag}},
            marks=Marks() if mark is None else Marks({"pr-1": mark}, {"pr-1": "v"}),
        )
    )
    known = [one for one in days if one is not None]
    if not known:
        assert found == ()
        return
    readable = [one for one in known if isinstance(one, int)]
    may_go = "x" not in known and max(readable) <= 0
    assert bool(due(found, NOW)) == may_go
    assert bool(found[0].trouble) == ("x" in known)


#: Each line stands for ten of the one before.
BOMB = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


@pytest.mark.parametrize("text", [BOMB, "config: [\n", "\x00"], ids=["aliases", "no YAML", "no text"])
def test_a_file_that_cannot_be_used_is_the_trouble_of_one_environment(tmp_path: Path, text: str) -> None:
    (tmp_path / "Pulumi.pr-1.yaml").write_text(text, "utf-8")
    (tmp_path / "Pulumi.pr-2.yaml").write_text(f'config:\n  formerr-infra:expiresAt: "{early(1)}"\n', "utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  formerr-infra:region: nyc3\n", "utf-8")
    (tmp_path / "Pulumi.pr-2.bak.yaml").write_text("config: [\n", "utf-8")
    files, troubles = expiries(tmp_path)
    assert files == {"dev": None, "pr-2": early(1)}
    assert list(troubles) == ["pr-1"]
    stacks = tuple(Listed(name, 3, busy=False) for name in ("pr-1", "pr-2", "dev"))
    for tags in ({}, {"pr-1": {EXPIRES: early(1)}}):
        found = environments(seen(files=files, troubles=troubles, stacks=stacks, tags=tags))
        assert [one.name for one in found] == ["pr-1", "pr-2"]
        assert "Pulumi.pr-1.yaml" in found[0].trouble
        assert found[0].certain is bool(tags)
        assert [one.name for one in due(found, NOW)] == ["pr-2"], "what its file says is not known"


def test_a_stack_without_a_time_to_live_is_no_environment() -> None:
    parts = seen(
        files={"dev": None}, stacks=(Listed("dev", 5, busy=False),), tags={"dev": {CREATED: early(1)}}
    )
    assert environments(parts) == ()


@pytest.mark.parametrize(
    ("stack", "mark", "state"),
    [
        (None, False, State.FILE),
        (None, True, State.LOST),
        (Listed("pr-1", None, busy=False), False, State.EMPTY),
        (Listed("pr-1", 0, busy=False), True, State.EMPTY),
        (Listed("pr-1", 7, busy=False), True, State.UP),
        (Listed("pr-1", 7, busy=True), True, State.BUSY),
    ],
)
def test_where_one_stands_follows_from_backend_and_account(
    stack: Listed | None, mark: bool, state: State
) -> None:
    marks = Marks({"pr-1": UNTIL}, {"pr-1": "v"}) if mark else Marks()
    (one,) = environments(seen(files={"pr-1": UNTIL}, stacks=(stack,) if stack else (), marks=marks))
    assert one.state is state


def test_the_checkout_has_no_environment_of_its_own() -> None:
    files = {Path(one).name for one in CHECKOUT.glob("Pulumi.*.yaml")}
    assert files == {"Pulumi.production.yaml", "Pulumi.staging.yaml"}
