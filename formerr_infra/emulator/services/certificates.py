"""Certificates: own ones and those of Let's Encrypt, which take a moment and ask for a domain of the account.

An own certificate is taken apart only as far as its fingerprint; when it ends is made up. Private keys are not kept.
"""

from __future__ import annotations

import hashlib
import re
import ssl

from formerr_infra.emulator.errors import Forbidden, NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import domains, load_balancers
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = load_balancers.CERTIFICATES
_QUARTER = 90 * 24 * 3600
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def build(world: World, account: Account, fields: Json) -> Json:
    """A certificate, without any check; verified unless it is one of Let's Encrypt that takes its time."""
    key = fields.get("id") or world.uuid(KIND)
    certificate: Json = {
        "id": key,
        "name": f"certificate-{len(account[KIND]) + 1}",
        "not_after": world.timestamp(world.now() + _QUARTER),
        "sha1_fingerprint": hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest(),
        "created_at": world.timestamp(),
        "dns_names": [],
        "state": "verified",
        "type": "custom",
        **fields,
    }
    if certificate["type"] == "lets_encrypt" and "state" not in fields:
        certificate.update(state="pending", _ready_at=world.now() + world.transitions.certificate_seconds)
    return account[KIND].put(key, certificate)


def view(world: World, _account: Account, certificate: Json) -> Json:
    """The certificate as the API answers it, in the state it has reached by now."""
    if certificate.get("_ready_at") is not None and certificate["_ready_at"] <= world.now():
        certificate.pop("_ready_at")
        certificate["state"] = "verified"
    return public(certificate)


def drop(_world: World, account: Account, certificate: Json) -> None:
    """Take a certificate away."""
    account[KIND].remove(certificate["id"])


def _fingerprint(text: str) -> str:
    match = _PEM.search(text)
    if match is None:
        raise Unprocessable("leaf_certificate: is not a PEM certificate")
    try:
        der = ssl.PEM_cert_to_DER_cert(match[0])
    except ValueError:
        raise Unprocessable("leaf_certificate: is not a PEM certificate") from None
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _find(call: Call) -> Json:
    certificate = call.account[KIND].get(call.params[0])
    if certificate is None:
        raise NotFound("certificate not found")
    call.touched[:] = [certificate["id"], certificate["name"]]
    return certificate


@ROUTES.on("GET", "/v2/certificates", "certificate:read")
def list_certificates(call: Call) -> Answer:
    """All certificates; `name` narrows it."""
    name = call.query.get("name")
    found = [c for c in call.account[KIND] if not name or c["name"] == name]
    return call.page(KIND, found, lambda certificate: view(call.world, call.account, certificate))


@ROUTES.on("POST", "/v2/certificates", "certificate:create")
def create_certificate(call: Call) -> Answer:
    """A new certificate; its name must be free."""
    body, account = call.body, call.account
    fields: Json = {
        "name": body.text("name", longest=255),
        "type": body.text("type", "custom", choices=("custom", "lets_encrypt")),
    }
    if fields["type"] == "lets_encrypt":
        names = body.strings("dns_names")
        if not names:
            raise Unprocessable("dns_names: can't be blank")
        for name in names:
            if not domains.manages(account, name):
                raise Unprocessable(f"dns_names: {name} is not managed by DigitalOcean in this account")
        fields["dns_names"] = names
    else:
        body.text("private_key")
        body.text("certificate_chain", "", empty=True)
        fields["sha1_fingerprint"] = _fingerprint(body.text("leaf_certificate"))
    if any(c["name"] == fields["name"] for c in account[KIND]):
        raise Unprocessable("name: is already in use by another certificate")
    certificate = build(call.world, account, fields)
    call.touched[:] = [certificate["id"], certificate["name"]]
    return Answer(201, {"certificate": view(call.world, account, certificate)})


@ROUTES.on("GET", "/v2/certificates/{certificate_id}", "certificate:read")
def get_certificate(call: Call) -> Answer:
    """One certificate."""
    return Answer(200, {"certificate": view(call.world, call.account, _find(call))})


@ROUTES.on("DELETE", "/v2/certificates/{certificate_id}", "certificate:delete")
def delete_certificate(call: Call) -> Answer:
    """Delete a certificate that no load balancer uses."""
    certificate = _find(call)
    for balancer in call.account[load_balancers.KIND]:
        if any(rule["certificate_id"] == certificate["id"] for rule in balancer["forwarding_rules"]):
            raise Forbidden("Make sure the certificate is not in use before deleting it")
    drop(call.world, call.account, certificate)
    return Answer(204)
