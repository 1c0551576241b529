"""What an environment may be called. Pure."""

from __future__ import annotations

import re

from formerr_infra.errors import SettingsError
from formerr_infra.settings.sources import LASTING

#: The name stands in names of everything, in hosts (a label of DNS) and in `formerr-<name>`, which takes 40 characters.
LONGEST = 32
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
#: Stacks and words that a person would take for something else.
RESERVED = frozenset({*LASTING, "prod", "live", "local", "default", "all"})


def require_name(name: str) -> None:
    """Refuse what cannot be the name of an environment.

    Raises:
        SettingsError: why.
    """
    if name in RESERVED:
        raise SettingsError([f"{name!r} is reserved; an environment takes another name, such as pr-123"])
    if not _NAME.fullmatch(name) or "--" in name or len(name) > LONGEST:
        raise SettingsError(
            [
                (
                    f"{name!r} cannot be the name of an environment: small letters, digits and single dashes, a letter first, "
                    f"no dash last, at most {LONGEST} characters; such as pr-123"
                )
            ]
        )
