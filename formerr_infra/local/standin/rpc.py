"""The provider protocol's stubs, without the rest of the Pulumi SDK.

Importing `pulumi` costs a third of a second that every plugin start would pay; the stubs need nothing of it.
Where `pulumi` is loaded already, its own modules are used.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any


def _stubs() -> tuple[Any, Any, Any]:
    borrowed = "pulumi" not in sys.modules
    packages = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")
    if borrowed:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("the Pulumi SDK is not installed")
        root = next(iter(spec.submodule_search_locations))
        for name in packages:
            package = types.ModuleType(name)
            package.__path__ = ["/".join([root, *name.split(".")[1:]])]
            sys.modules[name] = package
    try:
        from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
    finally:
        if borrowed:
            for name in packages:
                del sys.modules[name]
    return provider_pb2, provider_pb2_grpc, plugin_pb2


pb, pb_grpc, plugin_pb = _stubs()
