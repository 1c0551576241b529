"""The account itself, and what is on offer to it: regions and droplet sizes.

Droplet limit, status and scopes are set by the control plane. Billing and SSH keys are not emulated.
"""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.routing import Answer, Call, Routes

ROUTES = Routes()


@ROUTES.on("GET", "/v2/account", "account:read")
def get_account(call: Call) -> Answer:
    """Limits and status of the account."""
    account = call.account
    settings = account.settings
    return Answer(
        200,
        {
            "account": {
                "droplet_limit": settings.droplet_limit,
                "floating_ip_limit": 3,
                "reserved_ip_limit": 3,
                "volume_limit": 100,
                "email": settings.email,
                "name": account.name,
                "uuid": account.uuid,
                "email_verified": True,
                "status": settings.status,
                "status_message": settings.status_message,
                "team": {"uuid": account.uuid, "name": settings.team},
            }
        },
    )


@ROUTES.on("GET", "/v2/regions", "regions:read")
def list_regions(call: Call) -> Answer:
    """All regions."""
    return call.page("regions", catalog.regions())


@ROUTES.on("GET", "/v2/sizes", "sizes:read", "regions:read")
def list_sizes(call: Call) -> Answer:
    """All droplet sizes."""
    return call.page("sizes", catalog.sizes())
