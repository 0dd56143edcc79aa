"""The APIs that announce pods, each watched from when a policy first wants it; one that is absent holds up nobody."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from paraset_operator.cluster.client import ApiError, Client
from paraset_operator.cluster.reflector import Reflector
from paraset_operator.model.announced import Announcement
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.announced_objects import KINDS, AnnouncedKind, AnnouncedObjects, wanted_by

_log = structlog.get_logger(__name__)


class AnnouncedDemand:
    """What is announced, for pictures. `on_demand` is called when room is wanted, `on_change` at any change."""

    def __init__(
        self, client: Client, metrics: Metrics, on_demand: Callable[[], None], on_change: Callable[[], None]
    ) -> None:
        self._client, self._metrics = client, metrics
        self._objects = AnnouncedObjects(on_demand, on_change)
        self.announcements = self._objects.announcements
        self._wanted = {kind.path: asyncio.Event() for kind in KINDS}
        self._absent: set[str] = set()

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the watches, by name."""
        return {f"watch of {kind.path}": self._run(kind) for kind in KINDS}

    def now(
        self, policies: tuple[PolicyView, ...], nodes: tuple[NodeState, ...], waiting: tuple[Pod, ...]
    ) -> tuple[Announcement, ...]:
        """Return what is announced now, and see that what policies want is watched."""
        wanted = wanted_by(policies)
        for kind in KINDS:
            if kind.sources & wanted:
                self._wanted[kind.path].set()
        return self._objects.now(policies, nodes, waiting, time.time())

    async def _run(self, kind: AnnouncedKind) -> None:
        await self._wanted[kind.path].wait()
        reflector = Reflector(
            self._client,
            kind.path,
            self._objects.stores[kind.path],
            lambda: self._listed(kind),
            lambda error: self._missing(kind, error),
            [*kind.versions.values()][1:],
        )
        self._metrics.api.listens(reflector)
        await reflector.run()

    def _listed(self, kind: AnnouncedKind) -> None:
        if kind.path in self._absent:
            self._absent.discard(kind.path)
            _log.info("announced demand is watched now", path=kind.path)
        self._metrics.api.relists.labels(kind.resource).inc()
        self._metrics.announced_watches.labels(kind.resource).set(1)

    def _missing(self, kind: AnnouncedKind, error: ApiError) -> None:
        if kind.path not in self._absent:
            self._absent.add(kind.path)
            _log.warning("announced demand is not watched", path=kind.path, error=str(error))
        self._metrics.announced_watches.labels(kind.resource).set(0)
