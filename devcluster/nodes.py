"""The Node objects of simulated machines.

They are created with the status a kubelet would report at registration; the node lifecycle controller then takes the
not-ready taint off.
"""

import datetime
from typing import Any

from devcluster.settings import GPU_MODEL_LABEL, GPU_PRESENT_LABEL, GPU_RESOURCE, NodeSpec

EPHEMERAL_STORAGE = "1Ti"
KUBELET_VERSION = "v1.36.3"
#: Type, status and reason of the conditions a healthy kubelet reports.
HEALTHY = (
    ("Ready", "True", "KubeletReady"),
    ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID"),
    ("NetworkUnavailable", "False", "RouteCreated"),
)


def node_manifest(spec: NodeSpec) -> dict[str, Any]:
    """The Node of one machine, Ready."""
    labels = {
        "kubernetes.io/hostname": spec.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": "amd64",
        **({GPU_MODEL_LABEL: spec.model} if spec.model else {}),
        **({GPU_PRESENT_LABEL: "true"} if spec.gpus else {}),
        **spec.labels,
    }
    resources = _resources(spec)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": spec.name, "labels": labels},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [_condition(*healthy) for healthy in HEALTHY],
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": spec.name}],
            "nodeInfo": _node_info(spec.name),
        },
    }


def ready_patch(ready: bool) -> dict[str, Any]:
    """A strategic merge patch of a Node's status that makes it Ready, or not."""
    condition = (
        _condition("Ready", "True", "KubeletReady") if ready else _condition("Ready", "False", "KubeletNotReady")
    )
    return {"status": {"conditions": [condition]}}


def _resources(spec: NodeSpec) -> dict[str, str]:
    resources = {
        "cpu": f"{spec.cpu_milli}m",
        "memory": f"{spec.memory_mib}Mi",
        "ephemeral-storage": EPHEMERAL_STORAGE,
        "pods": str(spec.pods),
    }
    return resources | ({GPU_RESOURCE: str(spec.gpus)} if spec.gpus else {})


def _condition(kind: str, status: str, reason: str) -> dict[str, str]:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": f"the simulated kubelet reports {reason}",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }


def _node_info(name: str) -> dict[str, str]:
    return {
        "architecture": "amd64",
        "bootID": name,
        "containerRuntimeVersion": "kwok",
        "kernelVersion": "kwok",
        "kubeProxyVersion": "",
        "kubeletVersion": KUBELET_VERSION,
        "machineID": name,
        "operatingSystem": "linux",
        "osImage": "kwok",
        "systemUUID": name,
    }
