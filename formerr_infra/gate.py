"""The last look before the first write of a real update; a preview never comes here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra import inventory
from formerr_infra.errors import PreflightFailed, Refused
from formerr_infra.model import MAKES, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access


def before_the_first_write(
    assessment: Assessment, access: Access, *, progress: Callable[[str], None], timeout: float
) -> None:
    """Ask whether the registry's name is free, and wait for what an interrupted run left unfinished.

    The question for the name is a POST that changes nothing, so it is asked only here.

    Args:
        assessment: decided and not refused.
        access: the account.
        progress: told what is waited for.
        timeout: seconds to wait for one resource.

    Raises:
        PreflightFailed: the name is taken in another account.
        Refused: something to be imported does not become ready.
    """
    settings = assessment.settings
    if assessment.decisions["registry"].outcome in MAKES and inventory.registry_name_taken(
        access, settings.registry_name
    ):
        raise PreflightFailed(
            [
                (
                    f"the registry name {settings.registry_name!r} is taken, by another account: names are global. "
                    "Set registryName to another one. Nothing was written."
                )
            ]
        )
    for slot, kind in (("cluster", "cluster"), ("loadBalancer", "load_balancer")):
        decision = assessment.decisions[slot]
        if decision.outcome is not Outcome.IMPORT or decision.target is None or decision.id is None:
            continue
        if inventory.is_finished(kind, decision.target.facts.get("status")):
            continue
        waited = inventory.wait_ready(
            access, kind, decision.id, timeout=timeout, progress=progress, every=1.0
        )
        if waited.ready:
            continue
        state = f"the last that was seen of it: {waited.state}"
        if waited.late:
            raise Refused(
                f"{slot}: {decision.id!r} is to be taken in and did not become ready within {timeout:.0f} s ({state}). "
                "Nothing was written; run again when it is, or delete it."
            )
        raise Refused(
            f"{slot}: {decision.id!r} is to be taken in and will not become ready by itself ({state}). "
            "Nothing was written; run again when it is gone or ready, or delete it."
        )
