"""The API server's JSON as typed structs: only the fields the observer reads; all others are skipped while decoding."""

from __future__ import annotations

import msgspec


class _Wire(msgspec.Struct, rename="camel", frozen=True):
    """What the API server sends; fields nobody reads are skipped while decoding."""


class OwnerReference(_Wire, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Meta(_Wire, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class Resources(_Wire, frozen=True):
    requests: dict[str, str] | None = None


class Container(_Wire, frozen=True):
    name: str = ""
    resources: Resources | None = None
    restart_policy: str = ""


class ContainerStatus(_Wire, frozen=True):
    name: str = ""
    allocated_resources: dict[str, str] | None = None
    resources: Resources | None = None


class Requirement(_Wire, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class Term(_Wire, frozen=True):
    match_fields: list[Requirement] | None = None


class NodeSelector(_Wire, frozen=True):
    node_selector_terms: list[Term] | None = None


class NodeAffinity(_Wire, frozen=True):
    required: NodeSelector | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class Affinity(_Wire, frozen=True):
    node_affinity: NodeAffinity | None = None


class Toleration(_Wire, frozen=True):
    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class Taint(_Wire, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""


class Gate(_Wire, frozen=True):
    name: str = ""


class WirePodSpec(_Wire, frozen=True):
    node_name: str = ""
    priority: int = 0
    priority_class_name: str = ""
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    scheduling_gates: list[Gate] | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    overhead: dict[str, str] | None = None


class Condition(_Wire, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""


class PodStatus(_Wire, frozen=True):
    phase: str = ""
    nominated_node_name: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class WirePod(_Wire, frozen=True):
    metadata: Meta
    spec: WirePodSpec
    status: PodStatus


class WireNodeSpec(_Wire, frozen=True):
    unschedulable: bool = False
    taints: list[Taint] | None = None


class WireNodeStatus(_Wire, frozen=True):
    allocatable: dict[str, str] | None = None
    conditions: list[Condition] | None = None


class WireNode(_Wire, frozen=True):
    metadata: Meta
    spec: WireNodeSpec
    status: WireNodeStatus


class Range(_Wire, frozen=True):
    min: str | int = "0"
    max: str | int = "0"


class WireShape(_Wire, frozen=True):
    name: str = ""
    fixed: dict[str, str | int] | None = None
    elastic: dict[str, Range] | None = None


class ParaSetSpec(_Wire, frozen=True):
    replicas: int = 0
    suspend: bool = False
    shapes: list[WireShape] | None = None


class WireParaSet(_Wire, frozen=True):
    metadata: Meta
    spec: ParaSetSpec
