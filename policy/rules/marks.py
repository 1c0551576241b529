"""What the stack makes says so: without its mark a lost state cannot be taken back, and another stack may adopt it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.model import Mark
from formerr_infra.naming import LABEL_STACK, mark_text, read_mark, read_tags, stack_label
from policy.kubernetes import is_patch, objects
from policy.model import ResourceRule, StackRule

if TYPE_CHECKING:
    from policy.model import Found, Resource, Stack

_TAGGED = frozenset(
    {
        "digitalocean:index/databaseCluster:DatabaseCluster",
        "digitalocean:index/kubernetesCluster:KubernetesCluster",
        "digitalocean:index/kubernetesNodePool:KubernetesNodePool",
    }
)
_DESCRIBED = frozenset({"digitalocean:index/project:Project", "digitalocean:index/vpc:Vpc"})


def _marked(resource: Resource, stack: Stack, found: Found) -> None:
    project, name = resource.project, resource.stack
    if resource.type in _TAGGED:
        tags = [tag.text for tag in resource["tags"].items()]
        if read_tags(tags, project, name)[0] is not Mark.OURS:
            _miss("tags", resource, stack, found)
    elif (
        resource.type in _DESCRIBED
        and read_mark(resource["description"].text, project, name)[0] is not Mark.OURS
    ):
        _miss("description", resource, stack, found)


def _miss(where: str, resource: Resource, stack: Stack, found: Found) -> None:
    if not stack.is_being_imported(resource):
        found.breaks(
            where, f"the mark {mark_text(resource.project, resource.stack)} is not there, or not alone"
        )


def _labelled(resource: Resource, found: Found) -> None:
    if is_patch(resource):
        return
    wanted = stack_label(resource.project, resource.stack)
    for _, place in objects(resource):
        with found.where_known():
            label = place["metadata"]["labels"][LABEL_STACK]
            if label.value != wanted:
                found.breaks(label, f"it has to be {wanted}")


MARKED_FOR_ITS_STACK = StackRule(
    name="marked-for-its-stack",
    title="What the stack makes in the account carries its mark",
    means="`pulumi:<project>:<stack>`, and no other stack's, among the tags of a cluster, a node pool and a database, and in the "
    "description of a VPC and a project. Not in the run that imports one, because an import writes nothing.",
    check=_marked,
)

LABELLED_FOR_ITS_STACK = ResourceRule(
    name="labelled-for-its-stack",
    title="What the stack makes in the cluster carries its label",
    means=f"Every Kubernetes object has the label `{LABEL_STACK}: <project>.<stack>`. A patch of another's object needs none.",
    check=_labelled,
)
