"""The application's secrets: from the environment or the stack's configuration, checked before the first call.

A value is wrapped from the moment it is read: no representation, message or traceback shows it, and only what declares
the objects on the cluster takes it out again. Findings name the secret, never its value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from formerr_infra.model import Policy
from formerr_infra.settings.application import DatabaseMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from formerr_infra.settings.schema import Settings

LOGIN = ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "JWT_SECRET", "SESSION_SECRET")
DATABASE = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD")
URL = "DATABASE_URL"
#: Certificate authority of a managed database, PEM; only where the stack does not have it from the database itself.
CA = "DB_CA"
NAMES = (*LOGIN, URL, *DATABASE, CA)

#: Characters at least.
SHORTEST = {
    "GITHUB_CLIENT_ID": 8,
    "GITHUB_CLIENT_SECRET": 20,
    "JWT_SECRET": 32,
    "SESSION_SECRET": 32,
    "DB_PASSWORD": 12,
}
#: Those that must differ from one another.
APART = ("GITHUB_CLIENT_SECRET", "JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")
_FEWEST_DIFFERENT = 6
_LAST_PORT = 65535
#: Words that no good value has. The short ones count only at the beginning: random values of the usual length have
#: them elsewhere by chance.
_PLACEHOLDER = re.compile(
    r"change.?me|replace.?me|placeholder|example|insert.?here|password|passw0rd|letmein|qwerty|12345678|"
    r"secret[-_ ]?key|(super|test|dev|jwt|session).?secret|\.\.\.|^<.*>$|"
    r"^(your[-_ ]|(todo|xxxx+|admin)(?![A-Za-z0-9]))",
    re.IGNORECASE,
)


class Secret:
    """A value that shows itself only when asked to."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The value; for what hands it to the engine as a secret, and nobody else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} is not written down")


@dataclass(frozen=True, slots=True)
class Secrets:
    """All secrets of one stack, by name.

    Attributes:
        values: complete for what the settings want; the database's as address and in parts, where it is known.
    """

    values: Mapping[str, Secret]


def key(name: str) -> str:
    """The key of a secret in the stack's configuration: `JWT_SECRET` is `jwtSecret`."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


KEYS = {key(name): name for name in NAMES}


def needed(settings: Settings) -> tuple[str, ...]:
    """The secrets that a stack cannot do without; of a managed database, one way of two."""
    if not settings.deploy_application:
        return ()
    if settings.database_mode is DatabaseMode.CLUSTER:
        return (*LOGIN, "DB_PASSWORD")
    return LOGIN


def read(
    settings: Settings, environment: Mapping[str, str], configured: Mapping[str, str]
) -> tuple[Secrets, list[str]]:
    """Read and check.

    Args:
        settings: what is wanted.
        environment: of the process; comes first.
        configured: key of the configuration -> value, for the keys of `KEYS`.

    Returns:
        The secrets, and findings, one line each.
    """
    if not settings.deploy_application:
        return Secrets({}), []
    given = {
        name: value for name in NAMES if (value := environment.get(name) or configured.get(key(name)) or "")
    }
    findings = [_missing(name) for name in needed(settings) if name not in given]
    if settings.database_mode is DatabaseMode.MANAGED and not _made_here(settings, given):
        findings += _managed(given)
    findings += _weak(given)
    return Secrets({name: Secret(name, value) for name, value in given.items()}), findings


def _made_here(settings: Settings, given: Mapping[str, str]) -> bool:
    """Whether the stack makes the database and nobody has said how to log in to it: then it knows by itself."""
    return (
        settings.services
        and settings.database_policy is Policy.CREATE
        and not any(name in given for name in (URL, *DATABASE))
    )


def _missing(name: str) -> str:
    return (
        f"{name}: is missing; export it, or run `pulumi config set --secret {key(name)}` (locally: "
        'eval "$(formerr local env)")'
    )


def _managed(given: dict[str, str]) -> list[str]:
    """Complete address from parts or parts from address; what is wrong with them."""
    parts = {name: given[name] for name in DATABASE if name in given}
    if URL not in given:
        lacking = [name for name in DATABASE if name not in parts]
        if lacking:
            return [
                f"{URL}: is missing, and so are {', '.join(lacking)}; set {URL}, or all of {', '.join(DATABASE)}"
            ]
        if not re.fullmatch(r"[1-9][0-9]{0,4}", parts["DB_PORT"]) or int(parts["DB_PORT"]) > _LAST_PORT:
            return ["DB_PORT: is not a port"]
        given[URL] = address(parts)
        return []
    try:
        read_off = _parts(given[URL])
    except ValueError as error:
        return [f"{URL}: is not the address of a PostgreSQL database: {error}"]
    findings = [
        f"{name}: is not what {URL} says; set only one of the two"
        for name in parts
        if parts[name] != read_off[name]
    ]
    given |= read_off
    return findings


def address(parts: Mapping[str, str]) -> str:
    """The address of a database of these parts; how TLS is checked is the driver's environment."""
    user, password = (quote(parts[name], safe="") for name in ("DB_USER", "DB_PASSWORD"))
    return f"postgresql://{user}:{password}@{parts['DB_HOST']}:{parts['DB_PORT']}/{quote(parts['DB_NAME'], safe='')}"


def _parts(url: str) -> dict[str, str]:
    """The parts of an address. The messages hold nothing of it."""
    try:
        split = urlsplit(url)
        port = 5432 if split.port is None else split.port
    except ValueError:
        raise ValueError("it cannot be taken apart") from None
    if split.scheme not in ("postgres", "postgresql"):
        raise ValueError("it begins with neither postgresql:// nor postgres://")
    found = {
        "DB_HOST": split.hostname or "",
        "DB_PORT": str(port),
        "DB_NAME": unquote(split.path.lstrip("/")),
        "DB_USER": unquote(split.username or ""),
        "DB_PASSWORD": unquote(split.password or ""),
    }
    lacking = [name.removeprefix("DB_").lower() for name, value in found.items() if not value]
    if lacking:
        raise ValueError(f"it names no {', '.join(lacking)}")
    if {"disable", "allow", "prefer"} & set(parse_qs(split.query).get("sslmode", [])):
        raise ValueError("it switches TLS off; leave sslmode out")
    return found


def _weak(given: Mapping[str, str]) -> Iterable[str]:
    findings = []
    for name, shortest in SHORTEST.items():
        value = given.get(name)
        if value is None:
            continue
        if value != value.strip() or not value.isprintable():
            findings.append(
                f"{name}: begins or ends with white space, or holds characters that cannot be printed"
            )
        elif len(value) < shortest:
            findings.append(f"{name}: is too short; {shortest} characters at least (openssl rand -base64 48)")
        elif name == "GITHUB_CLIENT_ID":
            if _PLACEHOLDER.search(value):
                findings.append(f"{name}: looks like a placeholder")
        elif len(set(value)) < _FEWEST_DIFFERENT or _PLACEHOLDER.search(value):
            findings.append(
                f"{name}: is too easily guessed, or a placeholder (openssl rand -base64 48 makes a good one)"
            )
    for index, one in enumerate(APART):
        findings += [
            f"{one}: is the same as {other}; each needs a value of its own"
            for other in APART[index + 1 :]
            if one in given and given.get(one) == given.get(other)
        ]
    return findings
