"""All checks of a visit, side by side, each within its time."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra.doctor import token, versions
from formerr_infra.doctor.model import Finding, Level, Visit
from formerr_infra.doctor.stacks import Stack
from formerr_infra.errors import FormerrError
from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.settings.folder import stacks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TIMEOUT = 20.0
#: An export of the state may take a minute, and the account is asked after it.
_PATIENCE = 60.0

Check = tuple[str, str, "Callable[[], list[Finding]]"]


def visit(
    folder: Path, environ: Mapping[str, str], environments: Sequence[str] = (), *, timeout: float = TIMEOUT
) -> Visit:
    """Look into everything.

    Args:
        folder: of Pulumi.yaml.
        environ: of the process.
        environments: the stacks. If left out: all that have a file in the folder, and no account is asked about any,
            because each may have an account of its own and the token opens one.
        timeout: seconds for the account's answers.
    """
    names = list(environments) or [*stacks_of(folder)]
    stacks = [Stack(name, folder, environ, timeout=timeout) for name in names]
    checks: list[Check] = [("pulumi", "", partial(versions.pulumi, environ))]
    checks.append(("packages", "", lambda: versions.packages(versions.pins())))
    checks.append(("kubectl", "", lambda: [versions.kubectl(environ, _wanted(stacks))]))
    if not environments:
        checks.append(("token", "", partial(_token, environ, timeout)))
    for stack in stacks:
        checks += [(topic, stack.name, check) for topic, check in stack.checks(account=bool(environments))]
    jobs = [partial(_guarded, *one) for one in checks]
    ended = side_by_side(jobs, width=len(jobs), timeout=_PATIENCE + timeout)
    findings: list[Finding] = []
    for (topic, name, _), result in zip(checks, ended, strict=True):
        if isinstance(result, StillRunning):
            findings.append(Finding(topic, Level.UNKNOWN, "it could not be looked into in time", "", name))
        else:
            findings += result
    if not names:
        fix = "run it in the folder of Pulumi.yaml, or say where that is with --cwd"
        findings.append(
            Finding("settings", Level.STOPS, "there is no stack file Pulumi.<stack>.yaml here", fix)
        )
    late = any(isinstance(one, StillRunning) for one in ended)
    slots = {} if late else {stack.name: stack.slots() for stack in stacks}
    return Visit(tuple(findings), MappingProxyType(slots))


def _token(environ: Mapping[str, str], timeout: float) -> list[Finding]:
    """Whether the token is any good, whatever it is for."""
    from formerr_infra.settings import access

    try:
        reach = access(environment=environ)
    except FormerrError as error:
        return token.unusable(error)
    return token.look(reach, None, timeout=timeout)


def _guarded(topic: str, stack: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """A check, or that it could not be made."""
    try:
        return check()
    except FormerrError as error:
        message = f"it could not be looked into: {' '.join(str(error).split())}"
    except Exception as error:
        # Whatever it is, the others go on, and nobody sees a traceback; its text could hold anything.
        message = f"it could not be looked into: {type(error).__name__}"
    return [Finding(topic, Level.UNKNOWN, message, "", stack)]


def _wanted(stacks: Sequence[Stack]) -> str | None:
    """The Kubernetes version of the first stack whose settings can be read."""
    for stack in stacks:
        try:
            return stack.settings().kubernetes_version
        except FormerrError:
            continue
    return None
