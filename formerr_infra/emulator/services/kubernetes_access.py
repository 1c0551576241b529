"""Getting at a DOKS cluster: options, credentials, kubeconfig, user, messages, and the registry integration.

Where real control planes run, tokens open the cluster's and end by the emulator's clock; otherwise they are made up
and end on paper only. Cluster lint is not emulated.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound
from formerr_infra.emulator.kubernetes import tokens
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import kubernetes_model as model
from formerr_infra.emulator.services import registries
from formerr_infra.emulator.services.kubernetes_clusters import find, version_entry

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

ROUTES = Routes()
WEEK = 7 * 24 * 3600
"""Seconds a token lasts when nothing else is asked for (OpenAPI, `expiry_seconds`)."""

_KUBECONFIG = """\
apiVersion: v1
kind: Config
preferences: {{}}
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: {server}
  name: {context}
contexts:
- context:
    cluster: {context}
    user: {context}-admin
  name: {context}
current-context: {context}
users:
- name: {context}-admin
  user:
    token: {token}
"""


@ROUTES.on("GET", "/v2/kubernetes/options", "kubernetes:read")
def get_options(call: Call) -> Answer:
    """Versions, regions and node sizes on offer."""
    return Answer(
        200,
        {
            "options": {
                "regions": [{"name": name, "slug": slug} for slug, name in catalog.REGION_NAMES.items()],
                "versions": [version_entry(slug) for slug in catalog.versions(call.world)],
                "sizes": [{"name": slug, "slug": slug} for slug in catalog.node_sizes()],
            }
        },
    )


def _credentials(call: Call) -> Json:
    cluster = find(call)
    seconds = call.number("expiry_seconds", 0, low=0, high=10 * 365 * 24 * 3600) or WEEK
    own: Json = cluster.get("_kubernetes", {})
    expires = int(call.world.now() + seconds)
    return {
        "server": own.get("server") or f"https://{cluster['id']}.k8s.ondigitalocean.com",
        "certificate_authority_data": own.get("certificate_authority_data") or _authority(call, cluster),
        "client_certificate_data": own.get("client_certificate_data"),
        "client_key_data": own.get("client_key_data"),
        "token": own.get("token") or _token(call, cluster, expires),
        "expires_at": call.world.timestamp(expires),
    }


def _authority(call: Call, cluster: Json) -> str:
    """The authority of a cluster behind which nothing runs: the one that signs if something does later."""
    if "_authority" not in cluster:
        # Most runs ask for none, and it takes a while.
        from formerr_infra.emulator.kubernetes import authority

        cluster["_authority"] = authority.pair()
        call.account[model.KIND].changed()
    return base64.b64encode(cluster["_authority"]["certificate"].encode()).decode()


def _token(call: Call, cluster: Json, expires: int) -> str:
    if "_plane" not in cluster:
        return f"local-{call.world.secret('kubernetes token', 40)}"
    user = {"username": call.account.settings.email, "uid": call.account.uuid}
    call.account[model.KIND].changed()
    return tokens.issue(cluster, user, expires, call.world.now())


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}/credentials", "kubernetes:access_cluster")
def get_credentials(call: Call) -> Answer:
    """Address, authority and a token, as JSON."""
    return Answer(200, _credentials(call))


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}/kubeconfig", "kubernetes:access_cluster")
def get_kubeconfig(call: Call) -> Answer:
    """The same as a kubeconfig, in YAML."""
    cluster = find(call)
    found = _credentials(call)
    text = _KUBECONFIG.format(
        ca=found["certificate_authority_data"],
        server=found["server"],
        token=found["token"],
        context=f"do-{cluster['region']}-{cluster['name']}",
    )
    return Answer(200, text, "application/yaml")


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}/user", "kubernetes:read")
def get_user(call: Call) -> Answer:
    """Who the token's owner is to the cluster."""
    find(call)
    email = call.account.settings.email
    return Answer(200, {"kubernetes_cluster_user": {"username": email, "groups": ["k8saas:authenticated"]}})


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}/status_messages", "kubernetes:read")
def get_status_messages(call: Call) -> Answer:
    """What the service has to say about the cluster's state."""
    cluster = find(call)
    text = cluster["status"].get("message", "")
    messages = [{"message": text, "timestamp": cluster["updated_at"]}] if text else []
    return Answer(200, {"messages": messages})


def _integrate(call: Call, *, on: bool) -> Answer:
    body = call.optional_body
    clusters = []
    for key in body.strings("cluster_uuids"):
        cluster = call.account[model.KIND].get(key)
        if cluster is None:
            raise NotFound("cluster not found")
        clusters.append(cluster)
    names = body.strings("registries") or [str(r["name"]) for r in call.account[registries.KIND]]
    if on and (not names or any(name not in call.account[registries.KIND] for name in names)):
        raise NotFound("registry does not exist")
    for cluster in clusters:
        kept = [n for n in cluster["registries"] if n not in names]
        cluster["registries"] = kept + names if on else kept
        cluster["registry_enabled"] = bool(cluster["registries"])
    call.account[model.KIND].changed()
    return Answer(204)


@ROUTES.on("POST", "/v2/kubernetes/registry", "kubernetes:create", "kubernetes:update")
@ROUTES.on("POST", "/v2/kubernetes/registries", "kubernetes:create", "kubernetes:update")
def add_registry(call: Call) -> Answer:
    """Let clusters pull from the account's registries."""
    return _integrate(call, on=True)


@ROUTES.on("DELETE", "/v2/kubernetes/registry", "kubernetes:update")
@ROUTES.on("DELETE", "/v2/kubernetes/registries", "kubernetes:update")
def remove_registry(call: Call) -> Answer:
    """Take that away from clusters."""
    return _integrate(call, on=False)
