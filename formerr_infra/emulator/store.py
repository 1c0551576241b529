"""What the emulator knows: accounts, their resources, the clock, the ids, the settings.

Resources are plain dicts in the shape of the API's answer; keys that begin with an underscore are the emulator's own
and are never answered. Nothing here knows HTTP or any rule of a service.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
"""A JSON object: the API's own shape, which is wider than any type worth writing down."""

DEFAULT_TOKEN = "local-token"  # noqa: S105 - opens nothing but this emulator
"""Token of the account every emulator starts with. It opens nothing outside this process."""

FORMAT = 1
"""Version of the state file; a file of another version is refused on load."""


class Collection:
    """The resources of one kind in one account, by id, in the order lists answer them."""

    def __init__(self, world: World, kind: str, items: list[Json] | None = None) -> None:
        self._world = world
        self.kind = kind
        self._items: dict[str, Json] = {str(i["_key"]): i for i in items or []}
        self._text: str | None = None
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Json]:
        return iter(list(self._items.values()))

    def __contains__(self, key: object) -> bool:
        return str(key) in self._items

    def get(self, key: object) -> Json | None:
        """The resource of that key, or None."""
        return self._items.get(str(key))

    def values(self) -> list[Json]:
        """All resources, in the order lists answer them."""
        return list(self._items.values())

    def put(self, key: object, item: Json) -> Json:
        """Add or replace one resource and remember that something changed."""
        item["_key"] = str(key)
        self._items[str(key)] = item
        self.changed()
        return item

    def remove(self, key: object) -> Json | None:
        """Take one resource away; None if it was not there."""
        item = self._items.pop(str(key), None)
        if item is not None:
            self.changed()
        return item

    def move(self, key: object, *, to_front: bool) -> None:
        """Change the place of one resource in the lists (an item that moves across pages)."""
        item = self._items.pop(str(key), None)
        if item is None:
            return
        rest = self._items
        self._items = {str(key): item, **rest} if to_front else {**rest, str(key): item}
        self.changed()

    def position(self, key: object) -> int | None:
        """Index of a resource in the lists, or None."""
        for index, known in enumerate(self._items):
            if known == str(key):
                return index
        return None

    def changed(self) -> None:
        """Say that a resource was changed in place."""
        self._text = None
        self._texts.clear()
        self._world.revision += 1

    def text_of(self, item: Json) -> str:
        """The JSON of one resource as it is answered; kept until something in the collection changes."""
        key = item["_key"]
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = json.dumps(public(item), separators=(",", ":"))
        return text

    def text(self) -> str:
        """The JSON of all resources; kept until something changes, so that a write of the state stays cheap."""
        if self._text is None:
            self._text = json.dumps(list(self._items.values()), separators=(",", ":"))
        return self._text


@dataclass(slots=True)
class AccountSettings:
    """What the control plane can set on an account."""

    droplet_limit: int = 25
    status: str = "active"
    status_message: str = ""
    scopes: list[str] | None = None
    """Scopes of the token; None is full access."""
    rate_limit: int = 1_000_000
    """Requests in one window before 429; the real service has 5,000 an hour."""
    rate_window: float = 3600.0
    email: str = "local@example.com"
    team: str = "Local"


class Account:
    """One DigitalOcean account, reached by one token."""

    def __init__(self, world: World, token: str, name: str) -> None:
        self.world = world
        self.token = token
        self.name = name
        self.uuid = world.uuid("account")
        self.settings = AccountSettings()
        self.meta: Json = {}
        """Small facts of the account that are no resource: the registry subscription, for one."""
        self._collections: dict[str, Collection] = {}
        self.window_started = 0.0
        self.window_used = 0

    def __getitem__(self, kind: str) -> Collection:
        found = self._collections.get(kind)
        if found is None:
            found = self._collections[kind] = Collection(self.world, kind)
        return found

    def kinds(self) -> list[str]:
        """Kinds this account has ever held."""
        return list(self._collections)

    def dump(self) -> str:
        """JSON text of the account, put together from the texts of its collections."""
        head = {
            "token": self.token,
            "name": self.name,
            "uuid": self.uuid,
            "settings": asdict(self.settings),
            "meta": self.meta,
        }
        kinds = ",".join(f"{json.dumps(kind)}:{c.text()}" for kind, c in self._collections.items() if len(c))
        return json.dumps(head, separators=(",", ":"))[:-1] + ',"collections":{' + kinds + "}}"

    @classmethod
    def load(cls, world: World, data: Json) -> Account:
        """An account from what `dump` wrote."""
        account = cls(world, data["token"], data["name"])
        account.uuid = data["uuid"]
        account.settings = AccountSettings(**data["settings"])
        account.meta = data["meta"]
        for kind, items in data["collections"].items():
            account._collections[kind] = Collection(world, kind, items)
        return account


@dataclass(slots=True)
class Transitions:
    """How long things take, in seconds of the emulator's clock."""

    cluster_seconds: float = 0.0
    node_seconds: float = 0.0
    load_balancer_seconds: float = 0.0
    database_seconds: float = 0.0
    certificate_seconds: float = 0.0
    membership_seconds: float = 0.0
    """How long a deleted cluster or load balancer still counts as a member of its VPC."""
    collection_seconds: float = 0.0
    """How long a garbage collection of a registry takes."""


@dataclass(slots=True)
class Settings:
    """World-wide settings of the control plane."""

    latency: float = 0.0
    """Seconds every API answer takes longer; answers wait side by side."""
    versions: list[str] = field(default_factory=list)
    """Kubernetes version slugs on offer, newest first; empty means the built-in ones."""


class World:
    """Everything there is: all accounts, one clock, one source of ids."""

    def __init__(self, *, seed: int = 0, transition_seconds: float = 0.0) -> None:
        self.seed = seed
        self.revision = 0
        """Goes up with every change; a request that left it as it was applied nothing."""
        self.counters: dict[str, int] = {}
        self.clock_offset = 0.0
        self.transitions = uniform_transitions(transition_seconds)
        self.settings = Settings()
        self.accounts: dict[str, Account] = {}
        self.prepare_cluster: Callable[[Json], None] | None = None
        """Gives a new cluster its control plane; None where no Kubernetes runs."""

    def now(self) -> float:
        """Seconds since the epoch, as this world has it (the control plane can advance it)."""
        return time.time() + self.clock_offset

    def timestamp(self, at: float | None = None) -> str:
        """RFC 3339 in UTC, to the second, as the API writes it."""
        moment = self.now() if at is None else at
        return _rfc3339(int(moment))

    def _digest(self, purpose: str) -> bytes:
        number = self.counters[purpose] = self.counters.get(purpose, 0) + 1
        return hashlib.blake2b(f"{self.seed}/{purpose}/{number}".encode(), digest_size=32).digest()

    def uuid(self, purpose: str) -> str:
        """The next id of that purpose: the same for the same seed and the same number of calls."""
        text = self._digest(purpose).hex()
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"

    def number(self, purpose: str, start: int) -> int:
        """The next integer id of that purpose."""
        self.counters[purpose] = self.counters.get(purpose, 0) + 1
        return start + self.counters[purpose]

    def secret(self, purpose: str, length: int = 32) -> str:
        """The next made-up password or token of that purpose, in hexadecimal."""
        return self._digest(purpose).hex()[:length]

    def address(self, purpose: str) -> str:
        """The next public-looking IPv4 address, from the ranges kept for documentation and benchmarks."""
        number = self.number(purpose, 0)
        return f"198.{18 + (number >> 16) % 2}.{(number >> 8) % 256}.{number % 256}"

    def dump(self) -> str:
        """The whole world as JSON text."""
        head = {
            "format": FORMAT,
            "seed": self.seed,
            "counters": self.counters,
            "clock_offset": self.clock_offset,
            "transitions": asdict(self.transitions),
            "settings": asdict(self.settings),
        }
        accounts = ",".join(account.dump() for account in self.accounts.values())
        return json.dumps(head, separators=(",", ":"))[:-1] + ',"accounts":[' + accounts + "]}"

    def restore(self, text: str) -> None:
        """Become what `dump` wrote. ValueError for text of another format."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"not a state file of format {FORMAT}")
        self.seed = data["seed"]
        self.clock_offset = data["clock_offset"]
        self.transitions = Transitions(**data["transitions"])
        self.settings = Settings(**data["settings"])
        loaded = [Account.load(self, entry) for entry in data["accounts"]]
        self.accounts = {account.token: account for account in loaded}
        self.counters = data["counters"]
        self.revision += 1


@lru_cache(maxsize=1024)
def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def uniform_transitions(seconds: float) -> Transitions:
    """Every transition taking the same time."""
    return Transitions(*([seconds] * 7))


def public(item: Json) -> Json:
    """What the API answers of a stored resource: everything but the emulator's own keys."""
    return {key: value for key, value in item.items() if key[0] != "_"}
