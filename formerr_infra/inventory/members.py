"""What stands in a VPC, by the VPC's own account: a second answer to what the lists of other kinds say.

Only names and ids; what they are worth is asked of the resources themselves, because a VPC counts what was deleted
as its member for some minutes more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import MEMBER, identified
from formerr_infra.inventory.listing import read_list
from formerr_infra.inventory.session import NOT_OFFERED, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Kind of this package -> what the API calls it in an URN (`do:<word>:<id>`).
WORDS: Mapping[str, str] = {"cluster": "kubernetes", "load_balancer": "loadbalancer"}


@dataclass(frozen=True, slots=True)
class Members:
    """What stands in a VPC.

    Attributes:
        named: kind, name and id of each, of the kinds in `WORDS`; none where the API has no such answer.
        calls: requests that were sent.
    """

    named: tuple[tuple[str, str, str], ...] | Unknown
    calls: int


def members(access: Access, vpc_id: str, *, limits: Limits | None = None) -> Members:
    """Ask a VPC for what stands in it.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
    """
    session = Session(access, limits or Limits())
    try:
        items = read_list(session, MEMBER, vpc_id)
        if isinstance(items, Unknown):
            return Members(() if _not_offered(session, vpc_id) else items, session.calls)
        kinds = {word: kind for kind, word in WORDS.items()}
        named = []
        for item in items:
            urn, _ = identified(MEMBER, item)
            _, word, identity = [*urn.split(":", 2), "", ""][:3]
            if word not in kinds or not identity:
                continue
            name = item.get("name")
            if not isinstance(name, str) or not name:
                return Members(Unknown(f"GET {MEMBER.at(vpc_id)}: {urn!r} has no name"), session.calls)
            named.append((kinds[word], name, identity))
        return Members(tuple(named), session.calls)
    finally:
        session.close()


def _not_offered(session: Session, vpc_id: str) -> bool:
    """Whether there is no such path, in whatever words that is said."""
    path = MEMBER.at(vpc_id)
    return session.read(path, MEMBER.scope, session.client.vpcs.list_members, vpc_id).status in NOT_OFFERED
