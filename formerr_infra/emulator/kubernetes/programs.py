"""How the programs of a control plane are called: their options and the files these name. Pure but for writing those.

Everything listens on 127.0.0.1 or nowhere, and speaks TLS with certificates of the cluster's own authority. The store
does not flush to the medium: this guards against dying processes, not power cuts, like the emulator's own state.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes import stages

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.store import Json

STORE, SERVER = "etcd", "kube-apiserver"
FOLLOWERS = ("kube-controller-manager", "kube-scheduler", "kwok")
"""What starts once the API server is ready."""
PROGRAMS = (STORE, SERVER, *FOLLOWERS)

_CONTROLLERS_LEFT_OUT = (
    # There is no cloud provider that these would ask; `controller.py` does their work.
    "cloud-node-lifecycle-controller",
    "node-route-controller",
    "service-lb-controller",
    # kwok's nodes mount nothing, and nothing is expanded.
    "persistentvolume-attach-detach-controller",
    "persistentvolume-expander-controller",
    # No certificates are asked for: everybody has one or a token.
    "bootstrap-signer-controller",
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "token-cleaner-controller",
)


class ProgramsMissing(ValueError):
    """The folder lacks programs of a control plane; the message names them."""


def check(folder: Path) -> Path:
    """The folder itself, absolute; ProgramsMissing unless all programs are in it."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=str(folder)) is None]
    if missing:
        raise ProgramsMissing(f"{folder} lacks the programs {', '.join(missing)}")
    return folder.resolve()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one control plane is.

    Attributes:
        programs: the folder of the programs.
        folder: the folder of its data.
        port: of the API server.
        store_port: of etcd.
        service_subnet: where Services get their addresses.
        cluster_subnet: where pods get theirs.
        address: what the API server says its address is; nobody is led there.
        review_url: who knows the tokens.
    """

    programs: Path
    folder: Path
    port: int
    store_port: int
    service_subnet: str
    cluster_subnet: str
    address: str
    review_url: str

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def store(self) -> str:
        """The URL of etcd."""
        return f"https://127.0.0.1:{self.store_port}"

    def log(self, program: str) -> Path:
        """Where a program's output goes."""
        return self.folder / f"{program}.log"

    def write_files(self) -> None:
        """The files that the options name."""
        _write(self.folder / "admin.kubeconfig", _kubeconfig(self.server, self.folder))
        _write(self.folder / "reviews.kubeconfig", _config({"server": self.review_url}, {}))
        _write(self.folder / "kwok.yaml", stages.text())

    def command(self, program: str) -> list[str]:
        """A program and its options."""
        options = {
            STORE: self._store,
            SERVER: self._server,
            "kube-controller-manager": self._controllers,
            "kube-scheduler": self._scheduler,
            "kwok": self._kwok,
        }[program]()
        return [str(self.programs / program), *options]

    def _store(self) -> list[str]:
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self.store}",
            f"--advertise-client-urls={self.store}",
            # Nobody joins: the peer address is any free port, and etcd wants it to be the advertised one.
            "--listen-peer-urls=http://127.0.0.1:0",
            "--initial-advertise-peer-urls=http://127.0.0.1:0",
            "--initial-cluster=default=http://127.0.0.1:0",
            "--client-cert-auth",
            f"--trusted-ca-file={self.folder / 'ca.crt'}",
            f"--cert-file={self.folder / 'server.crt'}",
            f"--key-file={self.folder / 'server.key'}",
            "--unsafe-no-fsync",
            "--snapshot-count=10000",
            "--log-level=warn",
        ]

    def _server(self) -> list[str]:
        own = self.folder
        return [
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--advertise-address={self.address}",
            # No EndpointSlice of the API server: its address cannot be one of loopback.
            "--endpoint-reconciler-type=none",
            f"--etcd-servers={self.store}",
            f"--etcd-cafile={own / 'ca.crt'}",
            f"--etcd-certfile={own / 'client.crt'}",
            f"--etcd-keyfile={own / 'client.key'}",
            "--etcd-count-metric-poll-period=0",
            "--etcd-db-metric-poll-interval=0",
            f"--client-ca-file={own / 'ca.crt'}",
            f"--tls-cert-file={own / 'server.crt'}",
            f"--tls-private-key-file={own / 'server.key'}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={own / 'sa.pub'}",
            f"--service-account-signing-key-file={own / 'sa.key'}",
            f"--service-cluster-ip-range={self.service_subnet}",
            f"--authentication-token-webhook-config-file={own / 'reviews.kubeconfig'}",
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=1s",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--enable-priority-and-fairness=false",
            "--profiling=false",
        ]

    def _controllers(self) -> list[str]:
        return [
            *self._follower(),
            f"--controllers=*,{','.join(f'-{name}' for name in _CONTROLLERS_LEFT_OUT)}",
            f"--root-ca-file={self.folder / 'ca.crt'}",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={self.cluster_subnet}",
            f"--node-cidr-mask-size={max(25, int(self.cluster_subnet.partition('/')[2]))}",
            f"--service-cluster-ip-range={self.service_subnet}",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--pvclaimbinder-sync-period=5s",
        ]

    def _scheduler(self) -> list[str]:
        return self._follower()

    def _follower(self) -> list[str]:
        kubeconfig = self.folder / "admin.kubeconfig"
        return [
            f"--kubeconfig={kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--profiling=false",
        ]

    def _kwok(self) -> list[str]:
        return [
            f"--kubeconfig={self.folder / 'admin.kubeconfig'}",
            f"--config={self.folder / 'kwok.yaml'}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            f"--cidr={self.cluster_subnet}",
        ]


def _kubeconfig(server: str, folder: Path) -> str:
    cluster: Json = {"server": server, "certificate-authority": str(folder / "ca.crt")}
    user = {"client-certificate": str(folder / "client.crt"), "client-key": str(folder / "client.key")}
    return _config(cluster, user)


def _config(cluster: Json, user: Json) -> str:
    """A kubeconfig with one of each; JSON is YAML too."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": user}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        },
        indent=1,
    )


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
