"""One kind's life with one plugin, call by call over the engine's protocol: what each call gives, and what it asks.

Every kind gets an emulator and a plugin of its own, so that kinds can live side by side: the official plugin waits ten
seconds and more wherever it polls.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import grpc

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.standin.values import from_struct
from tests.standin.steady import INTERNAL, steady
from tests.standin.wire import TOKEN, environment, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.standin.kinds import Case, Props
    from tests.standin.wire import Wire

#: How the API says no to whatever it is asked.
FAULTS = (404, 409, 422, 429, 500)
#: Fields of the table, in its order.
OPERATIONS = (
    "check",
    "create",
    "create refused",
    "create, then not seen",
    "read",
    "read refused",
    "import",
    "import refused",
    "diff and update",
    "update refused",
    "replacements",
    "delete",
    "delete refused",
)
#: A call of the protocol and what it gave: operation, what of it, result.
Life = dict[str, dict[str, Any]]


@contextmanager
def official(program: Path, endpoint: str) -> Iterator[Wire]:
    """The official plugin, configured, with an engine that listens to what it logs."""
    from pulumi.runtime.proto import engine_pb2_grpc

    class Engine(engine_pb2_grpc.EngineServicer):
        def Log(self, _request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802 - its name in the protocol
            from google.protobuf import empty_pb2

            return empty_pb2.Empty()

    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with started(environment(endpoint), [os.fspath(program), f"127.0.0.1:{port}"]) as wire:
            wire.configure(token=TOKEN, apiEndpoint=endpoint, httpRetryMax="0")
            yield wire
    finally:
        server.stop(None)


@contextmanager
def stand_in(endpoint: str) -> Iterator[Wire]:
    """The stand-in, configured."""
    with started(environment(endpoint)) as wire:
        wire.configure(token=TOKEN, apiEndpoint=endpoint, httpRetryMax="0")
        yield wire


def filled(value: Any, ids: Props) -> Any:
    """`{cluster}` and the like put in."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), value) if isinstance(value, str) else value


class Living:
    """One kind with one plugin."""

    def __init__(self, case: Case, wire: Wire, cloud: ControlClient) -> None:
        self.case, self.wire, self.cloud = case, wire, cloud
        self.seen: Life = {operation: {} for operation in OPERATIONS}
        self.ids: Props = {}

    def live(self) -> Life:
        """All of it."""
        self.anew()
        self.checks()
        for status in FAULTS:
            self.anew()
            self.refuse("POST", status)
            self.note("create refused", str(status), self.create)
        for status in (404, 500):
            self.anew()
            self.refuse("GET", status)
            self.note("create, then not seen", str(status), self.create)
        self.anew()
        made = self.note("create", "", self.create)
        if "id" not in made:
            return self.seen
        ident, inputs, outputs = made["raw"]
        self.reads(ident, inputs, outputs)
        inputs, outputs = self.updates(ident, inputs, outputs)
        for name, change in self.case.replaces.items():
            news = _changed(inputs, filled(change, self.ids))
            self.note("replacements", name, lambda news=news: self.differ(ident, outputs, news))  # type: ignore[misc]
        if self.case.deletes:
            self.deletes(ident, outputs)
        return self.seen

    # -- the calls -------------------------------------------------------------------------------------------

    def anew(self) -> None:
        """A fresh account with what must be there."""
        self.cloud.clear_faults()
        self.cloud.reset()

        def post(path: str, body: Props) -> Props:
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            request = Request(self.cloud.endpoint + path, json.dumps(body).encode(), headers, method="POST")
            with urlopen(request, timeout=30) as answer:
                made: Props = next(iter(json.load(answer).values()))
                return made

        self.ids = self.case.there(post)

    def refuse(self, methods: str, status: int) -> None:
        """One request of these methods is answered so."""
        for method in methods.split():
            self.cloud.fault(method, "^/v2/", status=status, times=1)

    def checks(self) -> None:
        """What is declared is completed; what is wrong, missing or unknown is found."""
        good = filled(self.case.inputs(self.ids), self.ids)
        for name, news in {"": good, "unknown key": {**good, "noSuchThing": 1}, **self.case.wrong}.items():
            self.note("check", name, lambda news=news: self.check(news))  # type: ignore[misc]
        for name, news in self.case.wrong.items():
            self.note("check", f"{name}, planned", lambda news=news: self.planned(news))  # type: ignore[misc]

    def check(self, news: Props) -> Props:
        answer = self.wire.check(self.case.token, news)
        failed = [
            f"{one.property}: {re.sub('.*Examine values at ', '', one.reason)}" for one in answer.failures
        ]
        return {"failed": sorted(failed)} if answer.failures else {"inputs": from_struct(answer.inputs)}

    def planned(self, news: Props) -> Props:
        """A create that is only previewed, of what Check found nothing wrong with."""
        answer = self.wire.check(self.case.token, news)
        if not answer.failures:
            self.wire.create(self.case.token, news, preview=True)
        return {}

    def create(self) -> Props:
        inputs = filled(self.case.inputs(self.ids), self.ids)
        ident, outputs = self.wire.create(self.case.token, inputs)
        return {"id": ident, "outputs": outputs, "raw": (ident, inputs, outputs)}

    def reads(self, ident: str, inputs: Props, outputs: Props) -> None:
        """Refreshes and imports."""
        token = self.case.token
        by = self.case.import_id(self.ids, ident, outputs)

        def refresh() -> Props:
            found, state, declared = self.wire.read(token, ident, outputs, inputs)
            return {"id": found, "outputs": state, "inputs": declared}

        def imported() -> Props:
            found, state, declared = self.wire.read(token, by)
            return {"id": found, "outputs": state, "inputs": declared}

        for operation, call in (("read", refresh), ("import", imported)):
            self.note(operation, "", call)
            for status in FAULTS:
                self.refuse("GET", status)
                self.note(f"{operation} refused", str(status), call)

    def differ(self, ident: str, outputs: Props, news: Props) -> Props:
        answer = self.wire.diff(self.case.token, ident, outputs, news)
        return {
            "changes": answer.changes,
            "replaces": sorted(set(answer.replaces)),
            "changed": sorted({re.split(r"[.\[]", path)[0] for path in answer.detailedDiff} - INTERNAL),
            "first deleted": answer.deleteBeforeReplace,
        }

    def updates(self, ident: str, inputs: Props, outputs: Props) -> tuple[Props, Props]:
        """Each change planned and made, one after the other; the first one refused before."""
        for number, (name, change) in enumerate(self.case.updates.items()):
            news = _changed(inputs, filled(change, self.ids))

            def update(news: Props = news, outputs: Props = outputs) -> Props:
                after = self.wire.update(self.case.token, ident, outputs, news)
                return {"outputs": after, "raw": after}

            if number == 0:
                for status in FAULTS:
                    self.refuse("POST PUT PATCH DELETE", status)
                    self.note("update refused", f"{name}: {status}", update)
            self.note("diff and update", f"{name}, diff", lambda n=news, o=outputs: self.differ(ident, o, n))  # type: ignore[misc]
            done = self.note("diff and update", name, update)
            if "raw" in done:
                inputs, outputs = news, done["raw"]
        return inputs, outputs

    def deletes(self, ident: str, outputs: Props) -> None:
        """Refused in every way, deleted, and deleted again."""

        def delete() -> Props:
            self.wire.delete(self.case.token, ident, outputs)
            return {}

        for status in (422, 429, 500, 409, 404):
            self.refuse("DELETE", status)
            self.note("delete refused", str(status), delete)
        self.note("delete", "", delete)
        self.note("delete", "gone", delete)

    # -- what is written down --------------------------------------------------------------------------------

    def note(self, operation: str, what: str, call: Callable[[], Props]) -> Props:
        """Make a call and write down what it gave and what it asked."""
        self.cloud.mark()
        try:
            result = call()
        except grpc.RpcError as error:
            trailing: Any = error.trailing_metadata() or ()
            kept = any(key == "grpc-status-details-bin" for key, _ in trailing)
            said = str(error.details())
            result = {"error": sorted(set(re.findall(r"\b[45]\d\d\b", said))), "kept": kept, "said": said}
        self.cloud.clear_faults()
        asked = self.cloud.requests(since_mark=True)
        writes = [
            (f"{r.method} {r.path} {r.status}", sorted(r.body_keys)) for r in asked if r.method != "GET"
        ]
        shown = {key: value for key, value in result.items() if key not in {"raw", "said"}}
        self.seen[operation][what] = {
            **{key: steady(value) for key, value in shown.items()},
            "writes": [[steady(line), keys] for line, keys in writes],
            "reads": sorted({steady(f"{r.path} {r.status}") for r in asked if r.method == "GET"}),
            "said": steady(result.get("said", "")),
        }
        return result


def _changed(inputs: Props, change: Props) -> Props:
    return {key: value for key, value in {**inputs, **change}.items() if value is not None}


def life(case: Case, program: Path | None) -> Life:
    """A kind's life with the official plugin's program, or with the stand-in."""
    with EmulatorServer(seed=7) as emulator:
        endpoint = emulator.endpoint
        with official(program, endpoint) if program is not None else stand_in(endpoint) as wire:
            return Living(case, wire, emulator.control).live()


def lives(cases: tuple[Case, ...], program: Path | None, *, width: int) -> list[Life]:
    """Of each kind, some of them at the same time."""
    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(lambda case: life(case, program), cases))
