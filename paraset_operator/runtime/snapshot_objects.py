"""What a snapshot holds of each kind of object: exactly what a plan is made from, and so nothing that is secret.

Pods, nodes and whatever announces pods go through the structs that the operator itself reads them by: images,
commands, environment, volumes but whether a claim is among them, labels and annotations of no meaning here are left
out. Of a ParaSet's template the same is kept. Its hash, by which outdated fillers are known, is kept beside it.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from paraset_operator.acting.manifest import template_hash
from paraset_operator.api.base import without_nulls
from paraset_operator.api.names import (
    ANNOTATION_CONTAINER,
    ANNOTATION_LAST_CHECKPOINT,
    ANNOTATION_LEAVING_AT,
    ANNOTATION_PROGRESS,
    API_VERSION,
    FILL_POLICY,
    LABEL_PARASET,
    LABEL_SHAPE,
    LABEL_TEMPLATE_HASH,
    PARASET,
)
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.claim_decode import QUEUE_LABEL
from paraset_operator.cluster.claim_wire import (
    AutoscalerWire,
    BufferWire,
    JobWire,
    ScaledWire,
    StoredTemplateWire,
    WorkloadWire,
)
from paraset_operator.cluster.gpu_shares import GPU_INDEX
from paraset_operator.cluster.priority_classes import PriorityClassWire
from paraset_operator.cluster.wire import EventObject, Metadata, NodeWire, PodSpec, PodWire, Wire

Object: TypeAlias = dict[str, Any]
Reduce: TypeAlias = Callable[[msgspec.Raw], Object]

_LABELS = frozenset({LABEL_PARASET, LABEL_SHAPE, LABEL_TEMPLATE_HASH, QUEUE_LABEL})
_ANNOTATIONS = frozenset(
    {ANNOTATION_CONTAINER, ANNOTATION_LAST_CHECKPOINT, ANNOTATION_PROGRESS, ANNOTATION_LEAVING_AT, GPU_INDEX}
)
_METADATA = ("name", "namespace", "uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp")
_SET_STATUS = ("observedGeneration", "desiredReplicas", "limitedBy")
# Their labels are what selectors go by.
_LABELLED = frozenset({"Node", "Namespace"})


def reducer(api_version: str, kind: str) -> Reduce:
    """Return what makes the snapshot's form of such an object from its JSON."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_WIRES[kind], strict=False)

    def reduce(data: msgspec.Raw) -> Object:
        wire = decoder.decode(data)
        kept: Any = msgspec.structs.replace(wire, metadata=_metadata(wire.metadata, kind))
        return {"apiVersion": api_version, "kind": kind} | dict(msgspec.to_builtins(kept))

    return reduce


_WIRES: dict[str, type[Wire]] = {
    "Node": NodeWire,
    "Pod": PodWire,
    "Namespace": EventObject,
    "Deployment": ScaledWire,
    "StatefulSet": ScaledWire,
    "ReplicaSet": ScaledWire,
    "Job": JobWire,
    "HorizontalPodAutoscaler": AutoscalerWire,
    "Workload": WorkloadWire,
    "CapacityBuffer": BufferWire,
    "PriorityClass": PriorityClassWire,
    "PodTemplate": StoredTemplateWire,
}


def _metadata(meta: Metadata, kind: str) -> Metadata:
    labels = meta.labels or {}
    annotations = {key: text for key, text in (meta.annotations or {}).items() if key in _ANNOTATIONS}
    return msgspec.structs.replace(
        meta,
        labels=labels if kind in _LABELLED else {key: text for key, text in labels.items() if key in _LABELS} or None,
        annotations=annotations or None,
    )


def reduced_set(raw: Mapping[str, Any]) -> Object:
    """Return the snapshot's form of a ParaSet that is valid."""
    spec = dict(raw["spec"])
    pod = msgspec.convert(without_nulls(spec["template"]["spec"]), PodSpec, strict=False)
    spec["template"] = {"spec": msgspec.to_builtins(pod)}
    spec["shapes"] = [{key: value for key, value in shape.items() if key != "env"} for shape in spec["shapes"]]
    status = {key: value for key, value in (raw.get("status") or {}).items() if key in _SET_STATUS}
    return _header(PARASET, raw) | {"spec": spec, "status": status}


def hashes_of(paraset: ParaSet) -> dict[str, str]:
    """Return the hash of the template by shape."""
    return {shape.name: template_hash(paraset, shape) for shape in paraset.spec.shapes}


def reduced_policy(raw: Mapping[str, Any]) -> Object:
    """Return the snapshot's form of a FillPolicy: all of it, but what others have written on it."""
    return _header(FILL_POLICY, raw) | {key: raw[key] for key in ("spec", "status") if key in raw}


def _header(kind: str, raw: Mapping[str, Any]) -> Object:
    metadata = {key: value for key, value in raw["metadata"].items() if key in _METADATA}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata}
