"""From JSON bytes to model values: the one place that knows the wire form of Pods and Nodes."""

import sys
from datetime import datetime
from types import MappingProxyType

import msgspec

from paraset_operator.api.names import (
    ANNOTATION_CONTAINER,
    FILLER_PRIORITY_CLASS,
    GROUP,
    LABEL_PARASET,
    LABEL_SHAPE,
    LABEL_TEMPLATE_HASH,
    OPERATOR,
    PARASET,
)
from paraset_operator.cluster.gpu_shares import devices_of_node, shares_of_pod
from paraset_operator.cluster.requests import amounts, held_requests, spec_requests, wanting
from paraset_operator.cluster.wire import (
    ContainerStatus,
    NodeWire,
    PodSpec,
    PodStatus,
    PodWire,
    SelectorRequirement,
)
from paraset_operator.cluster.worker_word import leaving_at, word_of
from paraset_operator.model.constraints import Constraints, NodeSelectorTerm, Requirement, Toleration
from paraset_operator.model.node import Node, Taint
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import NOTHING, Resources

_pods = msgspec.json.Decoder(PodWire)
_nodes = msgspec.json.Decoder(NodeWire)

_QUEUE = "kueue.x-k8s.io/"
# The kubelet has granted what it carries out.
_UNDER_WAY = (Resize.IN_PROGRESS, Resize.ERROR)
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_CRASHES = "CrashLoopBackOff"
# What a container waits for that waiting will not cure.
_TROUBLES = frozenset(
    {
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        _CRASHES,
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)


def decode_pod(data: bytes | msgspec.Raw) -> Pod:
    """Return the pod of a JSON object; raise msgspec.DecodeError when it is none."""
    return pod_of(_pods.decode(data))


def decode_node(data: bytes | msgspec.Raw) -> Node:
    """Return the node of a JSON object; raise msgspec.DecodeError when it is none."""
    return node_of(_nodes.decode(data))


def node_of(wire: NodeWire) -> Node:
    """Return the node's value."""
    conditions = {each.type: each.status for each in wire.status.conditions or ()}
    pressure = next((name for name in _PRESSURES if conditions.get(name) == "True"), "")
    if wire.metadata.deletion_timestamp:
        trouble = "Deleting"
    elif conditions.get("Ready") != "True":
        trouble = "NotReady"
    else:
        trouble = pressure or ("Cordoned" if wire.spec.unschedulable else "")
    allocatable = amounts(wire.status.allocatable)
    return Node(
        name=wire.metadata.name,
        allocatable=allocatable,
        labels=MappingProxyType(wire.metadata.labels or {}),
        taints=tuple(Taint(each.key, each.value, each.effect) for each in wire.spec.taints or ()),
        trouble=trouble,
        is_cordoned=wire.spec.unschedulable,
        devices=devices_of_node(allocatable),
    )


def pod_of(wire: PodWire) -> Pod:
    """Return the pod's value, as that of a filler where a ParaSet controls it and all marks of one are there."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    is_finished = status.phase in ("Succeeded", "Failed")
    owner, index = _owner(wire)
    # The API server binds no pod that was deleted before, however long a finalizer keeps it.
    is_idle = is_finished or (meta.deletion_timestamp is not None and not spec.node_name)
    held = NOTHING if is_idle else held_requests(spec, status)
    requests = NOTHING if is_idle else spec_requests(spec)
    container = _shape_container(wire) if owner else ""
    word = word_of(meta.annotations if owner else None)
    resize, mark = _resize(status), _preempted_because(status)
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        priority=spec.priority or 0,
        node=spec.node_name,
        target=_pinned_node(spec) if owner else "",
        nominated="" if spec.node_name else status.nominated_node_name,
        held=requests if held == requests else held,
        requests=requests,
        constraints=constraints_of(spec),
        owner=owner,
        shape=(meta.labels or {}).get(LABEL_SHAPE, "") if owner else "",
        index=index,
        template_hash=(meta.labels or {}).get(LABEL_TEMPLATE_HASH, "") if owner else "",
        sizes=_sizes(spec, container) if owner else NOTHING,
        allocated=_allocated(status, container) if owner else NOTHING,
        is_terminating=meta.deletion_timestamp is not None,
        grace_seconds=meta.deletion_grace_period_seconds or 0,
        usual_grace_seconds=(spec.termination_grace_period_seconds or 0) if owner else 0,
        is_finished=is_finished,
        is_gated=bool(spec.scheduling_gates),
        is_queued=any(each.name.startswith(_QUEUE) for each in spec.scheduling_gates or ()),
        is_ready=_condition(status, "Ready") == "True",
        is_running=status.phase == "Running",
        is_preempted=bool(mark) and not mark.startswith(OPERATOR),
        is_marked=bool(mark),
        may_preempt=spec.preemption_policy != "Never",
        resize=resize,
        trouble=_trouble(status) if owner else "",
        created=_seconds(meta.creation_timestamp),
        started=_seconds(status.start_time),
        revision=meta.resource_version,
        on_devices=shares_of_pod(meta.annotations, held),
        checkpointed=word.checkpointed,
        progress=word.progress,
        misread=word.misread,
        leaving_at=leaving_at(meta.annotations) if owner else 0.0,
        wanting=NOTHING if owner or resize in _UNDER_WAY else wanting(spec, status),
        controller="" if owner else _controller(wire),
    )


def _controller(wire: PodWire) -> str:
    """Return kind and name of what made the pod; the same text for all its pods, kept once."""
    made_by = next((each for each in wire.metadata.owner_references or () if each.controller), None)
    return sys.intern(f"{made_by.kind}/{made_by.name}") if made_by else ""


def _owner(wire: PodWire) -> tuple[str, int]:
    """Return the uid of the ParaSet that controls the pod and its index; a pod with only some marks is nobody's."""
    meta = wire.metadata
    for reference in meta.owner_references or ():
        if reference.controller and reference.kind == PARASET and reference.api_version.startswith(GROUP + "/"):
            head, _, tail = meta.name.rpartition("-")
            is_marked = (meta.labels or {}).get(LABEL_PARASET) == reference.name == head
            is_index = tail.isdecimal() and tail == str(int(tail))
            if is_marked and is_index and wire.spec.priority_class_name == FILLER_PRIORITY_CLASS:
                return reference.uid, int(tail)
    return "", -1


def _pinned_node(spec: PodSpec) -> str:
    required = spec.affinity.node_affinity.required if spec.affinity and spec.affinity.node_affinity else None
    for term in (required.node_selector_terms or ()) if required else ():
        for field in term.match_fields or ():
            if field.key == "metadata.name" and field.operator == "In" and field.values:
                return field.values[0]
    return ""


def constraints_of(spec: PodSpec) -> Constraints:
    """Return where the pod may run."""
    affinity = spec.affinity
    required = affinity.node_affinity.required if affinity and affinity.node_affinity else None
    return Constraints(
        node_selector=tuple(sorted((spec.node_selector or {}).items())),
        affinity=None
        if required is None
        else tuple(
            NodeSelectorTerm(_requirements(term.match_expressions), _requirements(term.match_fields))
            for term in required.node_selector_terms or ()
        ),
        tolerations=tuple(
            Toleration(each.key, each.operator or "Equal", each.value, each.effect) for each in spec.tolerations or ()
        ),
        is_judgeable=_is_judgeable(spec),
    )


def _requirements(wires: list[SelectorRequirement] | None) -> tuple[Requirement, ...]:
    return tuple(Requirement(each.key, each.operator, tuple(each.values or ())) for each in wires or ())


def _is_judgeable(spec: PodSpec) -> bool:
    affinity = spec.affinity
    return not (
        (affinity and affinity.pod_affinity and affinity.pod_affinity.required)
        or (affinity and affinity.pod_anti_affinity and affinity.pod_anti_affinity.required)
        or any(each.when_unsatisfiable == "DoNotSchedule" for each in spec.topology_spread_constraints or ())
        or any(each.persistent_volume_claim or each.ephemeral for each in spec.volumes or ())
        or any(port.host_port for container in spec.containers for port in container.ports or ())
        or spec.resource_claims
    )


def _shape_container(wire: PodWire) -> str:
    named = (wire.metadata.annotations or {}).get(ANNOTATION_CONTAINER, "")
    return named or (wire.spec.containers[0].name if wire.spec.containers else "")


def _sizes(spec: PodSpec, container: str) -> Resources:
    requests = next((each.resources for each in spec.containers if each.name == container), None)
    return amounts(requests.requests if requests else None)


def _allocated(status: PodStatus, container: str) -> Resources:
    granted = next((each for each in status.container_statuses or () if each.name == container), None)
    return amounts(granted.allocated_resources if granted else None)


def _resize(status: PodStatus) -> Resize:
    for each in status.conditions or ():
        if each.type == "PodResizePending" and each.status == "True":
            return Resize.INFEASIBLE if each.reason == "Infeasible" else Resize.DEFERRED
        if each.type == "PodResizeInProgress" and each.status == "True":
            return Resize.ERROR if each.reason == "Error" else Resize.IN_PROGRESS
    return Resize.NONE


def _trouble(status: PodStatus) -> str:
    if status.phase == "Failed":
        return status.reason or "Failed"
    for each in status.container_statuses or ():
        if each.state and each.state.waiting and each.state.waiting.reason in _TROUBLES:
            return each.state.waiting.reason + _last_end(each)
    return ""


def _last_end(container: ContainerStatus) -> str:
    """Say how a container that crashes ended last: OOMKilled tells more than that it did. Nothing for other troubles,
    which are known by their reason alone.
    """
    end = container.last_state.terminated if container.last_state else None
    crashes = container.state and container.state.waiting and container.state.waiting.reason == _CRASHES
    return f" ({end.reason}, exit code {end.exit_code})" if end and crashes else ""


def _preempted_because(status: PodStatus) -> str:
    """Return what is said of a pod that is preempted, empty of any other; where we have marked it, that names us."""
    conditions = (each for each in status.conditions or () if each.type == "DisruptionTarget")
    found = next((each for each in conditions if each.reason == "PreemptionByScheduler"), None)
    return (found.message or found.reason) if found else ""


def _condition(status: PodStatus, kind: str) -> str:
    return next((each.status for each in status.conditions or () if each.type == kind), "")


def _seconds(timestamp: str | None) -> float:
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else 0.0
