"""The single writes an action is made of, and how their answers are read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from paraset_operator.acting.manifest import pod_manifest, resize_manifest, shape_container
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.api.names import (
    ANNOTATION_LEAVING_AT,
    ANNOTATION_LEAVING_BECAUSE,
    FIELD_MANAGER,
    NOTICES,
    OPERATOR,
)
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.client import ApiError, Client, at_once
from paraset_operator.model.plan import Action, Beneficiary, CreatePod, DeletePod, NominatePod, Notice, ResizePod
from paraset_operator.model.pod import Pod

MANAGED = {"fieldManager": FIELD_MANAGER}
_REFUSALS = frozenset({400, 403, 413, 422})


def pod_path(pod: Pod, subresource: str = "") -> str:
    """Return the path of a pod or of one of its subresources."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
    return f"{path}/{subresource}" if subresource else path


class PodWriter:
    """Sends one write and returns the object as stored; raises ApiError or a connection's error.

    Who is not in a hurry awaits `lull` first.
    """

    def __init__(self, client: Client, lull: Callable[[], Awaitable[None]] = at_once) -> None:
        self._client, self.lull = client, lull

    async def create(self, action: CreatePod, paraset: ParaSet) -> bytes:
        """Create a filler; its deterministic name makes a repeated create harmless."""
        manifest = pod_manifest(paraset, action, action.grace_seconds)
        return await self._client.create(f"/api/v1/namespaces/{action.owner.namespace}/pods", manifest, MANAGED)

    async def check(self, action: CreatePod, paraset: ParaSet) -> None:
        """Ask the API server whether it would take the filler, without making it."""
        manifest = pod_manifest(paraset, action, action.grace_seconds)
        path = f"/api/v1/namespaces/{action.owner.namespace}/pods"
        await self._client.create(path, manifest, MANAGED | {"dryRun": "All"})

    async def delete(self, action: DeletePod) -> bytes:
        """Delete exactly the pod that was decided upon."""
        return await self._client.delete(pod_path(action.pod), uid=action.pod.uid, grace_seconds=action.grace_seconds)

    async def resize(self, action: ResizePod, paraset: ParaSet) -> bytes:
        """Change the requests of the shape's container in place."""
        body = resize_manifest(shape_container(paraset), action.sizes) | {"metadata": {"uid": action.pod.uid}}
        return await self._client.strategic_merge(pod_path(action.pod, "resize"), body)

    async def mark(self, pod: Pod, beneficiary: Beneficiary) -> bytes:
        """Mark a filler as preempted: the scheduler then waits for its room instead of preempting a second one.

        It tells room that is on its way for a nominated pod from any other by this condition alone.
        """
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "PreemptionByScheduler",
            "message": f"{OPERATOR}: makes room for {beneficiary.key}",
            "lastTransitionTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        body = {"metadata": {"uid": pod.uid}, "status": {"conditions": [condition]}}
        return await self._client.strategic_merge(pod_path(pod, "status"), body)

    async def notify(self, notice: Notice) -> bytes:
        """Tell a filler by annotations when it will be moved and why, or that it stays."""
        told: dict[str, str | None] = dict.fromkeys(NOTICES)
        if notice.leaving_at:
            at = datetime.fromtimestamp(notice.leaving_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            told = {ANNOTATION_LEAVING_AT: at, ANNOTATION_LEAVING_BECAUSE: f"{notice.reason}: {notice.detail}"}
        body = {"metadata": {"uid": notice.pod.uid, "annotations": told}}
        return await self._client.merge(pod_path(notice.pod), body)

    async def nominate(self, action: NominatePod) -> bytes:
        """Nominate a node, unless the pod has changed since it was looked at: then the scheduler may have chosen."""
        identity = {"uid": action.pod.uid, "resourceVersion": action.pod.revision}
        body = {"metadata": identity, "status": {"nominatedNodeName": action.node}}
        return await self._client.merge(pod_path(action.pod, "status"), body)


def outcome_of(action: Action | NominatePod, error: Exception | None) -> Outcome:
    """Return what an answer means for the action."""
    if error is None:
        return Outcome(action, Result.DONE, 200)
    if not isinstance(error, ApiError):
        return Outcome(action, Result.FAILED, 0, str(error) or type(error).__name__)
    if error.status == 404:
        result = Result.GONE
    elif error.status == 409:
        result = Result.GONE if isinstance(action, DeletePod) else Result.SUPERSEDED
    else:
        result = Result.REFUSED if error.status in _REFUSALS else Result.FAILED
    return Outcome(action, result, error.status, error.message)
