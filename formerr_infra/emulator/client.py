"""A client of the control plane: synchronous, standard library only, so that anything can import it.

It talks to the emulator's own endpoint and nothing else; the API itself is left to pydo and the like.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

from formerr_infra.emulator.records import RequestRecord

__all__ = ["ControlClient", "ControlError", "RequestRecord"]

Json = dict[str, Any]
Strings = list[str]
JsonList = list[Json]
Records = list[RequestRecord]


class ControlError(Exception):
    """The control plane refused a verb; the message says why."""


class ControlClient:
    """The verbs of the control plane at an endpoint. Every method raises ControlError when it is refused.

    `kind` is a collection of the API (`vpcs`, `kubernetes_clusters`, `registries`, `load_balancers`, ...) or its
    singular; `token` names the account and is the default one's if left out.
    """

    def __init__(self, endpoint: str, *, timeout: float = 30.0) -> None:
        if not endpoint.startswith("http://"):
            raise ValueError(f"{endpoint!r} is not the endpoint of an emulator")
        self.endpoint = endpoint.rstrip("/")
        self._timeout = timeout
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _do(self, verb: str, **data: Any) -> Json:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked when the client is made
            f"{self.endpoint}/_control/{verb}",
            data=json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                answer: Json = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise ControlError(f"{verb}: {text}") from None

    def reset(self, *, default_vpcs: bool = True) -> None:
        """Back to one fresh account, with no faults and an empty record."""
        self._do("reset", default_vpcs=default_vpcs)

    def put(self, kind: str, /, *, token: str | None = None, **fields: Any) -> Json:
        """Make a foreign resource without any check; gives it as the API would answer it."""
        return self._do("put", kind=kind, token=token, fields=fields)

    def seed(self, kind: str, count: int, /, *, token: str | None = None, **fields: Any) -> Strings:
        """Make many alike; `{n}` in a text stands for the number, from 1. Gives their ids."""
        ids: Strings = self._do("seed", kind=kind, count=count, token=token, fields=fields)["ids"]
        return ids

    def remove(self, kind: str, key: str | int, /, *, token: str | None = None) -> None:
        """Take a resource away, without any check. Registries, tags and domains go by their name."""
        self._do("remove", kind=kind, id=str(key), token=token)

    def update(self, kind: str, key: str | int, /, *, token: str | None = None, **fields: Any) -> Json:
        """Change fields of a resource in place; `node_pools` too, by the pool's id."""
        return self._do("update", kind=kind, id=str(key), token=token, fields=fields)

    def list(self, kind: str, /, *, token: str | None = None) -> JsonList:
        """All resources of a kind, as the API would answer them."""
        items: JsonList = self._do("list", kind=kind, token=token)["items"]
        return items

    def mark(self) -> int:
        """Set the mark of the record to now."""
        return int(self._do("mark")["mark"])

    def requests(self, *, writes: bool = False, since_mark: bool = False) -> Records:
        """What the API was asked, oldest first; control verbs are not in it."""
        found = self._do("requests", writes=writes, since_mark=since_mark)["requests"]
        return [RequestRecord(**record) for record in found]

    def fault(self, method: str = "*", path_regex: str = "", **fields: Any) -> int:
        """A new fault; the fields are those of `faults.Fault`. Gives its id."""
        return int(self._do("fault", method=method, path=path_regex, **fields)["id"])

    def faults(self) -> JsonList:
        """All faults, with how often each `matched` and `fired`."""
        found: JsonList = self._do("faults")["faults"]
        return found

    def clear_faults(self, fault_id: int | None = None) -> None:
        """No faults any more, or not that one."""
        self._do("clear_faults", **({} if fault_id is None else {"id": fault_id}))

    def latency(self, seconds: float) -> None:
        """Seconds that every answer of the API takes longer; parallel calls overlap."""
        self._do("latency", seconds=seconds)

    def account(self, *, token: str | None = None, **settings: Any) -> Json:
        """Make an account or change its settings: `name`, `droplet_limit`, `scopes` (None: all), `status`,
        `status_message`, `rate_limit`, `rate_window`, `email`, `team`, and `default_vpcs` for a new one."""
        return self._do("account", token=token, **settings)

    def transitions(self, **seconds: float) -> Json:
        """Change how long things take: `cluster_seconds`, `node_seconds`, `load_balancer_seconds`,
        `database_seconds`, `certificate_seconds`, `membership_seconds`, `collection_seconds`. Gives all."""
        return self._do("transitions", **seconds)

    def settings(self, **settings: Any) -> Json:
        """Change `versions` (Kubernetes slugs on offer; empty: the built-in ones) or `latency`. Gives all."""
        return self._do("settings", **settings)

    def advance(self, seconds: float) -> None:
        """Move the emulator's clock on."""
        self._do("advance", seconds=seconds)

    def kubernetes(self) -> JsonList:
        """The control planes, each with its `cluster`, `state` (`starting`, `ready`, `stopped`, `failed`), `message`,
        `server`, that of its `store`, `pid` of its supervisor, number of `starts`, `folder`, and an administrator's
        `kubeconfig` file."""
        found: JsonList = self._do("kubernetes")["control_planes"]
        return found

    def stop_kubernetes(self, cluster_id: str, /) -> None:
        """Make a cluster unreachable: its control plane is stopped, and its data stays."""
        self._do("kubernetes_stop", id=cluster_id)
        self.wait_for_kubernetes(cluster_id, state="stopped")

    def start_kubernetes(self, cluster_id: str, /) -> None:
        """Start a stopped control plane again, and wait until it is ready."""
        self._do("kubernetes_start", id=cluster_id)
        self.wait_for_kubernetes(cluster_id)

    def wait_for_kubernetes(
        self, cluster_id: str, /, *, state: str = "ready", seconds: float = 120.0
    ) -> Json:
        """Wait for the control plane of a cluster to get there; gives it. ControlError if it does not."""
        deadline = time.monotonic() + seconds
        while True:
            found = [plane for plane in self.kubernetes() if plane["cluster"] == cluster_id]
            if found and found[0]["state"] == state:
                return found[0]
            if not found or found[0]["state"] == "failed" or time.monotonic() > deadline:
                raise ControlError(f"the control plane of {cluster_id} is not {state}: {found}")
            time.sleep(0.05)

    def save(self, path: str | None = None) -> str:
        """Write the state to a file (the state file if left out); gives its path."""
        return str(self._do("save", path=path)["path"])

    def load(self, path: str | None = None) -> str:
        """Become what was saved in a file (the state file if left out); gives its path."""
        return str(self._do("load", path=path)["path"])

    def status(self) -> Json:
        """What there is, in numbers."""
        return self._do("status")
