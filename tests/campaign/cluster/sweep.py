"""Every call to the API server that changes something, met by each fault in turn, and what became of it.

As with the account's calls (`tests.campaign.sweep`): an operation is run once undisturbed, which gives its calls and
the end that every cell has to come to; then again from the same start with one call failing, and on without the fault.
What is not run that way is run with many calls failing at once (`tests.campaign.cluster.together`).
A dry run changes nothing and is no call here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.campaign import rules
from tests.campaign.cluster import looks
from tests.campaign.sweep import FAULTS, KILLS, Call, Cell, Seen, disturb, run_on
from tests.support import account
from tests.support.events import QUIET
from tests.support.live import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.campaign.arena import Arena
    from tests.campaign.cluster.site import Site
    from tests.support.api_proxy import Asked
    from tests.support.stack import Step

Json = dict[str, Any]
_IMPORT = {
    f"{slot}Policy": "import" for slot in ("vpc", "cluster", "registry", "loadBalancer", "application")
}
#: Operation -> how it starts, the settings, the command.
OPERATIONS: dict[str, tuple[str, Json, str]] = {
    "first deployment": ("cloud", {}, "up"),
    "change": (
        "deployed",
        {"imageTag": "2a3b4c5", "backendReplicas": 3, "replicasMax": 7, "ingressNodePort": 30081},
        "up",
    ),
    "adoption": ("foreign", {}, "up"),
    "import": ("lost", _IMPORT, "up"),
    "destroy": ("deployed", {}, "destroy"),
}
#: How often a preview is asked.
_LOOKS = 3
#: Faults that are no kill.
OTHERS = tuple(fault for fault in FAULTS if fault not in KILLS)
_KIND = re.compile(r"^/apis?/(?:[^/]+/)?v\w+/(?:namespaces/[^/]+/)?(\w+)")


@dataclass(frozen=True, slots=True)
class Course:
    """An operation undisturbed.

    Attributes:
        calls: to the API server, those that change something.
        end: what there is afterwards.
        loud: what the next preview would still do -> the properties that it is about.
    """

    operation: str
    calls: tuple[Call, ...]
    end: Json
    loud: Json


def undisturbed(site: Site, operation: str, folder: Path) -> Course:
    """Run an operation once, without a fault."""
    start, settings, command = OPERATIONS[operation]
    arena = site.begin(start, folder)
    arena.first.set(**settings)
    asked = len(site.proxy.requests())
    step = arena.run(arena.first, command)
    assert step.code == 0, step.said
    numbers: Counter[tuple[str, str]] = Counter()
    calls = []
    for one in site.proxy.requests()[asked:]:
        if one.changes:
            calls.append(Call(one.method, one.path, numbers[one.method, one.path]))
            numbers[one.method, one.path] += 1
    return Course(operation, tuple(calls), _end(site, arena, command), _loud(site, arena, command))


def met(site: Site, course: Course, cell: Cell, folder: Path, *, preview: bool) -> Seen:
    """Run one cell; `preview`: and ask whether a preview has nothing more to do than after an undisturbed run."""

    def alone(arena: Arena, command: str) -> tuple[Step, list[bool]]:
        step, fired = disturb(arena, site.proxy, cell, command)
        return step, [fired]

    end = ended(site, course, folder, alone, preview=preview)
    return Seen(cell, all(end.fired), end.code, end.more, end.wrong)


@dataclass(frozen=True, slots=True)
class End:
    """What became of one disturbed run.

    Attributes:
        fired: for each fault, whether its call came; empty if a rule was broken in that run.
        code: exit code of the disturbed run.
        more: runs after it until one ended well.
        wrong: what does not hold; empty if all does.
    """

    fired: Sequence[bool]
    code: int
    more: int
    wrong: str = ""


def ended(
    site: Site,
    course: Course,
    folder: Path,
    disturbing: Callable[[Arena, str], tuple[Step, Sequence[bool]]],
    *,
    preview: bool,
) -> End:
    """An operation from its start, disturbed in some way, on to its end, and everything that is asked of that."""
    start, settings, command = OPERATIONS[course.operation]
    arena = site.begin(start, folder)
    arena.first.set(**settings)
    before, asked = site.etcd.content(), len(site.proxy.requests())
    try:
        step, fired = disturbing(arena, command)
        code = step.code
        step, more = run_on(arena, step, command)
        if step.code != 0:
            return End(fired, code, more, f"it never ends well: {rules.words(step)}")
        wrong = list(looks.disturbed(before, site.etcd.content()))
        wrong += _deleted(site.proxy.requests()[asked:], course)
        wrong += looks.differences(_end(site, arena, command), course.end)
        if preview and not wrong and (loud := _loud(site, arena, command)) != course.loud:
            wrong.append(f"a preview would do {loud}, after an undisturbed run {course.loud}")
        return End(fired, code, more, "\n".join(wrong))
    except AssertionError as error:
        return End((), -1, 0, str(error))
    finally:
        site.proxy.clear_faults()


def _deleted(requests: Sequence[Asked], course: Course) -> list[str]:
    """What was deleted and is not in an undisturbed run: what a broken run leaves undeclared is wanted all the same."""
    known = {call.path for call in course.calls if call.method == "DELETE"}
    paths = [one.path for one in requests if one.changes and one.method == "DELETE"]
    return [f"{path} was deleted" for path in dict.fromkeys(paths) if path not in known]


def _end(site: Site, arena: Arena, command: str) -> Json:
    """Account, cluster and state, as one view."""
    if command == "up":
        eventually(site.settled, "the application has all its pods")
    return {
        **{f"account: {kind}": many for kind, many in account.shape(account.world(arena.cloud)).items()},
        **looks.objects(site.live),
        **looks.held(arena.first.stack.checkpoint),
    }


def _loud(site: Site, arena: Arena, command: str) -> Json:
    """What a preview would still do, asked again while it is something.

    A Deployment of which a pod is not ready at that moment is one that the plugin would write to again, without a
    difference: on a machine that has more to do than it can, a node is late with its sign of life, and its pods with it.
    """
    if command != "up":
        return {}
    loud: Json = {}
    for _ in range(_LOOKS):
        eventually(site.settled, "the application has all its pods")
        steps = arena.run(arena.first, "preview").log.steps
        loud = {f"{one.op} {one.name}": list(one.diffs) for one in steps if one.op not in QUIET}
        if not loud:
            break
    return loud


def kind(call: Call) -> str:
    """Method and kind of object of a call."""
    found = _KIND.match(call.path)
    return f"{call.method} {found[1] if found else call.path}"


def cells(courses: Iterable[tuple[str, Sequence[Call]]], *, every: bool) -> list[Cell]:
    """Every kill at every call; of the other faults all, or such that each call meets one, and each of them meets each
    kind of call: the same ones in whatever order the calls arrived."""
    calls = sorted(
        ((operation, call) for operation, many in courses for call in many),
        key=lambda one: (one[0], one[1].path, one[1].method, one[1].number),
    )
    found = [Cell(operation, call, kill) for operation, call in calls for kill in KILLS]
    if every:
        return found + [Cell(operation, call, fault) for operation, call in calls for fault in OTHERS]
    groups: dict[str, list[tuple[str, Call]]] = defaultdict(list)
    for operation, call in calls:
        groups[kind(call)].append((operation, call))
    for group in groups.values():
        for at in range(max(len(group), len(OTHERS))):
            operation, call = group[at % len(group)]
            found.append(Cell(operation, call, OTHERS[at % len(OTHERS)]))
    return list(dict.fromkeys(found))
