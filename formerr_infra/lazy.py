"""A provider's package, imported by what is used of it.

`import pulumi_digitalocean` runs an `__init__` that imports all of its 180 modules, a fifth of a second at each run,
where the program declares six kinds of resource. Here the package is put in its place without running its `__init__`:
a resource class then comes from the module of its name (`Vpc` from `vpc`), and anything else runs the `__init__` after
all. So nobody who imports the package sees a difference but in time, and its classes are its own.

What the `__init__` does besides, it does then and not before: it tells the engine's SDK which class to use for a resource
that comes as a value inside another one's outputs. No resource of DigitalOcean has such an output.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

#: What the modules of a generated package import from it: modules, not values of its `__init__`.
_MODULES = frozenset({"_enums", "_inputs", "_utilities", "config", "outputs"})


def make_lazy(package: str) -> None:
    """Let later imports of the package import what is used of it; nothing where it is imported already, or missing."""
    if package in sys.modules:
        return
    spec = find_spec(package)
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        return
    module = module_from_spec(spec)
    vars(module)["__getattr__"] = _Attributes(module, spec).find
    sys.modules[package] = module


class _Attributes:
    """What the package has and its `__init__` has not yet put there (PEP 562)."""

    def __init__(self, module: ModuleType, spec: ModuleSpec) -> None:
        self._module = module
        self._spec = spec
        self._lock = threading.RLock()
        self._begun = False

    def find(self, name: str) -> Any:
        """The value of an attribute that is not there yet.

        Raises:
            AttributeError: the package has no such thing; for a module, whereupon the import system imports it.
        """
        if name == "__all__" or not (name in _MODULES or name.startswith("__")):
            home = f"{self._spec.name}.{_module_of(name)}"
            if name[:1].isupper() and find_spec(home) is not None:
                found = getattr(importlib.import_module(home), name, None)
                if found is not None:
                    vars(self._module)[name] = found
                    return found
            self._run_the_init()
            if name in vars(self._module):
                return vars(self._module)[name]
        raise AttributeError(f"module {self._spec.name!r} has no attribute {name!r}")

    def _run_the_init(self) -> None:
        with self._lock:
            if self._begun or self._spec.loader is None:
                return
            self._begun = True
            try:
                self._spec.loader.exec_module(self._module)
            except BaseException:
                self._begun = False
                raise


def _module_of(name: str) -> str:
    """`KubernetesCluster` -> `kubernetes_cluster`, as the generator of these packages names modules."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
