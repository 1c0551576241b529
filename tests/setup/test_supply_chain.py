"""Where the requirements come from, and under which licences: every one by hash, and none that asks for more than naming it."""

from __future__ import annotations

import json
import re
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.local import checks
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

LOCKED = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements/bootstrap.txt",
    "requirements/fuzz.txt",
    "requirements/audit.txt",
)
#: SPDX identifiers that ask for the licence's text and the authors' names, and for changes of the files themselves (MPL).
#: Nothing here asks that a program which only uses it be published.
FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense",
}  # fmt: skip
#: Packages whose metadata name the licence in words of their own.
IN_WORDS = {
    "apache": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "apache 2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "mit license": "MIT",
}


def pins(file: str) -> dict[str, tuple[str, str]]:
    """Name of each requirement -> its version, and everything that stands with it."""
    text = (CHECKOUT / file).read_text("utf-8")
    found = re.findall(
        r"^([a-z0-9][\w.-]*)==(\S+?)(?=[ ;\\\n])(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL
    )
    return {name.replace(".", "-"): (version, rest) for name, version, rest in found}


@pytest.fixture(scope="module", name="components")
def _components(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    file: Path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    assert checks.sbom((str(file),)) == 0
    listed = json.loads(file.read_text("utf-8"))["components"]
    return {re.sub(r"[._]", "-", one["name"].lower()): one for one in listed}


@pytest.mark.parametrize("file", LOCKED)
def test_every_requirement_is_pinned_and_has_its_hashes(file: str) -> None:
    text = (CHECKOUT / file).read_text("utf-8")
    found = pins(file)

    lines = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
    assert len(lines) == len(found) > 0
    assert {name for name, (_, rest) in found.items() if "--hash=sha256:" not in rest} == set()


def test_the_bill_of_materials_has_what_is_required_in_the_version_that_is_pinned(
    components: dict[str, dict[str, Any]],
) -> None:
    wanted = {
        name: version
        for name, (version, rest) in pins("requirements.txt").items()
        if "; sys_platform" not in rest
    }
    held = {name: one["version"] for name, one in components.items()}

    assert {
        name: (version, held.get(name)) for name, version in wanted.items() if held.get(name) != version
    } == {}


def test_no_requirement_asks_for_more_than_to_be_named(components: dict[str, dict[str, Any]]) -> None:
    asked = {name: choices(one) for name, one in components.items()}

    assert {name: said for name, said in asked.items() if not any(one <= FREE for one in said)} == {}


def choices(component: dict[str, Any]) -> set[frozenset[str]]:
    """The licences that a component may be taken under: one set of identifiers (AND) for each choice (OR)."""
    given = [
        one.get("expression") or one["license"].get("id") or one["license"].get("name", "")
        for one in component.get("licenses") or []
    ]
    # What is neither an expression nor a classifier stays out of the bill.
    given = given or [metadata(component["name"]).json.get("license", "")]
    return {
        frozenset(IN_WORDS.get(part.lower(), part) for part in re.split(r" AND ", choice))
        for one in given
        for choice in re.split(r" OR ", one.rpartition(" :: ")[2])
    }
