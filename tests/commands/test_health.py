"""`formerr health` on the bundled DigitalOcean, with a state from a file and a real server where the load balancer is."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.cli.app import main
from formerr_infra.local.environment import TOKEN
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.slots import SLOTS
from tests.support.web import LOOPBACK, Authority, Site, answer, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient

FRONTEND, BACKEND = "staging.formerr.dev", "api.staging.formerr.dev"
WELL = '{"status": "healthy"}'
PING = "/formerr-edge/ping"


def replies(health: str = WELL) -> Callable[[socket.socket, str, str], object]:
    """The application as the load balancer shows it."""
    pages = {(FRONTEND, PING): "", (FRONTEND, "/"): "<html>", (BACKEND, "/health"): health}

    def reply(connection: socket.socket, host: str, path: str) -> None:
        found = pages.get((host, path))
        connection.sendall(answer("no", 404) if found is None else answer(found))

    return reply


@pytest.fixture
def application() -> Iterator[Site]:
    with serving(replies()) as site:
        yield site


class World:
    """An account with what a stack holds, the state that says so, and the command."""

    def __init__(
        self,
        folder: Path,
        cloud: ControlClient,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder, self.cloud, self._patch, self._capsys = folder, cloud, patch, capsys
        for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
            shutil.copy(CHECKOUT / name, folder)
        self.ids: dict[str, str] = {}
        self.images = {
            name: f"registry.digitalocean.com/formerr-staging/formerr-{name}:1f0e2d3"
            for name in ("backend", "frontend")
        }
        vpc = cloud.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")["id"]
        pools = [{"name": "workers", "size": "s-2vcpu-4gb", "count": 2}]
        self.ids["cluster"] = cloud.put("kubernetes_clusters", name="c", vpc_uuid=vpc, node_pools=pools)["id"]
        self.ids["registry"] = cloud.put("registries", name="formerr-staging")["name"]
        for name in ("formerr-backend", "formerr-frontend"):
            cloud.put("repositories", registry_name="formerr-staging", name=name, tags=["old", "1f0e2d3"])
        for name, value in {
            "PATH": str(folder),
            "COLUMNS": "220",
            "DIGITALOCEAN_API_URL": cloud.endpoint,
            "DIGITALOCEAN_TOKEN": TOKEN,
            "FORMERR_LOCAL": "1",
        }.items():
            patch.setenv(name, value)

    def balance(self, *sites: tuple[str, Site], ip: str = LOOPBACK, **fields: Any) -> None:
        """A load balancer that sends to the sites, each by a protocol."""
        rules = [
            {
                "entry_protocol": protocol,
                "entry_port": site.port,
                "target_protocol": "http",
                "target_port": 30080,
                "certificate_id": "",
                "tls_passthrough": False,
            }
            for protocol, site in sites
        ]
        made = self.cloud.put(
            "load_balancers", name="formerr-staging-lb", ip=ip, forwarding_rules=rules, **fields
        )
        self.ids["loadBalancer"] = made["id"]

    def configure(self, stack: str = "staging", **values: Any) -> None:
        file = self.folder / f"Pulumi.{stack}.yaml"
        lines = [
            line for line in file.read_text().splitlines() if not any(f":{key}:" in line for key in values)
        ]
        lines += [f"  formerr-infra:{key}: {json.dumps(value)}" for key, value in values.items()]
        file.write_text("\n".join(lines) + "\n", "utf-8")

    @property
    def state(self) -> Path:
        """An export of a state that holds everything of `ids` and `images`."""
        resources: list[dict[str, Any]] = [
            {
                "urn": f"urn:pulumi:staging::formerr-infra::{slot.component}${slot.engine_type}::{slot.name}",
                "type": slot.engine_type,
                "custom": True,
                "id": self.ids[slot.key],
            }
            for slot in SLOTS
            if slot.key in self.ids
        ]
        for name, image in self.images.items():
            key = f"deployment/formerr/formerr-{name}"
            kind = "kubernetes:apps/v1:Deployment"
            spec = {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}
            resources.append(
                {
                    "urn": f"urn:pulumi:staging::formerr-infra::{kind}::{key}",
                    "type": kind,
                    "custom": True,
                    "id": f"formerr/formerr-{name}",
                    "inputs": {"spec": spec},
                }
            )
        file = self.folder / "state.json"
        file.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}), "utf-8")
        return file

    def __call__(self, *words: str, stack: str = "staging", command: str = "health") -> tuple[int, str, str]:
        """Exit code, output, errors."""
        words = ("formerr", command, stack, "--cwd", str(self.folder), "--state", str(self.state), *words)
        self._patch.setattr(sys, "argv", list(words))
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        out, err = self._capsys.readouterr()
        return code, out, err

    def checks(self, *words: str, stack: str = "staging") -> tuple[int, dict[str, dict[str, Any]]]:
        """Exit code, and each check by its name."""
        code, out, err = self(*words, "--json", stack=stack)
        assert out, err
        return code, {one["name"]: one for one in json.loads(out)["checks"]}


@pytest.fixture
def world(
    tmp_path: Path,
    cloud: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> World:
    return World(tmp_path, cloud, monkeypatch, capsys)


# -- good and bad ends ---------------------------------------------------------------------------------------


def test_all_that_can_be_checked_is_well_and_the_rest_is_said(world: World, application: Site) -> None:
    world.balance(("http", application))
    code, checks = world.checks()
    states = {name: one["state"] for name, one in checks.items()}
    assert {name for name, state in states.items() if state == "ok"} == {
        "registry",
        "image:formerr-backend",
        "image:formerr-frontend",
        "load-balancer",
        "ingress",
        "frontend",
        "backend",
    }
    assert {name for name, state in states.items() if state != "ok"} == {
        "cluster",
        "nodes",
        "workload:deployment/formerr/formerr-backend",
        "workload:deployment/formerr/formerr-frontend",
        "database",
        "certificate",
        "tls",
    }
    assert set(states.values()) == {"ok", "skipped"}
    assert all(one["message"] for one in checks.values())
    assert code == 0
    assert sorted(application.asked) == sorted([(FRONTEND, PING), (FRONTEND, "/"), (BACKEND, "/health")])


def test_a_look_changes_nothing_and_sends_the_token_nowhere_but_to_the_api(
    world: World, application: Site
) -> None:
    world.balance(("http", application))
    world.cloud.mark()
    world()
    assert {one.method for one in world.cloud.requests(since_mark=True)} == {"GET"}
    assert all(TOKEN not in head for head in application.requests)


def test_a_backend_that_says_unhealthy_with_200_ends_with_8(world: World) -> None:
    with serving(replies('{"status": "unhealthy", "database": "disconnected"}')) as site:
        world.balance(("http", site))
        code, checks = world.checks()
        assert (code, checks["backend"]["state"]) == (8, "failed")
        assert "unhealthy (database disconnected)" in checks["backend"]["message"]
        code, out, err = world()
        assert code == 8
        assert "unhealthy: 6 ok, 1 failed, 7 skipped" in out
        assert err == ""


def test_an_image_that_is_not_there_fails_by_tag_and_by_digest(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.images["backend"] = world.images["backend"].replace("1f0e2d3", "7777777")
    world.images["frontend"] = world.images["frontend"].replace(":1f0e2d3", f"@sha256:{'0' * 64}")
    code, checks = world.checks()
    assert code == 8
    assert "no tag 7777777" in checks["image:formerr-backend"]["message"]
    assert "no digest sha256:0000" in checks["image:formerr-frontend"]["message"]


def test_an_image_by_digest_is_found_among_more_than_a_page(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.cloud.put(
        "repositories",
        registry_name="formerr-staging",
        name="formerr-backend",
        tags=[f"t{n}" for n in range(450)],
    )
    world.images["backend"] = world.images["backend"].replace("1f0e2d3", "t449")
    assert world.checks()[1]["image:formerr-backend"]["state"] == "ok"


def test_the_images_of_a_local_run_are_not_looked_for(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.images["backend"] = world.images["backend"].replace("1f0e2d3", "local")
    assert world.checks()[1]["image:formerr-backend"]["state"] == "skipped"


def test_what_the_state_does_not_hold_or_the_account_lost_fails(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.cloud.remove("load_balancers", world.ids["loadBalancer"])
    del world.ids["registry"]
    code, checks = world.checks()
    assert code == 8
    assert "is gone" in checks["load-balancer"]["message"]
    assert "the state holds none" in checks["registry"]["message"]
    assert {checks[name]["state"] for name in ("ingress", "frontend", "backend", "tls")} == {"unknown"}


def test_a_load_balancer_that_is_not_active_yet_fails(world: World, application: Site) -> None:
    world.balance(("http", application), status="new")
    code, checks = world.checks()
    assert (code, checks["load-balancer"]["state"]) == (8, "failed")


@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 500}, {"body": "html"}, {"body": "cut"}, {"hang": True}]
)
def test_an_api_that_does_not_answer_leaves_unknown_and_ends_with_4(
    world: World, application: Site, fault: dict[str, Any]
) -> None:
    world.balance(("http", application))
    world.cloud.fault("GET", "/v2/load_balancers", **fault)
    code, checks = world.checks("--timeout", "1")
    assert code == 4
    assert {checks[name]["state"] for name in ("load-balancer", "ingress", "frontend", "backend")} == {
        "unknown"
    }
    assert checks["registry"]["state"] == "ok"


def test_a_registry_that_does_not_say_what_it_holds_is_unknown(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.cloud.fault("GET", "/tags$", status=403)
    code, checks = world.checks()
    assert (code, checks["image:formerr-backend"]["state"]) == (4, "unknown")
    assert "registry:read" in checks["image:formerr-backend"]["message"]


def test_failed_outweighs_unknown(world: World) -> None:
    with serving(replies('{"status": "unhealthy"}')) as site:
        world.balance(("http", site))
        world.cloud.fault("GET", "/tags$", status=403)
        assert world.checks()[0] == 8


def test_an_application_that_hangs_fails_in_time(world: World) -> None:
    done = threading.Event()
    with serving(lambda *_: done.wait(20)) as site:
        world.balance(("http", site))
        began = time.monotonic()
        code, checks = world.checks("--timeout", "0.5")
        took = time.monotonic() - began
        done.set()
    assert code == 8
    assert {checks[name]["state"] for name in ("ingress", "frontend", "backend")} == {"failed"}
    assert took < 4


def test_a_load_balancer_of_the_local_digitalocean_is_not_asked_and_that_is_said(world: World) -> None:
    with serving(replies()) as site:
        world.balance(("http", site), ip="198.18.0.6")
        code, checks = world.checks()
        assert site.requests == []
    assert code == 0
    assert "198.18.0.6 leads nowhere" in checks["backend"]["message"]
    assert checks["backend"]["state"] == "skipped"


# -- TLS, certificate, database ------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def test_with_tls_everything_is_asked_in_tls_and_the_days_left_are_told(
    world: World, application: Site, authority: Authority
) -> None:
    with serving(replies(), authority.context(FRONTEND, BACKEND, days=20.5)) as site:
        world.balance(("http", application), ("https", site))
        code, checks = world.checks()
        assert code == 0
        assert checks["tls"]["message"] == f"the certificate of {FRONTEND} is good for 20 days"
        assert {one["state"] for name, one in checks.items() if name in ("ingress", "backend")} == {"ok"}
        assert application.requests == []
        code, checks = world.checks("--certificate-days", "30")
        assert (code, checks["tls"]["state"]) == (8, "failed")


def test_a_certificate_of_another_host_fails_for_that_host(world: World, authority: Authority) -> None:
    with serving(replies(), authority.context(FRONTEND)) as site:
        world.balance(("https", site))
        code, checks = world.checks()
    assert code == 8
    assert (checks["frontend"]["state"], checks["backend"]["state"]) == ("ok", "failed")
    assert "certificate is not accepted" in checks["backend"]["message"]


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        ({"not_after": "2099-01-01T00:00:00Z"}, "ok", "good for"),
        ({"not_after": "2020-01-01T00:00:00Z"}, "failed", "ended"),
        ({"not_after": "soon"}, "unknown", "does not say"),
        ({"state": "error"}, "failed", "is error"),
    ],
)
def test_the_accounts_certificate_is_read_too(
    world: World, application: Site, fields: dict[str, str], state: str, said: str
) -> None:
    world.balance(("http", application))
    world.configure(domain="formerr.dev")
    made = world.cloud.put("certificates", name="formerr-staging-tls", **fields)
    world.ids["certificate"] = made["name"]
    checks = world.checks()[1]
    assert (checks["certificate"]["state"], said in checks["certificate"]["message"]) == (state, True)


def test_a_managed_database_is_judged_by_its_status_and_not_reached_locally(
    world: World, application: Site
) -> None:
    world.balance(("http", application))
    world.configure(databaseMode="managed")
    world.ids["database"] = world.cloud.put("databases", name="formerr-staging-db", status="online")["id"]
    code, checks = world.checks()
    assert (code, checks["database"]["state"], checks["database-connection"]["state"]) == (0, "ok", "skipped")
    world.cloud.update("databases", world.ids["database"], status="migrating")
    code, checks = world.checks()
    assert (code, checks["database"]["state"]) == (8, "failed")


# -- what stops before it begins -----------------------------------------------------------------------------


def test_a_stack_that_the_state_does_not_know_ends_with_3(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from formerr_infra import export
    from formerr_infra.ledger import EMPTY

    class Nothing:
        def __init__(self, *_: object) -> None: ...

        def ledger(self) -> object:
            return EMPTY

    monkeypatch.setattr(export, "Export", Nothing)
    monkeypatch.setattr(sys, "argv", ["formerr", "health", "staging", "--cwd", str(world.folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3


def test_what_is_needed_and_not_there_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world(stack="qa")[0] == 2
    assert world("--within", "3")[0] == 2
    monkeypatch.delenv("DIGITALOCEAN_TOKEN")
    code, _, err = world()
    assert code == 2
    assert "DIGITALOCEAN_TOKEN is not set" in err


# -- watching ------------------------------------------------------------------------------------------------


def test_until_healthy_ends_with_0_as_soon_as_all_is_well_and_prints_what_changed(world: World) -> None:
    looks = 0

    def reply(connection: socket.socket, host: str, path: str) -> None:
        nonlocal looks
        if path == "/health":
            looks += 1
        replies(WELL if looks > 2 else '{"status": "unhealthy"}')(connection, host, path)

    with serving(reply) as site:
        world.balance(("http", site))
        code, out, _ = world("--until-healthy", "--every", "0.1", "--within", "60")
    assert code == 0
    lines = [line for line in out.splitlines() if " backend: " in line]
    assert [line.split()[1] for line in lines] == ["failed", "ok"]
    assert out.count("unhealthy: ") == 2
    assert out.rstrip().splitlines()[-1].split()[1] == "healthy:"


def test_until_healthy_gives_up_in_time_with_the_code_of_the_last_look(world: World) -> None:
    with serving(replies('{"status": "unhealthy"}')) as site:
        world.balance(("http", site))
        began = time.monotonic()
        code, out, _ = world("--until-healthy", "--every", "0.2", "--within", "0.5", "--json")
    assert code == 8
    assert {json.loads(line)["state"] for line in out.splitlines()} == {"unhealthy"}
    assert time.monotonic() - began < 5


def test_in_a_terminal_a_watch_is_drawn_again_in_its_place_until_ctrl_c_which_ends_with_130(
    world: World, application: Site
) -> None:
    world.balance(("http", application))
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "formerr_infra.cli.app",
        "health",
        "staging",
        "--watch",
        "--every",
        "0.2",
    ]
    command += ["--cwd", str(world.folder), "--state", str(world.state)]
    environment = os.environ | {
        "TERM": "xterm-256color",
        "PYTHONPATH": f"{CHECKOUT}:{os.environ['PYTHONPATH']}",
    }
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while shown.count(b"Ctrl-C ends") < 3:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    os.close(ours)
    up_by_a_line = b"\x1b[1A"
    assert up_by_a_line in shown
    assert b"Traceback" not in shown
    assert shown.count(b"load-balancer") >= 3


def test_what_an_account_says_cannot_move_the_cursor(world: World, application: Site) -> None:
    world.balance(("http", application))
    world.cloud.update("load_balancers", world.ids["loadBalancer"], name="\x1b[2J\x1b]0;evil")
    _, out, _ = world()
    assert "\x1b" not in out
    assert "evil" in out
