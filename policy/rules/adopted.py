"""What the stack only adopts is not its to change, and the engine shows nothing of it to a policy: the user is told to look.

What is adopted is read from what the program exports of its decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import STACK_TYPE, Level, StackRule

if TYPE_CHECKING:
    from policy.model import Found, Resource, Stack


def _database(resource: Resource, _: Stack, found: Found) -> None:
    _look(resource, "database", "see that its trusted sources do not let everybody in", found)


def _balancer(resource: Resource, _: Stack, found: Found) -> None:
    _look(resource, "loadBalancer", "see that it takes https and redirects http", found)


def _look(resource: Resource, slot: str, what: str, found: Found) -> None:
    if resource.type == STACK_TYPE and resource["decisions"][slot]["ownership"].value == "adopted":
        ids = ", ".join(one.text for one in resource["decisions"][slot]["found"].items())
        found.breaks("", f"{slot} {ids} is only adopted: {what}")


ADOPTED_DATABASE = StackRule(
    name="adopted-database",
    title="An adopted database may be open to the internet",
    means="The database is only adopted: whom it lets in is not the stack's to change.",
    check=_database,
    level=Level.ADVISORY,
)

ADOPTED_LOAD_BALANCER = StackRule(
    name="adopted-load-balancer",
    title="An adopted load balancer may answer without TLS",
    means="The load balancer is only adopted: what it takes and where it sends it is not the stack's to change.",
    check=_balancer,
    production=True,
    level=Level.ADVISORY,
)
