"""The guards around all tests: each of them does stop what it is there to stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT
from tests.conftest import scrub
from tests.guard.sitecustomize import is_local

if TYPE_CHECKING:
    from pathlib import Path

OUTSIDE = "192.0.2.1"  # a documentation address, which nobody has


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", b"localhost", None, "0.0.0.0", ""]
)
def test_this_machine_is_local(host: str | bytes | None) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "api.digitalocean.com", "::2", "localhost.example.com", "10.0.0.1"]
)
def test_everything_else_is_not(host: str) -> None:
    assert not is_local(host)


def test_a_connection_to_the_outside_is_refused() -> None:
    with socket.socket() as probe, pytest.raises(RuntimeError, match="tests stay on this machine"):
        probe.connect((OUTSIDE, 80))


def test_a_datagram_to_the_outside_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
        pytest.raises(RuntimeError, match="tests stay on this machine"),
    ):
        probe.sendto(b"x", (OUTSIDE, 53))


def test_a_name_of_the_outside_is_not_resolved() -> None:
    with pytest.raises(RuntimeError, match="tests stay on this machine"):
        socket.getaddrinfo("api.digitalocean.com", 443)


def test_a_python_that_a_test_starts_is_held_too() -> None:
    code = f"import socket; socket.create_connection(({OUTSIDE!r}, 80), 1)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "OutsideAddress" in done.stderr


def test_other_programs_find_dead_proxies() -> None:
    assert os.environ["HTTPS_PROXY"] == os.environ["http_proxy"] == "http://127.0.0.1:9"
    assert "127.0.0.1" in os.environ["NO_PROXY"]


def test_what_belongs_to_the_user_is_taken_away() -> None:
    environ = {
        "DIGITALOCEAN_TOKEN": "real",
        "DO_TOKEN": "real",
        "PULUMI_ACCESS_TOKEN": "real",
        "PULUMI_BACKEND_URL": "s3://real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "FORMERR_LOCAL_DIR": "/real",
        "FORMERR_CACHE_DIR": "/cache",
        "PATH": "/bin",
    }

    scrub(environ)

    assert "real" not in " ".join(environ.values())
    assert (environ["PATH"], environ["FORMERR_CACHE_DIR"]) == ("/bin", "/cache")


SKIPPING = {
    "unexpected": "import pytest\ndef test_it():\n    pytest.skip('no reason at all')\n",
    "marked": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_it(): pass\n",
    "module": "import pytest\npytest.importorskip('no_such_module')\ndef test_it(): pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('not here')\ndef test_it(f): pass\n",
}
ALLOWED = "import pytest\n@pytest.mark.may_skip(reason='needs a thing')\ndef test_it():\n    pytest.skip('no thing')\n"


def _pytest(tmp_path: Path, text: str, *arguments: str, ci: str) -> subprocess.CompletedProcess[str]:
    """pytest with this project's conftest over one test that passes and one of `text`."""
    (tmp_path / "test_one.py").write_text(text + "def test_fine(): pass\n", "utf-8")
    env = os.environ | {"CI": ci, "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{os.environ['PYTHONPATH']}"}
    env.pop("PYTEST_XDIST_WORKER", None)
    config, root = os.fspath(CHECKOUT / "pyproject.toml"), os.fspath(tmp_path)
    options = ["-c", config, "--rootdir", root, "-p", "tests.conftest", *arguments]
    words = [sys.executable, "-m", "pytest", *map(os.fspath, options), os.fspath(tmp_path)]
    return subprocess.run(
        words, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("how", SKIPPING)
def test_an_unexpected_skip_fails_a_run_in_ci(tmp_path: Path, how: str) -> None:
    done = _pytest(tmp_path, SKIPPING[how], ci="true")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "skipped without may_skip" in done.stdout


def test_an_unexpected_skip_fails_a_run_on_several_cores_too(tmp_path: Path) -> None:
    done = _pytest(tmp_path, SKIPPING["unexpected"], "-n", "1", ci="true")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "no reason at all" in done.stdout


def test_a_skip_that_is_allowed_passes_in_ci(tmp_path: Path) -> None:
    done = _pytest(tmp_path, ALLOWED, ci="true")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 skipped" in done.stdout


def test_an_unexpected_skip_passes_at_a_desk(tmp_path: Path) -> None:
    assert _pytest(tmp_path, SKIPPING["unexpected"], ci="").returncode == 0
