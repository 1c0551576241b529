"""What is read of an exported state here: the outputs of the stack; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.engine.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What stands in a secret's place; the engine's own word.
SECRET = "[secret]"  # noqa: S105  (no secret, but the lack of one)
_STACK = "pulumi:pulumi:Stack"
#: By what the engine knows its own kinds of values in a state, and a secret among them.
_SIGNATURE, _OF_SECRETS = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def outputs(export: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs; for a secret, wherever it stands in one, `SECRET`.

    Raises:
        EngineFailed: the export has another form.
    """
    try:
        resources = (export.get("deployment") or {}).get("resources") or []
        stack: Mapping[str, Any] = next((one for one in resources if one["type"] == _STACK), {})
        return {name: _without_secrets(value) for name, value in (stack.get("outputs") or {}).items()}
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise EngineFailed(
            f"the exported state has an unknown form ({type(error).__name__}: {error})"
        ) from None


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _OF_SECRETS:
            return SECRET
        return {name: _without_secrets(one) for name, one in value.items()}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value
