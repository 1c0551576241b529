"""A run that goes on after an error (`--continue-on-error`): what needs a resource that failed is left out, the rest is made.

The SDK means to have it so: it marks the outputs of what failed, and passes over marked outputs at the end. A resource
that takes such an output as an input, though, fails in its registration, which the SDK takes for an error of the program:
it ends with a traceback, and what does not need the failed one is not declared any more (`wait_for_rpcs` and
`RPCManager.do_rpc`, pulumi 3.259).

A program that has left something out has to fail: to the engine what a program that ended well did not declare is no
longer wanted, and it deletes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.stack import ResourceRegistrationFailed, wait_for_rpcs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: What the SDK sends without waiting for an answer itself; anything else goes to whoever asked.
_REGISTERS = frozenset({"register resource", "register resource outputs", "read resource", "get resource"})


class LeftOut:
    """Registrations that needed a failed resource, from now on: they are left out instead of ending the program."""

    def __init__(self) -> None:
        self._because: list[str] = []
        manager = settings._get_rpc_manager()
        begin = manager.do_rpc

        def do_rpc(name: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            if name not in _REGISTERS:
                return begin(name, function)

            async def passing(*arguments: Any, **more: Any) -> Any:
                try:
                    return await function(*arguments, **more)
                except ResourceRegistrationFailed as error:
                    self._because.append(str(error))
                    return None

            return begin(name, passing)

        manager.do_rpc = do_rpc  # type: ignore[method-assign,assignment]

    async def require_nothing(self) -> None:
        """Wait until everything else is registered.

        Raises:
            pulumi.RunError: something was left out, so that the engine must not take it for unwanted.
        """
        await wait_for_rpcs()
        if self._because:
            because = "; ".join(dict.fromkeys(self._because))
            raise pulumi.RunError(
                f"what needs a resource that failed was left as it is ({because}); the errors above say why. Run again once "
                "that is settled."
            )
