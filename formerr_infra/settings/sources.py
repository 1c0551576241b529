"""The only reader of configuration and environment.

A program run by the engine gets its values from the engine; the `formerr` command reads `Pulumi.yaml` and
`Pulumi.<stack>.yaml` itself, so that it works where no engine is. Both end in the same check, and every finding
names the key, the stack file and, where the file is there, the line.
"""

from __future__ import annotations

import difflib
import os
import re
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from formerr_infra import tokens
from formerr_infra.errors import SettingsError
from formerr_infra.inventory.facts import Access
from formerr_infra.loopback import is_loopback, require_loopback, shown
from formerr_infra.naming import PROJECT
from formerr_infra.settings.located import MOST, located, shortened, told
from formerr_infra.settings.schema import Settings, said, shorthands, stack_defaults
from formerr_infra.settings.secrets import KEYS, Secrets, read
from formerr_infra.settings.slack import KEY as SLACK_KEY
from formerr_infra.settings.slack import slack_address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

#: Stacks that nothing destroys by itself.
LASTING = tokens.LASTING
REAL_ENDPOINT = "https://api.digitalocean.com"
TOKEN_VARIABLES = tokens.TOKENS
ENDPOINT_VARIABLE = "DIGITALOCEAN_API_URL"


def check_name(stack: str) -> None:
    """Stop at what cannot be the name of a stack.

    Raises:
        SettingsError: it cannot.
    """
    if not _STACK.fullmatch(stack):
        raise SettingsError([_NO_STACK.format(stack)])


def check(values: Mapping[str, Any], stack: str, *, folder: Path | None = None) -> Settings:
    """Turn what was read into settings.

    Args:
        values: key without its namespace -> value; strings are fine, as the engine hands them over.
        stack: the stack's short name.
        folder: where the stack file stands, to name lines; optional.

    Raises:
        SettingsError: all findings at once, each with file, key and line.
    """
    check_name(stack)
    spelled, findings = shorthands(said(values))
    settings: Settings | None = None
    more = 0
    try:
        settings = Settings.model_validate(stack_defaults(stack) | spelled)
    except ValidationError as error:
        details = error.errors(include_url=False)
        more = max(0, len(details) - MOST)
        findings += [_finding(detail, spelled) for detail in details[:MOST]]
    if settings is not None and settings.expires_at is not None and stack in LASTING:
        findings.append(
            ("expiresAt", f"{stack} has no time to live; only environments of `formerr env new` do")
        )
    if findings or settings is None:
        file = (folder or Path()) / f"Pulumi.{stack}.yaml"
        raise SettingsError(located(file, findings, more=more))
    return settings


def from_files(folder: Path, stack: str) -> Settings:
    """Read the settings of a stack without an engine.

    Raises:
        SettingsError: a file is missing or not YAML, or any finding of `check`.
    """
    check_name(stack)
    project = _yaml(folder / "Pulumi.yaml")
    _check_project(project.get("name", PROJECT))
    file = folder / f"Pulumi.{stack}.yaml"
    if not file.exists():
        known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
        raise SettingsError(
            [f"{file.name}: there is no such stack file; stacks here: {', '.join(known) or 'none'}"]
        )
    values = _of_project(_config(project, "Pulumi.yaml"))
    config = _config(_yaml(file), file.name)
    if strays := _strays(config):
        raise SettingsError(told(file, strays))
    values |= _own(config)
    secret = [key for key, value in values.items() if isinstance(value, dict) and "secure" in value]
    wrong = [(key, _HIDDEN) for key in secret if key not in _SECRET]
    wrong += [(key, _PLAIN) for key in values if key in _SECRET and key not in secret]
    if wrong:
        raise SettingsError(located(file, wrong))
    return check({key: value for key, value in values.items() if key not in _SECRET}, stack, folder=folder)


def from_engine(stack: str, folder: Path) -> Settings:
    """Read the settings that the engine handed to the running program.

    Raises:
        SettingsError: see `from_config`.
    """
    import pulumi
    from pulumi.runtime import config as pulumi_config
    from pulumi.runtime.config import CONFIG

    config = CONFIG.get()
    hidden = {key for key in config if pulumi_config.is_config_secret(key)}
    return from_config(config, hidden, stack, folder, project=pulumi.get_project())


def from_config(
    config: Mapping[str, Any], hidden: Collection[str], stack: str, folder: Path, *, project: str = PROJECT
) -> Settings:
    """Read the settings that an engine has read.

    Args:
        config: full key -> value.
        hidden: the keys of secrets.
        stack: the stack's short name.
        folder: where the stack file stands, to name lines.
        project: name of the project.

    Raises:
        SettingsError: another project, a key of no namespace or a wrong one, a secret in the open, a setting that is hidden,
            and see `check`.
    """
    _check_project(project)
    file = folder / f"Pulumi.{stack}.yaml"
    wrong = _strays(config)
    wrong += [(key, _PLAIN) for key in config if key in _SECRETS_IN_FULL and key not in hidden]
    wrong += [(key, _HIDDEN) for key in config if _is_setting(key) and key in hidden]
    if wrong:
        raise SettingsError(told(file, wrong))
    values = {key: value for key, value in _own(config).items() if key not in _SECRET}
    return check(values, stack, folder=folder)


#: Keys of secrets, which are no settings.
_SECRET = frozenset({*KEYS, SLACK_KEY})
#: The same with their namespaces, and those of the provider.
_SECRETS_IN_FULL = frozenset(
    {*(f"{PROJECT}:{key}" for key in _SECRET), "digitalocean:token", "digitalocean:spacesSecretKey"}
)
_HIDDEN = "is a secret, and no setting is one"
_PLAIN = "is a secret and stands in the open; run `pulumi config set --secret` for it, and make a new one"


def for_application(settings: Settings) -> tuple[Settings, Secrets]:
    """The settings with the images filled in, and the application's secrets, for a program run by the engine.

    Raises:
        SettingsError: what is missing or weak, all findings at once, by name.
    """
    from pulumi.runtime.config import CONFIG

    own = _own(CONFIG.get())
    return complete(settings, os.environ, {key: str(own[key]) for key in KEYS if key in own})


def complete(
    settings: Settings, environment: Mapping[str, str], configured: Mapping[str, str]
) -> tuple[Settings, Secrets]:
    """The settings with the images filled in, and the application's secrets.

    Args:
        settings: checked.
        environment: of the process.
        configured: secrets of the stack's configuration.

    Raises:
        SettingsError: what is missing or weak, all findings at once, by name.
    """
    if not settings.deploy_application:
        return settings, Secrets({})
    kept, findings = read(settings, environment, configured)
    local = tokens.is_local(environment)
    tags = (settings.backend_image_tag, settings.frontend_image_tag)
    if settings.image_tag is None and None in tags:
        if local and environment.get("CI", "").lower() not in ("true", "1"):
            settings = settings.model_copy(update={"image_tag": LOCAL_TAG})
        else:
            findings.insert(
                0, f"{PROJECT}:imageTag: is missing; `pulumi config set imageTag <commit>`, never latest"
            )
    if findings:
        raise SettingsError([*findings, "To bring up the cloud alone, set deployApplication to false."])
    return settings, kept


#: The images' tag on the local DigitalOcean, where nothing is pulled.
LOCAL_TAG = "local"


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
    local = tokens.is_local(environment)
    if local:
        require_loopback(endpoint, what=ENDPOINT_VARIABLE)
    elif not re.fullmatch(r"https?://[^/\s?#@\\]+", endpoint):
        raise SettingsError(
            [
                f"{ENDPOINT_VARIABLE} (or digitalocean:apiEndpoint): {shown(endpoint)!r} is not the base URL of an API"
            ]
        )
    elif endpoint.startswith("http://") and not is_loopback(endpoint):
        raise SettingsError(
            [f"{ENDPOINT_VARIABLE}: {shown(endpoint)!r} would carry the token in plain text; use https"]
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


def engine_slack(settings: Settings) -> str | None:
    """`slack_address` for a program run by the engine."""
    from pulumi.runtime.config import CONFIG

    return slack_address(settings, _own(CONFIG.get()))


def _check_project(name: object) -> None:
    """Stop in a project of another name: no key of its files would be read, and its mark would be this one's all the same."""
    if name != PROJECT:
        raise SettingsError(
            [
                (
                    f"Pulumi.yaml: name: is {shortened(str(name))!r}; keys, marks and the stacks' states go by {PROJECT}. Set it "
                    "back, and give another environment a stack of its own instead"
                )
            ]
        )


def _of_project(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values in Pulumi.yaml, in full or in short, as the engine reads them: a key without a namespace is the project's own."""
    said = _own({key if ":" in key else f"{PROJECT}:{key}": schema for key, schema in config.items()})
    values = {}
    for key, schema in said.items():
        if not isinstance(schema, dict):
            values[key] = schema
        elif "value" in schema or "default" in schema:
            values[key] = schema.get("value", schema.get("default"))
    return {key: value for key, value in values.items() if value is not None}


def _is_setting(key: str) -> bool:
    namespace, _, name = key.partition(":")
    return namespace == PROJECT and name not in _SECRET


def _own(config: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{PROJECT}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def _config(document: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The section `config` of a file, which may be missing."""
    config = document.get("config")
    if config is None:
        return {}
    if not isinstance(config, dict) or not all(isinstance(key, str) for key in config):
        raise SettingsError([f"{file}: config: a mapping of keys such as {PROJECT}:region is expected"])
    return config


def _strays(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys that were meant for this program and are in no namespace, or in one that is spelled wrongly."""
    found = []
    for key in config:
        namespace, colon, name = key.partition(":")
        if not colon:
            found.append((key, f"has no namespace; write {PROJECT}:{shortened(key)}"))
        elif namespace != PROJECT and difflib.SequenceMatcher(None, namespace, PROJECT).ratio() >= _ALIKE:
            found.append((key, f"is in no known namespace; did you mean {PROJECT}:{shortened(name)}?"))
    return found


_ALIKE = 0.7
_STACK = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NO_STACK = "{0!r} cannot be the name of a stack: letters, digits, - and _, at most 100, because the stack's mark is a tag"


def _yaml(file: Path) -> dict[str, Any]:
    from formerr_infra.settings.document import text_of
    from formerr_infra.settings.parsing import parsed

    loaded = parsed(text_of(file), file.name)
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
            return key or _first_key(
                message, values
            ), message if location == () else f"{message}{_found(detail)}"
        case "string_pattern_mismatch":
            return (
                key,
                f"{_SHORT.repr(detail['input'])} has a form that DigitalOcean refuses (allowed: {detail['ctx']['pattern']})",
            )
        case "string_type" if isinstance(detail["input"], int | float):
            return key, f"a text is expected, found {_SHORT.repr(detail['input'])}; put it in quotes"
        case _:
            return key, f"{message}, found {_SHORT.repr(detail['input'])}"


class _Short(reprlib.Repr):
    """Shows a value of any size or depth in one short line."""

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write down a number of more digits than anybody reads.
        return (
            super().repr_int(x, level)
            if x.bit_length() < _LONG_BITS
            else f"a number of {x.bit_length():,} bits"
        )


_LONG_BITS = 256
_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict = 2, 3, 3


def _found(detail: Any) -> str:
    shown = _SHORT.repr(detail["input"])
    return "" if shown in detail["msg"] else f", found {shown}"


def _first_key(message: str, values: Mapping[str, Any]) -> str:
    return next((word for word in re.findall(r"[A-Za-z]+", message) if word in values), "")


def _keys() -> Iterable[str]:
    return (info.alias or name for name, info in Settings.model_fields.items())


def _meant(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
