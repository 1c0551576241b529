"""Reading manifests in tests: pods, selectors, and what the Pod Security standard `restricted` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from formerr_infra.application import Manifest

#: Kinds that stand in no namespace.
CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "IngressClass",
        "Namespace",
        "PriorityClass",
    }
)
#: Volumes that the standard allows (Kubernetes documentation, "Pod Security Standards").
_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


def template(manifest: Manifest) -> dict[str, Any] | None:
    """The pod template of a workload."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: dict[str, Any] | None = spec.get("template")
    return found


def workloads(made: Iterable[Manifest]) -> Iterator[tuple[Manifest, dict[str, Any]]]:
    """Everything that makes pods, with its template."""
    for manifest in made:
        if (found := template(manifest)) is not None:
            yield manifest, found


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector takes those labels; an empty one takes all."""
    if unknown := selector.keys() - {"matchLabels", "matchExpressions"}:
        raise ValueError(f"not a label selector: {sorted(unknown)}")
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items()) and all(
        _expression(one, labels) for one in selector.get("matchExpressions", [])
    )


def _expression(expression: dict[str, Any], labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", [])
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"not an operator: {other}")


def restricted(spec: dict[str, Any]) -> list[str]:
    """What the standard `restricted` has against a pod; written from its text, not from what is declared."""
    against = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    around = spec.get("securityContext", {})
    against += [
        f"volume {volume['name']}"
        for volume in spec.get("volumes", [])
        if not (volume.keys() - {"name"}) <= _VOLUMES
    ]
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        own = container.get("securityContext", {})
        name = container["name"]
        seccomp = own.get("seccompProfile", around.get("seccompProfile", {})).get("type")
        against += [
            f"{name}: {what}"
            for what, wrong in (
                ("privileged", own.get("privileged", False)),
                ("privilege escalation", own.get("allowPrivilegeEscalation") is not False),
                ("root", own.get("runAsNonRoot", around.get("runAsNonRoot")) is not True),
                ("user 0", own.get("runAsUser", around.get("runAsUser")) == 0),
                ("capabilities", own.get("capabilities", {}).get("drop") != ["ALL"]),
                (
                    "capabilities added",
                    set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"},
                ),
                ("seccomp", seccomp not in ("RuntimeDefault", "Localhost")),
                ("host ports", any("hostPort" in port for port in container.get("ports", []))),
                ("proc mount", own.get("procMount", "Default") != "Default"),
            )
            if wrong
        ]
    return against


def quantity(text: str) -> int:
    """A quantity in thousandths: of a core, of a byte, of a thing."""
    units = {"m": 1, "": 1000, "Mi": 1000 << 20, "Gi": 1000 << 30}
    number = text.rstrip("miG") if not text.endswith("Mi") and not text.endswith("Gi") else text[:-2]
    return int(number) * units[text[len(number) :]]
