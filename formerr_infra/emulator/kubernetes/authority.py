"""The keys and certificates of one control plane, in files that only their owner reads.

One authority signs the API server, the store, and the one client that all parts use. People come with tokens: see
`tokens.py`. Made once per cluster and kept with its data, so that what was handed out stays true after a restart. A
cluster behind which nothing runs yet has one in its record: what it handed out stays true once something does run.
"""

from __future__ import annotations

import base64
import ipaddress
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.store import Json

_DAYS = 3650
_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
ADMINISTRATORS = "system:masters"
"""The group that Kubernetes lets do everything, whatever its rules say."""


def pair() -> Json:
    """A new authority for the record of a cluster: its `key` and its `certificate`, as text."""
    key, certificate = _authority()
    return {"key": _private(key).decode(), "certificate": certificate.public_bytes(Encoding.PEM).decode()}


def make(folder: Path, service_subnet: str, known: Json | None = None) -> None:
    """The authority (`known`, or a new one) and everything that it signs, unless the folder has them already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "sa.pub").exists():
        return
    key, certificate = _authority() if known is None else _read(known)
    _write(folder / "ca.crt", certificate.public_bytes(Encoding.PEM))
    first = ipaddress.ip_network(service_subnet, strict=False)[1]
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _NAMES]
    names += [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.IPAddress(first)]
    for name, subject in (
        ("server", [(NameOID.COMMON_NAME, "kube-apiserver")]),
        ("client", [(NameOID.ORGANIZATION_NAME, ADMINISTRATORS), (NameOID.COMMON_NAME, "emulator")]),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        signed = (
            _builder(subject, own.public_key(), certificate.subject)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        _write(folder / f"{name}.crt", signed.public_bytes(Encoding.PEM))
        _write(folder / f"{name}.key", _private(own))
    accounts = ec.generate_private_key(ec.SECP256R1())
    _write(folder / "sa.key", _private(accounts))
    public = accounts.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "sa.pub", public)


def encoded(folder: Path) -> str:
    """The authority's certificate as the API has it in its answers."""
    return base64.b64encode((folder / "ca.crt").read_bytes()).decode()


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [(NameOID.COMMON_NAME, "k8saas Cluster CA")]
    certificate = (
        _builder(subject, key.public_key(), None)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _read(known: Json) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = load_pem_private_key(known["key"].encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority of a cluster has a key of another kind")
    return key, x509.load_pem_x509_certificate(known["certificate"].encode())


def _builder(
    subject: list[tuple[x509.ObjectIdentifier, str]],
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name | None,
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
