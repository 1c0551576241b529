"""Stories to tell in tests: of any assessment, of a full one, of one whose every text is hostile."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from formerr_infra.cost import bill
from formerr_infra.detect import Assessment
from formerr_infra.inventory.facts import Prices, Unknown
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Code, Decision, Found, Mark, Outcome
from formerr_infra.objects import APPLICATION
from formerr_infra.page import Drifted, Guarded, Story, Told, tell
from formerr_infra.preflight import Finding, Severity
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PRICES = Prices(
    {"s-2vcpu-4gb": Decimal(24), "s-4vcpu-8gb": Decimal(48)},
    {"basic": Decimal(5), "starter": Decimal(0)},
    "basic",
)
#: Markup, markdown, control and bidirectional characters, mentions, addresses, and a lot of it.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&amp;&lt; \x1b[2J\x00\x7f\u202eevil\u2066 | `x` "
    "**bold** [link](http://evil.example) @octocat #1 GH-2 https://evil.example www.evil.example {{ 7*7 }} {% raw %} "
    "</style></svg></title>-->]]> " + "W" * 3000 + " \U0001f469\u200d\U0001f469 日本語" + "日" * 500
)
#: Of the application, as its decisions are called.
OBJECTS = (
    "namespace/formerr", "deployment/formerr/formerr-backend", "deployment/formerr/formerr-frontend",
    "statefulset/formerr/formerr-postgres", "service/formerr/formerr-backend", "networkpolicy/formerr/deny",
    "configmap/formerr/formerr", "secret/formerr/formerr-app-secret", "persistentvolumeclaim/formerr/dumps",
    "role/formerr/x", "customthing/formerr/x",
)  # fmt: skip
FULL = {
    "domain": "formerr.tech",
    "frontendHost": "formerr.tech",
    "backendHost": "api.formerr.tech",
    "databaseMode": "managed",
    "databasePolicy": "auto",
    "projectName": "Formerr",
    "alertEmails": ["ops@formerr.tech"],
    "nodeMin": 3,
    "nodeMax": 5,
}
_OUTCOMES = (Outcome.KEEP, Outcome.CREATE, Outcome.ADOPT, Outcome.REFUSE, Outcome.OMIT, Outcome.IMPORT)


def decision(slot: str, outcome: Outcome, text: str | None = None) -> Decision:
    """A decision for a slot; every text of it is `text`, if there is one."""
    live = None
    if outcome not in (Outcome.CREATE, Outcome.OMIT, Outcome.REFUSE):
        facts: dict[str, Any] = {
            "region": text or "nyc3",
            "ip": text or "198.51.100.7",
            "version": text or "1.34.1-do.0",
        }
        details = {"node_pools": [], "size_unit": 1, "size": "db-s-1vcpu-1gb", "num_nodes": 1, "count": 3}
        live = Found(
            text or f"{slot}-id", text or f"the-{slot}", Mark.OURS, text, facts=facts, details=details
        )
    refused = outcome is Outcome.REFUSE
    return Decision(
        slot, outcome, "3", text or f"{slot} is as it is", id=live.id if live else None, target=live,
        code=Code.AMBIGUOUS if refused else None, settle=text or "set an id" if refused else "",
        notes=(text,) if text else (),
    )  # fmt: skip


def story(
    outcomes: dict[str, Outcome] | None = None,
    *,
    text: str | None = None,
    full: bool = False,
    objects: int = len(OBJECTS),
    **more: Any,
) -> Story:
    """A story.

    Args:
        outcomes: slot -> outcome; by default every slot that the settings have, in all outcomes in turn.
        text: what every text says.
        full: with domain, database, project and alerts, and everything checked.
        objects: how many the application has.
    """
    settings = check(FULL if full else {}, "staging")
    keys = [slot.key for slot in SLOTS if slot.enabled(settings)] + [APPLICATION]
    chosen = outcomes if outcomes is not None else {key: _OUTCOMES[n % 6] for n, key in enumerate(keys)}
    decisions = {key: decision(key, chosen.get(key, Outcome.KEEP), text) for key in keys}
    kinds = [f"{OBJECTS[number % len(OBJECTS)]}{number // len(OBJECTS) or ''}" for number in range(objects)]
    decided = {
        f"{key}{text or ''}": decision(key, _OUTCOMES[number % 4], text) for number, key in enumerate(kinds)
    }
    findings = (Finding(Severity.WARNING, text or "plain-http", text or "plain http"),)
    assessed = Assessment("staging", settings, EMPTY, decisions, findings=findings, objects=decided)
    said = text or "all is well"
    if full:
        found = Found("f", text or "theirs", owner=text or "formerr-infra/production")
        more = {
            "bill": bill(assessed, PRICES),
            "others": {"vpc": [found] * 9, "cluster": Unknown(said), "database": [found]},
            "health": [("nodes", "ok", said), (text or "backend", "failed", said), ("tls", "unknown", said)],
            "drift": [
                Drifted(text or "loadBalancer", "owned", "changed", said),
                Drifted("vpc", "adopted", "unknown", said),
            ],
            "guard": Guarded((Told(text or "urn:x", "protected", said),), {"create": 3, "delete": 1}),
            **more,
        }
    return tell(assessed, NOW, **more)
