"""What stops a destroy before its first write; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra import holdings
from formerr_infra.destroy.errors import DestroyRefused
from formerr_infra.destroy.model import ENDS, Fate, Keeper
from formerr_infra.destroy.verify import looked_for
from formerr_infra.errors import UnknownIsNotAbsent
from formerr_infra.inventory.facts import Unknown
from formerr_infra.tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from formerr_infra.destroy.model import Account, Plan
    from formerr_infra.holdings import State

#: The stack that asks for more words than a name.
PRODUCTION = "production"
#: Operations whose interruption may have left something that no state knows.
_MAKES = frozenset({"creating", "importing"})
_DELETES = "deleting"
#: Kinds whose id is a name that another account may have too.
_BY_NAME = frozenset({"certificate"})


@dataclass(frozen=True, slots=True)
class Stop:
    """One reason not to begin.

    Attributes:
        reason: what was found, with ids.
        settle: what to set or run.
        unknown: nothing is wrong, but something could not be known.
    """

    reason: str
    settle: str
    unknown: bool = False

    def __str__(self) -> str:
        return f"{self.reason}\n    to go on: {self.settle}"


def stops(
    plan: Plan,
    state: State,
    account: Account,
    *,
    unprotect: bool,
    delete_data: bool,
    gone: bool = False,
    token: str = TOKENS[0],
) -> tuple[Stop, ...]:
    """Everything that stops this destroy, all at once.

    Args:
        plan: what it would do.
        state: what it holds.
        account: what is there.
        unprotect, delete_data, gone: the words that were given.
        token: the variable that the account's token is in.
    """
    return (
        *_interrupted(state, plan.stack),
        *_elsewhere(plan, state, account, token, gone=gone),
        *_unknown(plan, account),
        *_protected(plan, unprotect=unprotect),
        *_data(plan, delete_data=delete_data),
    )


def require(found: Sequence[Stop]) -> None:
    """Stop here if anything does.

    Raises:
        UnknownIsNotAbsent: something could not be known.
        DestroyRefused: the stack is not to be taken down as it stands.
    """
    if not found:
        return
    kind = UnknownIsNotAbsent if all(one.unknown for one in found) else DestroyRefused
    raise kind("nothing was deleted:\n" + "\n".join(f"  {one}" for one in found))


def _interrupted(state: State, stack: str) -> Iterator[Stop]:
    urns = [one.urn for one in state.pending if one.operation in _MAKES]
    if urns:
        yield Stop(
            f"operations were interrupted and are still noted in the state: {', '.join(urns)}. What they made may be in "
            "the account and is not in the state.",
            f"`formerr deploy {stack}` takes in what is there; then `pulumi refresh -s {stack} --clear-pending-creates "
            "--yes` removes the notes",
        )


def _elsewhere(plan: Plan, state: State, account: Account, token: str, *, gone: bool) -> Iterator[Stop]:
    """Nothing of the stack is there: as likely the account of another token as a stack that somebody has deleted.

    One id of the state that is there, also an adopted one, shows that the account is the right one; a name does not. What
    the engine was deleting when it was killed may well be gone.
    """
    doing = {one.urn for one in state.pending if one.operation == _DELETES}
    missing = [
        one.resource
        for one in plan.of(Fate.GONE)
        if not one.resource.on_cluster and one.resource.urn not in doing
    ]
    there = any(
        live is not None and not isinstance(live, Unknown)
        for (kind, _), live in account.live.items()
        if kind not in _BY_NAME
    )
    if gone or there or not missing:
        return
    named = ", ".join(f"{one.label} ({one.id})" for one in missing)
    yield Stop(
        f"of all that the state holds, nothing is in the account that {token} opens: {named}. That is what the token of "
        "another account would show",
        f"set the token of the account that {plan.stack} is in; if all of it was deleted elsewhere, "
        f"`formerr destroy {plan.stack} --gone` has the state forget it",
    )


def _unknown(plan: Plan, account: Account) -> Iterator[Stop]:
    settle = "run again when DigitalOcean answers, or with a token that has the scope; unknown is not gone"
    for piece in plan.pieces:
        key = looked_for(piece.resource)
        live = account.live.get(key) if key is not None else None
        if isinstance(live, Unknown):
            yield Stop(f"{piece.resource.label}: {live.reason}", settle, unknown=True)
    for reason in account.unknown:
        yield Stop(reason, settle, unknown=True)
    if plan.cluster_id is None:
        return
    if isinstance(account.associated, Unknown):
        yield Stop(
            f"what cluster {plan.cluster_id} has made is not known: {account.associated.reason}",
            settle,
            unknown=True,
        )
    elif isinstance(account.volumes, Unknown) and any(
        one.kind == "volumes" for one in account.associated or ()
    ):
        yield Stop(
            f"the volumes of cluster {plan.cluster_id}: {account.volumes.reason}", settle, unknown=True
        )


def _protected(plan: Plan, *, unprotect: bool) -> Iterator[Stop]:
    if unprotect:
        return
    kept = [one.resource.label for one in plan.of(Fate.PROTECTED)]
    if plan.stack == PRODUCTION:
        yield Stop("this is production", "--unprotect, after `formerr state backup production`")
    elif kept:
        yield Stop(
            f"protected, or retained by a setting: {', '.join(kept)}",
            "--unprotect, or `protect: false` and `retainOnDelete: false` and a deploy",
        )


def _data(plan: Plan, *, delete_data: bool) -> Iterator[Stop]:
    databases = [f"{one.resource.label} ({one.resource.id})" for one in plan.of(Fate.GOES) if one.holds_data]
    if databases and not delete_data:
        yield Stop(
            f"a managed database of this stack would go with its data and its backups: {', '.join(databases)}",
            "--delete-data, or `databasePolicy: adopt` and a deploy, which lets go of it",
        )
    claims = [one.resource.label for one in plan.of(Fate.RETAINED) if one.keeper is Keeper.DATA]
    if claims and delete_data:
        yield Stop(
            f"--delete-data does not reach what stands on an adopted cluster: {', '.join(claims)}",
            f"`deleteData: true` in Pulumi.{plan.stack}.yaml and a deploy; then destroy",
        )


def nothing_held(stack: str, found: Sequence[str], unknown: Sequence[str], *, exists: bool) -> DestroyRefused:
    """Why a stack without a state is not taken down.

    Args:
        stack: short name.
        found: what carries its mark, with ids.
        unknown: what could not be asked for.
        exists: whether the backend knows the stack.
    """
    what = (
        f"the state of stack {stack!r} holds nothing" if exists else f"there is no state of stack {stack!r}"
    )
    lines = [f"{what}, so nothing is known to be this stack's, and nothing was deleted."]
    if found:
        lines.append("In the account, with the mark of this stack:")
        lines += [f"  {one}" for one in found]
        lines.append(f"    to go on: `formerr deploy {stack}` takes them in without a write; then destroy")
    elif not unknown:
        lines.append("Nothing in the account carries the mark of this stack.")
    lines += [f"Not known: {one}" for one in unknown]
    lines.append(
        "A registry and a load balancer carry no mark. Is PULUMI_BACKEND_URL the right one? `formerr state list` shows "
        "the backups of a state that was lost."
    )
    return DestroyRefused("\n".join(lines))


def objects_cluster(state: State, plan: Plan) -> str | None:
    """The adopted cluster that the stack's objects stand on, for a look at them afterwards."""
    if not any(one.on_cluster and not one.external for one in state.resources):
        return None
    adopted = [one for one in state.of(holdings.CLUSTER) if one.external]
    return adopted[0].id if adopted and plan.cluster_id is None else None


def goes(plan: Plan) -> int:
    """How many resources are not there any more afterwards."""
    return len(plan.of(*ENDS)) + len(plan.taken)
