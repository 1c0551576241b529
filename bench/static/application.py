"""The same objects on the cluster as a new staging stack, declared as plainly as they can be, beside the same four
resources: what detection is held against when the application is there too.

The engine runs this as the program of a project of its own. Beside it stand `program.py` and `objects.json`, a list of
type, name and inputs of each object.
"""

import json
from pathlib import Path

import program  # type: ignore[import-not-found]  # it stands beside this one when it runs
import pulumi

provider = pulumi.ProviderResource(
    "kubernetes",
    "cluster",
    {
        "kubeconfig": program.cluster.kube_configs[0].raw_config,
        "enableServerSideApply": "true",
        "enableSecretMutable": "true",
        "enableConfigMapMutable": "true",
    },
    pulumi.ResourceOptions(additional_secret_outputs=["kubeconfig"]),
)
done: list[pulumi.Resource] = [provider]
for one in json.loads(Path("objects.json").read_text("utf-8")):
    made = pulumi.CustomResource(
        one["type"],
        one["name"],
        one["inputs"],
        pulumi.ResourceOptions(provider=provider, depends_on=done[:1]),
    )
    if one["inputs"]["kind"] == "Namespace":
        done.insert(0, made)
