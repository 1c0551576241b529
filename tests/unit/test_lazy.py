"""The provider's package, imported by what is used of it: quicker, and otherwise the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from formerr_infra.slots import SLOTS

LAZY = """
import sys
from formerr_infra.lazy import make_lazy
make_lazy("pulumi_digitalocean")
import pulumi_digitalocean as digitalocean
def loaded(name): return f"pulumi_digitalocean.{name}" in sys.modules
"""
CLASSES = sorted(
    slot.engine_type.rpartition(":")[2] for slot in SLOTS if slot.engine_type.startswith("digitalocean:")
)


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LAZY + code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_classes_of_the_slots_are_the_packages_own_and_nothing_else_is_imported() -> None:
    code = f"""
found = [getattr(digitalocean, name) for name in {CLASSES}]
assert not loaded("app") and not loaded("droplet")
del sys.modules["pulumi_digitalocean"].__getattr__
spec = digitalocean.__spec__
spec.loader.exec_module(digitalocean)
assert loaded("app")
print([one is getattr(digitalocean, name) for name, one in zip({CLASSES}, found)])
"""
    assert _python(code) == str([True] * len(CLASSES))


@pytest.mark.parametrize(
    "use",
    [
        "assert callable(digitalocean.get_vpc)",
        "from pulumi_digitalocean import get_vpc; assert callable(get_vpc)",
        "from pulumi_digitalocean import *; Droplet",
        "assert digitalocean.KubernetesClusterNodePoolArgs(name='a', size='b').size == 'b'",
        "digitalocean.Vpc; assert digitalocean.Region.NYC3 == 'nyc3'",
        "import pulumi_digitalocean.config; assert pulumi_digitalocean.config.token is None",
        "import pulumi_digitalocean.droplet; assert pulumi_digitalocean.Droplet",
    ],
)
def test_what_is_not_a_slot_is_there_as_ever(use: str) -> None:
    _python(use)


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    code = """
for name in ("Nonsense", "__nonsense__", "nonsense"):
    try:
        getattr(digitalocean, name)
    except AttributeError as error:
        print(error)
"""
    assert _python(code).count("has no attribute") == 3


def test_threads_that_need_the_whole_package_at_once_all_get_it() -> None:
    code = """
import threading
found = []
barrier = threading.Barrier(8)
def work(number):
    barrier.wait()
    found.append((digitalocean.get_vpc, digitalocean.Vpc, digitalocean.LoadBalancer)[number % 3])
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(30)
print(len(found))
"""
    assert _python(code) == "8"


def test_a_package_that_is_imported_already_is_left_alone_and_a_missing_one_stays_missing() -> None:
    code = """
import json
make_lazy("json")
make_lazy("formerr_no_such_package")
assert "__getattr__" not in vars(json) and "formerr_no_such_package" not in sys.modules
"""
    _python(code)
