"""What the API server fills in, filled in beforehand.

A manifest that says everything equals the live object, field by field: after a lost state it is taken back without
a write, and a value that somebody else has put where nothing was said is seen as the difference that it is.

The values are those of the API reference ("Defaults to ..."), for the kinds and fields that occur here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from formerr_infra.application.manifest import Manifest

_POD = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
#: Volumes of these kinds give their files this mode: 0644.
_FILES = ("secret", "configMap", "projected")
_MODE = 0o644
_CRON_JOB: dict[str, Any] = {"suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}


def complete(manifest: Manifest) -> Manifest:
    """The same object with nothing left for the API server to say."""
    spec: Any = manifest.get("spec")
    match manifest["kind"], spec:
        case (("Deployment" | "StatefulSet" | "DaemonSet"), dict()):
            return manifest | {"spec": spec | {"template": _template(spec["template"])}}
        case "CronJob", dict():
            job = spec["jobTemplate"]
            inner = job["spec"] | {"template": _template(job["spec"]["template"])}
            return manifest | {"spec": _CRON_JOB | spec | {"jobTemplate": job | {"spec": inner}}}
        case "Service", dict():
            inside = {} if spec.get("type") == "ExternalName" else {"internalTrafficPolicy": "Cluster"}
            return manifest | {"spec": {"sessionAffinity": "None"} | inside | spec}
        case _:
            return manifest


def _template(template: dict[str, Any]) -> dict[str, Any]:
    return template | {"spec": _pod(template["spec"])}


def _pod(spec: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _POD | spec
    for kind in ("initContainers", "containers"):
        if kind in made:
            made[kind] = [_container(one) for one in made[kind]]
    if "volumes" in made:
        made["volumes"] = [_volume(one) for one in made["volumes"]]
    return made


def _container(container: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _CONTAINER | container
    for name in _PROBES:
        if name in made:
            made[name] = _probe(made[name])
    return made


def _probe(probe: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _PROBE | probe
    if "httpGet" in made:
        made["httpGet"] = {"scheme": "HTTP"} | made["httpGet"]
    return made


def _volume(volume: dict[str, Any]) -> dict[str, Any]:
    return volume | {
        kind: {"defaultMode": _MODE} | volume[kind] for kind in _FILES if isinstance(volume.get(kind), dict)
    }
