"""How kwok plays pods: its configuration. Pure.

kwok's own stages are taken for nodes and pods: a pod that is scheduled runs and is ready, one of a Job completes, one
that is deleted goes at once. The file is there so that kwok reads no other in the user's home.
"""

from __future__ import annotations

import json


def text() -> str:
    """The configuration; JSON is YAML too."""
    return json.dumps({"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration"})
