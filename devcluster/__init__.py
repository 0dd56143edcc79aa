"""A real Kubernetes control plane as plain processes on loopback: etcd, API server, controllers, scheduler, simulated
kubelets.
"""

from devcluster.cluster import LocalCluster
from devcluster.processes import ProcessDiedError
from devcluster.readiness import NotReadyError
from devcluster.settings import ClusterSettings, NodeSpec
from devcluster.traces import OpenbPod, read_openb_nodes, read_openb_pods, sample

__all__ = [
    "ClusterSettings",
    "LocalCluster",
    "NodeSpec",
    "NotReadyError",
    "OpenbPod",
    "ProcessDiedError",
    "read_openb_nodes",
    "read_openb_pods",
    "sample",
]
