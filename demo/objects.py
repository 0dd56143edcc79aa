"""Pods, nodes and ParaSets as the demo's observer sees them.

Why this exists: the summary must not inherit a mistake of the operator, so the observer decodes and adds up resources
with code of its own. Invariants: amounts are whole numbers (cpu in millicores, memory in bytes, devices in pieces),
rounded up; a pod holds the largest of what its spec asks, what the node has allocated and what it really uses, init
containers and overhead included; records are never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from demo.wire import (
    Container,
    ContainerStatus,
    OwnerReference,
    Taint,
    Toleration,
    WireNode,
    WireParaSet,
    WirePod,
    WirePodSpec,
)

Amounts = Mapping[str, int]

CPU, MEMORY, GPU, PODS = "cpu", "memory", "nvidia.com/gpu", "pods"
PARASET_GROUP = "paraset.io"
FILLER_PRIORITY_CLASS = "paraset-filler"
SHAPE_LABEL = "paraset.io/shape"
LS_PRIORITY = 0

_SUFFIXES: dict[str, Fraction] = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Fraction(1024**power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod at one moment. `requests` is what it holds; `spec_requests` only what its spec asks now."""

    namespace: str
    name: str
    requests: Amounts
    spec_requests: Amounts
    uid: str = ""
    node: str = ""
    nominated: str = ""
    priority: int = 0
    priority_class: str = ""
    phase: str = "Pending"
    terminating: bool = False
    gated: bool = False
    unschedulable: bool = False
    owner: OwnerReference | None = None
    pinned: tuple[str, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    shape: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name

    @property
    def is_filler(self) -> bool:
        return (
            self.owner is not None
            and self.owner.kind == "ParaSet"
            and self.owner.api_version.startswith(PARASET_GROUP + "/")
        )

    @property
    def set_uid(self) -> str:
        """The ParaSet the pod belongs to; empty for any other pod."""
        return self.owner.uid if self.owner is not None and self.is_filler else ""

    @property
    def is_ls(self) -> bool:
        return self.priority >= LS_PRIORITY

    @property
    def finished(self) -> bool:
        return self.phase in {"Succeeded", "Failed"}

    @property
    def holds_room(self) -> bool:
        return bool(self.node) and not self.finished


@dataclass(frozen=True, slots=True)
class Node:
    """A node and what it can hand out."""

    name: str
    allocatable: Amounts
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    unschedulable: bool
    ready: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape at its smallest and largest; fixed resources have the same amount in both."""

    name: str
    least: Amounts
    most: Amounts


@dataclass(frozen=True, slots=True)
class ParaSet:
    """What the observer needs of a ParaSet: its ceiling and its shapes."""

    namespace: str
    name: str
    uid: str
    replicas: int
    suspended: bool
    shapes: tuple[Shape, ...]


def amount(resource: str, quantity: str | int) -> int:
    """A Kubernetes quantity as a whole number: millicores for cpu, base units for the rest, rounded up."""
    text = str(quantity)
    digits = text.rstrip("numkKMGTPEi")
    number = Fraction(digits) * _SUFFIXES[text[len(digits) :]]
    return ceil(number * 1000 if resource == CPU else number)


def amounts(quantities: Mapping[str, str | int] | None) -> dict[str, int]:
    return {resource: amount(resource, quantity) for resource, quantity in (quantities or {}).items()}


def largest(several: Iterable[Amounts]) -> dict[str, int]:
    result: dict[str, int] = {}
    for each in several:
        for resource, value in each.items():
            result[resource] = max(value, result.get(resource, 0))
    return result


def added(several: Iterable[Amounts]) -> dict[str, int]:
    result: dict[str, int] = {}
    for each in several:
        for resource, value in each.items():
            result[resource] = result.get(resource, 0) + value
    return result


def _container_requests(container: Container, status: ContainerStatus | None) -> Amounts:
    asked = amounts(container.resources.requests if container.resources else None)
    if status is None:
        return asked
    used = amounts(status.resources.requests if status.resources else None)
    return largest([asked, amounts(status.allocated_resources), used])


def _pod_requests(pod: WirePod, with_status: bool) -> dict[str, int]:
    statuses = (
        [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])] if with_status else []
    )
    by_name = {status.name: status for status in statuses}
    running = [_container_requests(each, by_name.get(each.name)) for each in pod.spec.containers or []]
    sidecars: list[Amounts] = []
    peaks: list[Amounts] = []
    for container in pod.spec.init_containers or []:
        requests = _container_requests(container, by_name.get(container.name))
        if container.restart_policy == "Always":
            sidecars.append(requests)
            peaks.append(added(sidecars))
        else:
            peaks.append(added([*sidecars, requests]))
    return added([largest([added([*running, *sidecars]), *peaks]), amounts(pod.spec.overhead)])


def _pinned(spec: WirePodSpec) -> tuple[str, ...]:
    affinity = spec.affinity.node_affinity if spec.affinity else None
    terms = affinity.required.node_selector_terms if affinity and affinity.required else None
    fields = [field for term in terms or [] for field in term.match_fields or []]
    return tuple(
        value
        for field in fields
        if field.key == "metadata.name" and field.operator == "In"
        for value in field.values or []
    )


def pod_of(wire: WirePod) -> Pod:
    spec, status, meta = wire.spec, wire.status, wire.metadata
    scheduled = next((each for each in status.conditions or [] if each.type == "PodScheduled"), None)
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        node=spec.node_name,
        nominated=status.nominated_node_name,
        priority=spec.priority,
        priority_class=spec.priority_class_name,
        phase=status.phase,
        terminating=meta.deletion_timestamp is not None,
        gated=bool(spec.scheduling_gates),
        unschedulable=scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable",
        requests=_pod_requests(wire, with_status=True),
        spec_requests=_pod_requests(wire, with_status=False),
        owner=next((owner for owner in meta.owner_references or [] if owner.controller), None),
        pinned=_pinned(spec),
        node_selector=spec.node_selector or {},
        tolerations=tuple(spec.tolerations or ()),
        shape=(meta.labels or {}).get(SHAPE_LABEL, ""),
    )


def node_of(wire: WireNode) -> Node:
    return Node(
        name=wire.metadata.name,
        allocatable=amounts(wire.status.allocatable),
        labels=wire.metadata.labels or {},
        taints=tuple(wire.spec.taints or ()),
        unschedulable=wire.spec.unschedulable,
        ready=any(each.type == "Ready" and each.status == "True" for each in wire.status.conditions or []),
    )


def paraset_of(wire: WireParaSet) -> ParaSet:
    shapes = []
    for shape in wire.spec.shapes or []:
        fixed, elastic = amounts(shape.fixed), shape.elastic or {}
        least = fixed | {resource: amount(resource, bounds.min) for resource, bounds in elastic.items()}
        most = fixed | {resource: amount(resource, bounds.max) for resource, bounds in elastic.items()}
        shapes.append(Shape(shape.name, least, most))
    meta, spec = wire.metadata, wire.spec
    return ParaSet(meta.namespace, meta.name, meta.uid, spec.replicas, spec.suspend, tuple(shapes))
