"""What holds for every test: nothing reaches beyond this machine, nothing of the user's own is seen, no quiet
skip.

Three guards, none of which a test can forget:

- sockets connect to loopback and to Unix sockets only, here and in every Python that a test starts; other
programs
  find dead proxies in their environment;
- variables that name a real account, a real state or a user's settings are gone before the first import of a
test; - with CI=true a skip fails the run, unless the test says with `may_skip` that it may.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from formerr_infra.emulator.fixtures import cloud, emulator  # noqa: F401  (fixtures of every test)
from tests.guard import sitecustomize
from tests.support.stacks import (  # noqa: F401  (the same)
    blank,
    blank_production,
    deployed,
    production,
    risen,
    stack,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.tools import Tools

GUARD = Path(sitecustomize.__file__).parent

_PRIVATE = ("AWS_", "DIGITALOCEAN_", "DO_", "FORMERR_", "PULUMI_", "SPACES_")
# Where the tools are, and which of them a run is about, is for whoever starts the tests to say.
_KEPT = frozenset(
    {
        "FORMERR_CACHE_DIR",
        "FORMERR_PLUGIN",
        "FORMERR_SHARED",
        "FORMERR_TEST_CANARIES",
        "FORMERR_TEST_DOCTL",
        "FORMERR_TEST_KUBERNETES",
        "FORMERR_TEST_OFFICIAL_PLUGIN",
        "FORMERR_TEST_RECORD",
        "FORMERR_TEST_TERRAFORM_PROVIDER",
        "FORMERR_TOOLCHAIN",
    }
)
# Whoever starts the tests by nohup has it ignored, here and in every child; a user's terminal does not.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# The engine's programs are short-lived, and clean up their memory less often: a seventh of their work. A caller may say
# otherwise.
os.environ.setdefault("GOGC", "400")
_DEAD_PROXY = "http://127.0.0.1:9"


def scrub(environ: dict[str, str] | os._Environ[str]) -> None:
    """Take away what belongs to the user, and put up what keeps programs on this machine."""
    for name in list(environ):
        if name.startswith(_PRIVATE) and name not in _KEPT:
            del environ[name]
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        environ[name] = environ[name.upper()] = _DEAD_PROXY
    environ["no_proxy"] = environ["NO_PROXY"] = "localhost,127.0.0.1,::1"
    environ["GOPROXY"] = "off"
    environ["PULUMI_SKIP_UPDATE_CHECK"] = "1"
    environ["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    paths = [os.fspath(GUARD), *environ.get("PYTHONPATH", "").split(os.pathsep)]
    environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in paths if path))


scrub(os.environ)

# A run started in the background of a script ignores Ctrl-C, and so would every program that a test starts; tests
# send it. What is handled here is the default again in a child.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)


# How fast a machine is, is no property of the code: a busy one fails nothing.
settings.register_profile("formerr", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("formerr")


# -- skips ---------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPS] = []


_SKIPS: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("may_skip") is None:
        # Reports travel from the workers to the run that counts; this attribute goes with them.
        report.unexpected_skip = True  # type: ignore[attr-defined]  # ours, for the hook below
    return report


class SkipWatch:
    """Counts the skips of the whole run, those of other processes too."""

    def __init__(self, config: pytest.Config) -> None:
        self._skips = config.stash[_SKIPS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if getattr(report, "unexpected_skip", False):
            self._skips.append(f"{report.nodeid}: {_reason(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skips.append(f"{report.nodeid}: {_reason(report)}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._skips and in_ci() and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._skips and in_ci():
            terminalreporter.section("skipped without may_skip, which fails a run with CI=true", red=True)
            for line in self._skips:
                terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("serial") is not None:
            item.add_marker(pytest.mark.xdist_group("serial"))


def pytest_sessionstart(session: pytest.Session) -> None:
    # In a worker of pytest-xdist nothing is counted: its reports come to the run that started it.
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(SkipWatch(session.config), "formerr-skip-watch")


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


# -- what several folders of tests run on; imported only where a test asks for it ----------------------------


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The engine, its language host and the plugins."""
    from tests.support.tools import find

    return find(tmp_path_factory.mktemp("plugin"))
