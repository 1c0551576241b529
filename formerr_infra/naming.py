"""Names, marks and type tokens: the few strings that must never change, in one place.

A mark is the sentence `pulumi:<project>:<stack>`, as a tag where a kind has tags and in brackets inside the
description where it has only that. DigitalOcean's tags take letters, digits, `:`, `-` and `_` (255 at most).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import SettingsError
from formerr_infra.model import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROJECT = "formerr-infra"
_STACK = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")

TYPE_NETWORK = "formerr:network:Network"
TYPE_CLUSTER = "formerr:cluster:Cluster"
TYPE_REGISTRY = "formerr:registry:Registry"
TYPE_LOAD_BALANCER = "formerr:loadbalancer:LoadBalancer"
TYPE_PROJECT = "formerr:project:Project"
TYPE_APPLICATION = "formerr:application:Application"
TYPE_DATABASE = "formerr:database:Database"
TYPE_CERTIFICATE = "formerr:certificate:Certificate"
TYPE_DNS = "formerr:dns:Dns"
TYPE_ALERTS = "formerr:alerts:Alerts"

_MARK = re.compile(r"(?<![A-Za-z0-9_.:-])pulumi:(?P<project>[A-Za-z0-9_-]+):(?P<stack>[A-Za-z0-9_.-]+)")


def require_stack(name: str) -> None:
    """Stop at what the engine takes for no stack: an empty name is the selected stack to it, whichever that is.

    Raises:
        SettingsError: it is no short name of a stack.
    """
    if not _STACK.fullmatch(name):
        raise SettingsError([f"{name!r} cannot be the name of a stack"])


def own_tags(tags: Iterable[Any] | None) -> list[Any]:
    """Tags without those that DOKS and the provider add and hide."""
    return [tag for tag in tags or () if tag != "k8s" and not str(tag).startswith(("k8s:", "terraform:"))]


def mark_text(project: str, stack: str) -> str:
    """The mark of a stack, as a tag."""
    return f"pulumi:{project}:{stack}"


def marked_description(text: str, project: str, stack: str) -> str:
    """A description that carries the mark."""
    return f"{text} [{mark_text(project, stack)}]"


_UNTIL = re.compile(r", until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?= \[pulumi:)")


def until(text: str, moment: str | None) -> str:
    """A description that says when what it is about may go; before the mark is put behind it."""
    return f"{text}, until {moment}" if moment else text


def read_until(description: str) -> str | None:
    """The moment that `until` put into a marked description."""
    found = _UNTIL.search(description)
    return found[1] if found else None


def read_mark(text: str, project: str, stack: str) -> tuple[Mark, str | None]:
    """Whose a description says it is, and `project/stack` of the owner.

    A text with two different marks belongs to nobody that could be named: it counts as another's.
    """
    return _judge({(match["project"], match["stack"]) for match in _MARK.finditer(text)}, project, stack)


def read_tags(tags: Iterable[str], project: str, stack: str) -> tuple[Mark, str | None]:
    """Whose a list of tags says it is; see `read_mark`."""
    owners = {(match["project"], match["stack"]) for tag in tags if (match := _MARK.fullmatch(tag))}
    return _judge(owners, project, stack)


def _judge(owners: set[tuple[str, str]], project: str, stack: str) -> tuple[Mark, str | None]:
    if not owners:
        return Mark.UNMARKED, None
    if owners == {(project, stack)}:
        return Mark.OURS, f"{project}/{stack}"
    others = sorted(f"{owner[0]}/{owner[1]}" for owner in owners if owner != (project, stack))
    return Mark.OTHER, ", ".join(others)


def default_name(stack: str, thing: str) -> str:
    """The naming convention: `formerr-<stack>-<thing>`."""
    return f"formerr-{stack}-{thing}"


#: The label that carries the mark on Kubernetes objects.
LABEL_STACK = "formerr.tech/stack"
_LABEL_LIMIT = 63


def stack_label(project: str, stack: str) -> str:
    """The mark of a stack, as a label's value: `<project>.<stack>`.

    A label's value takes 63 characters of letters, digits, `.`, `_` and `-`, and begins and ends with a letter or
    digit. What does not fit ends with a digest of the whole, so that two stacks never have one label.
    """
    text = f"{project}.{stack}"
    if len(text) <= _LABEL_LIMIT and "." not in project and text[0].isalnum() and text[-1].isalnum():
        return text
    digest = hashlib.sha256(f"{project}/{stack}".encode()).hexdigest()[:12]
    return f"{text[: _LABEL_LIMIT - 13]}.{digest}".lstrip("-_.")


def read_label(labels: Mapping[str, str], project: str, stack: str) -> tuple[Mark, str | None]:
    """Whose the labels of a Kubernetes object say that it is; see `read_mark`."""
    value = labels.get(LABEL_STACK)
    if value is None:
        return Mark.UNMARKED, None
    if value == stack_label(project, stack):
        return Mark.OURS, f"{project}/{stack}"
    return Mark.OTHER, value


def slug(stack: str) -> str:
    """A stack's name as part of the name of a resource or a host."""
    return re.sub(r"[^a-z0-9-]+", "-", stack.lower()).strip("-") or "stack"


def without_mark(description: str) -> str:
    """A description without the mark that `marked_description` put behind it."""
    return re.sub(r" \[pulumi:[A-Za-z0-9_-]+:[A-Za-z0-9_.-]+\]$", "", description)
