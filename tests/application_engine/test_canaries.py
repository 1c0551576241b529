"""Where the secrets of a run are not: every command on one deployed stack, with a canary for each secret there is."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from formerr_infra import children
from formerr_infra.emulator.server import EmulatorServer
from tests.application_engine.conftest import TAG
from tests.pipelines.fake_github import FakeGitHub
from tests.support import kubernetes
from tests.support.canaries import Canaries, Child, Watch, canary
from tests.support.command import Ran, formerr
from tests.support.stack import Stack, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.tools import Tools

#: With it, every command is tried.
EVERYTHING = "FORMERR_TEST_CANARIES"
#: The most that the engine may be asked to log: from 9 on it logs what it hands to its plugins as it is (docs/explanation/secrets.md).
TALKATIVE = ("--logtostderr", "-v=8")
OUR_OWN = ("FORMERR_BACKUP_PASSPHRASE", "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN")
OF_THE_APPLICATION = (
    "DB_PASSWORD", "FORMERR_ALERT_SLACK_URL", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "JWT_SECRET", "SESSION_SECRET",
)  # fmt: skip
OF_THE_CLOUD = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_TOKEN_PRODUCTION", "SPACES_SECRET_ACCESS_KEY")
OF_THE_STATE = ("AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE")
#: What is made by the run, and is in no environment.
MADE = ("registry credentials", "kubeconfig token")


@dataclass
class Run:
    """What was done with one stack, and everything that was seen of it."""

    canaries: Canaries
    stack: Stack
    watch: Watch
    plain: Watch
    github: FakeGitHub
    steps: list[Step] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)


def values() -> dict[str, str]:
    """A canary for each secret that an environment can have."""
    made = {
        name: canary() for name in (*OUR_OWN, *OF_THE_APPLICATION, *OF_THE_STATE, "SPACES_SECRET_ACCESS_KEY")
    }
    made |= {
        name: canary(awkward=False)
        for name in ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_TOKEN_PRODUCTION", "GITHUB_TOKEN")
    }
    return made | {"FORMERR_ALERT_SLACK_URL": f"https://hooks.slack.invalid/services/{canary(awkward=False)}"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Iterator[Run]:
    """The stack deployed by the engine at its most talkative, then by `formerr`, then every command that says something."""
    folder = tmp_path_factory.mktemp("canaries")
    given = values()
    with EmulatorServer(kubernetes=kubernetes.find()) as server, FakeGitHub(given["GITHUB_TOKEN"]) as github:
        server.control.account(token=given["DIGITALOCEAN_TOKEN"], name="ours")
        stack = Stack(folder / "stack", tools, server.control, application=True)
        temporary = folder / "tmp"
        temporary.mkdir()
        known = Canaries(given)
        watch, plain = Watch(known, temporary), Watch(known, temporary)
        outputs = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
        stack.environment |= {
            **github.environment,
            **given,
            **outputs,
            **watch.environ,
            "AWS_ACCESS_KEY_ID": "AKIDLOCAL",
        }
        stack.init().config(imageTag=TAG, alertSlackChannel="#ops")
        seen = Run(known, stack, watch, plain, github)
        with plain:
            seen.steps += [stack.up("--diff", *TALKATIVE, preview=True).ok(), stack.refresh(*TALKATIVE).ok()]
        stack.environment |= watch.environ
        with watch:
            seen.ran.append(formerr(stack, "deploy", "staging", "--yes", "--no-health", "--verbose").ok())
            made = of_the_run(stack, given["DIGITALOCEAN_TOKEN"])
            seen.canaries = watch.canaries = Canaries({**given, **made})
            seen.ran += [formerr(stack, *words) for words in commands(folder)]
        yield seen


def of_the_run(stack: Stack, token: str) -> dict[str, str]:
    """What the run made: the pull secret's credentials, by the API server, and what opens that, by a file of our own."""
    file = stack.folder / "opens"
    formerr(stack, "kubeconfig", "staging", "-o", str(file)).ok()
    held = json.loads(file.read_text("utf-8"))
    file.unlink()
    opens, cluster = held["users"][0]["user"]["token"], held["clusters"][0]["cluster"]
    answer = httpx.get(
        f"{cluster['server']}/api/v1/namespaces/formerr/secrets/formerr-registry",
        headers={"Authorization": f"Bearer {opens}"}, verify=False, trust_env=False,  # noqa: S501  (of this machine)
    )  # fmt: skip
    assert token not in answer.text
    (auth,) = json.loads(base64.b64decode(answer.json()["data"][".dockerconfigjson"]))["auths"].values()
    word = base64.b64decode(auth["auth"]).decode().rpartition(":")[2]
    return {"registry credentials": word, "kubeconfig token": opens}


def commands(folder: Path) -> list[tuple[str, ...]]:
    """What says something of a stack or of its state, and the words on GitHub; in `make canaries` all of it."""
    report, drift = str(folder / "report.md"), str(folder / "drift.md")
    (folder / "report.md").write_text("## a report\n", "utf-8")
    asked = [
        ("validate", "--json"),
        ("doctor", "staging"),
        ("drift", "staging", "--json", "--verbose", "--markdown", drift),
        ("report", "staging", "-o", str(folder / "report.html")),
        ("kubeconfig", "staging", "-o", str(folder / "kubeconfig"), "--json"),
        ("state", "backup", "staging", "--json"),
        ("pipeline", "outputs", "staging", "registry_endpoint", "application_url"),
        ("pipeline", "comment", "preview-staging", report, "--number", "7"),
    ]
    if os.environ.get(EVERYTHING) != "1":
        return asked
    return [
        *asked,
        ("preview", "staging", "--json", "--verbose"),
        ("detect", "-s", "staging", "--json"),
        ("explain", "application", "-s", "staging"),
        ("doctor", "staging", "--json"),
        ("health", "staging"),
        ("health", "staging", "--json"),
        ("report", "staging", "--markdown"),
        ("report", "staging", "--json"),
        ("cost", "staging", "--json"),
        ("images", "deployed", "staging", "--json"),
        ("images", "list", "staging"),
        ("state", "list", "staging"),
        ("rollback", "staging"),
        ("destroy", "staging", "--json"),
        ("env", "list", "--json"),
        ("pipeline", "issue", "drift-staging", report, "--title", "Drift"),
    ]


def told_by_the_plugin(tools: Tools) -> set[str]:
    """What the plugin for the cloud itself writes into its debug messages: the official one, what an alert is made with."""
    return {"FORMERR_ALERT_SLACK_URL"} if tools.official else set()


def test_no_canary_is_in_the_engines_log_or_its_output(run: Run, tools: Tools) -> None:
    for step in run.steps:
        assert "pulumi-resource-kubernetes" in step.said, "it was not asked to log"
        assert run.canaries.within(step.said) <= told_by_the_plugin(tools), step.command


def test_no_canary_is_in_what_any_command_prints_or_writes_for_others(run: Run) -> None:
    for ran in run.ran:
        shown = " ".join(ran.words)
        assert "Traceback" not in ran.said, f"{shown}: {ran.said}"
        assert run.canaries.within(ran.said) == set(), shown
    assert len([ran for ran in run.ran if ran.code == 0]) > len(run.ran) // 2, [
        (ran.words, ran.code, ran.said) for ran in run.ran
    ]
    folder = run.stack.folder.parent
    for file in ("output", "summary", "report.html", "report.md", "drift.md"):
        assert run.canaries.within((folder / file).read_text("utf-8")) == set(), file
    said = json.dumps([run.github.comments, run.github.issues])
    assert "a report" in said
    assert run.canaries.within(said) == set()


def test_no_canary_is_in_a_file_of_the_stack_but_in_the_kubeconfig_that_was_asked_for(
    run: Run, tools: Tools
) -> None:
    folder = run.stack.folder.parent
    places = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not {"formerr_infra", ".venv"} & set(file.relative_to(folder).parts)
    ]
    assert any(file.name == "staging.json" for file in places)
    assert any("backups" in file.parts for file in places)
    found = {
        str(file.relative_to(folder)): within
        for file in places
        if (within := run.canaries.within(file.read_bytes().decode("utf-8", "replace")))
    }
    # What opens the cluster is asked for anew each time; that of the kubeconfig is another one than that which is known.
    logs = {name for name in found if name.startswith("stack/events-")}
    assert all(found.pop(name) <= told_by_the_plugin(tools) for name in logs)
    assert found == {}
    assert (folder / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert [file for file in places if re.fullmatch(r"core(\.\d+)?", file.name)] == []


def test_no_temporary_file_has_a_canary_or_is_anybody_elses_to_read_and_none_is_left(run: Run) -> None:
    assert run.watch.files, "no temporary file was seen"
    found = {name: within for name, (_, within) in run.watch.files.items() if within}
    assert found == {}
    left = [str(file) for file in run.watch.temporary.rglob("*") if file.is_file()]
    assert [name for name in left if "formerr" in name] == []


def allowed(child: Child) -> tuple[str, frozenset[str]]:
    """What a program may have, by its command line: the table of docs/adr/0063 and docs/explanation/secrets.md."""
    everything = frozenset(run_names())
    engine = children.for_engine(dict.fromkeys(everything, "x"))
    match child.command:
        case command if "formerr_infra.cli.app" in command:
            return "formerr", everything
        case command if re.search(r"/pulumi --non-interactive (preview|up|refresh|destroy) ", f"{command} "):
            return "an operation of the engine", frozenset(engine)
        case command if re.search(
            r"/pulumi (--non-interactive |version|plugin|stack |config )", f"{command} "
        ):
            return "a question to the state", frozenset(OF_THE_STATE)
        case command if "import formerr_infra.program" in command or "kubectl" in command:
            return "a tool", frozenset()
        case "uname -p":
            # What Python's `platform` asks on behalf of a library, in whichever process.
            return "formerr", everything
        case _:
            return "of the engine", frozenset(engine)


def run_names() -> tuple[str, ...]:
    return (*OUR_OWN, *OF_THE_APPLICATION, *OF_THE_CLOUD, *OF_THE_STATE)


def test_every_child_has_the_secrets_that_it_uses_and_no_other(run: Run) -> None:
    seen: dict[str, set[str]] = {}
    for command in (*run.plain.children, *run.watch.children):
        assert run.canaries.within(command) == set(), f"on a command line: {command}"
    for child in run.watch.children.values():
        kind, may = allowed(child)
        assert child.has <= may, f"{child.command} ({kind}) has {child.has - may}"
        seen.setdefault(kind, set()).update(child.has)
    assert set(seen) == {
        "formerr",
        "an operation of the engine",
        "a question to the state",
        "a tool",
        "of the engine",
    }
    assert seen["formerr"] == set(run_names())
    assert {*OF_THE_APPLICATION, "DIGITALOCEAN_TOKEN"} <= seen["an operation of the engine"]
    assert "PULUMI_CONFIG_PASSPHRASE" in seen["a question to the state"]
