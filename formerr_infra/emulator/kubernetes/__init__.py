"""Real Kubernetes behind the emulator's DOKS: one control plane a cluster, on loopback, and what DOKS adds to one.

It runs programs that others built (etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok, which
plays nodes and pods); it fetches and builds nothing. No container ever runs: a pod is as ready as kwok says.
"""
