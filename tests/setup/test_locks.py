"""The locked requirements: complete, hashed, and naming nothing of the machine they were made on."""

from __future__ import annotations

import re

import pytest

from formerr_infra.local.paths import CHECKOUT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements/bootstrap.txt")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def _pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((CHECKOUT / name).read_text("utf-8")))


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    text = (CHECKOUT / name).read_text("utf-8")
    entries = [e for e in re.split(r"\n(?=[A-Za-z0-9])", text) if not e.startswith("#")]

    assert entries
    for entry in entries:
        assert PIN.match(entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_it_was_made_at(name: str) -> None:
    text = (CHECKOUT / name).read_text("utf-8")

    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text
    assert not re.search(r"(?<![\w.])/(?:home|opt|root|tmp|work|Users|var)/", text)


def test_both_locks_agree() -> None:
    runtime, development = _pins("requirements.txt"), _pins("requirements-dev.txt")

    assert {n: v for n, v in development.items() if n in runtime and runtime[n] != v} == {}


def test_the_runtime_lock_holds_what_its_input_asks_for() -> None:
    wanted = _pins("requirements/runtime.in")

    assert {"pulumi", "pulumi-digitalocean", "pulumi-kubernetes", "pydo", "pytest"} <= set(wanted)
    locked = {name.replace("_", "-").replace(".", "-"): v for name, v in _pins("requirements.txt").items()}
    assert {n: v for n, v in wanted.items() if locked.get(n.replace(".", "-")) != v} == {}


def test_the_engine_that_is_built_is_the_one_the_sdk_is_for() -> None:
    from formerr_infra.local.toolchain.table import DIGITALOCEAN, KUBERNETES_PLUGIN, PULUMI

    pins = _pins("requirements/runtime.in")
    assert (pins["pulumi"], pins["pulumi-digitalocean"]) == (PULUMI, DIGITALOCEAN)
    assert pins["pulumi-kubernetes"] == KUBERNETES_PLUGIN
