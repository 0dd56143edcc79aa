"""The pod of a filler: a set's template with everything that decides where, how big and how important set by us.

A pure function of the set and the decision. The template can't buy time or place: node, scheduler, priority and grace
are overwritten, tolerations are those the policy leaves, finalizers and annotations that keep a node do not come along.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from paraset_operator.acting.worker_view import show_worker
from paraset_operator.api.names import (
    ANNOTATION_CONTAINER,
    API_VERSION,
    FILLER,
    FILLER_PRIORITY_CLASS,
    LABEL_INSTANCE,
    LABEL_MANAGED_BY,
    LABEL_NAME,
    LABEL_PARASET,
    LABEL_SHAPE,
    LABEL_TEMPLATE_HASH,
    NODE_KEEPERS,
    NOTICES,
    OPERATOR,
    PARASET,
)
from paraset_operator.api.v1alpha1 import ParaSet, Shape
from paraset_operator.model.constraints import Toleration
from paraset_operator.model.plan import CreatePod
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import Resources, as_quantities, is_device

_OWNED_FIELDS = ("nodeName", "priority", "preemptionPolicy", "schedulerName")


def pod_manifest(paraset: ParaSet, action: CreatePod, grace_seconds: int) -> dict[str, Any]:
    """Return the pod to create for an action of this set."""
    shape = next(each for each in paraset.spec.shapes if each.name == action.shape)
    template = deepcopy(paraset.spec.template)
    spec = {key: value for key, value in template["spec"].items() if key not in _OWNED_FIELDS}
    container = shape_container(paraset)
    target = next(each for each in spec["containers"] if each["name"] == container)
    _set_resources(target, sized(action, shape))
    _set_env(target, shape)
    show_worker(spec, target, paraset.metadata.name, shape.name)
    spec |= {
        "priorityClassName": FILLER_PRIORITY_CLASS,
        "terminationGracePeriodSeconds": grace_seconds,
        "tolerations": [_toleration(each) for each in action.tolerations],
        "affinity": _pinned(spec.get("affinity") or {}, action.node),
    }
    metadata = template.get("metadata") or {}
    dropped = {*NOTICES, *NODE_KEEPERS}
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if key not in dropped}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": action.pod,
            "namespace": action.owner.namespace,
            "labels": (metadata.get("labels") or {}) | labels_of(paraset, shape),
            "annotations": annotations | {ANNOTATION_CONTAINER: container},
            "ownerReferences": [_owner_reference(paraset)],
        },
        "spec": spec,
    }


def selector_of(name: str) -> dict[str, str]:
    """Return the labels that select the fillers of a set."""
    return {LABEL_NAME: FILLER, LABEL_PARASET: name}


def labels_of(paraset: ParaSet, shape: Shape) -> dict[str, str]:
    """Return the labels of a filler of that shape."""
    return selector_of(paraset.metadata.name) | {
        LABEL_INSTANCE: paraset.metadata.name,
        LABEL_MANAGED_BY: OPERATOR,
        LABEL_SHAPE: shape.name,
        LABEL_TEMPLATE_HASH: template_hash(paraset, shape),
    }


def template_hash(paraset: ParaSet, shape: Shape) -> str:
    """Return what a running filler is compared by: all that can't be changed in place."""
    relevant = [
        paraset.spec.template,
        shape_container(paraset),
        shape.fixed,
        sorted(shape.elastic or ()),
        [each.model_dump() for each in shape.env or ()],
    ]
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:10]


def shape_container(paraset: ParaSet) -> str:
    """Return the name of the container whose resources the shape sets."""
    return paraset.spec.container or str(paraset.spec.template["spec"]["containers"][0]["name"])


def sized(action: CreatePod, shape: Shape) -> dict[str, str]:
    """Return the requests of the shape's container."""
    fixed = {name: str(amount) for name, amount in (shape.fixed or {}).items()}
    return fixed | as_quantities(action.sizes)


def resize_manifest(container: str, sizes: Resources) -> dict[str, Any]:
    """Return the strategic merge patch of pods/resize: only cpu and memory can change in place."""
    requests = as_quantities({name: amount for name, amount in sizes.items() if name in (CPU, MEMORY)})
    resources: dict[str, Any] = {"requests": requests}
    if MEMORY in requests:
        resources["limits"] = {MEMORY: requests[MEMORY]}
    return {"spec": {"containers": [{"name": container, "resources": resources}]}}


def _set_resources(target: dict[str, Any], requests: Mapping[str, str]) -> None:
    """Memory and devices are limited to the request; cpu is not, so that the pod is Burstable and idle cores serve."""
    resources = target.setdefault("resources", {})
    limits = {name: amount for name, amount in requests.items() if name == MEMORY or is_device(name)}
    resources["requests"] = (resources.get("requests") or {}) | dict(requests)
    if limits:
        resources["limits"] = (resources.get("limits") or {}) | limits


def _set_env(target: dict[str, Any], shape: Shape) -> None:
    if shape.env:
        named = {each.name for each in shape.env}
        kept = [each for each in target.get("env") or () if each.get("name") not in named]
        target["env"] = [*kept, *({"name": each.name, "value": each.value} for each in shape.env)]


def _pinned(affinity: dict[str, Any], node: str) -> dict[str, Any]:
    """Return the affinity with the node's name required on top of all the template requires."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    node_affinity = affinity.get("nodeAffinity") or {}
    required = node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms: Iterable[dict[str, Any]] = required.get("nodeSelectorTerms") or ({},)
    pinned = [term | {"matchFields": [*(term.get("matchFields") or ()), field]} for term in terms]
    required_now = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": pinned}}
    return affinity | {"nodeAffinity": node_affinity | required_now}


def _toleration(value: Toleration) -> dict[str, str]:
    fields = {"key": value.key, "operator": value.operator, "value": value.value, "effect": value.effect}
    return {name: text for name, text in fields.items() if text}


def _owner_reference(paraset: ParaSet) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": PARASET,
        "name": paraset.metadata.name,
        "uid": paraset.metadata.uid,
        "controller": True,
    }
