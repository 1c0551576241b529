"""The control plane over HTTP, under `/_control/`: what a test or `formerr local` does behind the API's back.

Every verb is a POST with a JSON object and answers a JSON object; errors are 400 with a message. It asks for no
token, so it takes JSON from loopback names only: a web page in a browser cannot reach it.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from formerr_infra.emulator.app import CONTROL
from formerr_infra.emulator.kinds import Kind, find_kind
from formerr_infra.emulator.kubernetes import reviews
from formerr_infra.emulator.persistence import write_atomically
from formerr_infra.emulator.services import kubernetes_model
from formerr_infra.emulator.store import DEFAULT_TOKEN, Account, Json, Settings, Transitions

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.kubernetes.fleet import Fleet

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Control:
    """The verbs of the control plane."""

    def __init__(self, emulator: Emulator, fleet: Fleet | None = None) -> None:
        self._emulator = emulator
        self._fleet = fleet
        self.verbs: dict[str, Callable[[Json], Any]] = {
            "account": self.account,
            "advance": self.advance,
            "clear_faults": self.clear_faults,
            "fault": self.fault,
            "faults": self.faults,
            "kubernetes": self.kubernetes,
            "kubernetes_start": self.kubernetes_start,
            "kubernetes_stop": self.kubernetes_stop,
            "latency": self.latency,
            "list": self.list,
            "load": self.load,
            "mark": self.mark,
            "put": self.put,
            "remove": self.remove,
            "requests": self.requests,
            "reset": self.reset,
            "save": self.save,
            "seed": self.seed,
            "settings": self.settings,
            "status": self.status,
            "transitions": self.transitions,
            "update": self.update,
        }

    def _account(self, data: Json) -> Account:
        token = data.get("token") or DEFAULT_TOKEN
        account = self._emulator.world.accounts.get(token)
        if account is None:
            raise ValueError("there is no account of that token")
        return account

    def _item(self, data: Json) -> tuple[Kind, Account, Json]:
        kind, account = find_kind(data["kind"]), self._account(data)
        item = account[kind.name].get(data["id"])
        if item is None:
            raise ValueError(f"there is no {kind.name} {data['id']!r}")
        return kind, account, item

    def reset(self, data: Json) -> Json:
        """Back to the start. `default_vpcs`: false for an account without any VPC."""
        self._emulator.reset(default_vpcs=data.get("default_vpcs", True))
        return {}

    def put(self, data: Json) -> Json:
        """Make one resource without any check; answers it as the API would."""
        kind, account = find_kind(data["kind"]), self._account(data)
        item = kind.build(self._emulator.world, account, dict(data.get("fields", {})))
        return kind.view(self._emulator.world, account, item)

    def seed(self, data: Json) -> Json:
        """Make `count` resources alike; in `fields`, `{n}` in a text stands for the number, from 1."""
        kind, account = find_kind(data["kind"]), self._account(data)
        ids = []
        for number in range(1, int(data["count"]) + 1):
            fields_ = {
                key: value.replace("{n}", str(number)) if isinstance(value, str) else value
                for key, value in data.get("fields", {}).items()
            }
            ids.append(kind.build(self._emulator.world, account, fields_)["_key"])
        return {"ids": ids}

    def update(self, data: Json) -> Json:
        """Change a resource in place, without any check; `node_pools` are known by their own id too."""
        changes: Json = dict(data.get("fields", {}))
        if data["kind"] in ("node_pool", "node_pools"):
            return self._update_pool(data, changes)
        kind, account, item = self._item(data)
        item.update(changes)
        kind.adjust(self._emulator.world, account, item)
        account[kind.name].changed()
        return kind.view(self._emulator.world, account, item)

    def _update_pool(self, data: Json, changes: Json) -> Json:
        account = self._account(data)
        found = kubernetes_model.find_pool(account, data["id"])
        if found is None:
            raise ValueError(f"there is no node pool {data['id']!r}")
        cluster, pool = found
        count = changes.pop("count", pool["count"])
        if "tags" in changes:
            kubernetes_model.retag_pool(account, cluster, pool, changes.pop("tags"))
        pool.update(changes)
        kubernetes_model.scale(self._emulator.world, account, cluster, pool, count)
        return pool

    def remove(self, data: Json) -> Json:
        """Take a resource away, without any check."""
        if data["kind"] in ("node_pool", "node_pools"):
            account = self._account(data)
            found = kubernetes_model.find_pool(account, data["id"])
            if found is None:
                raise ValueError(f"there is no node pool {data['id']!r}")
            kubernetes_model.remove_pool(self._emulator.world, account, *found)
            return {}
        kind, account, item = self._item(data)
        kind.drop(self._emulator.world, account, item)
        return {}

    def list(self, data: Json) -> Json:
        """All resources of a kind, as the API would answer them."""
        kind, account = find_kind(data["kind"]), self._account(data)
        return {"items": [kind.view(self._emulator.world, account, item) for item in account[kind.name]]}

    def mark(self, _data: Json) -> Json:
        """Set the mark of the record to now."""
        return {"mark": self._emulator.log.mark()}

    def requests(self, data: Json) -> Json:
        """The record of requests."""
        writes, since_mark = bool(data.get("writes")), bool(data.get("since_mark"))
        return {"requests": self._emulator.log.select(writes=writes, since_mark=since_mark)}

    def fault(self, data: Json) -> Json:
        """A new fault."""
        return {"id": self._emulator.faults.add(data).id}

    def faults(self, _data: Json) -> Json:
        """All faults with how often each matched and fired."""
        return {"faults": self._emulator.faults.describe()}

    def clear_faults(self, data: Json) -> Json:
        """No faults any more; with `id` only that one."""
        book = self._emulator.faults
        if "id" in data:
            book.faults = [fault for fault in book.faults if fault.id != data["id"]]
        else:
            book.clear()
        return {}

    def latency(self, data: Json) -> Json:
        """Seconds that every answer of the API takes longer."""
        self._emulator.world.settings.latency = float(data["seconds"])
        self._emulator.world.revision += 1
        return {}

    def account(self, data: Json) -> Json:
        """Make an account or change its settings; gives its settings, never its token."""
        changes = dict(data)
        token = changes.pop("token", None) or DEFAULT_TOKEN
        account = self._emulator.configure_account(token, changes)
        return {"name": account.name, "uuid": account.uuid, **asdict(account.settings)}

    def transitions(self, data: Json) -> Json:
        """Change how long things take; gives all times."""
        return self._change(
            self._emulator.world.transitions, {key: float(value) for key, value in data.items()}
        )

    def settings(self, data: Json) -> Json:
        """Change the settings of the world: `latency`, `versions`."""
        return self._change(self._emulator.world.settings, data)

    def _change(self, target: Transitions | Settings, changes: Json) -> Json:
        unknown = set(changes) - {f.name for f in fields(target)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        for key, value in changes.items():
            setattr(target, key, value)
        self._emulator.world.revision += 1
        return asdict(target)

    def advance(self, data: Json) -> Json:
        """Move the clock on by `seconds`."""
        self._emulator.world.clock_offset += float(data["seconds"])
        self._emulator.world.revision += 1
        return {"now": self._emulator.world.now()}

    def kubernetes(self, _data: Json) -> Json:
        """The control planes: each with its `cluster`, `state`, `server`, `pid`, and a `kubeconfig` file."""
        return {"control_planes": self._fleet.describe() if self._fleet is not None else []}

    def kubernetes_stop(self, data: Json) -> Json:
        """Stop the control plane of the cluster `id`: it cannot be reached until it is started again."""
        return self._running_fleet().set_wanted(data["id"], wanted=False)

    def kubernetes_start(self, data: Json) -> Json:
        """Start the control plane of the cluster `id` again, on the same data and address."""
        return self._running_fleet().set_wanted(data["id"], wanted=True)

    def _running_fleet(self) -> Fleet:
        if self._fleet is None:
            raise ValueError("no Kubernetes runs here: start the emulator with --kubernetes")
        return self._fleet

    def save(self, data: Json) -> Json:
        """Write the state to `path`, or to the state file."""
        path = self._path(data)
        write_atomically(path, self._emulator.world.dump())
        return {"path": str(path)}

    def load(self, data: Json) -> Json:
        """Become what was saved in `path`, or in the state file."""
        path = self._path(data)
        self._emulator.world.restore(path.read_text())
        return {"path": str(path)}

    def _path(self, data: Json) -> Path:
        if data.get("path"):
            return Path(data["path"])
        if self._emulator.state is None:
            raise ValueError("no path given, and the emulator runs without a state file")
        return self._emulator.state.path

    def status(self, _data: Json) -> Json:
        """What there is, in numbers."""
        world = self._emulator.world
        accounts = [
            {
                "name": account.name,
                "resources": {
                    kind: len(account[kind])
                    for kind in account.kinds()
                    if kind[0] != "_" and len(account[kind])
                },
            }
            for account in world.accounts.values()
        ]
        return {
            "requests": self._emulator.log.count,
            "faults": len(self._emulator.faults.faults),
            "accounts": accounts,
        }


def control_app(emulator: Emulator, fleet: Fleet | None = None) -> Starlette:
    """The control plane as an application, and beside it where API servers ask about tokens."""
    control = Control(emulator, fleet)

    async def run(request: Request) -> JSONResponse:
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        if host not in _LOOPBACK:
            return JSONResponse(
                {"error": "the control plane answers to loopback names only"}, status_code=403
            )
        verb = control.verbs.get(request.path_params["verb"])
        if verb is None:
            return JSONResponse(
                {"error": f"unknown verb; known: {', '.join(control.verbs)}"}, status_code=404
            )
        if "json" not in request.headers.get("content-type", ""):
            return JSONResponse({"error": "the content type must be JSON"}, status_code=415)
        try:
            data = await request.json()
            answer = verb(data if isinstance(data, dict) else {})
        except KeyError as error:
            return JSONResponse({"error": f"missing field {error}"}, status_code=400)
        except (ValueError, TypeError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        emulator.save()
        return JSONResponse(answer)

    async def review(request: Request) -> JSONResponse:
        if fleet is None:
            return JSONResponse({"error": "no Kubernetes runs here"}, status_code=404)
        return await reviews.answer(request, fleet, emulator.world)

    return Starlette(
        routes=[
            Route(f"{CONTROL}/{{verb}}", run, methods=["POST"]),
            Route(f"{reviews.PATH}/{{key}}", review, methods=["POST"]),
        ]
    )
