"""All checks of an environment, side by side, each within its time.

First the account is asked by id for what the state holds; then everything that is there is asked itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from formerr_infra.health.asked import kubernetes, services, web
from formerr_infra.health.looked import Looked, look
from formerr_infra.health.model import Check, State
from formerr_infra.inventory.crew import StillRunning, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from formerr_infra.health.asked.results import Results, Told
    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

TIMEOUT = 10.0
CERTIFICATE_DAYS = 14.0
#: How many of its answers a check may wait for one after the other, until it is given up.
_ANSWERS = 3
#: In which order they are shown: the first word of a check's name.
_ORDER = (
    "cluster",
    "nodes",
    "registry",
    "image",
    "workload",
    "database",
    "database-connection",
    "load-balancer",
    "ingress",
    "frontend",
    "backend",
    "certificate",
    "tls",
)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is asked for the sake of one or more checks.

    Attributes:
        names: of its checks.
        ask: asks.
        late: what it means that it did not end in time.
    """

    names: Sequence[str]
    ask: Callable[[], Results]
    late: State = State.UNKNOWN


def checks(
    stack: str,
    settings: Settings,
    access: Access,
    ledger: Ledger,
    *,
    timeout: float = TIMEOUT,
    certificate_days: float = CERTIFICATE_DAYS,
) -> list[Check]:
    """Check everything that the stack has. Reads only.

    Args:
        stack: its name.
        settings: of it.
        access: to the account.
        ledger: what its state holds.
        timeout: seconds for each answer.
        certificate_days: a certificate that ends sooner fails.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
    """
    looked = look(stack, settings, access, ledger, timeout=timeout)
    jobs = _jobs(looked, timeout, certificate_days)
    asked = [partial(timed, job) for job in jobs]
    ended = side_by_side(asked, width=len(asked), timeout=_ANSWERS * timeout)
    found: list[Check] = []
    for job, result in zip(jobs, ended, strict=True):
        if isinstance(result, StillRunning):
            found += [Check(name, job.late, "no answer in time", _ANSWERS * timeout) for name in job.names]
        else:
            found += result
    return sorted(found, key=lambda one: (_ORDER.index(one.name.partition(":")[0]), one.name))


def _jobs(looked: Looked, timeout: float, days: float) -> list[Job]:
    def one(name: str, told: Callable[[], Told], late: State = State.UNKNOWN) -> Job:
        return Job((name,), lambda: [(name, *told())], late)

    return [
        Job(kubernetes.names(looked), partial(kubernetes.ask, looked, timeout)),
        one("registry", partial(services.registry, looked)),
        Job(services.image_names(looked), partial(services.ask_images, looked, timeout)),
        Job(services.database_names(looked), partial(services.ask_database, looked, timeout)),
        one("certificate", partial(services.certificate, looked, days)),
        one("load-balancer", partial(web.status, looked)),
        one("ingress", partial(web.ingress, looked, timeout), State.FAILED),
        one("frontend", partial(web.frontend, looked, timeout), State.FAILED),
        one("backend", partial(web.backend, looked, timeout), State.FAILED),
        one("tls", partial(web.tls, looked, timeout, days), State.FAILED),
    ]


def timed(job: Job) -> list[Check]:
    """What a job found, and how long it took."""
    began = time.monotonic()
    try:
        result = job.ask()
    except Exception as error:
        # A check that cannot be made says so, and takes no other with it.
        unknown = (State.UNKNOWN, f"it could not be checked: {type(error).__name__}")
        result = [(name, *unknown) for name in job.names]
    took = round(time.monotonic() - began, 3)
    return [Check(name, state, message, took) for name, state, message in result]
