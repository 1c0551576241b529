"""A destroy from the first look to the last: what would go, what stops it, the engine, the account held against it.

The order is what makes it safe to kill. The state holds the cluster until the load balancers and volumes that it made
are gone with it, so that a run which is begun again still knows whose they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from formerr_infra import holdings
from formerr_infra.destroy import look as account
from formerr_infra.destroy import removal
from formerr_infra.destroy.errors import DestroyRefused
from formerr_infra.destroy.plan import own_cluster, plan, takes_all, unlocked
from formerr_infra.destroy.stops import Stop, objects_cluster, stops
from formerr_infra.destroy.verify import verify
from formerr_infra.engine import StackLocked, StackMissing
from formerr_infra.errors import FormerrError
from formerr_infra.inventory.facts import Unknown
from formerr_infra.tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from formerr_infra.destroy.model import Account, Outcome, Plan
    from formerr_infra.destroy.traces import Service
    from formerr_infra.engine import Event
    from formerr_infra.holdings import State
    from formerr_infra.inventory.facts import Access

    OnEvent = Callable[[Event], None] | None

#: Right for a cluster that DigitalOcean says is gone, and for none that only does not answer.
_FORGET_OBJECTS = "PULUMI_K8S_DELETE_UNREACHABLE"


class Engine(Protocol):
    """What a destroy asks of the engine; see `formerr_infra.engine`."""

    def export(self) -> dict[str, Any]: ...

    def import_state(self, state: Mapping[str, Any]) -> None: ...

    def destroy(
        self,
        *,
        preview_only: bool,
        exclude: Sequence[str] = (),
        on_event: OnEvent = None,
        state: Mapping[str, Any] | None = None,
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before the first write.

    Attributes:
        export: the state it was made from.
        state: what that holds.
        account: what is there.
        plan: what would be done.
        stops: what stops it.
        unprotect: the word was given.
    """

    export: Mapping[str, Any]
    state: State
    account: Account
    plan: Plan
    stops: tuple[Stop, ...]
    unprotect: bool


def prepare(
    export: Mapping[str, Any],
    access: Access,
    stack: str,
    *,
    unprotect: bool,
    delete_data: bool,
    gone: bool = False,
    token: str = TOKENS[0],
    more: Sequence[Stop] = (),
) -> Prepared:
    """Look, and say what a destroy would do. Reads only.

    Args:
        export: the state.
        access: where the account is.
        stack: short name.
        unprotect, delete_data, gone: the words that were given.
        token: the variable that the account's token is in.
        more: what else stops it.

    Raises:
        LedgerUnreadable: the state has another form.
        NotLoopback, SettingsError: the access is unusable.
    """
    state = holdings.read(export)
    seen = account.look(access, state, stack)
    services = _services(access, state, seen)
    made = plan(stack, state, seen, unprotect=unprotect, delete_data=delete_data, services=services)
    found = stops(made, state, seen, unprotect=unprotect, delete_data=delete_data, gone=gone, token=token)
    return Prepared(export, state, seen, made, (*more, *found), unprotect)


def _services(access: Access, state: State, seen: Account) -> dict[str, Service]:
    """The Services behind load balancers that no state knows; none where there is no such load balancer."""
    if seen.associated is None or isinstance(seen.associated, Unknown):
        return {}
    unknown = [one for one in seen.associated if one.kind == "load_balancers" and one.id not in state.ids]
    if not unknown:
        return {}
    (cluster,) = [one for one in state.of(holdings.CLUSTER) if not one.external and not one.doomed][:1]
    found = account.services(access, cluster.id)
    return {} if isinstance(found, Unknown) else found


def carry_out(
    prepared: Prepared,
    engine: Callable[[Mapping[str, str]], Engine],
    access: Access,
    *,
    progress: Callable[[str], None] = lambda _: None,
    on_event: OnEvent = None,
    every: float = removal.EVERY,
) -> tuple[Outcome, FormerrError | None]:
    """Take the stack down, and look what is left, also where the engine failed.

    Args:
        prepared: not stopped.
        engine: given variables to add to its environment.
        access: where the account is.
        progress: told what is done now.
        on_event: gets each event of the engine.
        every: seconds between two looks at a cluster that goes.

    Returns:
        What is left, and what ended the engine's work early, if anything did.

    Raises:
        DestroyRefused: the state is another one than was shown.
        StackLocked: another run holds it; nothing was deleted.
    """
    made = prepared.plan
    variables = {_FORGET_OBJECTS: "true"} if _cluster_is_gone(prepared) else {}
    used = engine(variables)
    _unlock(prepared, used, progress)
    failed: FormerrError | None = None
    try:
        _delete(prepared, engine, used, access, progress, on_event, every)
    except (StackLocked, StackMissing):
        raise
    except FormerrError as error:
        failed = error
    progress("looking at what is left")
    after = account.look_again(
        access, prepared.state, made.stack, objects_on=objects_cluster(prepared.state, made)
    )
    return verify(made, after), failed


def _cluster_is_gone(prepared: Prepared) -> bool:
    """Whether DigitalOcean has answered that the cluster which the objects stand on is not there."""
    clusters = prepared.state.of(holdings.CLUSTER)
    return bool(clusters) and all(
        prepared.account.live.get(("cluster", one.id), one) is None for one in clusters
    )


def _unlock(prepared: Prepared, engine: Engine, progress: Callable[[str], None]) -> None:
    if _without_time(engine.export()) != _without_time(prepared.export):
        raise DestroyRefused(
            "the state has changed since it was shown, so nothing was deleted; another run was under way. Run again."
        )
    document, changed = unlocked(prepared.export, prepared.plan, unprotect=prepared.unprotect)
    if changed:
        progress(f"taking the protection from {len(changed)} resources")
        engine.import_state(document)


def _without_time(export: Mapping[str, Any]) -> dict[str, Any]:
    deployment = dict(export.get("deployment") or {})
    deployment.pop("manifest", None)
    return deployment


def _delete(
    prepared: Prepared,
    engine: Callable[[Mapping[str, str]], Engine],
    used: Engine,
    access: Access,
    progress: Callable[[str], None],
    on_event: OnEvent,
    every: float,
) -> None:
    made = prepared.plan
    cluster = own_cluster(made.pieces)
    # With `destroyAllAssociatedResources` the provider would take whatever is on DigitalOcean's list, also what
    # somebody else put there; so the cluster goes the careful way as soon as anything is on it.
    careful = cluster is not None and (made.taken or (takes_all(cluster.resource) and made.traces))
    if careful and cluster is not None:
        progress("deleting everything but the cluster")
        used.destroy(
            preview_only=False, exclude=[cluster.resource.urn], on_event=on_event, state=prepared.export
        )
        progress(f"deleting the cluster and {len(made.taken)} things that it has made")
        removal.destroy_with(access, cluster.resource.id, made.taken, progress=progress, every=every)
        # What the state still holds on it went with it.
        used = engine({_FORGET_OBJECTS: "true"})
    progress("deleting what the state holds")
    used.destroy(preview_only=False, on_event=on_event, state=prepared.export)
