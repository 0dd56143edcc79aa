"""The kinds of objects that announce LS pods, and what all of them together announce.

Fed by watches while the operator runs, and once from a file or a list by who plans beside it.
"""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from paraset_operator.cluster.claim_decode import Decode, autoscaler, capacity_buffer, job, kueue_workload, scaled
from paraset_operator.cluster.claims import ClaimStore, Key
from paraset_operator.cluster.pod_templates import PodTemplates
from paraset_operator.cluster.priority_classes import PriorityClasses
from paraset_operator.cluster.reflector import Store
from paraset_operator.model.announced import Announcement, Source, wanted_sources
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.runtime.announcements import Announcements, Later, call_later
from paraset_operator.runtime.windows import Windows

_SCALED = frozenset({Source.WORKLOADS, Source.AUTOSCALERS})
_OBJECTS = frozenset(Source) - {Source.GATED, Source.WINDOWS}


class AnnouncedKind(NamedTuple):
    """A kind, where it is listed, and the sources that need it. What its objects claim, unless it only describes."""

    api_version: str
    kind: str
    path: str
    sources: frozenset[Source]
    decode: Decode | None = None
    older: tuple[str, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """The path by each version that is understood, the newest first."""
        return {each: self.path.replace(self.api_version, each) for each in (self.api_version, *self.older)}

    @property
    def resource(self) -> str:
        """The kind as paths name it."""
        return self.path.rpartition("/")[2]


PRIORITY_CLASS = AnnouncedKind(
    "scheduling.k8s.io/v1", "PriorityClass", "/apis/scheduling.k8s.io/v1/priorityclasses", _OBJECTS
)
POD_TEMPLATE = AnnouncedKind("v1", "PodTemplate", "/api/v1/podtemplates", frozenset({Source.BUFFERS}))
KINDS = (
    AnnouncedKind("apps/v1", "Deployment", "/apis/apps/v1/deployments", _SCALED, scaled("Deployment")),
    AnnouncedKind("apps/v1", "StatefulSet", "/apis/apps/v1/statefulsets", _SCALED, scaled("StatefulSet")),
    AnnouncedKind("apps/v1", "ReplicaSet", "/apis/apps/v1/replicasets", _SCALED, scaled("ReplicaSet")),
    AnnouncedKind(
        "batch/v1",
        "Job",
        "/apis/batch/v1/jobs",
        frozenset({Source.JOBS, Source.SUSPENDED_JOBS, Source.KUEUE}),
        job,
    ),
    AnnouncedKind(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "/apis/autoscaling/v2/horizontalpodautoscalers",
        frozenset({Source.AUTOSCALERS}),
        autoscaler,
    ),
    AnnouncedKind(
        "kueue.x-k8s.io/v1beta2",
        "Workload",
        "/apis/kueue.x-k8s.io/v1beta2/workloads",
        frozenset({Source.KUEUE}),
        kueue_workload,
        ("kueue.x-k8s.io/v1beta1",),
    ),
    AnnouncedKind(
        "autoscaling.x-k8s.io/v1beta1",
        "CapacityBuffer",
        "/apis/autoscaling.x-k8s.io/v1beta1/capacitybuffers",
        frozenset({Source.BUFFERS}),
        capacity_buffer,
    ),
    PRIORITY_CLASS,
    POD_TEMPLATE,
)


def wanted_by(policies: Iterable[PolicyView]) -> frozenset[Source]:
    """Return the sources that any policy takes; without a policy those of the built-in one."""
    return wanted_sources(policy.announced for policy in tuple(policies) or (DEFAULT_POLICY,))


class AnnouncedObjects:
    """Stores by path, and what is announced by all that is in them and by the clock."""

    def __init__(
        self,
        on_demand: Callable[[], None],
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        later: Later = call_later,
    ) -> None:
        self._windows = Windows()
        self.classes, templates = PriorityClasses(self._touch_all), PodTemplates(self._touch_all)
        claims = {each.path: ClaimStore(each.decode, self._touch) for each in KINDS if each.decode}
        self.announcements = Announcements(claims.values(), self.classes, templates, on_demand, on_change, clock, later)
        self.stores: dict[str, Store] = {**claims, PRIORITY_CLASS.path: self.classes, POD_TEMPLATE.path: templates}

    def now(
        self,
        policies: tuple[PolicyView, ...],
        nodes: tuple[NodeState, ...],
        waiting: tuple[Pod, ...],
        wall: float,
    ) -> tuple[Announcement, ...]:
        """Return what is announced at `wall`, seconds since the epoch, as far as policies take it."""
        policies = policies or (DEFAULT_POLICY,)
        wanted = wanted_by(policies)
        longest = max(policy.announced.timeout for policy in policies)
        asked = [each for each in self.announcements.in_force() if each.source in wanted and each.age <= longest]
        return (*asked, *self._windows.announcements(policies, nodes, waiting, wall))

    def _touch(self, key: Key) -> None:
        self.announcements.touch(key)

    def _touch_all(self) -> None:
        self.announcements.touch_all()
