"""A certificate to hand in; its key was thrown away."""

from __future__ import annotations

from formerr_infra.emulator.authority import CA_PEM

CERTIFICATE = CA_PEM
