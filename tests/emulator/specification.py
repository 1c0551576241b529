"""The published OpenAPI specification, and the check of an answer against it."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # it ships no types
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

if TYPE_CHECKING:
    import httpx

NAME = "digitalocean-openapi.json"


def find() -> Path | None:
    """The specification: in the folder FORMERR_SHARED names, or in a `shared` beside a folder above this file."""
    roots = [Path(os.environ["FORMERR_SHARED"])] if os.environ.get("FORMERR_SHARED") else []
    roots += [parent / "shared" for parent in Path(__file__).resolve().parents]
    return next((root / "api" / NAME for root in roots if (root / "api" / NAME).is_file()), None)


def path() -> Path:
    """The specification; a test that asks for it where there is none is skipped, and fails with CI=true."""
    found = find()
    if found is None:
        reason = f"no {NAME}: set FORMERR_SHARED to the folder that has api/{NAME}"
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@cache
def document() -> dict[str, Any]:
    """The specification as it is published."""
    loaded: dict[str, Any] = json.loads(path().read_text())
    return loaded


@cache
def _openapi() -> OpenAPI:
    # The document itself is its owners' business: only answers are checked.
    return OpenAPI.from_dict(document(), config=Config(spec_validator_cls=None))


def check(response: httpx.Response) -> None:
    """AssertionError if an answer is not what the specification says for its operation and status."""
    request = response.request
    raw = request.url.raw_path.decode().partition("?")[0]
    asked = MockRequest("https://api.digitalocean.com", request.method.lower(), raw)
    kind = response.headers.get("content-type", "application/json").partition(";")[0]
    answered = MockResponse(response.read(), response.status_code, dict(response.headers), kind)
    try:
        _openapi().validate_response(asked, answered)
    except Exception as error:
        found = best_match(getattr(error.__cause__, "schema_errors", ()))
        said = f"{found.json_path}: {found.message}" if found is not None else repr(error.__cause__ or error)
        where = f"{request.method} {raw} -> {response.status_code}"
        raise AssertionError(f"{where}: {said[:1500]}\n{response.text[:300]}") from None
