"""What is fuzzed: each target takes any bytes, and fails if what it calls does anything but answer or refuse.

A refusal is an error of this project, made for the eyes of a user. Seeds are made by code, from what the project itself
writes, so that no folder of files has to be kept. Nothing here talks to anybody.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra import holdings, ledger, report
from formerr_infra.application.kinds import Reference as Object
from formerr_infra.backup import address, sealed, state
from formerr_infra.drift import values
from formerr_infra.engine import events, exported, locks, words
from formerr_infra.engine.event_log import parse
from formerr_infra.environments import lifetime, pattern, stackfile
from formerr_infra.errors import FormerrError
from formerr_infra.health import cluster
from formerr_infra.images import deployed, pin
from formerr_infra.images.model import Reference
from formerr_infra.inventory.kinds import KINDS, Malformed, found
from formerr_infra.kubernetes import reading
from formerr_infra.loopback import is_loopback
from formerr_infra.pipeline.rendered import Unreadable, rendered
from formerr_infra.settings import check, from_files, secrets
from formerr_infra.settings.document import document, written
from formerr_infra.sync import bring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST = 8192
_STACK = "config:\n  formerr-infra:region: nyc3\n  formerr-infra:nodeMin: 1\n  formerr-infra:nodeMax: 3\n"
_URN = "urn:pulumi:staging::formerr-infra::formerr:network:Network$digitalocean:index/vpc:Vpc::vpc"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to be fuzzed.

    Attributes:
        run: takes the bytes.
        seeds: what it is known to take, or to refuse.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="formerr-fuzz-"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _json(data: bytes) -> Any:
    """What the bytes say, as every reader of JSON here gets it; None where they say nothing."""
    with suppress(ValueError, RecursionError):
        return json.loads(data)
    return None


def _file(name: str, data: bytes) -> Path:
    file = _folder() / name
    file.write_bytes(data)
    return file


# -- files of a user -----------------------------------------------------------------------------------------


def stack_file(data: bytes) -> None:
    """Settings of a stack file, and of a project file."""
    _file("Pulumi.yaml", b"name: formerr-infra\n")
    _file("Pulumi.staging.yaml", data)
    with suppress(FormerrError):
        from_files(_folder(), "staging")
    _file("Pulumi.yaml", data)
    _file("Pulumi.staging.yaml", b"config: {}\n")
    with suppress(FormerrError):
        from_files(_folder(), "staging")


def settings_values(data: bytes) -> None:
    """Settings as the engine hands them over: any key, any value."""
    given = _json(data)
    if isinstance(given, dict):
        with suppress(FormerrError):
            settings = check(given, "staging")
            secrets.read(settings, {key: str(value) for key, value in given.items()}, {})


def stack_edits(data: bytes) -> None:
    """Every change of a stack file leaves a stack file, in which the change stands."""
    text = _text(data)
    with suppress(FormerrError):
        before = dict(document(text, "a.yaml")["config"])
        assert dict(document(written(document(text, "a.yaml")), "a.yaml")["config"]) == before
    digest = "sha256:" + "a" * 64
    with suppress(FormerrError):
        made = pin.pinned(text, {"formerr-backend": digest, "formerr-frontend": digest}, "a.yaml")
        assert pin.wanted(made, "a.yaml") == {"formerr-backend": digest, "formerr-frontend": digest}
    with suppress(FormerrError):
        made = stackfile.with_key(text, "a.yaml", "expiresAt", "2026-11-28T15:00:00Z")
        assert document(made, "a.yaml")["config"]["formerr-infra:expiresAt"] == "2026-11-28T15:00:00Z"
    for pair in ((text, _STACK), (_STACK, text)):
        with suppress(FormerrError):
            brought = bring(*pair, ("a.yaml", "b.yaml"))
            assert bring(pair[0], brought.after, ("a.yaml", "b.yaml")).is_there
    choice = pattern.Choice("pr-7", "2026-03-02T00:00:00Z", "10.40.0.0/20", ("10.50.0.0/16", "10.60.0.0/20"))
    with suppress(FormerrError):
        own = pattern.entries(check({}, "staging"), choice)
        document(stackfile.compose(text, "a.yaml", own, choice)[0], "a.yaml")


def addresses(data: bytes) -> None:
    """Addresses that a user sets: of a database, a backend, an API, an image; times."""
    text = _text(data)
    with suppress(FormerrError):
        parsed = address.parse(text, _folder())
        assert address.parse(parsed.backend, _folder()) == parsed
    given = {"DATABASE_URL": text, "JWT_SECRET": text, "DB_PORT": text}
    _, findings = secrets.read(
        check({"databaseMode": "managed", "accountServices": False}, "production"), given, {}
    )
    assert len(text) < 8 or not any(text in one for one in findings), "a finding repeats a secret"
    if is_loopback(text):
        assert re.match(
            r"(?i)https?://(localhost|127\.[0-9.]+|\[[0-9a-f:.]+\])(:[0-9]*)?($|[/?#])", text.strip()
        ), text
    Reference.parse(text)
    with suppress(FormerrError):
        lifetime.time_to_live(text)
    lifetime.read(text)


# -- what the engine writes ----------------------------------------------------------------------------------


def event_log(data: bytes) -> None:
    """The engine's events: every line is read or left out, and all of them together are a result."""
    seen = []
    for line in _text(data).split("\n"):
        with suppress(FormerrError):
            if (event := parse(line)) is not None:
                seen.append(event)
    for done in (False, True):
        result = events.collect(seen, {}, ok=True, done=done)
        assert isinstance(result.errors, tuple)
        for change in result.loud:
            for path in change.detailed:
                values.shown(change.before, path)


def exported_state(data: bytes) -> None:
    """An exported state: read by each of its readers, or unreadable."""
    export = _json(data)
    if not isinstance(export, dict):
        return
    for read in (
        ledger.read,
        holdings.read,
        exported.outputs,
        events.externals,
        state.facts,
        state.things,
        deployed.images_in,
    ):
        with suppress(FormerrError):
            read(export)


def engine_words(data: bytes) -> None:
    """What the engine prints."""
    text = _text(data)
    words.errors(text)
    words.told([text])
    held = locks.locks(text)
    locks.advice("staging", held, host="here", alive=frozenset())


def backup_file(data: bytes) -> None:
    """A file that may be a backup."""
    with suppress(FormerrError):
        sealed.inspect(data)


# -- what other machines answer ------------------------------------------------------------------------------


def api_objects(data: bytes) -> None:
    """An object of the API, as each kind."""
    raw = _json(data)
    for kind in KINDS.values():
        with suppress(Malformed):
            found(kind, raw, "formerr-infra", "staging")


def cluster_objects(data: bytes) -> None:
    """What an API server answers."""
    one = Object("apps/v1", "Deployment", "formerr-backend", "formerr")
    for status in (200, 404):
        live = reading._judge(one, status, data)
        if isinstance(live, dict):
            cluster.workload(live)
    reading._page((200, data))
    cluster.pods((200, data), "pods")


def shown_texts(data: bytes) -> None:
    """Texts for a terminal and for Markdown."""
    text = _text(data)
    shown = report.clean(text)
    assert shown.isprintable()
    assert "##[" not in shown
    for name in ("a.json", "a.sarif", "a.txt"):
        with suppress(Unreadable):
            rendered(name, text)


# -- seeds ---------------------------------------------------------------------------------------------------


def _stack_files() -> Iterable[bytes]:
    # Small ones: how often a target runs is what finds something.
    yield _STACK.encode()
    yield b"config:\n  formerr-infra:jwtSecret:\n    secure: v1:abc\nencryptionsalt: v1:x\n"
    yield b"base: &size s-4vcpu-8gb\nconfig:\n  <<: {a: b}\n  formerr-infra:nodeSize: *size\n"
    yield b'config: {"formerr-infra:tags": [a, "b"], formerr-infra:imageTag: \'1f0e2d3\'}\n'


def _values() -> Iterable[bytes]:
    yield json.dumps(
        {"region": "nyc3", "nodeCount": "3", "vpcCidr": "10.20.0.0/16", "tags": '["a"]'}
    ).encode()
    yield json.dumps(
        {"databaseMode": "managed", "DATABASE_URL": "postgresql://a:b@c:1/d", "alertEmails": ["a@b.c"]}
    ).encode()
    yield json.dumps(
        {"takeOver": ["vpc"], "protect": True, "expiresAt": "2026-11-28T15:00:00Z", "frontendHost": "a.dev"}
    ).encode()


def _addresses() -> Iterable[bytes]:
    yield from (
        b"postgresql://formerr:pa%2Fss@db.example.invalid:25060/formerr?sslmode=require",
        b"s3://bucket/prefix?endpoint=https://nyc3.digitaloceanspaces.com&region=us-east-1&s3ForcePathStyle=true",
        b"file:///tmp/state?metadata=skip", b"file://~", b"https://api.pulumi.com/org", b"gs://bucket",
        b"http://127.0.0.1:8080", b"http://[::1]:80", b"registry.digitalocean.com/a/b:c@sha256:" + b"0" * 64, b"72h", b"2026-11-28T15:00:00Z",
    )  # fmt: skip


def _events() -> Iterable[bytes]:
    old = {"id": "v-1", "inputs": {"ipRange": "10.0.0.0/16"}, "outputs": {"tags": ["a"]}, "protect": True}
    metadata = {
        "op": "update", "urn": _URN, "type": "digitalocean:index/vpc:Vpc", "old": old, "new": old | {"id": "v-2"},
        "detailedDiff": {"ipRange": {"diffKind": "update-replace"}}, "diffs": ["ipRange"], "keys": ["ipRange"],
    }  # fmt: skip
    bodies: tuple[dict[str, Any], ...] = (
        {"resourcePreEvent": {"metadata": metadata, "planning": True}},
        {"resOutputsEvent": {"metadata": metadata | {"op": "refresh"}}},
        {"resOpFailedEvent": {"metadata": metadata | {"op": "delete", "new": None}}},
        {"diagnosticEvent": {"severity": "error", "message": "<{%reset%}>no<{%reset%}>", "urn": _URN}},
        {
            "policyEvent": {
                "policyName": "a",
                "policyPackName": "b",
                "enforcementLevel": "mandatory",
                "message": "c",
            }
        },
        {"summaryEvent": {"resourceChanges": {"create": 3}, "durationSeconds": 4}},
    )
    yield "\n".join(
        json.dumps({"sequence": n, "timestamp": 1700000000, **body}) for n, body in enumerate(bodies)
    ).encode()
    yield from (json.dumps({"timestamp": 1.5, **body}).encode() for body in bodies)


def _states() -> Iterable[bytes]:
    resource = {
        "urn": _URN, "type": "digitalocean:index/vpc:Vpc", "custom": True, "id": "v-1", "inputs": {"name": "a"},
        "outputs": {"id": "v-1"}, "parent": _URN, "external": True, "protect": True, "created": "2026-01-01T00:00:00.123456789Z",
    }  # fmt: skip
    component = {
        "urn": _URN.replace("$digitalocean:index/vpc:Vpc::vpc", "::network"), "type": "formerr:network:Network", "custom": False,
        "inputs": {"journal": {"vpc": {"began": "2026-01-01T00:00:00Z", "instead_of": "v-0"}}},
        "outputs": {"held": {"vpc": {"id": "v-1", "ownership": "managed"}}},
    }  # fmt: skip
    workload = {
        "urn": _URN.replace("digitalocean:index/vpc:Vpc", "kubernetes:apps/v1:Deployment"), "type": "kubernetes:apps/v1:Deployment",
        "custom": True, "id": "formerr/formerr-backend", "inputs": {"spec": {"image": "registry.digitalocean.com/a/formerr-backend:1"}},
    }  # fmt: skip
    deployment = {
        "manifest": {"time": "2026-01-01T00:00:00Z", "magic": "x", "version": "v3.253.0"}, "resources": [component, resource, workload],
        "pending_operations": [{"type": "creating", "resource": resource}], "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:x"}},
    }  # fmt: skip
    yield json.dumps({"version": 3, "deployment": deployment}).encode()
    yield b'{"version": 3, "deployment": {"manifest": {"time": "0001-01-01T00:00:00Z"}}}'


def _printed() -> Iterable[bytes]:
    yield (
        b"error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file "
        b"with `pulumi cancel`.\n  file:///s/.pulumi/locks/organization/p/s/1.json: created by a@host (pid 12) at 2026-01-01T00:00:00Z\n"
    )
    yield b"Diagnostics:\n  pulumi:pulumi:Stack (p-s):\n    error: Program failed with an unhandled exception:\n    Traceback (most recent call last):\n      File \"a\", line 1\n    KeyError: 'x'\n"


@cache
def _backup() -> bytes:
    export = _json(next(iter(_states())))
    header = sealed.Header.of(
        "formerr-infra", "staging", datetime(2026, 1, 1, tzinfo=UTC), state.facts(export)
    )
    return sealed.seal(export, header, "a passphrase of some length", cost=2)


def _backups() -> Iterable[bytes]:
    yield _backup()
    yield _backup()[:200]


def _objects() -> Iterable[bytes]:
    yield json.dumps(
        {
            "id": "a", "name": "b", "region": {"slug": "nyc3"}, "ip_range": "10.0.0.0/16", "tags": ["pulumi:formerr-infra:staging"],
            "description": "pulumi:formerr-infra:staging", "created_at": "2026-01-01T00:00:00Z", "status": {"state": "running"},
            "node_pools": [{"id": "p", "name": "workers", "size": "s-1", "count": 3}], "vpc_uuid": "v", "default": False,
        }
    ).encode()  # fmt: skip
    yield json.dumps(
        {"id": 7, "type": "A", "name": "@", "data": "192.0.2.1", "uuid": "u", "description": "d", "comp": ">"}
    ).encode()


def _kubernetes() -> Iterable[bytes]:
    workload = {
        "kind": "Deployment", "metadata": {"name": "formerr-backend", "labels": {"a": "b"}, "generation": 1},
        "spec": {"replicas": 2}, "status": {"observedGeneration": 1, "availableReplicas": 2, "conditions": [{"type": "Available", "status": "True"}]},
    }  # fmt: skip
    yield json.dumps(workload).encode()
    pod = {
        "metadata": {"name": "p"},
        "status": {
            "phase": "Running",
            "conditions": [],
            "containerStatuses": [{"state": {"waiting": {"reason": "x"}}}],
        },
    }
    yield json.dumps({"kind": "List", "metadata": {"continue": "x"}, "items": [pod]}).encode()
    yield b'{"kind": "Status", "details": {"name": "formerr-backend"}, "code": 404}'


def _texts() -> Iterable[bytes]:
    yield "\x1b[2J ::error::x ##[a] \u202e | `x` ``` \n".encode()
    yield b'{"runs": [{"results": [{"ruleId": "a", "level": "error", "message": {"text": "b"}}]}]}'
    yield b'{"stack": "s", "ok": true, "error": null, "guard": {"stops": []}, "preview": {"counts": {}, "changes": [], "policy": []}}'


TARGETS = {
    "stack-file": Target(stack_file, _stack_files),
    "settings": Target(settings_values, _values),
    "stack-edits": Target(stack_edits, _stack_files),
    "addresses": Target(addresses, _addresses),
    "event-log": Target(event_log, _events),
    "exported-state": Target(exported_state, _states),
    "engine-words": Target(engine_words, _printed),
    "backup-file": Target(backup_file, _backups),
    "api-objects": Target(api_objects, _objects),
    "cluster-objects": Target(cluster_objects, _kubernetes),
    "shown-texts": Target(shown_texts, _texts),
}
