"""The load balancer is asked as a browser would: the ingress behind it, the frontend's page, the backend's health, TLS.

Its own rules say on which port, and whether in TLS. The local DigitalOcean forwards nothing: its load balancers have
addresses that lead nowhere, and asking one would ask a stranger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.application import HEALTH_PATH
from formerr_infra.health import judged, web
from formerr_infra.health.asked.results import NO_APPLICATION, Told, absent
from formerr_infra.health.model import State
from formerr_infra.loopback import is_loopback
from formerr_infra.model import Found
from formerr_infra.service_slots import forwarding_rules

if TYPE_CHECKING:
    from formerr_infra.health.looked import Looked

_TLS = ("https", "http2", "http3")


def status(looked: Looked) -> Told:
    """Whether the load balancer is active and has an address, says DigitalOcean."""
    there = looked.slots["loadBalancer"]
    if not isinstance(there, Found):
        return absent(there)
    said, address = there.facts.get("status"), there.facts.get("ip")
    if said != "active" or not address:
        return (
            State.FAILED,
            f"load balancer {there.name} is {said or 'nothing'}, its address {address or 'not there'}",
        )
    return State.OK, f"{there.name} is active at {address}"


def ingress(looked: Looked, timeout: float) -> Told:
    """Whether the ingress answers through the load balancer."""
    target = target_of(looked, looked.settings.frontend_host)
    if not isinstance(target, web.Target):
        return target
    return judged.way_in(web.get(target, HEALTH_PATH, timeout=timeout), target)


def frontend(looked: Looked, timeout: float) -> Told:
    """The frontend's page."""
    target = target_of(looked, looked.settings.frontend_host)
    return (
        target
        if not isinstance(target, web.Target)
        else judged.page(web.get(target, "/", timeout=timeout), target)
    )


def backend(looked: Looked, timeout: float) -> Told:
    """The backend's health."""
    target = target_of(looked, looked.settings.backend_host)
    if not isinstance(target, web.Target):
        return target
    return judged.health(web.get(target, "/health", timeout=timeout), target)


def tls(looked: Looked, timeout: float, days: float) -> Told:
    """The certificate that the load balancer shows."""
    target = target_of(looked, looked.settings.frontend_host)
    if not isinstance(target, web.Target):
        return target
    if not target.tls:
        return State.SKIPPED, "the load balancer ends no TLS"
    return judged.certificate(web.days_left(target, timeout=timeout), target, days)


def target_of(looked: Looked, host: str) -> web.Target | Told:
    """Where a host is asked for, or why it is not."""
    there = looked.slots["loadBalancer"]
    if not isinstance(there, Found):
        first = absent(there)
        return (first[0] if first[0] is State.SKIPPED else State.UNKNOWN), f"no load balancer: {first[1]}"
    if not looked.settings.deploy_application:
        return NO_APPLICATION
    address = str(there.facts.get("ip") or "")
    if not address:
        return State.UNKNOWN, "the load balancer has no address yet"
    if looked.access.local and not is_loopback(f"http://{address}"):
        return State.SKIPPED, f"the local DigitalOcean forwards nothing: {address} leads nowhere"
    rules = sorted(forwarding_rules(there), key=lambda rule: rule.get("entry_protocol") not in _TLS)
    for rule in rules:
        port, protocol = rule.get("entry_port"), rule.get("entry_protocol")
        if isinstance(port, int) and protocol in (*_TLS, "http"):
            return web.Target(address, port, host, tls=protocol in _TLS)
    return State.FAILED, f"load balancer {there.name} has no rule for http or https"
