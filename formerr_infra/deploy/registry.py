"""The registry's name on the command line, as an old script took it: checked, never used to decide anything; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.errors import Refused, SettingsError

if TYPE_CHECKING:
    from formerr_infra.detect import Assessment
    from formerr_infra.settings.schema import Settings


def configured(settings: Settings) -> str:
    """The registry that the stack's configuration means."""
    return settings.registry_id or settings.registry_name


def require_configured(name: str, stack: str, settings: Settings) -> None:
    """Stop here if the configuration means another registry.

    Raises:
        SettingsError: it does.
    """
    meant = configured(settings)
    if name and name != meant:
        key = "registryId" if settings.registry_id else "registryName"
        raise SettingsError(
            [
                (
                    f"the registry {name!r} was named, and Pulumi.{stack}.yaml says {meant!r} ({key}). Name that one, or none, "
                    f"or run `pulumi config set {key} {name} -s {stack}` if it is the file that is wrong."
                )
            ]
        )


def require_decided(name: str, assessment: Assessment) -> None:
    """Stop here if what is there is another registry.

    Raises:
        Refused: it is.
    """
    decision = assessment.decisions["registry"]
    if name and decision.id is not None and decision.id != name:
        raise Refused(
            f"the registry {name!r} was named, and the stack's is {decision.id!r} (row {decision.row}: {decision.reason})"
        )
