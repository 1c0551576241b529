"""Addresses of places for states and backups: what is wrong with one is said before anything is asked. Pure.

A bucket (`s3://`), Pulumi Cloud or another service of its kind (`https://`), a folder (`file://`, or a path). Pulumi knows
more (`azblob://`, `gs://`); `pulumi login` takes those, nothing here does.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from formerr_infra.errors import SettingsError
from formerr_infra.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPACES = "digitaloceanspaces.com"
CLOUD = "https://api.pulumi.com"
#: Services of this kind take any region for their signature; this is the one that all of them know.
ANY_REGION = "us-east-1"
#: What Pulumi reads of an `s3://` address beside endpoint and region. The older name, and the one that stands for it.
_OLDER: Mapping[str, str] = MappingProxyType(
    {"s3ForcePathStyle": "use_path_style", "disableSSL": "disable_https"}
)
_PASSED_ON = (
    "request_checksum_calculation",
    "response_checksum_validation",
    "ssetype",
    "kmskeyid",
)
_S3_KEYS = ("endpoint", "region", *_OLDER, *_OLDER.values(), *_PASSED_ON)
_FILE_KEYS = ("metadata", "no_tmp_dir")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FORM = "s3://BUCKET/FOLDER?endpoint=https://nyc3.digitaloceanspaces.com"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path

    @property
    def shown(self) -> str:
        return str(self.path)

    @property
    def backend(self) -> str:
        """For PULUMI_BACKEND_URL. Without files of attributes: a killed engine leaves them empty."""
        return f"{self.path.as_uri()}?metadata=skip"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or a folder in it.

    Attributes:
        name: of the bucket.
        prefix: the folder in it, without slashes at its ends; empty for the bucket itself.
        endpoint: of a service other than AWS.
        region: for the signature.
        more: what only the engine reads.
    """

    name: str
    prefix: str
    endpoint: str | None
    region: str
    more: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        folder = f"/{self.prefix}" if self.prefix else ""
        return f"s3://{self.name}{folder}" + (f" at {self.endpoint}" if self.endpoint else "")

    @property
    def backend(self) -> str:
        """For PULUMI_BACKEND_URL."""
        query = [("region", self.region), *self.more]
        if self.endpoint:
            query = [("endpoint", self.endpoint), ("s3ForcePathStyle", "true"), *query]
        folder = f"/{quote(self.prefix)}" if self.prefix else ""
        return f"s3://{self.name}{folder}?{urlencode(query, safe=':/')}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """Pulumi Cloud, or a service of its kind."""

    url: str

    @property
    def shown(self) -> str:
        return self.url

    @property
    def backend(self) -> str:
        """For PULUMI_BACKEND_URL."""
        return self.url


Address = Folder | Bucket | Cloud


def parse(text: str, base: Path) -> Address:
    """Read an address.

    Args:
        text: as it was typed.
        base: what a relative path is relative to.

    Raises:
        SettingsError: what is wrong with it, and what would be right.
    """
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    scheme = match[1].lower() if match else ""
    if not text.strip():
        raise _wrong(text, "is empty")
    if not text.isprintable():
        raise _wrong(text, "has a character that cannot be seen")
    if match and not text.startswith(f"{scheme}://"):
        raise _wrong(
            text, f"does not begin with {scheme}://" if scheme in _READERS else "has an unknown form"
        )
    if not scheme:
        if re.match(r"[\w.-]+\.digitaloceanspaces\.com|[\w-]+\.pulumi\.com", text):
            raise _wrong(text, f"is a host and no address; a bucket is {_FORM}, Pulumi Cloud is {CLOUD}")
        return Folder(_path(text, base))
    try:
        parts = urlsplit(text)
        port_is_a_number = parts.port is None or parts.port >= 0
    except ValueError as error:
        raise _wrong(text, str(error)) from None
    if parts.username or parts.password or not port_is_a_number:
        raise SettingsError(
            [
                "the address holds a user or a password: credentials come by environment and stand in no address"
            ]
        )
    if parts.fragment:
        raise _wrong(text, "has a part after `#`")
    if scheme not in _READERS:
        near = difflib.get_close_matches(scheme, _READERS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}://?" if near else "it is s3://, https:// or file://"
        raise _wrong(text, f"has the scheme {scheme}, which is not known here: {hint}")
    return _READERS[scheme](text, parts, base)


def _s3(text: str, parts: SplitResult, _base: Path) -> Bucket:
    query = _query(text, parts, _S3_KEYS)
    name = parts.netloc
    if "." in name and (name.endswith((SPACES, "amazonaws.com"))):
        raise _wrong(text, f"has a host where the bucket's name belongs; the form is {_FORM}")
    if not _BUCKET.fullmatch(name):
        raise _wrong(
            text,
            f"names no bucket: {name!r} is not 3 to 63 lower-case letters, digits, dots and hyphens; the form is {_FORM}",
        )
    more = [(key, query[key]) for key in _PASSED_ON if key in query]
    for older, newer in _OLDER.items():
        for key in (older, newer):
            if query.get(key, "true").lower() not in ("true", "false"):
                raise _wrong(text, f"has {key}={query[key]}, which is true or false")
    plain = "true" in (query.get("disableSSL"), query.get("disable_https"))
    endpoint = _endpoint(text, query["endpoint"], name, plain=plain) if "endpoint" in query else None
    region = query.get("region") or (ANY_REGION if endpoint else "")
    if not re.fullmatch(r"[a-z0-9-]+", region):
        raise _wrong(text, "names no region: add ?region=..., or endpoint=... for a service other than AWS")
    return Bucket(name, unquote(parts.path).strip("/"), endpoint, region, tuple(more))


def _endpoint(text: str, given: str, bucket: str, *, plain: bool) -> str:
    """The endpoint with its scheme, as the engine reads it."""
    whole = given if "://" in given else f"{'http' if plain else 'https'}://{given}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _wrong(text, f"has the endpoint {given}: {error}") from None
    if parts.username or parts.password:
        raise SettingsError(["the endpoint holds a user or a password: credentials come by environment"])
    if parts.scheme not in ("http", "https") or not host:
        raise _wrong(text, f"has the endpoint {given}, which is no https:// address")
    if parts.path.strip("/") or parts.query:
        raise _wrong(text, f"has the endpoint {given}: it is a host alone; the bucket stands after s3://")
    if host.startswith(f"{bucket}."):
        raise _wrong(text, f"has the endpoint {given}, which names the bucket: leave `{bucket}.` out")
    if host.endswith(f".cdn.{SPACES}"):
        raise _wrong(text, f"has the endpoint {given}, which is the CDN's: leave `cdn.` out")
    if host == SPACES or (host.endswith(f".{SPACES}") and host.count(".") != 2):
        raise _wrong(text, f"has the endpoint {given}: Spaces has one a region, as https://nyc3.{SPACES}")
    shown = f"[{host}]" if ":" in host else host
    endpoint = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    if parts.scheme == "http" and not is_loopback(endpoint):
        raise _wrong(text, f"has the endpoint {given}: a state goes over https, but for loopback")
    return endpoint


def _https(text: str, parts: SplitResult, _base: Path) -> Cloud:
    host = parts.hostname or ""
    if parts.query or not host:
        raise _wrong(text, f"is no address of a service; Pulumi Cloud is {CLOUD}")
    if host.endswith("pulumi.com") and host != "api.pulumi.com":
        raise _wrong(text, f"is not where the API is: that is {CLOUD}")
    if host.endswith((SPACES, "amazonaws.com")):
        raise _wrong(text, f"is a bucket's; the form is {_FORM}")
    if parts.scheme == "http" and not is_loopback(text):
        raise _wrong(text, "goes over http: a state goes over https, but for loopback")
    return Cloud(text.rstrip("/"))


def _file(text: str, parts: SplitResult, base: Path) -> Folder:
    _query(text, parts, _FILE_KEYS)
    path = text.removeprefix("file://").partition("?")[0]
    if not path:
        raise _wrong(text, "names no folder")
    if not path.startswith(("/", "./", "../", "~")):
        raise _wrong(text, f"may mean file:///{path} or file://./{path}: say which")
    return Folder(_path(unquote(path), base))


def _path(text: str, base: Path) -> Path:
    try:
        whole = (base / Path(text).expanduser()).absolute()
    except RuntimeError as error:
        raise _wrong(text, str(error)) from None
    return Path(os.path.normpath(whole))  # by its letters, as the engine does it


def _query(text: str, parts: SplitResult, known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise _wrong(text, f"has the unknown key {key}: {hint}")
        if key in found:
            raise _wrong(text, f"has {key} twice")
        if not value:
            raise _wrong(text, f"has {key} without a value")
        found[key] = value
    return found


def _wrong(text: str, why: str) -> SettingsError:
    return SettingsError([f"the address {text!r} {why}"])


_READERS: Mapping[str, Callable[[str, SplitResult, Path], Address]] = {
    "s3": _s3,
    "https": _https,
    "http": _https,
    "file": _file,
}
