"""What a managed database is asked besides itself: who may reach it, and by which authority its server is checked."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Access, Limits, Rule, Unknown
from formerr_infra.inventory.session import Session

if TYPE_CHECKING:
    from formerr_infra.inventory.session import Answer

_SCOPE = "database:read"


def read_rules(session: Session, identity: str) -> tuple[Rule, ...] | Unknown:
    """The trusted sources of a database."""
    path = f"/v2/databases/{identity}/firewall"
    answer = session.read(path, _SCOPE, session.client.databases.list_firewall_rules, identity)
    rules = _field(answer, "rules", path)
    if isinstance(rules, Unknown):
        return rules
    if not isinstance(rules, list):
        return Unknown(f"GET {path}: no list of rules")
    if not all(isinstance(r, dict) and isinstance(r.get("type"), str) for r in rules):
        return Unknown(f"GET {path}: a rule without a type")
    return tuple(Rule(rule["type"], str(rule.get("value") or "")) for rule in rules)


def read_authority(session: Session, identity: str) -> str | Unknown:
    """The certificate authority of a database, PEM."""
    path = f"/v2/databases/{identity}/ca"
    answer = session.read(path, _SCOPE, session.client.databases.get_ca, identity)
    authority = _field(answer, "ca", path)
    if isinstance(authority, Unknown):
        return authority
    text = authority.get("certificate") if isinstance(authority, dict) else None
    try:
        pem = b64decode(text or "", validate=True).decode("ascii")
    except (Error, UnicodeDecodeError, TypeError):
        pem = ""
    return pem if "BEGIN CERTIFICATE" in pem else Unknown(f"GET {path}: no certificate")


def database_authority(access: Access, identity: str, *, limits: Limits | None = None) -> str | Unknown:
    """The certificate authority of a database that this very run has made."""
    session = Session(access, limits or Limits())
    try:
        return read_authority(session, identity)
    finally:
        session.close()


def _field(answer: Answer, key: str, path: str) -> object:
    if answer.trouble:
        return Unknown(answer.trouble)
    if answer.status != 200 or answer.body is None:
        return Unknown(f"GET {path}: {answer.status}")
    return answer.body.get(key, [] if key == "rules" else None)
