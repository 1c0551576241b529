"""The application on the cluster: one provider, every object under one component.

The objects are declared from plain manifests through the engine's generic resource, so that none of the heavy modules
of the Kubernetes SDK is imported and each object has one URN for life. The provider's kubeconfig holds no token: it
names `formerr_infra/credential.py`, which asks for a fresh one in each run.

Objects of the last stage of a destroy come first here: a namespace is declared before what is in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from formerr_infra import naming
from formerr_infra.application import ClusterDatabase, Digest, Hidden, key, manifests
from formerr_infra.application.configuration import PULL_SECRET
from formerr_infra.application.kinds import KEEPS_DATA, Reference
from formerr_infra.model import READ_ONLY, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.application import Manifest, Plan
    from formerr_infra.components.base import Care
    from formerr_infra.model import Decision
    from formerr_infra.pull_secret import PullSecret

#: Relative to the project's folder, where the engine starts its plugins, so that it is the same on every machine.
CREDENTIAL = "formerr_infra/credential.py"
#: What the provider would wait for in vain: nobody ever fills in the address of our Ingress, a Service without ready
#: pods is no error, and the claims of a class that waits for its first pod stay pending until then.
NOT_AWAITED = frozenset({"Ingress", "PersistentVolumeClaim", "Service"})
#: What is declared here is so after a run, whoever has changed it in between; other fields stay theirs.
FORCE = {"pulumi.com/patchForce": "true"}
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
#: Fields that the API server fills in and nobody declares; an import would otherwise plan to take them away.
_POD_OWN = ["spec.template.spec.serviceAccount"]  # the former name of serviceAccountName
SERVERS_OWN = {
    "Namespace": ["spec", 'metadata.labels["kubernetes.io/metadata.name"]'],
    "Service": ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"],
    "PersistentVolumeClaim": [
        "spec.volumeName",
        "metadata.finalizers",
        'metadata.annotations["pv.kubernetes.io/bind-completed"]',
        'metadata.annotations["pv.kubernetes.io/bound-by-controller"]',
        'metadata.annotations["volume.beta.kubernetes.io/storage-provisioner"]',
        'metadata.annotations["volume.kubernetes.io/selected-node"]',
        'metadata.annotations["volume.kubernetes.io/storage-provisioner"]',
    ],
    "Deployment": _POD_OWN,
    "StatefulSet": [*_POD_OWN, "spec.volumeClaimTemplates[0].status"],
    "CronJob": ["spec.jobTemplate.spec.template.spec.serviceAccount"],
}
#: Stages in the order of their making; each waits for the one before, and goes before it.
_STAGES = (
    frozenset({"Namespace", "PriorityClass"}),
    frozenset(
        {
            "ResourceQuota",
            "LimitRange",
            "NetworkPolicy",
            "Secret",
            "ConfigMap",
            "ServiceAccount",
            "Service",
            "Role",
            "RoleBinding",
            "ClusterRole",
            "ClusterRoleBinding",
            "IngressClass",
            "PersistentVolumeClaim",
        }
    ),
    frozenset({"StatefulSet"}),
)


@dataclass(frozen=True, slots=True)
class ApplicationArgs:
    """What the application is declared with.

    Attributes:
        plan: what the manifests depend on.
        decisions: key of each object -> decision.
        cluster_id, endpoint: of the cluster.
        authority: its certificate authority, base64.
        stack: full name of the stack, for the credential.
        api: base address of DigitalOcean's API where the configuration names one.
        values: hidden values by name: plain ones, or outputs.
        care: how it is kept.
        pull: what is done with the pull secret.
    """

    plan: Plan
    decisions: Mapping[str, Decision]
    cluster_id: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    authority: pulumi.Input[str]
    stack: str
    api: str | None
    values: Mapping[str, pulumi.Input[str]]
    care: Care
    pull: PullSecret


def kubeconfig(cluster_id: str, endpoint: str, authority: str, stack: str, api: str | None) -> str:
    """A kubeconfig without a token, the same on every machine."""
    arguments = ["-I", "-S", CREDENTIAL, "--cluster", cluster_id, "--stack", stack]
    if api:
        arguments += ["--endpoint", api]
    execute = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "python3",
        "args": arguments,
        "interactiveMode": "Never",
        "installHint": "python3 (3.9 or newer) has to be on the PATH",
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "doks", "cluster": {"server": endpoint, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "doks", "user": {"exec": execute}}],
            "contexts": [{"name": "doks", "context": {"cluster": "doks", "user": "doks"}}],
            "current-context": "doks",
        }
    )


def digest(values: Mapping[str, str], salt: str) -> str:
    """A text that changes with any of the values and is too dear to be turned back, even for a short value."""
    text = json.dumps(dict(sorted(values.items()))).encode()
    return hashlib.scrypt(text, salt=salt.encode(), n=2**13, r=8, p=1, dklen=12).hex()


def _is_pull_secret(manifest: Manifest) -> bool:
    return bool(manifest["kind"] == "Secret" and manifest["metadata"]["name"] == PULL_SECRET)


def _scaled(wanted: tuple[Manifest, ...]) -> Iterator[tuple[Reference, int]]:
    """What an autoscaler sets the number of pods of, and its minimum."""
    for one in wanted:
        if one["kind"] == "HorizontalPodAutoscaler":
            target = one["spec"]["scaleTargetRef"]
            reference = Reference(
                target["apiVersion"], target["kind"], one["metadata"]["namespace"], target["name"]
            )
            yield reference, one["spec"]["minReplicas"]


class Application(pulumi.ComponentResource):
    """Everything of the application on the cluster."""

    def __init__(self, name: str, args: ApplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_APPLICATION, name, None, opts)
        self._args = args
        config = pulumi.Output.all(args.cluster_id, args.endpoint, args.authority).apply(
            lambda known: kubeconfig(known[0], known[1], known[2], args.stack, args.api)
        )
        self._provider = pulumi.ProviderResource(
            "kubernetes",
            "cluster",
            {
                # What is in it is no secret: the token is not.
                "kubeconfig": pulumi.Output.unsecret(config),
                # Another address or authority of the same cluster replaces nothing.
                "clusterIdentifier": args.cluster_id,
                "enableServerSideApply": "true",
                # A rotated secret is changed where it is. Otherwise it is deleted and made again, and a pod that starts
                # in between does not.
                "enableSecretMutable": "true",
                "enableConfigMapMutable": "true",
            },
            pulumi.ResourceOptions(parent=self),
        )
        wanted = manifests(args.plan)
        self._scaled = dict(_scaled(wanted))
        self._declare_all(wanted)
        self.register_outputs({"objects": len(args.decisions)})

    def _declare_all(self, wanted: tuple[Manifest, ...]) -> None:
        done: list[pulumi.Resource] = []
        left = list(wanted)
        for kinds in (*_STAGES, None):
            stage = [one for one in left if kinds is None or one["kind"] in kinds]
            left = [one for one in left if one not in stage]
            done = [self._declare(one, tuple(done)) for one in stage] or done

    def _declare(self, manifest: Manifest, after: tuple[pulumi.Resource, ...]) -> pulumi.CustomResource:
        args, name, reference = self._args, key(manifest), Reference.of(manifest)
        decision = args.decisions[name]
        options = pulumi.ResourceOptions(parent=self, provider=self._provider, depends_on=list(after))
        if decision.outcome in READ_ONLY:
            options.id = decision.id
            return pulumi.CustomResource(reference.engine_type, name, {}, options)
        if reference.kind in KEEPS_DATA:
            options.protect = args.care.protect or None
            options.retain_on_delete = self._keeps(reference) or None
        ignored = list(SERVERS_OWN.get(reference.kind, ()))
        if reference in self._scaled:
            # Enough pods from the first run on, which an autoscaler would take a while to come to; then it is its own.
            manifest = manifest | {"spec": {"replicas": self._scaled[reference]} | manifest["spec"]}
            ignored.append("spec.replicas")
        if _is_pull_secret(manifest) and args.pull.keep:
            ignored += ["data"]
        if decision.outcome is Outcome.IMPORT:
            options.import_ = decision.id
        options.ignore_changes = ignored or None
        return pulumi.CustomResource(reference.engine_type, name, self._properties(manifest), options)

    def _keeps(self, reference: Reference) -> bool:
        """Whether a destroy leaves it: a claim, and the namespace that would take its claims with it."""
        if self._args.plan.delete_data or not isinstance(self._args.plan.database, ClusterDatabase):
            return False
        return reference.kind == "PersistentVolumeClaim" or (
            reference.kind == "Namespace" and reference.name == self._args.plan.namespace
        )

    def _properties(self, manifest: Manifest) -> dict[str, Any]:
        annotations = dict(FORCE)
        body = manifest
        if _is_pull_secret(manifest):
            pull = self._args.pull
            annotations |= pull.annotations
            if not pull.due:
                body = {name: value for name, value in manifest.items() if name != "stringData"}
            if pull.data is not None:
                body["data"] = {name: pulumi.Output.secret(value) for name, value in pull.data.items()}
        if manifest["kind"] in NOT_AWAITED:
            annotations |= SKIP_AWAIT
        filled: dict[str, Any] = self._filled(body)
        metadata = filled["metadata"]
        filled["metadata"] = metadata | {"annotations": metadata.get("annotations", {}) | annotations}
        return filled

    def _filled(self, value: Any) -> Any:
        match value:
            case Hidden(name):
                return pulumi.Output.secret(self._args.values[name])
            case Digest(names):
                return self._digest(names)
            case dict():
                return {name: self._filled(below) for name, below in value.items()}
            case list() | tuple():
                return [self._filled(below) for below in value]
            case _:
                return value

    def _digest(self, names: tuple[str, ...]) -> pulumi.Input[str]:
        salt = f"{self._args.plan.project}/{self._args.plan.stack}"
        values = {name: self._args.values[name] for name in names}
        plain = {name: value for name, value in values.items() if isinstance(value, str)}
        if len(plain) == len(values):
            return digest(plain, salt)
        return pulumi.Output.unsecret(
            pulumi.Output.all(**values).apply(
                lambda known: digest({k: str(v) for k, v in known.items()}, salt)
            )
        )
