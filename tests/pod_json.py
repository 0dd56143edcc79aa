"""Pods and nodes as the API server sends them, in short calls."""

import json
from typing import Any

Json = dict[str, Any]


def container(name: str = "worker", requests: dict[str, str] | None = None, **fields: Any) -> Json:
    return {"name": name, "resources": {"requests": requests or {}}} | fields


def pod(name: str = "web", spec: Json | None = None, status: Json | None = None, **metadata: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "a", "uid": f"uid-{name}", "resourceVersion": "1"} | metadata,
        "spec": {"containers": [container()]} | (spec or {}),
        "status": {"phase": "Running"} | (status or {}),
    }


def filler(
    name: str = "trainer-3",
    spec: Json | None = None,
    status: Json | None = None,
    owner: Json | None = None,
    **metadata: Any,
) -> Json:
    """Return a pod with all marks of a filler of the set `trainer`."""
    reference = {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "ParaSet",
        "name": "trainer",
        "uid": "uid-of-trainer",
        "controller": True,
    }
    labels = {"paraset.io/paraset": "trainer", "paraset.io/shape": "gpu", "paraset.io/template-hash": "abc"}
    marks: Json = {"ownerReferences": [reference | (owner or {})], "labels": labels}
    return pod(name, {"priorityClassName": "paraset-filler"} | (spec or {}), status, **(marks | metadata))


def node(name: str = "n1", spec: Json | None = None, status: Json | None = None, **metadata: Any) -> Json:
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "8", "memory": "32Gi"}}
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"} | metadata,
        "spec": spec or {},
        "status": ready | (status or {}),
    }


def pinned(name: str) -> Json:
    """Return the affinity that pins a pod to a node."""
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def raw(obj: Json) -> bytes:
    return json.dumps(obj).encode()
