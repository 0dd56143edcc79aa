"""A small cluster as `kubectl get nodes,pods -A -o json` prints it, and the manifests that plan over it.

Three nodes as in a real pool: one whose cores are gone and whose GPUs are not, one the other way round, one empty.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from paraset_operator.acting.manifest import template_hash
from paraset_operator.api.names import (
    ANNOTATION_CONTAINER,
    API_VERSION,
    FILLER_PRIORITY,
    FILLER_PRIORITY_CLASS,
    LABEL_PARASET,
    LABEL_SHAPE,
    LABEL_TEMPLATE_HASH,
    PARASET,
)
from paraset_operator.api.v1alpha1 import parse_paraset

Object = dict[str, Any]
GPU = "nvidia.com/gpu"
HEARTBEAT = "2026-03-01T12:00:00Z"
EXAMPLES = Path(__file__).parents[1] / "examples"


def node(name: str, gpus: int = 8, cores: int = 32, gib: int = 256, **spec: Any) -> Object:
    """A node that is ready and has these amounts allocatable."""
    allocatable = {"cpu": str(cores), "memory": f"{gib * 1024 * 1024}Ki", "pods": "110", "ephemeral-storage": "95Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"node-{name}",
            "resourceVersion": "41",
            "creationTimestamp": "2026-02-01T08:00:00Z",
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "spec": {"podCIDR": "10.244.0.0/24", "providerID": f"kind://docker/kind/{name}", **spec},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}, {"type": "Hostname", "address": name}],
            "allocatable": allocatable | ({GPU: str(gpus)} if gpus else {}),
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "lastHeartbeatTime": HEARTBEAT},
                {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": HEARTBEAT},
            ],
            "nodeInfo": {"kubeletVersion": "v1.36.0", "operatingSystem": "linux"},
        },
    }


def pod(name: str, on: str = "", namespace: str = "serving", gpus: int = 0, cores: str = "1", gib: int = 4) -> Object:
    """An LS pod: running where it is bound, else waiting for the scheduler."""
    requests = {"cpu": cores, "memory": f"{gib}Gi"} | ({GPU: str(gpus)} if gpus else {})
    spec: Object = {
        "containers": [{"name": "server", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": requests}}],
        "priority": 0,
        "schedulerName": "default-scheduler",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"pod-{namespace}-{name}",
            "resourceVersion": "97",
            "creationTimestamp": "2026-03-01T11:00:00Z",
            "labels": {"app": "inference"},
        },
        "spec": spec | ({"nodeName": on} if on else {}),
        "status": {"phase": "Running", "startTime": "2026-03-01T11:00:05Z"} if on else {"phase": "Pending"},
    }


def filler(of: Object, index: int, on: str, shape: str, requests: dict[str, str], template_hash: str) -> Object:
    """A running filler of a ParaSet, as the operator has made it."""
    meta, made = of["metadata"], pod(f"{of['metadata']['name']}-{index}", on, of["metadata"]["namespace"])
    container = of["spec"]["template"]["spec"]["containers"][0]["name"]
    made["metadata"] |= {
        "labels": {LABEL_PARASET: meta["name"], LABEL_SHAPE: shape, LABEL_TEMPLATE_HASH: template_hash},
        "annotations": {ANNOTATION_CONTAINER: container},
        "ownerReferences": [
            {
                "apiVersion": API_VERSION,
                "kind": PARASET,
                "name": meta["name"],
                "uid": meta.get("uid", "set-in-cluster"),
                "controller": True,
            }
        ],
    }
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [on]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    made["spec"] |= {
        "containers": [{"name": container, "resources": {"requests": requests}}],
        "priority": FILLER_PRIORITY,
        "priorityClassName": FILLER_PRIORITY_CLASS,
        "affinity": {"nodeAffinity": required},
    }
    return made


def story(*more: Object) -> list[Object]:
    """The three nodes with their LS pods, and whatever else is wanted."""
    nodes = [node("node-a", gpus=8, cores=16), node("node-b", gpus=8, cores=16), node("node-c", gpus=4, cores=16)]
    busy = [pod("web-0", "node-a", gpus=2, cores="14", gib=32), pod("train-0", "node-b", gpus=8, cores="8", gib=64)]
    return [*nodes, *busy, *more]


def dump(objects: Iterable[Object]) -> str:
    """The List kubectl prints."""
    items = {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}
    return json.dumps(items, indent=4)


def example(name: str, kind: str = PARASET) -> Object:
    """The object of that kind in one of the repository's examples."""
    documents = yaml.safe_load_all((EXAMPLES / name).read_text(encoding="utf-8"))
    return next(each for each in documents if each["kind"] == kind)


def written(folder: Path, *objects: Object, name: str = "given.yaml") -> str:
    """The path of a manifest with these objects."""
    path = folder / name
    path.write_text(yaml.safe_dump_all(objects))
    return str(path)


def template_hashes(paraset: Object) -> dict[str, str]:
    """By shape, the hash that marks fillers made from the set as it is."""
    parsed = parse_paraset(paraset)
    return {shape.name: template_hash(parsed, shape) for shape in parsed.spec.shapes}


def as_made(paraset: Object, action: Object) -> Object:
    """The running filler that a planned create comes to."""
    index, shape = int(action["pod"].rpartition("-")[2]), action["shape"]
    return filler(paraset, index, action["node"], shape, action["requests"], template_hashes(paraset)[shape])
