"""What a preview depends on, so that what was previewed is what is applied: world, state, program, configuration.

Values are kept as digests. Of secrets in the environment too, with a key that lives as long as the process: a digest
of a short secret could be guessed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra import expected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.detect import Assessment

_KEY = secrets.token_bytes(32)
#: What of the environment a run of the program reads.
_READ = ("DIGITALOCEAN_", "FORMERR_", "DB_", "DATABASE_", "GITHUB_CLIENT_", "JWT_", "SESSION_", "PULUMI_")
#: Of these, what says nothing about what is declared.
_NOT_READ = frozenset({"FORMERR_TRACEBACK", "FORMERR_VERBOSE", "PULUMI_SKIP_UPDATE_CHECK", expected.VARIABLE})
_SOURCES = (".py", ".yaml", ".yml", ".json", ".toml", ".txt")


@dataclass(frozen=True, slots=True)
class World:
    """Digests of what a preview depends on.

    Attributes:
        decisions: slot or object -> what was decided and seen.
        state: of the deployment, without when it was written.
        program: of everything that is run.
        configuration: of the stack's files and of what is read of the environment.
        expected: what the program must decide again.
    """

    decisions: Mapping[str, str]
    state: str
    program: str
    configuration: str
    expected: str

    def moved(self, now: World) -> tuple[str, ...]:
        """What is not any more as it was, in words; empty where everything is."""
        said = []
        changed = [
            key
            for key in {**self.decisions, **now.decisions}
            if self.decisions.get(key) != now.decisions.get(key)
        ]
        if changed:
            said.append(f"the account, or what is decided of it ({', '.join(sorted(changed))})")
        for name, before, after in (
            ("the state", self.state, now.state),
            ("the program", self.program, now.program),
            ("the configuration", self.configuration, now.configuration),
        ):
            if before != after:
                said.append(name)
        return tuple(said)


def look(
    folder: Path, stack: str, environ: Mapping[str, str], export: Mapping[str, Any], assessment: Assessment
) -> World:
    """The world as it is now.

    Args:
        folder: of Pulumi.yaml.
        stack: its name.
        environ: of the engine.
        export: the state.
        assessment: what is decided by it.
    """
    return World(
        decisions=expected.parts(assessment),
        state=state_of(export),
        program=program_of(folder),
        configuration=configuration_of(folder, stack, environ),
        expected=expected.digest(assessment),
    )


def state_of(export: Mapping[str, Any]) -> str:
    """Digest of a deployment: its resources and its pending operations, as they are kept."""
    deployment = export.get("deployment") or {}
    kept = {key: deployment.get(key) for key in ("resources", "pending_operations")}
    return _digest(json.dumps(kept, sort_keys=True).encode())


def program_of(folder: Path) -> str:
    """Digest of the sources beside and below Pulumi.yaml that a run executes."""
    whole = hashlib.sha256()
    roots = [folder / "__main__.py", *sorted((folder / "formerr_infra").rglob("*"))]
    for file in roots:
        if file.suffix in _SOURCES and file.is_file():
            whole.update(file.relative_to(folder).as_posix().encode() + b"\0")
            whole.update(file.read_bytes())
    return whole.hexdigest()


def configuration_of(folder: Path, stack: str, environ: Mapping[str, str]) -> str:
    """Digest of Pulumi.yaml, of the stack's file and of what is read of the environment.

    A salt is no configuration: the engine adds one to a file that has none.
    """
    text = []
    for name in ("Pulumi.yaml", f"Pulumi.{stack}.yaml"):
        file = folder / name
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
        text += [line for line in lines if not line.startswith("encryptionsalt:")]
    variables = {
        name: environ[name] for name in sorted(environ) if name.startswith(_READ) and name not in _NOT_READ
    }
    return _digest(json.dumps([text, variables]).encode())


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, key=_KEY, digest_size=16).hexdigest()
