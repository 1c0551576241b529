"""Addresses of places for states: a typo is refused with the reason, and what is right goes to the engine as it reads it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.backup.address import Bucket, Cloud, Folder, parse
from formerr_infra.backup.s3 import credentials
from formerr_infra.errors import SettingsError

BASE = Path("/base")
SPACES = "https://nyc3.digitaloceanspaces.com"


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        (f"s3://state?endpoint={SPACES}", Bucket("state", "", SPACES, "us-east-1")),
        (f"s3://state/a/b/?endpoint={SPACES}&region=nyc3", Bucket("state", "a/b", SPACES, "nyc3")),
        ("s3://state?endpoint=nyc3.digitaloceanspaces.com", Bucket("state", "", SPACES, "us-east-1")),
        ("s3://state?region=eu-central-1", Bucket("state", "", None, "eu-central-1")),
        (
            "s3://state?endpoint=127.0.0.1:9000&disableSSL=true&s3ForcePathStyle=true",
            Bucket("state", "", "http://127.0.0.1:9000", "us-east-1"),
        ),
        (
            f"s3://state?endpoint={SPACES}&request_checksum_calculation=when_required",
            Bucket("state", "", SPACES, "us-east-1", (("request_checksum_calculation", "when_required"),)),
        ),
    ],
)
def test_an_address_of_a_bucket_is_read_and_goes_to_the_engine(text: str, bucket: Bucket) -> None:
    assert parse(text, BASE) == bucket
    parts = urlsplit(bucket.backend)
    query = {key: value for key, (value,) in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path.strip("/")) == (bucket.name, bucket.prefix)
    assert query.pop("region") == bucket.region
    assert query.pop("endpoint", None) == bucket.endpoint
    assert query.pop("s3ForcePathStyle", None) == ("true" if bucket.endpoint else None)
    assert query == dict(bucket.more)
    assert parse(bucket.backend, BASE) == bucket


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("backups", "/base/backups"),
        ("../backups", "/backups"),
        ("/srv/state", "/srv/state"),
        ("file:///srv/state", "/srv/state"),
        ("file://./state?metadata=skip", "/base/state"),
        ("file://~/state", str(Path.home() / "state")),
    ],
)
def test_a_folder_is_one_however_it_is_written(text: str, path: str) -> None:
    assert parse(text, BASE) == Folder(Path(path))
    assert parse(Folder(Path(path)).backend, BASE) == Folder(Path(path))


@pytest.mark.parametrize(
    "text", ["https://api.pulumi.com", "https://api.pulumi.com/", "https://pulumi.example.org"]
)
def test_a_service_is_one(text: str) -> None:
    assert parse(text, BASE) == Cloud(text.rstrip("/"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("s3:/state", "does not begin with s3://"),
        ("s4://state", "did you mean s3://"),
        ("gs://state", "not known here"),
        ("s3://", "names no bucket"),
        ("s3://State?region=a", "names no bucket"),
        ("s3://state", "names no region"),
        ("s3://nyc3.digitaloceanspaces.com/state", "where the bucket's name belongs"),
        (f"s3://state?endpont={SPACES}", "did you mean endpoint?"),
        (f"s3://state?endpoint={SPACES}&endpoint={SPACES}", "twice"),
        (f"s3://state?endpoint={SPACES}&region=", "without a value"),
        (f"s3://state?endpoint={SPACES}&s3ForcePathStyle=yes", "true or false"),
        (f"s3://state?endpoint={SPACES}/state", "a host alone"),
        ("s3://state?endpoint=https://state.nyc3.digitaloceanspaces.com", "leave `state.` out"),
        ("s3://state?endpoint=https://nyc3.cdn.digitaloceanspaces.com", "leave `cdn.` out"),
        ("s3://state?endpoint=https://digitaloceanspaces.com", "one a region"),
        ("s3://state?endpoint=http://nyc3.digitaloceanspaces.com", "over https"),
        ("s3://state?endpoint=ftp://nyc3.digitaloceanspaces.com", "no https:// address"),
        ("s3://state?endpoint=https://127.0.0.1:port", "Port"),
        (f"s3://state?endpoint={SPACES}#x", "after `#`"),
        ("https://app.pulumi.com", "https://api.pulumi.com"),
        ("https://state.nyc3.digitaloceanspaces.com", "is a bucket's"),
        ("http://pulumi.example.org", "over http"),
        ("nyc3.digitaloceanspaces.com/state", "is a host"),
        ("file://", "names no folder"),
        ("file://srv/state", "file:///srv/state or file://./srv/state"),
        ("file:///srv?metadat=skip", "did you mean metadata?"),
    ],
)
def test_a_typo_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        parse(text, BASE)
    assert why in str(wrong.value)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:swordfish@state",
        "s3://state?endpoint=https://key:swordfish@host",
        "https://a:swordfish@host",
    ],
)
def test_a_credential_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match="by environment") as wrong:
        parse(text, BASE)
    assert "swordfish" not in str(wrong.value)


@given(st.text(max_size=60) | st.from_regex(r"(s3|https?|file)://[ -~]{0,40}", fullmatch=True))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse(text, BASE)
    except SettingsError:
        return
    assert parse(found.backend, BASE) == found


def test_what_is_missing_of_the_credentials_is_said_at_once_with_the_name_that_was_meant() -> None:
    with pytest.raises(SettingsError) as wrong:
        credentials({"SPACES_ACCESS_KEY_ID": "swordfish", "AWS_SECRET_ACCESS_KEY": ""})
    first, second = wrong.value.findings
    assert 'export AWS_ACCESS_KEY_ID="$SPACES_ACCESS_KEY_ID"' in first
    assert "AWS_SECRET_ACCESS_KEY" in second
    assert "swordfish" not in str(wrong.value)


def test_a_folder_in_a_bucket_is_read_as_the_engine_reads_it_and_written_back_the_same() -> None:
    found = parse("s3://bucket/a%20b/%C3%BC?region=nyc3", Path("/"))
    assert isinstance(found, Bucket)
    assert found.prefix == "a b/ü"
    assert parse(found.backend, Path("/")) == found
