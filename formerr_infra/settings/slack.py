"""The one secret of the alerts: the webhook of the Slack channel that is told. Whoever knows it can write there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.settings.schema import Settings

VARIABLE, KEY = "FORMERR_ALERT_SLACK_URL", "alertSlackUrl"


def slack_address(
    settings: Settings, configured: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> str | None:
    """The webhook, where a channel is to be told; never shown.

    Args:
        settings: what is wanted.
        configured: secrets of the stack's configuration, without their namespace.
        environment: default `os.environ`; comes first.

    Raises:
        SettingsError: a channel without a webhook, or one that is not https.
    """
    if not settings.alerts or settings.alert_slack_channel is None:
        return None
    known = os.environ if environment is None else environment
    address = known.get(VARIABLE) or configured.get(KEY) or ""
    if not address:
        raise SettingsError(
            [
                (
                    f"{VARIABLE}: is missing, and alertSlackChannel names {settings.alert_slack_channel}; export it, run "
                    f"`pulumi config set --secret {KEY}`, or remove alertSlackChannel"
                )
            ]
        )
    if not re.fullmatch(r"https://[^\s@]+", address):
        raise SettingsError([f"{VARIABLE}: is not an https address"])
    return address
