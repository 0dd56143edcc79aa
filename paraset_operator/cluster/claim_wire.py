"""The parts of objects that announce pods, as slim structs; everything else is skipped undecoded."""

import msgspec

from paraset_operator.cluster.wire import Condition, Metadata, PodSpec, Wire


class PodTemplateWire(Wire):
    """A pod template, its spec."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class ScaledSpec(Wire):
    """What Deployments, StatefulSets and ReplicaSets have in common."""

    replicas: int = 1
    template: PodTemplateWire = msgspec.field(default_factory=PodTemplateWire)


class ScaledWire(Wire):
    """A Deployment, StatefulSet or ReplicaSet."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: ScaledSpec = msgspec.field(default_factory=ScaledSpec)


class JobSpec(Wire):
    """A Job's spec."""

    parallelism: int = 1
    completions: int | None = None
    suspend: bool = False
    template: PodTemplateWire = msgspec.field(default_factory=PodTemplateWire)


class Uncounted(Wire):
    """Pods that have ended and are not in the counts yet."""

    succeeded: list[str] | None = None


class JobStatus(Wire):
    """A Job's status."""

    active: int = 0
    succeeded: int = 0
    uncounted_terminated_pods: Uncounted | None = None
    conditions: list[Condition] | None = None


class JobWire(Wire):
    """A Job."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)


class Target(Wire):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""


class AutoscalerSpec(Wire):
    """An autoscaler's spec."""

    scale_target_ref: Target = msgspec.field(default_factory=Target)
    max_replicas: int = 0


class AutoscalerStatus(Wire):
    """An autoscaler's status."""

    desired_replicas: int = 0


class AutoscalerWire(Wire):
    """A HorizontalPodAutoscaler."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: AutoscalerSpec = msgspec.field(default_factory=AutoscalerSpec)
    status: AutoscalerStatus = msgspec.field(default_factory=AutoscalerStatus)


class PodSet(Wire):
    """Pods of one kind in a Workload."""

    name: str = "main"
    count: int = 1
    template: PodTemplateWire = msgspec.field(default_factory=PodTemplateWire)


class WorkloadSpec(Wire):
    """A Workload's spec."""

    pod_sets: list[PodSet] | None = None


class Assignment(Wire):
    """What was admitted of a pod set."""

    name: str = "main"
    count: int | None = None


class Admission(Wire):
    """How a Workload was admitted."""

    pod_set_assignments: list[Assignment] | None = None


class WorkloadStatus(Wire):
    """A Workload's status."""

    admission: Admission | None = None
    conditions: list[Condition] | None = None


class WorkloadWire(Wire):
    """A Workload of Kueue."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: WorkloadSpec = msgspec.field(default_factory=WorkloadSpec)
    status: WorkloadStatus = msgspec.field(default_factory=WorkloadStatus)


class Reference(Wire):
    """An object by its name."""

    name: str = ""


class BufferStatus(Wire):
    """What a buffer promises."""

    replicas: int = 0
    pod_template_ref: Reference | None = None


class BufferWire(Wire):
    """A CapacityBuffer."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    status: BufferStatus = msgspec.field(default_factory=BufferStatus)


class StoredTemplateWire(Wire):
    """A PodTemplate."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    template: PodTemplateWire = msgspec.field(default_factory=PodTemplateWire)
