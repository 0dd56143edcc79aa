"""The APIs that announce pods, each watched from when a policy first wants it; one that is absent holds up nobody."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import structlog

from paraset_operator.cluster.claim_decode import autoscaler, capacity_buffer, job, kueue_workload, scaled
from paraset_operator.cluster.claims import ClaimStore, Key
from paraset_operator.cluster.client import ApiError, Client
from paraset_operator.cluster.pod_templates import PodTemplates
from paraset_operator.cluster.priority_classes import PriorityClasses
from paraset_operator.cluster.reflector import Reflector, Store
from paraset_operator.model.announced import Announcement, Source, wanted_sources
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.announcements import Announcements
from paraset_operator.runtime.windows import Windows

_log = structlog.get_logger(__name__)

_SCALED = frozenset({Source.WORKLOADS, Source.AUTOSCALERS})
_OBJECTS = frozenset(Source) - {Source.GATED, Source.WINDOWS}


class _Watch(NamedTuple):
    path: str
    store: Store
    sources: frozenset[Source]

    @property
    def resource(self) -> str:
        return self.path.rpartition("/")[2]


class AnnouncedDemand:
    """What is announced, for pictures. `on_demand` is called when room is wanted, `on_change` at any change."""

    def __init__(
        self, client: Client, metrics: Metrics, on_demand: Callable[[], None], on_change: Callable[[], None]
    ) -> None:
        self._client, self._metrics = client, metrics
        self._windows = Windows()
        classes, templates = PriorityClasses(self._touch_all), PodTemplates(self._touch_all)
        kinds = {
            "/apis/apps/v1/deployments": (scaled("Deployment"), _SCALED),
            "/apis/apps/v1/statefulsets": (scaled("StatefulSet"), _SCALED),
            "/apis/apps/v1/replicasets": (scaled("ReplicaSet"), _SCALED),
            "/apis/batch/v1/jobs": (job, frozenset({Source.JOBS, Source.SUSPENDED_JOBS, Source.KUEUE})),
            "/apis/autoscaling/v2/horizontalpodautoscalers": (autoscaler, frozenset({Source.AUTOSCALERS})),
            "/apis/kueue.x-k8s.io/v1beta1/workloads": (kueue_workload, frozenset({Source.KUEUE})),
            "/apis/autoscaling.x-k8s.io/v1beta1/capacitybuffers": (capacity_buffer, frozenset({Source.BUFFERS})),
        }
        stores = {path: ClaimStore(decode, self._touch) for path, (decode, _) in kinds.items()}
        self.announcements = Announcements(stores.values(), classes, templates, on_demand, on_change)
        self._watches = [
            *(_Watch(path, stores[path], sources) for path, (_, sources) in kinds.items()),
            _Watch("/apis/scheduling.k8s.io/v1/priorityclasses", classes, _OBJECTS),
            _Watch("/api/v1/podtemplates", templates, frozenset({Source.BUFFERS})),
        ]
        self._wanted = {watch.path: asyncio.Event() for watch in self._watches}
        self._absent: set[str] = set()

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the watches, by name."""
        return {f"watch of {watch.path}": self._run(watch) for watch in self._watches}

    def now(
        self, policies: tuple[PolicyView, ...], nodes: tuple[NodeState, ...], waiting: tuple[Pod, ...]
    ) -> tuple[Announcement, ...]:
        """Return what is announced now, and see that what policies want is watched."""
        policies = policies or (DEFAULT_POLICY,)
        wanted = wanted_sources(policy.announced for policy in policies)
        for watch in self._watches:
            if watch.sources & wanted:
                self._wanted[watch.path].set()
        longest = max(policy.announced.timeout for policy in policies)
        asked = [each for each in self.announcements.in_force() if each.source in wanted and each.age <= longest]
        return (*asked, *self._windows.announcements(policies, nodes, waiting, time.time()))

    async def _run(self, watch: _Watch) -> None:
        await self._wanted[watch.path].wait()
        reflector = Reflector(
            self._client,
            watch.path,
            watch.store,
            lambda: self._listed(watch),
            lambda error: self._missing(watch, error),
        )
        self._metrics.api.listens(reflector)
        await reflector.run()

    def _listed(self, watch: _Watch) -> None:
        if watch.path in self._absent:
            self._absent.discard(watch.path)
            _log.info("announced demand is watched now", path=watch.path)
        self._metrics.api.relists.labels(watch.resource).inc()
        self._metrics.announced_watches.labels(watch.resource).set(1)

    def _missing(self, watch: _Watch, error: ApiError) -> None:
        if watch.path not in self._absent:
            self._absent.add(watch.path)
            _log.warning("announced demand is not watched", path=watch.path, error=str(error))
        self._metrics.announced_watches.labels(watch.resource).set(0)

    def _touch(self, key: Key) -> None:
        self.announcements.touch(key)

    def _touch_all(self) -> None:
        self.announcements.touch_all()
