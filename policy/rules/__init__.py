"""Every rule of the pack, in the order of the page that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.rules import adopted, database, images, marks, pods, protection, registry, secrets, services, tls

if TYPE_CHECKING:
    from policy.model import Rule

RULES: tuple[Rule, ...] = (
    database.NO_PUBLIC_DATABASE,
    database.DATABASE_HAS_A_FIREWALL,
    pods.NO_PRIVILEGED_POD,
    images.NO_LATEST_IMAGE,
    protection.PROTECTED_IN_PRODUCTION,
    protection.RETAINED_IN_PRODUCTION,
    marks.MARKED_FOR_ITS_STACK,
    marks.LABELLED_FOR_ITS_STACK,
    services.NO_LOAD_BALANCER_SERVICE,
    tls.TLS_IN_PRODUCTION,
    tls.DATABASE_TLS_IN_PRODUCTION,
    secrets.NO_PLAIN_SECRET,
    registry.REGISTRY_CREDENTIALS_ARE_READ_ONLY,
    adopted.ADOPTED_DATABASE,
    adopted.ADOPTED_LOAD_BALANCER,
)
