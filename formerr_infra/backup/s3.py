"""A bucket of an S3-compatible service (Spaces, AWS, ...), by botocore.

Credentials come from the variables that the engine's own backend reads, and from nowhere else: no file of the user's,
no metadata service of a machine is asked.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.backup.address import SPACES
from formerr_infra.backup.errors import BackendUnusable, BackupMissing
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.backup.address import Bucket

ID, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
#: What DigitalOcean's own documentation calls them.
_SPACES_NAMES = {ID: "SPACES_ACCESS_KEY_ID", SECRET: "SPACES_SECRET_ACCESS_KEY"}
_CONNECT_SECONDS, _READ_SECONDS, _TRIES = 5, 30, 3
#: What a service says, and what it means for whoever set the address and the credentials.
_MEANS = {
    "403": "the credentials may not do that",
    "404": "there is no such bucket there",
    "AccessDenied": "the credentials may not do that",
    "AuthorizationHeaderMalformed": "the region is another one",
    "InvalidAccessKeyId": f"{ID} is not known there",
    "NoSuchBucket": "there is no such bucket there",
    "PermanentRedirect": "the bucket is in another region",
    "301": "the bucket is in another region",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": f"{SECRET} does not belong to {ID}",
}
_MISSING = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A bucket, or a folder in it, as a place for files."""

    bucket: Bucket
    client: Any

    @classmethod
    def of(cls, bucket: Bucket, environ: Mapping[str, str]) -> BucketPlace:
        """The place of an address; nothing is asked yet.

        Raises:
            SettingsError: the credentials are not in the environment.
        """
        import botocore.session  # type: ignore[import-untyped]  # it has no types
        from botocore.config import Config  # type: ignore[import-untyped]  # the same

        given = credentials(environ)
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _TRIES, "mode": "standard"},
            s3={"addressing_style": "path" if bucket.endpoint else "auto"},
            # Not every service of this kind knows the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = botocore.session.Session()
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        client = session.create_client(
            "s3",
            region_name=bucket.region,
            endpoint_url=bucket.endpoint,
            aws_access_key_id=given[ID],
            aws_secret_access_key=given[SECRET],
            aws_session_token=given.get(TOKEN),
            config=config,
        )
        return cls(bucket, client)

    @property
    def shown(self) -> str:
        return self.bucket.shown

    def names(self, under: str) -> list[str]:
        folder = self._key(under) + "/"
        found: list[str] = []
        with self._asking(f"{under} cannot be listed"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket.name, Prefix=folder, Delimiter="/"
            )
            for page in pages:
                found += [one["Key"].removeprefix(folder) for one in page.get("Contents") or []]
        return [f"{under}/{name}" for name in found if name]

    def read(self, name: str) -> bytes:
        with self._asking(f"{name} cannot be read", name):
            answer = self.client.get_object(Bucket=self.bucket.name, Key=self._key(name))
            data: bytes = answer["Body"].read()
            return data

    def write(self, name: str, data: bytes) -> None:
        with self._asking(f"{name} cannot be written"):
            self.client.put_object(
                Bucket=self.bucket.name,
                Key=self._key(name),
                Body=data,
                ContentType="application/octet-stream",
            )

    def remove(self, name: str) -> None:
        with self._asking(f"{name} cannot be removed"):
            self.client.delete_object(Bucket=self.bucket.name, Key=self._key(name))

    # -- the bucket itself -----------------------------------------------------------------------------------

    def probe(self, name: str) -> None:
        """Write a file, read it back, and take it away with every version of it.

        Raises:
            BackendUnusable: one of these failed, or what was read is not what was written.
        """
        data = name.encode()
        with self._asking("the bucket cannot be reached"):
            # Not HEAD, whose answer has no body to say what is wrong.
            self.client.list_objects_v2(Bucket=self.bucket.name, MaxKeys=1)
        key = {"Bucket": self.bucket.name, "Key": self._key(name)}
        with self._asking("nothing can be written"):
            put = self.client.put_object(**key, Body=data)
        try:
            if self.read(name) != data:
                raise BackendUnusable(f"{self.shown}: what is read back is not what was written")
        finally:
            version = put.get("VersionId")
            with self._asking(f"{name} was written for a try and cannot be removed"):
                self.client.delete_object(**key, **({"VersionId": version} if version else {}))

    def versioned(self) -> bool:
        """Whether earlier versions of a file are kept.

        Raises:
            BackendUnusable: it cannot be asked.
        """
        with self._asking("whether versions are kept cannot be asked"):
            answer = self.client.get_bucket_versioning(Bucket=self.bucket.name)
            return bool(answer.get("Status") == "Enabled")

    def keep_versions(self) -> None:
        """Have earlier versions of every file of the bucket kept from now on.

        Raises:
            BackendUnusable: it cannot be turned on.
        """
        with self._asking("versioning cannot be turned on"):
            self.client.put_bucket_versioning(
                Bucket=self.bucket.name, VersioningConfiguration={"Status": "Enabled"}
            )
        if not self.versioned():
            raise BackendUnusable(
                f"{self.shown}: versioning was turned on, and the service says that it is off"
            )

    def _key(self, name: str) -> str:
        return f"{self.bucket.prefix}/{name}" if self.bucket.prefix else name

    @contextmanager
    def _asking(self, what: str, name: str = "") -> Iterator[None]:
        """Errors of the service and of the way to it, as a person should read them."""
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # no types

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error") or {}
            code = str(said.get("Code") or "")
            if name and code in _MISSING:
                raise BackupMissing(f"there is no {name} at {self.shown}") from None
            means = _MEANS.get(code) or f"{code}: {said.get('Message') or 'no reason given'}"
            raise BackendUnusable(f"{self.shown}: {what}: {means}{self._hint(code)}") from None
        except BotoCoreError as error:
            raise BackendUnusable(f"{self.shown}: {what}: {error}") from None

    def _hint(self, code: str) -> str:
        if code not in ("403", "AccessDenied", "InvalidAccessKeyId"):
            return ""
        if self.bucket.endpoint and self.bucket.endpoint.endswith(SPACES):
            return ". A Spaces key with read and write for this bucket is needed, not an API token"
        return f". {ID} and {SECRET} need to read, write, delete and list in it"


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment has, by the names that the engine reads.

    Raises:
        SettingsError: what is missing, and what may be meant instead.
    """
    missing = []
    for name, other in _SPACES_NAMES.items():
        if not environ.get(name):
            hint = (
                f' (export {name}="${other}"; the engine reads the first name only)'
                if environ.get(other)
                else ""
            )
            missing.append(
                f"{name} is not set: a bucket needs it, for this command and for every run of Pulumi{hint}"
            )
    if missing:
        raise SettingsError(missing)
    return {name: environ[name] for name in (ID, SECRET, TOKEN) if environ.get(name)}
