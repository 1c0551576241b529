"""The Pulumi program: assess, stop or go on, declare, export.

The order matters for its speed: the export of the state begins first, and the client and the provider's package are
imported while it, the account and the start of the provider's plugin are waited for. It is safe by itself: every refusal
comes before the first resource is registered, so before the engine can write anything.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from formerr_infra import cores, expected
from formerr_infra.errors import FormerrError
from formerr_infra.export import Export
from formerr_infra.going_on import LeftOut
from formerr_infra.lazy import make_lazy

if TYPE_CHECKING:
    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings.secrets import Secrets

PROVIDER = "pulumi_digitalocean"
READY_SECONDS = 900.0


def run() -> None:
    """Run the program of the stack that the engine selected.

    Raises:
        pulumi.RunError: the run stops on purpose; its text says what was found and what settles it.
    """
    cores.none()
    pulumi.run(_run)


async def _run() -> None:
    gc.disable()  # a fifth of the imports' time; nothing made here is garbage before the run ends
    try:
        await _assess_and_declare()
    finally:
        gc.freeze()
        gc.enable()


async def _assess_and_declare() -> None:
    make_lazy(PROVIDER)
    left_out = LeftOut()
    imports = threading.Thread(target=_import_what_is_needed_later, daemon=True)
    stopped = None
    try:
        assessment, access, secrets, slack = _assess(imports)
        if not pulumi.runtime.is_dry_run():
            _before_the_first_write(assessment, access)
    except FormerrError as error:
        stopped = str(error)
    if stopped is not None:
        raise pulumi.RunError(stopped)
    from formerr_infra.declare import declare

    began = datetime.now(UTC).isoformat(timespec="seconds")
    await declare(
        assessment,
        began,
        access=access,
        secrets=secrets,
        full_name=_full_name(pulumi.get_stack()),
        slack=slack,
        meanwhile=asyncio.to_thread(imports.join),
    )
    await left_out.require_nothing()


def _assess(imports: threading.Thread) -> tuple[Assessment, Access, Secrets, str | None]:
    stack = pulumi.get_stack()
    folder = Path.cwd()
    export = Export(_full_name(stack), folder)
    imports.start()
    try:
        from formerr_infra.settings import engine_access, engine_slack, for_application, from_engine

        settings, secrets = for_application(from_engine(stack, folder))
        access = engine_access()
        slack = engine_slack(settings)
    except FormerrError:
        export.cancel()
        raise
    from formerr_infra.detect import assess
    from formerr_infra.report import lines, stop_message

    assessment = assess(stack, settings, access, export.ledger())
    pulumi.log.info("decisions:\n" + "\n".join(lines(assessment)))
    for urn in assessment.ledger.pending:
        pulumi.log.warn(
            f"an interrupted create is still noted in the state: {urn}. What it made is taken in by this run; "
            "afterwards `pulumi refresh --clear-pending-creates --yes` removes the note."
        )
    if assessment.refused or assessment.errors:
        raise _stop(assessment, stop_message(assessment))
    expected.require(assessment, os.environ)
    return assessment, access, secrets, slack


def _import_what_is_needed_later() -> None:
    from formerr_infra.slots import SLOTS

    for module in ("formerr_infra.inventory.transport", "formerr_infra.declare"):
        importlib.import_module(module)
    for slot in SLOTS:
        package, _, name = slot.engine_type.partition(":")
        if package == "digitalocean" and slot.weighs:
            getattr(sys.modules[PROVIDER], name.rpartition(":")[2])


def _stop(assessment: Assessment, message: str) -> FormerrError:
    try:
        assessment.require()
    except FormerrError as error:
        error.args = (message,)
        return error
    raise AssertionError("nothing to stop for")


def _full_name(stack: str) -> str:
    organization = pulumi.get_organization()
    return stack if organization in ("", "organization") else f"{organization}/{pulumi.get_project()}/{stack}"


def _before_the_first_write(assessment: Assessment, access: Access) -> None:
    """What a preview does not do: ask for the registry's name, and wait for what an interrupted run left unfinished.

    Raises:
        PreflightFailed: the registry's name is taken by another account.
        Refused: something to be taken in does not become ready.
    """
    from formerr_infra.gate import before_the_first_write

    before_the_first_write(assessment, access, progress=pulumi.log.info, timeout=READY_SECONDS)
