"""Where the API servers ask whose a token is: `POST /_kubernetes/KEY` with a TokenReview, from loopback names only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from formerr_infra.emulator.kubernetes import tokens

if TYPE_CHECKING:
    from starlette.requests import Request

    from formerr_infra.emulator.kubernetes.fleet import Fleet
    from formerr_infra.emulator.store import World

PATH = "/_kubernetes"
"""Where API servers ask about tokens, followed by the key of the control plane."""


async def answer(request: Request, fleet: Fleet, world: World) -> JSONResponse:
    """The answer to one TokenReview. Nothing of it is recorded."""
    found = fleet.find(request.path_params["key"])
    if found is None:
        return JSONResponse({"message": "no such control plane"}, status_code=404)
    asked = await request.json()
    return JSONResponse(tokens.review(found[1], asked if isinstance(asked, dict) else {}, world.now()))
