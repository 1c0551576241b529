"""`formerr` in this process, in a folder of its own, with a state from a file and no engine on the PATH."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.cli.app import main

if TYPE_CHECKING:
    import pytest

    from formerr_infra.emulator.server import EmulatorServer

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "local-token"
NEVER_DEPLOYED = {"version": 3, "deployment": {"manifest": {"time": "0001-01-01T00:00:00Z"}}}
_URN = "urn:pulumi:staging::formerr-infra::"


class InProcess:
    """The command.

    Attributes:
        folder: with the stack files.
        control: of the account.
        state: the file that stands for the state.
    """

    def __init__(
        self,
        folder: Path,
        server: EmulatorServer,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        *stacks: str,
    ) -> None:
        self.folder, self.control, self.patch, self._capsys = folder, server.control, patch, capsys
        for name in ("Pulumi.yaml", *(f"Pulumi.{stack}.yaml" for stack in stacks or ("staging",))):
            shutil.copy(CHECKOUT / name, folder)
        self.state = folder / "state.json"
        self.holds()
        patch.chdir(folder)
        patch.setenv("PATH", str(folder))
        patch.setenv("COLUMNS", "200")
        patch.setenv("DIGITALOCEAN_API_URL", server.endpoint)
        patch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
        patch.setenv("FORMERR_LOCAL", "1")

    def __call__(self, *words: str, code: int = 0, state: bool = True) -> str:
        """What it prints; it must end with `code`."""
        more = ("--state", str(self.state)) if state else ()
        self.patch.setattr(sys, "argv", ["formerr", *words, *more])
        ended = 0
        try:
            main()
        except SystemExit as error:
            ended = error.code if isinstance(error.code, int) else 1
        out, err = self._capsys.readouterr()
        assert ended == code, f"formerr {' '.join(words)} ended with {ended}:\n{out}{err}"
        return out if code == 0 else out + err

    def json(self, *words: str) -> Any:
        """The document that it prints."""
        return json.loads(self(*words, "--json"))

    def configure(self, stack: str = "staging", **values: Any) -> None:
        """Set keys of the stack file."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        lines = [
            line
            for line in file.read_text("utf-8").splitlines()
            if not any(f":{key}:" in line for key in values)
        ]
        lines += [f"  formerr-infra:{key}: {json.dumps(value)}" for key, value in values.items()]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def holds(self, **managed: str) -> None:
        """Let the state hold resources of these slots as managed, by id."""
        from formerr_infra.slots import SLOTS

        kinds = {slot.key: slot for slot in SLOTS}
        resources = [
            {
                "urn": f"{_URN}{kinds[key].component}${kinds[key].engine_type}::{kinds[key].name}",
                "custom": True,
                "id": identity,
                "type": kinds[key].engine_type,
            }
            for key, identity in managed.items()
        ]
        deployment: dict[str, Any] = {**NEVER_DEPLOYED["deployment"], "resources": resources}  # type: ignore[dict-item]
        self.state.write_text(json.dumps({"version": 3, "deployment": deployment}), encoding="utf-8")
