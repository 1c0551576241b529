"""The one short line that says what is worth knowing of a resource besides its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.cost.priced import node_words
from formerr_infra.model import Outcome
from formerr_infra.objects import APPLICATION

if TYPE_CHECKING:
    from formerr_infra.detect import Assessment
    from formerr_infra.model import Decision


def detail(decision: Decision, assessment: Assessment) -> str:
    """What there is, or is going to be; "" where there is nothing to say."""
    settings, live = assessment.settings, decision.target
    facts = live.facts if live is not None else {}
    if decision.outcome in (Outcome.OMIT, Outcome.REFUSE) and live is None and decision.slot != APPLICATION:
        return ""
    match decision.slot:
        case "vpc":
            return _joined(facts.get("region") or settings.region, facts.get("ip_range") or settings.vpc_cidr)
        case "cluster":
            high = bool(live.details.get("ha")) if live is not None else settings.highly_available
            version = facts.get("version") or assessment.version or settings.kubernetes_version
            return _joined(version, "highly available" if high else None)
        case "nodePool":
            if live is not None:
                return node_words(live)
            least, most = settings.nodes_at_start, settings.nodes_at_most
            many = str(least) if least == most else f"{least} to {most}"
            return f"{many} \N{MULTIPLICATION SIGN} {settings.node_size}"
        case "loadBalancer":
            return _joined(facts.get("ip"))
        case "database":
            size = live.details.get("size") if live is not None else settings.database_size
            nodes = live.details.get("num_nodes") if live is not None else settings.database_nodes
            return f"{nodes} \N{MULTIPLICATION SIGN} {size}"
        case "certificate":
            return _joined(facts.get("type"), facts.get("state"))
        case "frontendRecord":
            return settings.frontend_host
        case "backendRecord":
            return settings.backend_host
        case slot if slot == APPLICATION:
            return f"{len(assessment.objects)} objects" if assessment.objects else ""
        case _:
            return ""


def _joined(*parts: object) -> str:
    return ", ".join(str(one) for one in parts if one)
