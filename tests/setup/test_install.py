"""The whole set-up, with a Go that does what a test wants: interrupted, resumed, explained, and then quick."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from formerr_infra.local.packages import LOCKS, STAMP, Environment
from formerr_infra.local.paths import CHECKOUT
from tests.setup.toolbench import PULUMI_FILES, archive, put, serving

SLOW_GO = """#!/bin/sh
case "$1 $2" in
  "env GOVERSION") echo go1.25.1 ;;
  *) echo "$$" > "{pid}"; exec sleep 120 ;;
esac
"""
QUICK_GO = """#!/bin/sh
case "$1 $2 $3" in
  "env GOVERSION ") echo go1.25.1 ;;
  "list -mod=readonly -m") echo "{scripts}" ;;
  "list -mod=readonly -deps") echo one two ;;
  "build "*)
    echo one >&2
    while [ "$1" != -o ]; do shift; done
    case "$2" in
      */etcd) version=3.6.5 ;;
      */kube-score) version=1.20.0 ;;
      */actionlint) version=1.7.12 ;;
      */versitygw) version=1.8.0 ;;
      */kube-*) version=1.34.2 ;;
      */kwok) version=0.7.0 ;;
      *) version=3.259.0 ;;
    esac
    echo "$2" >> "{pid}.built"
    printf '#!/bin/sh\\necho v%s\\n' "$version" > "$2"; chmod +x "$2" ;;
esac
"""


CORE = "--no-application"
APPLICATION = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "pulumi-resource-kubernetes",
)


class Machine:
    """A checkout whose Python packages are there already, on a machine with a Go of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        # Without a network npm tries for minutes.
        (self.bin / "npm").write_text("#!/bin/sh\nexit 1\n", "utf-8")
        (self.bin / "npm").chmod(0o755)
        self.pid = folder / "go.pid"
        self.scripts = folder / "sdk"
        for part in ("cmd", "dist"):
            put(self.scripts / "python" / part, "3.187.0", PULUMI_FILES[2:])
        embedded = self.scripts / "cmd" / "pulumi-resource-kubernetes"
        embedded.mkdir(parents=True)
        for name in ("schema.json", "terraform-mapping.json"):
            (embedded / name).write_text("{}", "utf-8")
        shutil.copytree(CHECKOUT / "formerr_infra" / "local", self.checkout / "formerr_infra" / "local")
        wanted = (
            "requirements.txt",
            "requirements-dev.txt",
            "requirements/bootstrap.txt",
            "setup/bootstrap.py",
        )
        for name in (
            *wanted,
            "formerr_infra/__init__.py",
            "formerr_infra/children.py",
            "formerr_infra/errors.py",
            "formerr_infra/files.py",
            "formerr_infra/loopback.py",
        ):
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, self.checkout / name)
        environment = Environment(self.checkout, {})
        environment.python.parent.mkdir(parents=True)
        environment.python.symlink_to(sys.executable)
        (environment.folder / STAMP).write_text(json.dumps(environment.wanted()), "utf-8")
        self.environ = os.environ | {
            "FORMERR_CACHE_DIR": os.fspath(folder / "cache"),
            "FORMERR_PLUGIN": "stand-in",
            "FORMERR_RELEASE_URL": "http://127.0.0.1:9",
            "FORMERR_PYTHON": sys.executable,
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
        }

    def go(self, text: str) -> None:
        program = self.bin / "go"
        program.write_text(text.format(pid=self.pid, scripts=self.scripts), "utf-8")
        program.chmod(0o755)

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "setup/bootstrap.py", *words], cwd=self.checkout, env=self.environ | environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def built(self) -> list[str]:
        """The programs that Go was asked for, in order."""
        log = self.pid.with_name(self.pid.name + ".built")
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [line.rsplit("/", 1)[-1] for line in lines]

    def run(self, *words: str, **environ: str) -> tuple[int, str]:
        with self.start(*(words or (CORE,)), **environ) as process:
            _, said = process.communicate(timeout=30)
            return process.returncode, said


@pytest.fixture(name="machine")
def _machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _ended(pid: int) -> bool:
    from formerr_infra.local import process

    until = time.monotonic() + 10
    while time.monotonic() < until:
        if process.look(pid) is None:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_set_up_ends_at_once_and_the_next_one_finishes(
    machine: Machine, how: signal.Signals
) -> None:
    machine.go(SLOW_GO)
    with machine.start(CORE) as process:
        until = time.monotonic() + 30
        while not machine.pid.exists() or not machine.pid.read_text("utf-8").strip():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(how)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "interrupted" in said
    assert _ended(int(machine.pid.read_text("utf-8")))

    machine.go(QUICK_GO)
    code, said = machine.run()

    assert code == 0, said
    assert "pulumi 3.259.0: built from Go modules" in said
    assert "pulumi-language-python 3.187.0: built from Go modules" in said


def test_a_set_up_that_is_done_says_and_does_nothing(machine: Machine) -> None:
    machine.go(QUICK_GO)
    machine.run()
    machine.go(SLOW_GO)
    began = time.monotonic()

    assert machine.run() == (0, "")

    assert time.monotonic() - began < 5
    assert not machine.pid.exists()


def test_when_nothing_works_every_way_is_explained_and_the_code_is_the_toolchains(machine: Machine) -> None:
    code, said = machine.run()

    assert code == 12
    for word in ("pulumi (the Pulumi engine) could not be had", "cannot be reached", "no `go`", "What helps"):
        assert word in said


def test_a_forced_release_takes_no_other_way(machine: Machine) -> None:
    machine.go(QUICK_GO)

    code, said = machine.run(FORMERR_TOOLCHAIN="release")

    assert code == 12
    assert "build from Go modules" not in said


def test_a_release_is_taken_before_a_build(machine: Machine) -> None:
    machine.go(QUICK_GO)
    with serving() as host:
        host.publish(archive("3.259.0"))

        code, said = machine.run(FORMERR_RELEASE_URL=host.url)

    assert code == 0, said
    assert said.count("official release, checksum verified") == 2


def test_a_program_on_the_path_is_taken_before_a_release(machine: Machine) -> None:
    put(machine.bin, "3.259.0")
    with serving() as host:
        host.publish(archive("3.259.0"))

        code, said = machine.run(FORMERR_RELEASE_URL=host.url)

        assert code == 0, said
        assert said.count("already installed") == 2
        assert host.asked == []


def test_after_a_set_up_no_module_of_the_project_is_compiled_again(machine: Machine) -> None:
    machine.go(QUICK_GO)
    unwritten = {"PYTHONDONTWRITEBYTECODE": "1"}
    package = machine.checkout / "formerr_infra"
    machine.run(**unwritten)
    assert _without_bytecode(package) == []

    edited = package / "errors.py"
    edited.write_text(edited.read_text("utf-8") + "EDITED = True\n", "utf-8")
    os.utime(edited, (time.time() + 10,) * 2)
    assert _without_bytecode(package) == [edited]
    machine.run(**unwritten)

    assert _without_bytecode(package) == []


def _without_bytecode(package: Path) -> list[Path]:
    """Modules that Python would compile: no bytecode, or not that of this source (PEP 3147, PEP 552)."""
    missing = []
    for source in sorted(package.rglob("*.py")):
        cached = Path(importlib.util.cache_from_source(os.fspath(source)))
        state = source.stat()
        header = struct.pack("<4sIII", importlib.util.MAGIC_NUMBER, 0, int(state.st_mtime), state.st_size)
        if not cached.exists() or cached.read_bytes()[:16] != header:
            missing.append(source)
    return missing


def test_the_application_is_prepared_unless_it_is_left_out(machine: Machine) -> None:
    machine.go(QUICK_GO)
    code, said = machine.run()
    assert code == 0, said
    assert sorted(machine.built()) == ["pulumi", "pulumi-language-python"]

    with machine.start() as process:
        _, said = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert sorted(machine.built()[2:]) == sorted(APPLICATION)
    for name in APPLICATION:
        assert f"  {name} " in said
    with machine.start() as process:
        assert (process.communicate(timeout=30), process.returncode) == (("", ""), 0)


def test_what_only_linters_and_tests_need_is_prepared_only_for_them(machine: Machine) -> None:
    machine.go(QUICK_GO)
    machine.run()

    code, said = machine.run(CORE, "--lint")
    assert code == 0, said
    assert machine.built()[2:] == ["actionlint"]

    code, said = machine.run(CORE, "--checks")
    assert code == 0, said
    assert sorted(machine.built()[3:]) == ["kube-score", "versitygw"]


def test_a_run_against_the_real_cloud_needs_its_requirements_and_no_program(machine: Machine) -> None:
    wanted = Environment(machine.checkout, {}, LOCKS[:1]).wanted()
    assert wanted != Environment(machine.checkout, {}).wanted()
    (machine.checkout / ".venv" / STAMP).write_text(json.dumps(wanted), "utf-8")

    assert machine.run("--runtime") == (0, "")
    assert machine.built() == []


def test_a_program_that_is_not_to_be_had_does_not_undo_the_others(machine: Machine) -> None:
    put(machine.bin, "3.259.0")

    code, said = machine.run("--checks")

    assert code == 12
    assert said.count("could not be had") == len(APPLICATION) + 3
    assert "APPLICATION=no" in said
    assert machine.run() == (0, "")
