"""A secret stands in a Secret, and nowhere else: what a ConfigMap or a pod's own text holds, everyone who reads it holds.

By names that say so, and by values that can be nothing else. The values themselves are never part of a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.kubernetes import containers, objects, pods
from policy.model import ResourceRule

if TYPE_CHECKING:
    from policy.model import Found, Resource
    from policy.values import Node

_WORD = re.compile(
    r"(^|_)(pass|passwd|password|passphrase|secret|token|credentials?|(private|api|access|signing|encryption|jwt)_?key)"
    r"(_|$)"
)
#: `DB_PASSWORD_FILE` names a place, `JWT_SECRET_BYTES` a size.
_ABOUT = re.compile(
    r"_(file|path|dir|name|ref|url|uri|type|algorithm|bytes|length|size|ttl|seconds|minutes|hours|days|expiry|expires|enabled"
    r"|issuer|audience|header|prefix|policy)$"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: A value that names another variable (Kubernetes' own `$(NAME)`) holds nothing itself.
_REFERENCE = r"\$\([A-Za-z_][A-Za-z0-9_]*\)"
_VALUES = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an API token": re.compile(r"\b(do[opr]_v1_[0-9a-f]{16}|gh[pousr]_[A-Za-z0-9]{16}|github_pat_|xox[abprs]-[0-9]|AKIA[0-9A-Z]{16})"),
    "a URL with a password": re.compile(
        rf"\b[a-z][a-z0-9+.-]*://[^\s:/@]*:(?!{_REFERENCE}@)[^\s/@]+@", re.IGNORECASE
    ),
}  # fmt: skip


def names_a_secret(name: str) -> bool:
    """Whether a key's name says that a secret is behind it."""
    words = re.sub(r"[.\-]", "_", _HUMP.sub("_", name)).lower()
    return bool(_WORD.search(words)) and not _ABOUT.search(words)


def looks_secret(text: str) -> str | None:
    """What a text can only be, if it is a secret."""
    return next((what for what, pattern in _VALUES.items() if pattern.search(text)), None)


def _plain(resource: Resource, found: Found) -> None:
    for kind, place in objects(resource):
        if kind == "ConfigMap":
            for part in ("data", "binaryData"):
                with found.where_known():
                    for key, value in place[part].entries():
                        _named(key, value, found)
    for pod in pods(resource):
        for container in containers(pod, found):
            _container(container, found)


def _container(container: Node, found: Found) -> None:
    with found.where_known():
        for variable in container["env"].items():
            with found.where_known():
                _named(variable["name"].text, variable["value"], found)
    for key in ("command", "args"):
        with found.where_known():
            for word in container[key].items():
                with found.where_known():
                    _held(word, found)


def _named(name: str, value: Node, found: Found) -> None:
    with found.where_known():
        if names_a_secret(name) and value.text and not re.fullmatch(_REFERENCE, value.text):
            found.breaks(value, f"{name} is a secret by its name; take it from a Secret")
        else:
            _held(value, found)


def _held(value: Node, found: Found) -> None:
    if what := looks_secret(value.text):
        found.breaks(value, f"it holds {what}; take it from a Secret")


NO_PLAIN_SECRET = ResourceRule(
    name="no-plain-secret",
    title="No secret stands in a ConfigMap or in a pod's own text",
    means="No key of a `ConfigMap` and no `env` value of a container has a name such as PASSWORD, SECRET, TOKEN or API_KEY (a "
    "`_FILE` or a reference `$(NAME)` is fine), and none, nor a word of a command, holds a private key, a known API token or a "
    "URL with a password.",
    check=_plain,
)
