"""The pack as the engine sees it: each rule wrapped for the SDK, and nothing decided here.

- A rule that meets an unknown value says so: the SDK makes a note of it, which stops nothing, and the update checks again.
- `production` is a stack of that name, or those named in the rule's configuration (`--policy-pack-config`):
  `{"tls-in-production": {"stacks": ["production", "live"]}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, assert_never

import pulumi_policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policy.model import Level, Resource, ResourceRule, Rule, Stack, StackRule
from policy.rules import RULES
from policy.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "formerr-policy"
PRODUCTION = ("production",)
_LEVELS = {Level.MANDATORY: sdk.EnforcementLevel.MANDATORY, Level.ADVISORY: sdk.EnforcementLevel.ADVISORY}


def plain(value: Any) -> Any:
    """What the SDK hands over, without its wrappings: `UNKNOWN` in place of what raises when it is read."""
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_read(value, index) for index in range(len(value))]
    return value


def _read(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def holds(rule: Rule, resource: Resource, config: Mapping[str, Any]) -> bool:
    """Whether a rule is for this stack."""
    return not rule.production or resource.stack in config.get("stacks", PRODUCTION)


def wrapped(rule: Rule) -> sdk.Policy:
    """A rule for the SDK."""
    schema = _SCHEMA if rule.production else None
    match rule:
        case ResourceRule():
            level = _LEVELS[Level.MANDATORY]
            return sdk.ResourceValidationPolicy(rule.name, rule.title, _about_one(rule), level, schema)
        case StackRule():
            level = _LEVELS[rule.level]
            return sdk.StackValidationPolicy(rule.name, rule.title, _about_all(rule), level, schema)
        case _:
            assert_never(rule)


def _about_one(rule: ResourceRule) -> Callable[[sdk.ResourceValidationArgs, sdk.ReportViolation], None]:
    def validate(args: sdk.ResourceValidationArgs, report: sdk.ReportViolation) -> None:
        resource = Resource(
            args.resource_type, args.urn, plain(args.props), bool(args.opts.protect), args.opts.parent
        )
        if not holds(rule, resource, args.get_config()):
            return
        found = rule.judge(resource)
        for words in found.broken:
            report(words, None)
        _not_yet(found.unknown)

    return validate


def _about_all(rule: StackRule) -> Callable[[sdk.StackValidationArgs, sdk.ReportViolation], None]:
    def validate(args: sdk.StackValidationArgs, report: sdk.ReportViolation) -> None:
        stack = Stack({one.urn: _resource(one) for one in args.resources})
        unknown: list[str] = []
        for resource in stack.resources.values():
            if holds(rule, resource, args.get_config()):
                found = rule.judge(resource, stack)
                for words in found.broken:
                    report(words, resource.urn)
                unknown += [f"{path} of {resource.name}" for path in found.unknown]
        _not_yet(unknown)

    return validate


def _resource(one: sdk.PolicyResource) -> Resource:
    return Resource(
        type=one.resource_type,
        urn=one.urn,
        properties=plain(one.props),
        protect=bool(one.opts.protect),
        parent=one.parent.urn if one.parent else None,
        made_from={key: tuple(of.urn for of in on) for key, on in one.property_dependencies.items()},
    )


def _not_yet(paths: list[str]) -> None:
    """Say that the update will tell; a broken rule was reported before."""
    if paths:
        raise UnknownValueError(UNKNOWN_STRING_VALUE, [", ".join(paths)])


_SCHEMA = sdk.PolicyConfigSchema(
    properties={
        "stacks": {
            "type": "array",
            "items": {"type": "string"},
            "default": list(PRODUCTION),
            "description": "The stacks that count as production.",
        }
    },
    required=[],
)


def serve() -> None:
    """Answer the engine until it is done."""
    sdk.PolicyPack(NAME, [wrapped(rule) for rule in RULES], sdk.EnforcementLevel.MANDATORY)
