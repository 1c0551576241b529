"""What a look does where the account's rate limit is short: it waits for the next window, and no request is refused.

The windows of this measurement are short, so that it is; DigitalOcean's are a minute and an hour.
"""

from __future__ import annotations

import math
import time

from bench.detection import SLOTS, STACK
from bench.figures import LATENCY, Figure
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.inventory import Access, Question, look
from formerr_infra.inventory.facts import Unknown

VPCS = 10_000
WINDOW = 6.0
#: Requests in a window, as many as a first look needs twice over but for the pages: it has to wait for one window.
LIMIT = 40


def measure() -> list[Figure]:
    """A first look at a large account whose limit is too small for it.

    Raises:
        RuntimeError: something could not be learned.
    """
    with EmulatorServer() as server:
        control = server.control
        control.account(rate_limit=1_000_000, token="free", name="free")  # noqa: S106 - an emulated account
        control.account(rate_limit=LIMIT, rate_window=WINDOW, token="tight", name="tight")  # noqa: S106
        for token in ("free", "tight"):
            control.seed("vpcs", VPCS, token=token, name="other-{n}", region="fra1")
        control.latency(LATENCY)
        seconds = {}
        for token in ("free", "tight"):
            control.mark()
            began = time.perf_counter()
            _look(Access(server.endpoint, token, local=True))
            seconds[token] = time.perf_counter() - began
        asked = [one for one in control.requests(since_mark=True) if one.token_name == "tight"]  # noqa: S105 - the same
    first = min(one.at for one in asked)
    windows = [math.floor((one.at - first) / WINDOW) for one in asked]
    most = max(windows.count(number) for number in set(windows))
    refused = sum(one.status == 429 for one in asked)
    detail = (
        f"{len(asked)} calls, at most {most} in a window of {WINDOW:g} s that takes {LIMIT}; "
        f"{seconds['tight']:.1f} s, and {seconds['free']:.1f} s without a limit"
    )
    return [Figure("requests refused by a short rate limit", refused, "calls", 0, detail=detail)]


def _look(access: Access) -> None:
    questions = [Question(kind, kind, (), name) for kind, name in SLOTS.items()]
    seen = look(access, questions, stack=STACK, with_account=True)
    unknown = [reason for one in seen.sightings.values() for reason in one.unknown]
    if seen.account is not None and isinstance(seen.account.vpcs, Unknown):
        unknown.append(seen.account.vpcs.reason)
    if unknown:
        raise RuntimeError("; ".join(unknown))
