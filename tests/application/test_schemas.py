"""Every object of every plan is what the API of the Kubernetes versions in question takes, checked offline."""

from __future__ import annotations

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings

from formerr_infra.application import Plan, logical_name
from tests.support.plans import REAL, objects, plan, plans

#: What DOKS offers around the default version.
MINORS = ("1.32", "1.33", "1.34", "1.35")


@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize("name", ["production-https", "staging-http"])
def test_every_object_of_a_real_plan_is_valid(name: str, minor: str) -> None:
    for made in objects(REAL[name]):
        kubernetes_validate.validate(made, f"{minor}.0", strict=True)


@settings(max_examples=5, deadline=None)
@given(plans())
def test_every_object_of_any_plan_is_valid(of: Plan) -> None:
    for made in objects(of):
        kubernetes_validate.validate(made, "1.34.0", strict=True)


def test_a_slip_is_found() -> None:
    """The schemas are strict: a field that does not exist, in any place, is one."""
    [deployment] = [
        made for made in objects(plan()) if logical_name(made).endswith("deployment/formerr/formerr-backend")
    ]
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.34.0", strict=True)
