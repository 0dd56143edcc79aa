"""From JSON to claims: Deployments, StatefulSets, ReplicaSets, Jobs, autoscalers, Kueue's Workloads, CapacityBuffers.

What can't ask for a pod gives no claim, and costs no memory.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import msgspec

from paraset_operator.cluster.claim_wire import (
    Admission,
    AutoscalerWire,
    BufferWire,
    JobWire,
    ScaledWire,
    StoredTemplateWire,
    WorkloadWire,
)
from paraset_operator.cluster.claims import Claim, Template
from paraset_operator.cluster.decode import constraints_of
from paraset_operator.cluster.requests import spec_requests
from paraset_operator.cluster.wire import Condition, Metadata, PodSpec
from paraset_operator.model.announced import Source
from paraset_operator.model.constraints import Constraints

Decode: TypeAlias = Callable[[msgspec.Raw], tuple[Claim, ...]]
_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})
_JOB_ENDS = frozenset({"Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"})
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"


_scaled = msgspec.json.Decoder(ScaledWire, strict=False)
_jobs = msgspec.json.Decoder(JobWire, strict=False)
_autoscalers = msgspec.json.Decoder(AutoscalerWire, strict=False)
_workloads = msgspec.json.Decoder(WorkloadWire, strict=False)
_buffers = msgspec.json.Decoder(BufferWire, strict=False)
_templates = msgspec.json.Decoder(StoredTemplateWire, strict=False)


def scaled(kind: str) -> Decode:
    """Return the decoder of Deployments, StatefulSets or ReplicaSets; a ReplicaSet of a Deployment claims nothing."""

    def decode(data: msgspec.Raw) -> tuple[Claim, ...]:
        wire = _scaled.decode(data)
        meta = wire.metadata
        if wire.spec.replicas <= 0 or meta.deletion_timestamp or _controller_kind(meta) == "Deployment":
            return ()
        return (_claim(Source.WORKLOADS, kind, meta, wire.spec.replicas, template_of(wire.spec.template.spec)),)

    return decode


def job(data: msgspec.Raw) -> tuple[Claim, ...]:
    """Return a Job's claim: min(parallelism, completions - succeeded); without completions none once one succeeded."""
    wire = _jobs.decode(data)
    meta, spec, status = wire.metadata, wire.spec, wire.status
    if meta.deletion_timestamp or any(_holds(status.conditions, kind) for kind in _JOB_ENDS):
        return ()
    uncounted = status.uncounted_terminated_pods
    succeeded = status.succeeded + len((uncounted.succeeded if uncounted else None) or ())
    if spec.completions is None:
        wanted = 0 if succeeded else spec.parallelism
    else:
        wanted = min(spec.parallelism, spec.completions - succeeded)
    source = Source.SUSPENDED_JOBS if spec.suspend else Source.JOBS
    is_queued = spec.suspend and QUEUE_LABEL in (meta.labels or {})
    made = _claim(source, "Job", meta, max(0, wanted), template_of(spec.template.spec))
    return (replace(made, running=status.active, quiet=is_queued),)


def autoscaler(data: msgspec.Raw) -> tuple[Claim, ...]:
    """Return an autoscaler's claim to its target's pods; targets of other kinds are nothing that makes LS pods."""
    wire = _autoscalers.decode(data)
    meta, target = wire.metadata, wire.spec.scale_target_ref
    desired = min(wire.status.desired_replicas, wire.spec.max_replicas)
    if desired <= 0 or target.kind not in _SCALED or meta.deletion_timestamp:
        return ()
    asker = f"HorizontalPodAutoscaler {meta.namespace}/{meta.name}"
    return (Claim(Source.AUTOSCALERS, asker, (meta.namespace, f"{target.kind}/{target.name}"), desired),)


def kueue_workload(data: msgspec.Raw) -> tuple[Claim, ...]:
    """Return a Workload's claims while quota is reserved for it.

    Those of a Job are its Job's pods. Whose pods can't be told from others are claimed only until it is admitted: they
    come at once then.
    """
    wire = _workloads.decode(data)
    meta, conditions = wire.metadata, wire.status.conditions
    if not _holds(conditions, "QuotaReserved") or _holds(conditions, "Finished") or meta.deletion_timestamp:
        return ()
    owner = next((each for each in meta.owner_references or () if each.controller), None)
    is_job = owner is not None and owner.kind == "Job" and owner.api_version.startswith("batch/")
    if not is_job and _holds(conditions, "Admitted"):
        return ()
    asker = f"Workload {meta.namespace}/{meta.name}"
    counts = _admitted_counts(wire.status.admission)
    return tuple(
        Claim(
            Source.KUEUE,
            asker,
            (meta.namespace, f"Job/{owner.name}" if is_job and owner else f"Workload/{meta.name}/{each.name}"),
            counts.get(each.name, each.count),
            template_of(each.template.spec),
        )
        for each in wire.spec.pod_sets or ()
    )


def capacity_buffer(data: msgspec.Raw) -> tuple[Claim, ...]:
    """Return a buffer's claim, which stands beside all pods there are."""
    wire = _buffers.decode(data)
    meta, reference = wire.metadata, wire.status.pod_template_ref
    if wire.status.replicas <= 0 or reference is None or meta.deletion_timestamp:
        return ()
    made = _claim(Source.BUFFERS, "CapacityBuffer", meta, wire.status.replicas, None)
    return (replace(made, template_of=reference.name, stands=True),)


def pod_template(data: msgspec.Raw) -> tuple[tuple[str, str], Template]:
    """Return namespace and name of a PodTemplate, and what its pods are like."""
    wire = _templates.decode(data)
    return (wire.metadata.namespace, wire.metadata.name), template_of(wire.template.spec)


def template_of(spec: PodSpec) -> Template:
    """Return what pods of this spec will be like."""
    return Template(
        requests=spec_requests(spec),
        constraints=_shared(constraints_of(spec)),
        priority_class=spec.priority_class_name,
        priority=spec.priority,
        preemption_policy=spec.preemption_policy or "",
    )


@lru_cache(maxsize=4096)
def _shared(constraints: Constraints) -> Constraints:
    """Return one of equal constraints: thousands of templates say the same."""
    return constraints


def _claim(source: Source, kind: str, meta: Metadata, wanted: int, template: Template | None) -> Claim:
    asker = f"{kind} {meta.namespace}/{meta.name}"
    return Claim(source, asker, (meta.namespace, f"{kind}/{meta.name}"), wanted, template)


def _controller_kind(meta: Metadata) -> str:
    return next((each.kind for each in meta.owner_references or () if each.controller), "")


def _holds(conditions: list[Condition] | None, kind: str) -> bool:
    return any(each.type == kind and each.status == "True" for each in conditions or ())


def _admitted_counts(admission: Admission | None) -> dict[str, int]:
    assigned = (admission.pod_set_assignments if admission else None) or ()
    return {each.name: each.count for each in assigned if each.count is not None}
