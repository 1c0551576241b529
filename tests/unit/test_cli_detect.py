"""`formerr detect` and `formerr explain` against the local DigitalOcean, with a state from a file and no engine at all."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.cli.app import main
from formerr_infra.emulator.server import EmulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "local-token"
NEVER_DEPLOYED = {"version": 3, "deployment": {"manifest": {"time": "0001-01-01T00:00:00Z"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


class Formerr:
    """The command, run in a folder of its own with no engine on the PATH."""

    def __init__(
        self,
        folder: Path,
        server: EmulatorServer,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder, self.control, self.patch, self._capsys = folder, server.control, patch, capsys
        for name in ("Pulumi.yaml", "Pulumi.staging.yaml"):
            shutil.copy(CHECKOUT / name, folder)
        self.state = folder / "state.json"
        self.state.write_text(json.dumps(NEVER_DEPLOYED), encoding="utf-8")
        patch.setenv("PATH", str(folder))
        patch.setenv("COLUMNS", "200")
        patch.setenv("DIGITALOCEAN_API_URL", server.endpoint)
        patch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
        patch.setenv("FORMERR_LOCAL", "1")

    def __call__(self, *words: str, state: bool = True) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        command = ["formerr", *words]
        if state and words[0] in ("detect", "explain"):
            command += ["--cwd", str(self.folder), "--state", str(self.state)]
        self.patch.setattr(sys, "argv", command)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        out, err = self._capsys.readouterr()
        return code, out, err

    def configure(self, **values: Any) -> None:
        file = self.folder / "Pulumi.staging.yaml"
        lines = [
            line for line in file.read_text().splitlines() if not any(f":{key}:" in line for key in values)
        ]
        lines += [f"  formerr-infra:{key}: {json.dumps(value)}" for key, value in values.items()]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def formerr(
    tmp_path: Path,
    server: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Formerr:
    server.control.reset()
    server.control.clear_faults()
    return Formerr(tmp_path, server, monkeypatch, capsys)


def two_load_balancers(formerr: Formerr) -> list[str]:
    return [
        str(formerr.control.put("load_balancers", name="formerr-staging-lb", region="nyc3")["id"])
        for _ in "ab"
    ]


# -- what comes out ------------------------------------------------------------------------------------------


def test_an_empty_account_is_shown_as_four_slots_and_a_pool_to_be_made(formerr: Formerr) -> None:
    code, out, _ = formerr("detect")
    assert code == 0
    for slot in ("vpc", "cluster", "nodePool", "registry", "loadBalancer"):
        assert re.search(rf"{slot} .*create .*17 ", out), slot
    assert "nothing was changed" in out


def test_nothing_is_written_and_validate_name_is_not_asked(formerr: Formerr) -> None:
    formerr.control.mark()
    formerr("detect")
    formerr("explain", "registry")
    assert [one.method for one in formerr.control.requests(since_mark=True) if one.method != "GET"] == []


def test_the_json_has_everything_and_one_form(formerr: Formerr) -> None:
    vpc = formerr.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    code, out, _ = formerr("detect", "--json")
    assert code == 0
    document = json.loads(out)
    assert set(document) == {"stack", "ok", "calls", "seconds", "pending", "decisions", "objects", "findings"}
    assert (document["stack"], document["ok"], document["pending"]) == ("staging", True, [])
    assert 0 < document["calls"] <= 9  # the last one asks the VPC what stands in it
    decisions = {one["slot"]: one for one in document["decisions"]}
    assert list(decisions) == ["vpc", "cluster", "nodePool", "registry", "loadBalancer", "application"]
    for one in decisions.values():
        assert set(one) == {
            "slot", "outcome", "ownership", "row", "code", "id", "reason", "settle", "held", "found", "notes",
        }  # fmt: skip
    found = decisions["vpc"]
    assert (found["outcome"], found["ownership"], found["row"], found["id"]) == (
        "adopt",
        "adopted",
        "21",
        vpc["id"],
    )
    assert found["found"][0]["mark"] == "unmarked"
    assert found["found"][0]["facts"]["ip_range"] == "10.20.0.0/16"


def test_the_state_of_the_file_is_what_is_held(formerr: Formerr) -> None:
    vpc = formerr.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    urn = "urn:pulumi:staging::formerr-infra::formerr:network:Network$digitalocean:index/vpc:Vpc::vpc"
    resource = {"urn": urn, "custom": True, "id": vpc["id"], "type": "digitalocean:index/vpc:Vpc"}
    formerr.state.write_text(
        json.dumps({"version": 3, "deployment": {"resources": [resource]}}), encoding="utf-8"
    )
    code, out, _ = formerr("explain", "vpc", "--json")
    assert code == 0
    assert json.loads(out)["held"] == {"holding": "managed", "id": vpc["id"]}
    code, out, _ = formerr("explain", "vpc")
    assert "held managed(id); live id alive" in out


def test_explain_gives_the_row_of_every_decision_in_words(formerr: Formerr) -> None:
    formerr.configure(region="fra1")
    formerr.control.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    code, out, _ = formerr("explain", "vpc")
    assert code == 3
    assert "26: held any; live ADOPT, IMPORT or RELEASE of one that does not fit" in out
    assert "region" in out


# -- exit codes ----------------------------------------------------------------------------------------------


def test_refused_ends_with_3_and_names_both_ids_and_the_key(formerr: Formerr) -> None:
    ids = two_load_balancers(formerr)
    code, out, _ = formerr("detect")
    assert code == 3
    flat = re.sub(r"[\s│|]+", "", out)
    assert all(identity in flat for identity in ids)
    assert "loadBalancerId" in out
    formerr.configure(loadBalancerId=ids[0], vpcPolicy="auto")
    code, out, _ = formerr("explain", "loadBalancer", "--json")
    assert json.loads(out)["code"] != "ambiguous"


def test_unknown_ends_with_4_and_not_with_a_create(formerr: Formerr) -> None:
    formerr.control.fault("GET", "/v2/vpcs$", status=403)
    code, out, _ = formerr("detect", "--json")
    assert code == 4
    decisions = {one["slot"]: one for one in json.loads(out)["decisions"]}
    assert (decisions["vpc"]["outcome"], decisions["vpc"]["code"]) == ("refuse", "unknown")


def test_an_account_that_is_too_small_ends_with_5(formerr: Formerr) -> None:
    formerr.control.account(droplet_limit=1)
    code, out, _ = formerr("detect")
    assert code == 5
    assert "error" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "load_balancer"), "the slots are vpc, cluster"),
        (("explain", "project"), "has no slot 'project'"),
        (("detect", "--stack", "qa"), "there is no such stack file; stacks here: staging"),
        (("detect", "--stack", "../x"), "cannot be the name of a stack"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(formerr: Formerr, words: tuple[str, ...], said: str) -> None:
    code, _, err = formerr(*words)
    assert code == 2
    assert said in err


def test_a_bad_setting_ends_with_2_before_any_call(formerr: Formerr) -> None:
    formerr.configure(nodeCount=0)
    formerr.control.mark()
    code, _, err = formerr("detect")
    assert code == 2
    assert re.search(r"Pulumi\.staging\.yaml:\d+: formerr-infra:nodeCount: ", err)
    assert formerr.control.requests(since_mark=True) == []


def test_without_a_token_it_ends_with_2_and_says_where_one_goes(formerr: Formerr) -> None:
    formerr.patch.delenv("DIGITALOCEAN_TOKEN")
    code, _, err = formerr("detect")
    assert code == 2
    assert "DIGITALOCEAN_TOKEN is not set" in err


def test_local_mode_with_another_address_ends_with_6(formerr: Formerr) -> None:
    formerr.patch.setenv("DIGITALOCEAN_API_URL", "https://api.digitalocean.com")
    code, _, err = formerr("detect")
    assert code == 6
    assert "not a loopback address" in err


@pytest.mark.parametrize(
    ("text", "code"), [("{", 2), ("[]", 4), ('{"deployment": {"resources": [{}]}}', 4), ("[" * 50_000, 2)]
)
def test_a_state_file_that_is_none_is_never_an_empty_state(formerr: Formerr, text: str, code: int) -> None:
    formerr.state.write_text(text, encoding="utf-8")
    assert formerr("detect")[0] == code


def test_a_state_file_that_is_not_there_is_a_wrong_usage(formerr: Formerr) -> None:
    formerr.state.unlink()
    assert formerr("detect")[0] == 2


def test_without_a_state_file_and_without_an_engine_nothing_is_concluded(formerr: Formerr) -> None:
    formerr.patch.setenv("HOME", str(formerr.folder))
    code, _, err = formerr("detect", "--cwd", str(formerr.folder), state=False)
    assert code == 4
    assert "no `pulumi` on the PATH" in err


# -- what never comes out ------------------------------------------------------------------------------------


def test_the_token_is_never_shown(formerr: Formerr) -> None:
    secret = "dop_v1_0123456789abcdef"
    formerr.patch.setenv("DIGITALOCEAN_TOKEN", secret)
    for words in (("detect",), ("detect", "--json"), ("explain", "vpc")):
        code, out, err = formerr(*words)
        assert code == 4
        assert secret not in out + err


def test_a_name_from_the_account_reaches_no_terminal_as_it_is(formerr: Formerr) -> None:
    formerr.configure(projectName="Formerr")
    hostile = "\x7f\x1b[2J\x1b]0;owned\x07\n= vpc  keep\u202e"
    formerr.control.put("projects", name="Formerr", description=f"pulumi:formerr-infra:other {hostile}")
    formerr.control.put("vpcs", name="formerr-staging-vpc", region=f"nyc3{hostile}", ip_range="10.20.0.0/16")
    for words in (("detect",), ("explain", "vpc"), ("detect", "--json")):
        _, out, err = formerr(*words)
        assert all(char == "\n" or char.isprintable() for char in out + err), words
        assert "\n= vpc" not in out


@pytest.mark.parametrize(
    "words", [(), ("detect",), ("explain",), ("local",), ("local", "start"), ("local", "requests")]
)
def test_every_command_explains_itself(formerr: Formerr, words: tuple[str, ...]) -> None:
    code, out, _ = formerr(*words, "--help", state=False)
    assert code == 0
    assert "Usage:" in out
