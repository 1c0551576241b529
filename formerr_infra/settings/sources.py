"""The only reader of configuration and environment.

A program run by the engine gets its values from the engine; the `formerr` command reads `Pulumi.yaml` and
`Pulumi.<stack>.yaml` itself, so that it works where no engine is. Both end in the same check, and every finding
names the key, the stack file and, where the file is there, the line.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from formerr_infra.errors import SettingsError
from formerr_infra.inventory.facts import Access
from formerr_infra.loopback import is_loopback, require_loopback
from formerr_infra.naming import PROJECT
from formerr_infra.settings.schema import Settings, shorthands, stack_defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REAL_ENDPOINT = "https://api.digitalocean.com"
TOKEN_VARIABLES = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
ENDPOINT_VARIABLE = "DIGITALOCEAN_API_URL"
LOCAL_VARIABLE = "FORMERR_LOCAL"


def check(values: Mapping[str, Any], stack: str, *, folder: Path | None = None) -> Settings:
    """Turn what was read into settings.

    Args:
        values: key without its namespace -> value; strings are fine, as the engine hands them over.
        stack: the stack's short name.
        folder: where the stack file stands, to name lines; optional.

    Raises:
        SettingsError: all findings at once, each with file, key and line.
    """
    spelled, findings = shorthands(dict(values))
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(stack_defaults(stack) | spelled)
    except ValidationError as error:
        findings += [_finding(detail, spelled) for detail in error.errors(include_url=False)]
    if findings or settings is None:
        file = (folder or Path()) / f"Pulumi.{stack}.yaml"
        raise SettingsError([_located(file, key, message) for key, message in findings])
    return settings


def from_files(folder: Path, stack: str) -> Settings:
    """Read the settings of a stack without an engine.

    Raises:
        SettingsError: a file is missing or not YAML, or any finding of `check`.
    """
    project = _yaml(folder / "Pulumi.yaml")
    file = folder / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
        raise SettingsError(
            [f"{file.name}: there is no such stack file; stacks here: {', '.join(known) or 'none'}"]
        )
    values = {
        key: schema["default"]
        for key, schema in _own(project.get("config") or {}).items()
        if isinstance(schema, dict) and "default" in schema
    }
    values |= _own(_yaml(file).get("config") or {})
    secret = [key for key, value in values.items() if isinstance(value, dict) and "secure" in value]
    if secret:
        raise SettingsError([_located(file, key, "is a secret, and no setting is one") for key in secret])
    return check(values, stack, folder=folder)


def from_engine(stack: str, folder: Path) -> Settings:
    """Read the settings that the engine handed to the running program.

    Raises:
        SettingsError: see `check`.
    """
    from pulumi.runtime.config import CONFIG

    return check(_own(CONFIG.get()), stack, folder=folder)


def access(config: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None) -> Access:
    """Where the API is and with which token.

    Args:
        config: full keys (`digitalocean:token`, `digitalocean:apiEndpoint`) of the running program, if any.
        environment: default `os.environ`.

    Raises:
        SettingsError: no token, or an endpoint that is not a URL or would carry the token in plain text.
        NotLoopback: local mode with an endpoint elsewhere.
    """
    config = config or {}
    environment = os.environ if environment is None else environment
    endpoint = str(
        config.get("digitalocean:apiEndpoint") or environment.get(ENDPOINT_VARIABLE) or REAL_ENDPOINT
    )
    endpoint = endpoint.rstrip("/")
    local = environment.get(LOCAL_VARIABLE, "") not in ("", "0", "false")
    if local:
        require_loopback(endpoint, what=ENDPOINT_VARIABLE)
    elif not re.match(r"https?://[^/]+$", endpoint):
        raise SettingsError(
            [f"{ENDPOINT_VARIABLE} (or digitalocean:apiEndpoint): {endpoint!r} is not the base URL of an API"]
        )
    elif endpoint.startswith("http://") and not is_loopback(endpoint):
        raise SettingsError(
            [f"{ENDPOINT_VARIABLE}: {endpoint!r} would carry the token in plain text; use https"]
        )
    token = str(config.get("digitalocean:token") or "") or next(
        (environment[name] for name in TOKEN_VARIABLES if environment.get(name)), ""
    )
    if not token:
        raise SettingsError(
            [
                (
                    "DIGITALOCEAN_TOKEN is not set: export it, or run "
                    '`pulumi config set --secret digitalocean:token` (locally: eval "$(formerr local env)")'
                )
            ]
        )
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SettingsError(["DIGITALOCEAN_TOKEN holds white space or characters that no token has"])
    return Access(endpoint, token, local)


def engine_access() -> Access:
    """`access` for a program run by the engine."""
    from pulumi.runtime.config import CONFIG

    return access(CONFIG.get())


def _own(config: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{PROJECT}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def _yaml(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        loaded = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([f"{file.name}: not found in {file.parent.resolve()}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file.name}: cannot be read: {error}"]) from None
    except YAMLError as error:
        raise SettingsError([f"{file.name}: is not YAML: {error}"]) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise SettingsError([f"{file.name}: a mapping is expected, found {type(loaded).__name__}"])
    return loaded


def _finding(detail: Any, values: Mapping[str, Any]) -> tuple[str, str]:
    location, kind, message = detail["loc"], detail["type"], detail["msg"]
    key = str(location[0]) if location else ""
    match kind:
        case "extra_forbidden":
            return key, "is not a setting" + _meant(key, (name for name in _keys()))
        case "value_error":
            message = message.removeprefix("Value error, ")
            return key or _first_key(message, values), message
        case "string_pattern_mismatch":
            return (
                key,
                f"{detail['input']!r} has a form that DigitalOcean refuses (allowed: {detail['ctx']['pattern']})",
            )
        case _:
            return key, f"{message}, found {detail['input']!r}"


def _first_key(message: str, values: Mapping[str, Any]) -> str:
    return next((word for word in re.findall(r"[A-Za-z]+", message) if word in values), "")


def _keys() -> Iterable[str]:
    return (info.alias or name for name, info in Settings.model_fields.items())


def _meant(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _located(file: Path, key: str, message: str) -> str:
    return f"{file.name}{_line(file, key)}: {PROJECT}:{key}: {message}"


def _line(file: Path, key: str) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    pattern = re.compile(rf"\s*['\"]?{PROJECT}:{re.escape(key)}['\"]?\s*:")
    return next((f":{number}" for number, line in enumerate(lines, 1) if pattern.match(line)), "")
