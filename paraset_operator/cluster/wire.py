"""The parts of Kubernetes' Pod and Node JSON that are read, as slim structs; everything else is skipped undecoded."""

import msgspec


class Wire(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Base: camelCase outside, no garbage collection (no cycles can arise)."""


class Present(Wire):
    """An object of which only matters that it is there. (Raw would not do: beside None it takes nothing but null.)"""


class OwnerReference(Wire):
    """A metadata.ownerReferences entry."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Wire):
    """Object metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class ResourceRequirements(Wire):
    """Requests of a container or pod."""

    requests: dict[str, str | int] | None = None


class ContainerPort(Wire):
    """A container's port, for hostPort only."""

    host_port: int = 0


class Container(Wire):
    """A container's part of interest; `restart_policy` Always makes an init container a sidecar."""

    name: str = ""
    resources: ResourceRequirements | None = None
    restart_policy: str = ""
    ports: list[ContainerPort] | None = None


class TolerationWire(Wire):
    """A toleration."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class SelectorRequirement(Wire):
    """A node selector expression."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class SelectorTerm(Wire):
    """A node selector term."""

    match_expressions: list[SelectorRequirement] | None = None
    match_fields: list[SelectorRequirement] | None = None


class RequiredNodeAffinity(Wire):
    """The required part of node affinity."""

    node_selector_terms: list[SelectorTerm] | None = None


class NodeAffinity(Wire):
    """Node affinity, the required part."""

    required: RequiredNodeAffinity | None = msgspec.field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )


class PodAffinity(Wire):
    """Inter-pod affinity or anti-affinity: whether any is required."""

    required: list[Present] | None = msgspec.field(name="requiredDuringSchedulingIgnoredDuringExecution", default=None)


class Affinity(Wire):
    """A pod's affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class SpreadConstraint(Wire):
    """A topology spread constraint."""

    when_unsatisfiable: str = ""


class Volume(Wire):
    """A volume, for claims only."""

    persistent_volume_claim: Present | None = None
    ephemeral: Present | None = None


class SchedulingGate(Wire):
    """A scheduling gate."""

    name: str = ""


class PodSpec(Wire):
    """A pod's spec."""

    node_name: str = ""
    priority: int | None = None
    priority_class_name: str = ""
    preemption_policy: str | None = None
    termination_grace_period_seconds: int | None = None
    scheduling_gates: list[SchedulingGate] | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    topology_spread_constraints: list[SpreadConstraint] | None = None
    tolerations: list[TolerationWire] | None = None
    containers: list[Container] = []
    init_containers: list[Container] | None = None
    overhead: dict[str, str | int] | None = None
    volumes: list[Volume] | None = None
    resource_claims: list[Present] | None = None
    resources: ResourceRequirements | None = None


class Condition(Wire):
    """A condition of a pod or node."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class WaitingState(Wire):
    """Why a container waits."""

    reason: str = ""


class TerminatedState(Wire):
    """How a container ended."""

    reason: str = ""
    exit_code: int = 0


class ContainerState(Wire):
    """A container's state, unless it runs."""

    waiting: WaitingState | None = None
    terminated: TerminatedState | None = None


class ContainerStatus(Wire):
    """A container's status: what was granted, what is actual."""

    name: str = ""
    resources: ResourceRequirements | None = None
    allocated_resources: dict[str, str | int] | None = None
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodStatus(Wire):
    """A pod's status."""

    phase: str = ""
    reason: str = ""
    nominated_node_name: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    start_time: str | None = None


class PodWire(Wire):
    """A pod."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class TaintWire(Wire):
    """A taint."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Wire):
    """A node's spec."""

    unschedulable: bool = False
    taints: list[TaintWire] | None = None


class NodeStatus(Wire):
    """A node's status."""

    allocatable: dict[str, str | int] | None = None
    conditions: list[Condition] | None = None


class NodeWire(Wire):
    """A node."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class ListMetadata(Wire):
    """A list's metadata."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class ListWire(Wire):
    """A page of a list, its items undecoded."""

    metadata: ListMetadata = msgspec.field(default_factory=ListMetadata)
    items: list[msgspec.Raw] = []


class EventObject(Wire):
    """What every watched object, and the Status of an ERROR event, has."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    code: int = 0
    message: str = ""


class WatchEvent(Wire):
    """A watch event, its object undecoded."""

    type: str
    object: msgspec.Raw
