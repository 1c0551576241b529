"""`formerr env` on the real engine: an environment from its file to its end, and staging untouched all the while."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from formerr_infra.environments.lifetime import read
from formerr_infra.environments.ranges import VPC_PREFIX, free_range
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.settings import from_files
from tests.support import account
from tests.support.command import Ran, formerr

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

LATER = "2031-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Bench:
    """Staging, deployed, and what its account had then.

    Attributes:
        stack: staging; `formerr` runs in its folder.
        cloud: of its account.
        before: the account without any environment.
    """

    stack: Stack
    cloud: ControlClient
    before: dict[str, list[dict[str, object]]]

    def type(self, *words: str) -> Ran:
        return formerr(self.stack, "env", *words)

    def up(self, name: str) -> None:
        """What a deployment of an environment does, without what a person is asked."""
        self.stack.run("up", "--yes", "--skip-preview", stack=name).ok()

    def has(self, name: str) -> tuple[bool, bool]:
        """Whether there is a file, and whether there is a stack."""
        listed = self.stack.run("stack", "ls", "--json").ok().out
        return (self.stack.project / f"Pulumi.{name}.yaml").exists(), f'"{name}"' in listed

    def untouched(self) -> bool:
        return account.world(self.cloud) == self.before


@pytest.fixture
def bench(deployed: Stack, cloud: ControlClient) -> Bench:
    return Bench(deployed, cloud, account.world(cloud))


def test_an_environment_is_made_deployed_listed_and_swept_and_staging_stays_as_it_was(bench: Bench) -> None:
    made = bench.type("new", "pr-1", "--ttl", "2h", "--json").ok()
    assert made.writes == ()
    told = made.json
    assert (told["new"], told["namespace"], told["frontend_host"]) == (
        True,
        "pr-1-formerr",
        "pr-1.formerr.dev",
    )
    ends = read(told["expires"])
    assert ends is not None
    assert abs(ends - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=2)
    (row,) = bench.type("list", "--json").ok().json["environments"]
    assert (row["state"], row["file"], row["vpc"], row["expired"]) == ("not deployed", True, None, False)

    bench.up("pr-1")
    vpcs = {one["name"]: one for one in bench.cloud.list("vpcs")}
    own = vpcs["formerr-pr-1-vpc"]
    assert own["ip_range"] == told["vpc_range"]
    assert f"until {told['expires']}" in own["description"]
    ranges = [IPv4Network(one["ip_range"]) for one in vpcs.values()]
    assert not [1 for i, one in enumerate(ranges) for other in ranges[i + 1 :] if one.overlaps(other)]
    assert len(bench.cloud.list("registries")) == 1
    (row,) = bench.type("list", "--json").ok().json["environments"]
    assert (row["state"], row["vpc"], row["expires"]) == ("deployed", own["id"], told["expires"])

    early = bench.type("sweep", "--yes", "--json").ok()
    assert (early.json["expired"], early.writes) == ([], ())
    dry = bench.type("sweep", "--dry-run", "--json", "--now", LATER).ok()
    assert ([one["name"] for one in dry.json["expired"]], dry.writes) == (["pr-1"], ())
    asked = bench.type("sweep", "--now", LATER)
    assert (asked.code, asked.writes) == (1, ())
    assert bench.has("pr-1") == (True, True)

    # In a pipeline the file went with the run that made it.
    (bench.stack.project / "Pulumi.pr-1.yaml").unlink()
    swept = bench.type("sweep", "--yes", "--json", "--now", LATER).ok()
    assert swept.json["swept"] == [{"name": "pr-1", "gone": True, "why": ""}]
    assert bench.has("pr-1") == (False, False)
    assert bench.type("list", "--json").ok().json["environments"] == []
    assert bench.untouched()
    assert bench.has("staging") == (True, True)
    bench.stack.preview(expect_no_changes=True).unchanged()


def test_the_workflow_of_pull_requests_makes_gives_more_time_and_removes_and_none_is_as_good(
    bench: Bench,
) -> None:
    """By its own commands, read from its file."""
    make, remove, sweep = (typed(job, "formerr env") for job in ("deploy", "remove", "sweep"))
    bench.type(*make).ok()
    bench.up("pr-1")
    counts = {"vpcs": 1, "kubernetes_clusters": 1, "registries": 1, "load_balancers": 2}
    assert account.counts(bench.cloud) == counts
    ports = [one["forwarding_rules"][0]["target_port"] for one in bench.cloud.list("load_balancers")]
    assert len(set(ports)) == 2
    assert "there already" in bench.type(*make).ok().out
    bench.type(*sweep).ok()
    assert bench.has("pr-1") == (True, True)
    (bench.stack.project / "Pulumi.pr-1.yaml").unlink()  # another run, another checkout
    assert bench.type("remove", "pr-1").code == 1
    bench.type(*remove).ok()
    assert bench.has("pr-1") == (False, False)
    assert bench.untouched()
    bench.type(*remove).ok()
    bench.type("remove", "staging", "--yes").refused(2, "reserved")
    bench.stack.run("stack", "init", "dev", "--no-select", stack="").ok()
    bench.type("remove", "dev", "--yes").refused(3, "no time to live")


def jobs() -> dict[str, Any]:
    """The jobs of both workflows about environments."""
    folder = CHECKOUT / ".github" / "workflows"
    files = [folder / f"{name}.yml" for name in ("preview-environment", "sweep-environments")]
    loaded = [YAML(typ="safe", pure=True).load(file.read_text("utf-8")) for file in files]
    return {name: job for one in loaded for name, job in one["jobs"].items()}


def typed(job: str, command: str) -> tuple[str, ...]:
    """The words behind `formerr env` of a job's step, for pull request 1."""
    (line,) = [one["run"] for one in jobs()[job]["steps"] if one.get("run", "").startswith(command)]
    return tuple(shlex.split(line.replace("$NAME", "pr-1")))[2:]


def test_what_is_there_is_not_made_again_but_brought_back_with_more_time_and_another_image(
    bench: Bench,
) -> None:
    bench.type("new", "pr-4", "--shared-cluster", "--ttl", "2h").ok()
    file = bench.stack.project / "Pulumi.pr-4.yaml"
    text = file.read_text("utf-8")
    bench.type("new", "pr-4").refused(3, "pr-4", "--or-extend", "Pulumi.pr-4.yaml")
    assert file.read_text("utf-8") == text

    file.unlink()  # begun and never deployed, by a run that is gone
    again = bench.type("new", "pr-4", "--shared-cluster", "--or-extend", "--ttl", "3h", "--json").ok().json
    assert again["new"] is True
    bench.up("pr-4")
    file.unlink()
    back = (
        bench.type("new", "pr-4", "--or-extend", "--ttl", "5h", "--image-tag", "abc1234", "--json").ok().json
    )
    assert (back["new"], back["namespace"]) == (False, again["namespace"])
    assert 'imageTag: "abc1234"' in file.read_text("utf-8")
    longer = bench.type("extend", "pr-4", "--ttl", "6h", "--json").ok().json
    assert again["expires"] < back["expires"] < longer["expires"]
    bench.type("extend", "pr-4", "--ttl", "1h").refused(3, "later")
    bench.type("extend", "pr-5").refused(3, "pr-5")
    (row,) = bench.type("list", "--json").ok().json["environments"]
    assert row["expires"] == longer["expires"]


def test_the_next_is_swept_where_one_fails_and_what_is_left_is_said(bench: Bench) -> None:
    bench.type("new", "pr-6", "--shared-cluster").ok()
    file = bench.stack.project / "Pulumi.pr-6.yaml"
    file.write_text(file.read_text("utf-8").replace("protect: false", "protect: true"), "utf-8")
    bench.up("pr-6")
    bench.type("new", "pr-7").ok()
    swept = bench.type("sweep", "--yes", "--json", "--now", LATER).ended(17, "pr-6", "protect")
    assert {one["name"]: one["gone"] for one in swept.json["swept"]} == {"pr-6": False, "pr-7": True}
    assert swept.writes == ()
    assert bench.has("pr-6") == (True, True)
    assert bench.has("pr-7") == (False, False)


def test_a_mark_without_a_state_is_said_and_left(bench: Bench) -> None:
    text = "Formerr pr-8 network, until 2026-01-01T00:00:00Z [pulumi:formerr-infra:pr-8]"
    made = bench.cloud.put(
        "vpcs", name="formerr-pr-8-vpc", region="nyc3", ip_range="10.99.0.0/20", description=text
    )
    swept = bench.type("sweep", "--yes").refused(17, "pr-8", str(made["id"]), "formerr env new pr-8")
    assert "no state here" in swept.out
    assert bench.type("list", "--json").ok().json["environments"][0]["expired"] is True


def test_stagings_own_stack_is_never_swept_whatever_its_tag_says(bench: Bench) -> None:
    bench.stack.run("stack", "tag", "set", "formerr:expires", "2020-01-01T00:00:00Z").ok()
    swept = bench.type("sweep", "--yes", "--json").ok()
    assert (swept.json["expired"], swept.writes) == ([], ())


def _broken_file(bench: Bench) -> None:
    (bench.stack.project / "Pulumi.other.yaml").write_text("config: [\n", "utf-8")


def _no_vpcs(bench: Bench) -> None:
    bench.cloud.fault("GET", "/v2/vpcs.*", status=403)


@pytest.mark.parametrize(
    ("words", "before", "code", "said"),
    [
        (("new", "production"), None, 2, "reserved"),
        (("new", "PR_1"), None, 2, "cannot be the name"),
        (("new", "pr-1", "--ttl", "1w"), None, 2, "--ttl"),
        (("new", "pr-1"), _broken_file, 2, "Pulumi.other.yaml"),
        (("new", "pr-1"), _no_vpcs, 4, "vpc:read"),
        (("list",), _no_vpcs, 4, "vpc:read"),
        (("sweep", "--now", "soon"), None, 2, "--now"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    bench: Bench, words: tuple[str, ...], before: Callable[[Bench], None] | None, code: int, said: str
) -> None:
    if before is not None:
        before(bench)
    bench.type(*words).refused(code, said)
    files = {one.name for one in bench.stack.project.glob("Pulumi.p*.yaml")}
    assert files == {"Pulumi.production.yaml"}


def test_two_at_the_same_time_in_one_folder_get_ranges_apart(bench: Bench) -> None:
    """Two whose names lead to the same range, so that one of them must have seen the other's file."""
    seen: dict[IPv4Network | None, str] = {}
    names = ("", "")
    for number in range(10_000):
        name = f"pr-{number}"
        names = (seen.setdefault(free_range(name, VPC_PREFIX, ()), name), name)
        if names[0] != names[1]:
            break
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "formerr_infra.cli.app", "env", "new", name],
            cwd=bench.stack.project,
            env=bench.stack.environment,
            stdout=subprocess.DEVNULL,
        )
        for name in names
    ]
    assert [one.wait(timeout=120) for one in running] == [0, 0]
    one, other = (IPv4Network(str(from_files(bench.stack.project, name).vpc_cidr)) for name in names)
    assert not one.overlaps(other)
