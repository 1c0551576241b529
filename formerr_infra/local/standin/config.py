"""The provider's configuration: where it comes from, and the refusal of what is not on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.api import Connection
from formerr_infra.local.standin.errors import StandinError
from formerr_infra.local.standin.fields import Field, Props, Unknown, number, text, whole
from formerr_infra.loopback import require_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FIELDS: tuple[Field, ...] = (
    text("apiEndpoint"),
    whole("httpRetryMax"),
    number("httpRetryWaitMax"),
    number("httpRetryWaitMin"),
    number("requestsPerSecond"),
    text("spacesAccessId"),
    text("spacesEndpoint"),
    text("spacesSecretKey", secret=True),
    text("token", secret=True),
)

TOKEN_VARIABLES = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
ENDPOINT_VARIABLE = "DIGITALOCEAN_API_URL"
LOCAL_VARIABLE = "FORMERR_LOCAL"
POLL_VARIABLE = "FORMERR_STANDIN_POLL_SECONDS"


def require_local_mode(environment: Mapping[str, str]) -> None:
    """Nothing of the stand-in runs outside local mode.

    Raises:
        StandinError: if `FORMERR_LOCAL` is not 1.
        NotLoopback: if the environment names an endpoint that is not on this machine.
    """
    if environment.get(LOCAL_VARIABLE) != "1":
        raise StandinError(
            f"this is the stand-in for the DigitalOcean plugin; it runs in local mode only "
            f"({LOCAL_VARIABLE}=1). "
            "Take its directory off the PATH to use the official plugin."
        )
    if endpoint := environment.get(ENDPOINT_VARIABLE):
        require_loopback(endpoint, what=ENDPOINT_VARIABLE)


def decoded(given: Props) -> Props:
    """Provider inputs as values: the engine passes numbers as JSON text."""
    done: Props = {}
    for field in CONFIG_FIELDS:
        value = given.get(field.name)
        if isinstance(value, str) and field.name in ("httpRetryMax", "httpRetryWaitMax", "httpRetryWaitMin"):
            try:
                value = json.loads(value)
            except ValueError:
                raise StandinError(f"digitalocean:{field.name} must be a number, got {value!r}") from None
        if value is not None:
            done[field.name] = value
    return done


def endpoint_of(given: Props, environment: Mapping[str, str]) -> str:
    """The endpoint, from configuration or environment.

    Raises:
        StandinError: if there is none; the official default is the real DigitalOcean.
        NotLoopback: if it is not on this machine.
    """
    endpoint = given.get("apiEndpoint") or environment.get(ENDPOINT_VARIABLE)
    if not endpoint or isinstance(endpoint, Unknown):
        raise StandinError(
            f"the stand-in plugin was given no endpoint: set {ENDPOINT_VARIABLE} to the local DigitalOcean "
            "(`formerr local start`, `formerr local env`)"
        )
    return require_loopback(str(endpoint), what="the stand-in plugin's endpoint").rstrip("/")


def connection(given: Props, environment: Mapping[str, str]) -> Connection:
    """How to reach the API, from decoded provider inputs and the environment.

    Raises:
        StandinError, NotLoopback: as `endpoint_of`, or if there is no token.
    """
    endpoint = endpoint_of(given, environment)
    tokens = (given.get("token"), *(environment.get(name) for name in TOKEN_VARIABLES))
    token = next((str(found) for found in tokens if found and not isinstance(found, Unknown)), "")
    if not token:
        raise StandinError(f"no token: set digitalocean:token or {TOKEN_VARIABLES[0]}")

    def setting(name: str, variable: str, default: float) -> float:
        value: Any = given.get(name, environment.get(variable, default))
        try:
            return float(value)
        except (TypeError, ValueError):
            raise StandinError(f"{name} ({variable}) must be a number, got {value!r}") from None

    return Connection(
        endpoint=endpoint,
        token=token,
        retry_max=int(setting("httpRetryMax", "DIGITALOCEAN_HTTP_RETRY_MAX", 4)),
        retry_wait_min=setting("httpRetryWaitMin", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN", 1.0),
        retry_wait_max=setting("httpRetryWaitMax", "DIGITALOCEAN_HTTP_RETRY_WAIT_MAX", 30.0),
    )
