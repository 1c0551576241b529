"""The token: whether it opens the account, which scopes it has as far as reading shows, what the rate limit leaves.

Only GETs are sent. Whether a token may create, update or delete cannot be asked without doing it, so that is not asked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from formerr_infra.doctor import scopes
from formerr_infra.doctor.model import Finding, Level
from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.inventory.facts import Limits
from formerr_infra.inventory.session import Answer, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.errors import FormerrError
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings.schema import Settings

PAGE = "docs/token-scopes.md"
#: Scope -> a list that needs it, and no more than it. What DigitalOcean adds by itself is not asked for.
LISTS: dict[str, tuple[str, Callable[[Any], Callable[..., Any]]]] = {
    "account:read": ("/v2/account", lambda client: client.account.get),
    "droplet:read": ("/v2/droplets", lambda client: client.droplets.list),
    "vpc:read": ("/v2/vpcs", lambda client: client.vpcs.list),
    "kubernetes:read": ("/v2/kubernetes/clusters", lambda client: client.kubernetes.list_clusters),
    "registry:read": ("/v2/registries", lambda client: client.registries.list),
    "load_balancer:read": ("/v2/load_balancers", lambda client: client.load_balancers.list),
    "database:read": ("/v2/databases", lambda client: client.databases.list_clusters),
    "domain:read": ("/v2/domains", lambda client: client.domains.list),
    "certificate:read": ("/v2/certificates", lambda client: client.certificates.list),
    "uptime:read": ("/v2/uptime/checks", lambda client: client.uptime.list_checks),
    "monitoring:read": ("/v2/monitoring/alerts", lambda client: client.monitoring.list_alert_policy),
    "project:read": ("/v2/projects", lambda client: client.projects.list),
    "block_storage:read": ("/v2/volumes", lambda client: client.volumes.list),
    # No run of any stack needs these.
    "firewall:read": ("/v2/firewalls", lambda client: client.firewalls.list),
    "ssh_key:read": ("/v2/account/keys", lambda client: client.ssh_keys.list),
    "app:read": ("/v2/apps", lambda client: client.apps.list),
    "billing:read": ("/v2/customers/my/balance", lambda client: client.balance.get),
    "reserved_ip:read": ("/v2/reserved_ips", lambda client: client.reserved_ips.list),
}
#: Of these the answer is one object: they take no page.
_SINGLE = frozenset({"account:read", "registry:read", "database:read", "billing:read"})
#: A first deployment with everything sends about 70 requests.
_FEW = 200


def unusable(error: FormerrError, stack: str = "") -> list[Finding]:
    """That there is no access to any account."""
    fix = f"export DIGITALOCEAN_TOKEN ({PAGE} says with which scopes)"
    return [Finding("token", Level.STOPS, one, fix, stack) for one in str(error).splitlines()]


def look(access: Access, settings: Settings | None, stack: str = "", *, timeout: float) -> list[Finding]:
    """Token, scopes and rate limit.

    Args:
        access: to the account.
        settings: which parts the stack has; None where that is not known.
        stack: its name, where the token is one stack's.
        timeout: seconds for all of it.
    """
    session = Session(access, Limits(budget=timeout, retries=1))
    try:
        first = _ask(session, "account:read")
        if first.status == 401:
            found = [_refused(first)]
        else:
            answers = _answers(session, first, timeout)
            found = [_opens(first, answers), *_judged(answers, settings), _rate(*session.allowance())]
    finally:
        session.close()
    return [replace(one, stack=stack) for one in found]


def _ask(session: Session, scope: str) -> Answer:
    path, operation = LISTS[scope]
    options = {} if scope in _SINGLE else {"per_page": 1, "page": 1}
    return session.read(path, scope, operation(session.client), **options)


def _answers(session: Session, first: Answer, timeout: float) -> dict[str, Answer]:
    rest = [scope for scope in LISTS if scope != "account:read"]
    jobs = [partial(_ask, session, scope) for scope in rest]
    ended = side_by_side(jobs, width=8, timeout=timeout)
    late = Answer(None, None, f"no answer within {timeout:g} s")
    return {"account:read": first} | {
        scope: late if isinstance(one, StillRunning) else one for scope, one in zip(rest, ended, strict=True)
    }


def _refused(first: Answer) -> Finding:
    return Finding(
        "token",
        Level.STOPS,
        f"DigitalOcean refuses the token: {first.trouble}",
        "make a new one (DigitalOcean's control panel, API, Tokens) and export DIGITALOCEAN_TOKEN; is it the one of this "
        "stack's account?",
    )


def _opens(first: Answer, answers: dict[str, Answer]) -> Finding:
    if not any(one.status in (200, 403, 404) for one in answers.values()):
        return Finding("token", Level.UNKNOWN, f"the account does not answer: {first.trouble}", "run again")
    account = (first.body or {}).get("account")
    if not isinstance(account, dict):
        return Finding("token", Level.OK, "the token is taken")
    status = account.get("status")
    if status == "locked":
        return Finding("token", Level.STOPS, "the account is locked", "ask DigitalOcean's support")
    level = Level.OK if status == "active" else Level.WARNING
    return Finding(
        "token", level, f"the token is taken; the account is {status or 'in no state that is told'}"
    )


def _judged(answers: dict[str, Answer], settings: Settings | None) -> list[Finding]:
    if settings is None:
        return [
            Finding("scopes", Level.NOTE, "which scopes are needed is a stack's matter: formerr doctor STACK")
        ]
    wanted = scopes.reads(settings)
    missing = sorted(scope for scope in wanted if answers[scope].status == 403)
    unclear = sorted(scope for scope in wanted if answers[scope].status not in (200, 403, 404))
    wide = sorted(scope for scope, one in answers.items() if one.status == 200 and scope not in wanted)
    found = []
    if missing:
        found.append(
            Finding(
                "scopes",
                Level.STOPS,
                f"the token lacks {', '.join(missing)}",
                f"add it, or make a token with the scopes of {PAGE}",
            )
        )
    if wide:
        found.append(
            Finding(
                "scopes",
                Level.WARNING,
                f"the token is too wide: it has {', '.join(wide)}, which no run of this stack needs",
                f"make one with the scopes of {PAGE} alone, and delete this one",
            )
        )
    if unclear:
        why = answers[unclear[0]].trouble or f"{answers[unclear[0]].status}"
        found.append(Finding("scopes", Level.UNKNOWN, f"of {', '.join(unclear)} nothing is known: {why}"))
    if not found:
        found.append(
            Finding("scopes", Level.OK, f"the token can read what the stack needs: {len(wanted)} scopes")
        )
    writes = len(scopes.needed(settings) - wanted)
    found.append(
        Finding(
            "scopes",
            Level.NOTE,
            f"{writes} scopes for writing and for the cluster are not asked for, as that would write; a run that lacks one "
            f"stops and names it ({PAGE})",
        )
    )
    return found


def _rate(left: int | None, reset_in: float | None) -> Finding:
    if left is None:
        return Finding("rate-limit", Level.UNKNOWN, "the account does not say how many requests are left")
    again = "" if reset_in is None else f"; it begins anew in {reset_in:.0f} s"
    if left == 0:
        return Finding("rate-limit", Level.STOPS, f"no request is left{again}", "wait until then")
    if left < _FEW:
        return Finding("rate-limit", Level.WARNING, f"{left} requests are left{again}", "wait until then")
    return Finding("rate-limit", Level.OK, f"{left} requests are left{again}")
