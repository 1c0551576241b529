"""The assessment of a stack: ledger and inventory read, every slot decided, the account held against what would be made.

Reads only. The running program and the `formerr` command both use it, so that what `formerr detect` prints is what
`pulumi up` would do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra import inventory, preflight, unlisted
from formerr_infra.demand import demand, growth
from formerr_infra.elsewhere import none_elsewhere
from formerr_infra.errors import PreflightFailed, Refused, UnknownIsNotAbsent
from formerr_infra.model import MAKES, Code, Decision, Holding, Outcome, Sighting
from formerr_infra.objects import APPLICATION, decide_objects, look, summary, to_ask
from formerr_infra.reachable import out_of_reach
from formerr_infra.resolve import further_questions, questions, resolve, sole
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.application import Plan
    from formerr_infra.inventory.facts import Access, AccountFacts, DatabaseParts, Inventory, Limits, Question
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

#: Slots that ask nothing of the account's limits.
_LIGHT = frozenset(slot.key for slot in SLOTS if not slot.weighs)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is there, what is decided, and whether the account can take it.

    Attributes:
        stack: the stack's short name.
        settings: what was wanted.
        ledger: what the state holds.
        decisions: slot key -> decision, in the order of the slots.
        findings: of the preflight; empty where nothing is made.
        account: what the account offers; None where nothing is made.
        databases: what the managed database says besides itself, by id; empty where there is none yet.
        version: the exact version slug to declare for the cluster.
        calls: requests sent to the API.
        seconds: how long the detection took.
        plan: what the application's objects depend on; None where there is no application.
        objects: key of each of its objects -> decision.
    """

    stack: str
    settings: Settings
    ledger: Ledger
    decisions: Mapping[str, Decision]
    findings: tuple[preflight.Finding, ...] = ()
    account: AccountFacts | None = None
    version: str | None = None
    databases: Mapping[str, DatabaseParts] = field(default_factory=lambda: MappingProxyType({}))
    calls: int = 0
    seconds: float = 0.0
    plan: Plan | None = None
    objects: Mapping[str, Decision] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def refused(self) -> tuple[Decision, ...]:
        """The decisions that stop the run; of the application, each object's own."""
        each = (*(one for one in self.decisions.values() if one.slot != APPLICATION), *self.objects.values())
        return tuple(one for one in each if one.outcome is Outcome.REFUSE)

    @property
    def errors(self) -> tuple[preflight.Finding, ...]:
        """The findings that stop the run."""
        return tuple(one for one in self.findings if one.severity == "error")

    def require(self) -> None:
        """Stop here unless everything may go on.

        Raises:
            UnknownIsNotAbsent: a decision needs something that could not be known.
            Refused: the decision table refuses a slot.
            PreflightFailed: the account cannot take what would be made.
        """
        if self.refused:
            unknown = any(one.code is Code.UNKNOWN for one in self.refused)
            kind = UnknownIsNotAbsent if unknown else Refused
            raise kind("\n".join(line for one in self.refused for line in refusal(one)))
        if self.errors:
            raise PreflightFailed([f"{one.code}: {one.message}" for one in self.errors])


def refusal(decision: Decision) -> tuple[str, str]:
    """One refused slot in two lines: what was found, and what settles it."""
    return (
        f"{decision.slot}: refused ({decision.code}, row {decision.row}): {decision.reason}",
        f"    to go on: {decision.settle}",
    )


def assess(
    stack: str, settings: Settings, access: Access, ledger: Ledger, *, limits: Limits | None = None
) -> Assessment:
    """Look and decide.

    The account's limits and offers are asked for only where something may have to be made; a stack whose slots are
    all known by id costs one call a slot, whatever the size of the account.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the API does raises.
    """
    asked = questions(settings, ledger)
    making = _may_make(asked) or _tier_raised(settings, ledger)
    database = [identity for one in asked if one.slot == "database" for identity in one.ids]
    looked = inventory.look(
        access, asked, stack=stack, with_account=making, databases=database, limits=limits
    )
    looks = [looked]
    sightings = dict(looked.sightings)
    further = further_questions(asked, sightings, settings, ledger)
    found_now = sole(sightings["database"]) if "database" in sightings and not database else None
    database = [found_now.id] if found_now is not None else []
    if further or database:
        looked = inventory.look(
            access,
            further,
            stack=stack,
            with_account=not making and _may_make(further),
            databases=database,
            limits=limits,
        )
        looks.append(looked)
        sightings |= {
            key: _with_ids(sightings.get(key, Sighting()), found) for key, found in looked.sightings.items()
        }
    decisions = resolve(settings, ledger, sightings)
    network = unlisted.network_to_ask(settings, decisions)
    if network is not None:
        sightings, looked = _with_unlisted(stack, settings, access, decisions, sightings, network, limits)
        looks.append(looked)
        decisions = resolve(settings, ledger, sightings)
    account = next((one.account for one in looks if one.account is not None), None)
    if account is None and _needs_account(settings, decisions):
        looked = inventory.look(access, [], stack=stack, with_account=True, limits=limits)
        looks.append(looked)
        account = looked.account
    assessed = _assessed(stack, settings, ledger, decisions, account, looks)
    return _with_application(assessed, access) if settings.deploy_application else assessed


def _with_unlisted(
    stack: str,
    settings: Settings,
    access: Access,
    decisions: Mapping[str, Decision],
    sightings: Mapping[str, Sighting],
    network: str,
    limits: Limits | None,
) -> tuple[dict[str, Sighting], Inventory]:
    """What stands in the network without being in a list, with what it took to learn it."""
    members = inventory.members(access, network, limits=limits)
    asked = unlisted.questions(settings, decisions, sightings, members)
    looked = (
        inventory.look(access, asked, stack=stack, with_account=False, limits=limits)
        if asked
        else inventory.Inventory()
    )
    found = unlisted.completed(settings, decisions, sightings, members, looked.sightings)
    return found, replace(looked, calls=looked.calls + members.calls)


def _with_application(assessed: Assessment, access: Access) -> Assessment:
    """The same with the application's objects decided, and what the load balancer cannot do for them."""
    from formerr_infra.application import manifests
    from formerr_infra.planning import application_plan

    settings, decisions = assessed.settings, assessed.decisions
    cluster = decisions["cluster"]
    plan = application_plan(assessed.stack, settings, decisions, assessed.version)
    wanted = manifests(plan)
    held = assessed.ledger.objects
    looked = look(access, cluster, to_ask(wanted, held, cluster))
    objects = decide_objects(wanted, held, cluster, looked, settings, assessed.stack)
    objects = none_elsewhere(wanted, objects, assessed.ledger.standing)
    return replace(
        assessed,
        decisions={**decisions, APPLICATION: summary(objects, cluster)},
        findings=(*assessed.findings, *out_of_reach(settings, decisions)),
        calls=assessed.calls + looked.calls,
        plan=plan,
        objects=objects,
    )


def _assessed(
    stack: str,
    settings: Settings,
    ledger: Ledger,
    decisions: dict[str, Decision],
    account: AccountFacts | None,
    looks: list[Inventory],
) -> Assessment:
    findings: tuple[preflight.Finding, ...] = ()
    version = None
    if not any(one.outcome is Outcome.REFUSE for one in decisions.values()):
        wanted = demand(settings, decisions)
        if account is not None:
            findings = tuple(preflight.check(wanted, account))
        parts = {key: one for look in looks for key, one in look.databases.items()}
        findings += tuple(preflight.around(preflight.Around(stack, settings, decisions, parts)))
        version = cluster_version(settings, decisions["cluster"], account)
        if version is None:
            findings += tuple(_no_version(settings, decisions["cluster"], account, findings))
    return Assessment(
        stack=stack,
        settings=settings,
        ledger=ledger,
        decisions=decisions,
        findings=findings,
        account=account,
        version=version,
        databases={key: parts for one in looks for key, parts in one.databases.items()},
        calls=sum(one.calls for one in looks),
        seconds=sum(one.seconds for one in looks),
    )


def _no_version(
    settings: Settings, decision: Decision, account: AccountFacts | None, known: tuple[preflight.Finding, ...]
) -> list[preflight.Finding]:
    """The finding that stops an upgrade to what is not offered; a new cluster's version is the preflight's."""
    if decision.outcome is not Outcome.KEEP or any(one.code == "version" for one in known):
        return []
    offered = account.kubernetes if account is not None else None
    shown = ", ".join(offered.versions) if isinstance(offered, inventory.KubernetesOptions) else "not known"
    message = f"kubernetesVersion {settings.kubernetes_version} is not among what DOKS offers: {shown}"
    return [preflight.Finding(preflight.Severity.ERROR, "version", message, "kubernetesVersion")]


def cluster_version(settings: Settings, decision: Decision, account: AccountFacts | None) -> str | None:
    """The exact slug to declare: the running one unless a newer minor or slug is wanted; never a lower one.

    Returns None where it cannot be told without, or from, what the account offers.
    """
    live = str(decision.target.facts.get("version") or "") if decision.target else ""
    wanted = settings.kubernetes_version
    if live and live.startswith(f"{wanted}."):
        return live
    offered: tuple[str, ...] = ()
    options = account.kubernetes if account is not None else None
    if isinstance(options, inventory.KubernetesOptions):
        offered = options.versions
    elif isinstance(options, inventory.Unknown) and options.missing and preflight.is_exact(wanted):
        offered = (wanted,)
    try:
        return preflight.resolve_version(wanted, live or None, offered)
    except preflight.VersionNotOffered:
        return None


def _tier_raised(settings: Settings, ledger: Ledger) -> bool:
    """Whether the settings want a higher registry tier than the one that was declared."""
    declared = ledger.inputs.get("registry", {}).get("subscriptionTierSlug")
    return (
        ledger.held["registry"].holding is Holding.MANAGED
        and isinstance(declared, str)
        and preflight.declared_tier(settings.registry_tier, declared) != declared
    )


def _needs_account(settings: Settings, decisions: Mapping[str, Decision]) -> bool:
    """Whether something is going to be made, grown or upgraded."""
    made = any(one.outcome in MAKES for key, one in decisions.items() if key not in _LIGHT)
    if made or growth(settings, decisions["nodePool"]):
        return True
    cluster = decisions["cluster"]
    return cluster.outcome is Outcome.KEEP and cluster_version(settings, cluster, None) is None


def _may_make(asked: Sequence[Question]) -> bool:
    """Whether a slot that asks something of the account's limits is looked for by name, so that it may be missing."""
    return any(question.name is not None and question.slot not in _LIGHT for question in asked)


def _with_ids(first: Sighting, second: Sighting) -> Sighting:
    return Sighting(by_id={**first.by_id, **second.by_id}, named=second.named, unknown=second.unknown)
