"""A running `pulumi stack export`.

It is the first thing that a run starts, because it takes longer than anything else before the calls; so this module
imports nothing that takes time, and what the answer means is left to `ledger`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from formerr_infra import children, installed
from formerr_infra.errors import LedgerUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.ledger import Ledger

EXPORT_SECONDS = 60.0
#: Go's collector costs a fifth of so short a run; it stays away while the memory is small.
_RUN_SHORT = {"GOGC": "off", "GOMEMLIMIT": "512MiB"}
#: Where the engine around this program collects logs. An export would send its own there, by a name for which gRPC asks the
#: resolver of the machine: questions that leave it, and time.
_OF_THE_ENGINE = frozenset({"PULUMI_LOG_OTLP_ENDPOINT", "PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT"})


class Export:
    """A running `pulumi stack export`; started early, because it takes longer than anything else before the calls."""

    def __init__(self, stack: str, folder: Path) -> None:
        """Start it.

        Args:
            stack: name of the stack, short or `organization/project/stack`.
            folder: the folder of Pulumi.yaml.

        Raises:
            LedgerUnreadable: there is no `pulumi` to run.
        """
        program = shutil.which("pulumi") or installed.pulumi(os.environ)
        if program is None:
            raise LedgerUnreadable(
                "the stack's state could not be read: there is no `pulumi` on the PATH. Install Pulumi, or run "
                '`make up` and then `eval "$(formerr local env)"`.'
            )
        self._process = subprocess.Popen(
            [program, "stack", "export", "--stack", stack, "--non-interactive"],
            cwd=folder,
            env=_RUN_SHORT
            | {
                name: value
                for name, value in children.for_state(os.environ).items()
                if name not in _OF_THE_ENGINE
            }
            | {"PULUMI_SKIP_UPDATE_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ledger(self) -> Ledger:
        """Wait for it and read it.

        Raises:
            LedgerUnreadable: it failed, took too long, or is not a deployment.
        """
        try:
            out, err = self._process.communicate(timeout=EXPORT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise LedgerUnreadable(
                f"the stack's state could not be read: `pulumi stack export` gave no answer in {EXPORT_SECONDS:.0f} s."
            ) from None
        from formerr_infra.ledger import EMPTY, read

        if self._process.returncode != 0:
            said = err.decode(errors="replace").strip()
            if "no stack named" in said:
                return EMPTY
            raise LedgerUnreadable(f"the stack's state could not be read: `pulumi stack export` says: {said}")
        try:
            return read(json.loads(out))
        except (RecursionError, ValueError) as error:
            raise LedgerUnreadable(
                f"the stack's state could not be read: the export is not JSON: {error}"
            ) from None

    def cancel(self) -> None:
        """End it; nobody wants the answer any more."""
        self._process.kill()
        self._process.communicate()
