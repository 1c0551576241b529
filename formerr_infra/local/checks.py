"""The targets of the Makefile that check and measure: which programs with which arguments, in one place.

A check that fails does not hide the others: all of them run, and the exit code is the first one's that
failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.tools import Toolbox

_BIN = CHECKOUT / ".venv" / "bin"

LINT = (
    ("ruff", "check", "--quiet", "."),
    ("mypy", "--no-error-summary"),
    ("lint-imports", "--no-cache"),
    ("actionlint", "-no-color", "-shellcheck=", "-pyflakes="),
    (
        "zizmor",
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona=pedantic",
        "--strict-collection",
        ".github",
    ),
)

_LOCK = (
    "uv", "pip", "compile", "--quiet", "--generate-hashes", "--universal", "--python-version", "3.11",
    "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock",
)  # fmt: skip
LOCK = (
    (*_LOCK, "requirements/bootstrap.in", "-o", "requirements/bootstrap.txt"),
    (*_LOCK, "requirements/runtime.in", "-o", "requirements.txt"),
    (*_LOCK, "requirements/dev.in", "-o", "requirements-dev.txt"),
    (*_LOCK, "requirements/fuzz.in", "-o", "requirements/fuzz.txt"),
    (*_LOCK, "requirements/audit.in", "-o", "requirements/audit.txt"),
)

#: What is installed, with versions, licences and where each comes from, in CycloneDX's JSON; the same text for the same set.
SBOM = (
    "cyclonedx-py", "environment", os.fspath(_BIN / "python"), "--pyproject", "pyproject.toml", "--mc-type", "application",
    "--output-reproducible", "--output-format", "JSON", "--no-validate",
)  # fmt: skip


def _run(command: tuple[str, ...]) -> int:
    name = " ".join(command[:2])
    began = time.monotonic()
    sys.stdout.flush()
    code = subprocess.call([_program(command[0]), *command[1:]], cwd=CHECKOUT, stdin=subprocess.DEVNULL)
    words = "ok" if code == 0 else f"failed with {code}"
    sys.stderr.write(f"{name}: {words} ({time.monotonic() - began:.1f} s)\n")
    return code


def _program(name: str) -> str:
    """Out of the virtual environment, else of the toolchain."""
    installed = _BIN / name
    if installed.exists():
        return os.fspath(installed)
    return os.fspath(Toolbox(LocalPaths.of(), os.environ).programs()[name].path)


def _all(commands: tuple[tuple[str, ...], ...]) -> int:
    return next((code for code in [_run(command) for command in commands] if code), 0)


def test(arguments: tuple[str, ...]) -> int:
    """Every check and every test, on all cores, with the slowest named at the end; with arguments, pytest alone with just those."""
    if arguments:
        return _run(("pytest", *arguments))
    workers = str(max(os.cpu_count() or 1, 2))
    linted = _all(LINT)
    return _run(("pytest", "-n", workers, "--dist", "loadgroup", "--durations=25")) or linted


def bench(arguments: tuple[str, ...]) -> int:
    """The figures, one after another; with arguments, just those."""
    return _run(("python", "-m", "bench", *arguments))


def sbom(arguments: tuple[str, ...]) -> int:
    """The bill of materials of the virtual environment, into sbom.json or the file that is named."""
    (target,) = arguments or ("sbom.json",)
    return _run((*SBOM, "--output-file", target))


def campaign(arguments: tuple[str, ...]) -> int:
    """The whole fault campaign; with arguments, other seeds or less of it."""
    return _run(("python", "-m", "tests.campaign", "whole", *arguments))


def fuzz(arguments: tuple[str, ...]) -> int:
    """The fuzzer over what reads foreign bytes; the arguments are seconds and targets."""
    return _run(("python", "-m", "tests.fuzz", *arguments))


def main(arguments: list[str]) -> int:
    """`lint`, `test`, `bench`, `campaign` and `fuzz` with arguments of what they run, `audit`, `fingerprint`, `lock`, or `sbom [file]`; the exit code."""
    match arguments:
        case ["lint"]:
            return _all(LINT)
        case ["test", *rest]:
            return test(tuple(rest))
        case ["bench", *rest]:
            return bench(tuple(rest))
        case ["campaign", *rest]:
            return campaign(tuple(rest))
        case ["fuzz", *rest]:
            return fuzz(tuple(rest))
        case ["audit"]:
            from formerr_infra.local import audit

            return audit.main()
        case ["fingerprint"]:
            from formerr_infra.local import fingerprint

            return fingerprint.main()
        case ["lock"]:
            return _all(LOCK)
        case ["sbom", *rest] if len(rest) <= 1:
            return sbom(tuple(rest))
        case _:
            sys.stderr.write(
                "one of: lint, test [pytest's arguments], bench, campaign, fuzz, audit, fingerprint, lock, sbom [file]\n"
            )
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
