"""DOKS's cloud controller for one cluster: load balancers for Services, volumes for claims, kept in the account.

What they are to be is said by pure functions (`balancers.py`, `volumes.py`). A load balancer is looked at when its
Service or the nodes change, and not in between: one that was changed or deleted behind the controller's back stays so
until then, as with the real controller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes import balancers, events
from formerr_infra.emulator.kubernetes import volumes as claimed
from formerr_infra.emulator.services import certificates, load_balancers, volumes
from formerr_infra.emulator.services import kubernetes_model as model

if TYPE_CHECKING:
    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.kubernetes.api import Api
    from formerr_infra.emulator.store import Account, Json

_SERVICES = "/api/v1/services"
_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


class Balancing:
    """Keeps the load balancers of a cluster's Services."""

    def __init__(self, emulator: Emulator, api: Api) -> None:
        self._emulator = emulator
        self._api = api
        self._done: dict[str, str] = {}
        """What was last made of a Service, by its uid."""
        self._told: dict[str, str] = {}
        """What was last complained about."""

    async def step(self, account: Account, cluster: Json) -> None:
        """Look at all Services once."""
        ids = sorted(int(node["droplet_id"]) for pool in cluster["node_pools"] for node in pool["nodes"])
        known = {str(one["name"]): str(one["id"]) for one in account[certificates.KIND]}
        for service in await self._api.list(_SERVICES):
            owned = balancers.FINALIZER in service["metadata"].get("finalizers", [])
            if balancers.is_wanted(service):
                if balancers.is_disowned(service):
                    continue
                await self._ensure(account, cluster, service, ids, known)
            elif owned:
                await self._release(account, service)

    async def _ensure(
        self, account: Account, cluster: Json, service: Json, ids: list[int], known: dict[str, str]
    ) -> None:
        uid, path = service["metadata"]["uid"], _path(service)
        present = _find(account, service)
        if present is not None:
            # The kind of one that is taken over stays.
            service["metadata"].setdefault("annotations", {}).setdefault(
                balancers.TYPE_ANNOTATION, present["type"]
            )
        try:
            wanted = balancers.fields(service, ids, known)
        except balancers.Unfit as error:
            await self._complain(service, f"Error syncing load balancer: {error}")
            return
        digest = balancers.digest(wanted)
        if self._done.get(uid) != digest:
            await self._add_finalizer(service)
            if cluster["id"] not in account[model.KIND]:
                return
            balancer = self._put(account, cluster, service, wanted)
            notes = {balancers.ID_ANNOTATION: balancer["id"], balancers.TYPE_ANNOTATION: balancer["type"]}
            await self._api.patch(path, {"metadata": {"annotations": notes}})
            self._done[uid] = digest
            self._told.pop(uid, None)
        else:
            found = _find(account, service)
            if found is None:
                return
            balancer = found
        shown = load_balancers.view(account.world, account, balancer)
        if shown["status"] != "active":
            return
        ingress = balancers.ingress(service, shown)
        if service.get("status", {}).get("loadBalancer", {}).get("ingress") != ingress:
            await self._api.patch(f"{path}/status", {"status": {"loadBalancer": {"ingress": ingress}}})
            await self._api.report(
                events.of(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
            )

    def _put(self, account: Account, cluster: Json, service: Json, wanted: Json) -> Json:
        """Make the load balancer, or bring the one that is there to what is wanted."""
        balancer = _find(account, service)
        if balancer is None:
            place = {
                "region": cluster["region"],
                "vpc_uuid": cluster["vpc_uuid"],
                "cluster_id": cluster["id"],
            }
            balancer = load_balancers.build(account.world, account, {**wanted, **place})
        else:
            balancer.update(wanted, _cluster=cluster["id"])
            account[load_balancers.KIND].changed()
        self._emulator.save()
        return balancer

    async def _release(self, account: Account, service: Json) -> None:
        """A Service goes, or is of another type now: its load balancer goes first."""
        balancer = None if balancers.is_disowned(service) else _find(account, service)
        if balancer is not None:
            load_balancers.drop(account.world, account, balancer)
            self._emulator.save()
        self._done.pop(service["metadata"]["uid"], None)
        path = _path(service)
        if "deletionTimestamp" not in service["metadata"]:
            await self._api.patch(f"{path}/status", {"status": {"loadBalancer": None}})
        left = [one for one in service["metadata"]["finalizers"] if one != balancers.FINALIZER]
        await self._api.patch(path, {"metadata": {"finalizers": left}})

    async def _add_finalizer(self, service: Json) -> None:
        present = service["metadata"].get("finalizers", [])
        if balancers.FINALIZER not in present:
            changes = {"metadata": {"finalizers": [*present, balancers.FINALIZER]}}
            await self._api.patch(_path(service), changes)

    async def _complain(self, service: Json, message: str) -> None:
        if self._told.get(service["metadata"]["uid"]) != message:
            self._told[service["metadata"]["uid"]] = message
            await self._api.report(events.of(service, "Warning", "SyncLoadBalancerFailed", message))


class Provisioning:
    """Makes, grows and deletes the volumes of a cluster's claims."""

    def __init__(self, emulator: Emulator, api: Api) -> None:
        self._emulator = emulator
        self._api = api
        self._told: dict[str, str] = {}

    async def step(self, account: Account, cluster: Json) -> None:
        """Look at all claims and persistent volumes once."""
        claims = await self._api.list(_CLAIMS)
        live = {one["metadata"]["name"]: one for one in await self._api.list(_VOLUMES)}
        for claim in claims:
            if claimed.is_waiting(claim):
                if claimed.name(claim) not in live:
                    await self._provision(account, cluster, claim)
            elif claim["spec"].get("volumeName") in live:
                await self._grow(account, claim, live[claim["spec"]["volumeName"]])
        for one in live.values():
            if claimed.is_over(one):
                await self._delete(account, one)

    async def _provision(self, account: Account, cluster: Json, claim: Json) -> None:
        storage_class = await self._api.find(f"{_CLASSES}/{claim['spec'].get('storageClassName')}")
        if storage_class is None:
            return
        try:
            wanted = claimed.fields(claim, storage_class, cluster)
        except claimed.Unfit as error:
            if self._told.get(claim["metadata"]["uid"]) != str(error):
                self._told[claim["metadata"]["uid"]] = str(error)
                await self._api.report(events.of(claim, "Warning", "ProvisioningFailed", str(error)))
            return
        volume = next((v for v in account[volumes.KIND] if v["name"] == wanted["name"]), None)
        if volume is None and cluster["id"] in account[model.KIND]:
            volume = volumes.build(account.world, account, wanted)
            self._emulator.save()
        if volume is not None:
            await self._api.ensure(_VOLUMES, claimed.persistent_volume(claim, storage_class, volume))

    async def _grow(self, account: Account, claim: Json, live: Json) -> None:
        try:
            wanted = claimed.grown(claim, live)
        except claimed.Unfit:
            return
        volume = account[volumes.KIND].get(live["spec"].get("csi", {}).get("volumeHandle"))
        if wanted is None or volume is None:
            return
        volume["size_gigabytes"] = wanted
        account[volumes.KIND].changed()
        self._emulator.save()
        capacity = {"capacity": {"storage": f"{wanted}Gi"}}
        await self._api.patch(f"{_VOLUMES}/{live['metadata']['name']}", {"spec": capacity})
        meta = claim["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status"
        await self._api.patch(path, {"status": capacity})

    async def _delete(self, account: Account, live: Json) -> None:
        volume = account[volumes.KIND].get(live["spec"].get("csi", {}).get("volumeHandle"))
        if volume is not None:
            volumes.drop(account.world, account, volume)
            self._emulator.save()
        await self._api.delete(f"{_VOLUMES}/{live['metadata']['name']}")


def _find(account: Account, service: Json) -> Json | None:
    """The load balancer of a Service: by its id if it names one, otherwise by name, whoever made it."""
    known = balancers.known_id(service)
    if known:
        return account[load_balancers.KIND].get(known)
    names = balancers.names(service)
    return next((one for one in account[load_balancers.KIND] if one["name"] in names), None)


def _path(service: Json) -> str:
    meta = service["metadata"]
    return f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}"
