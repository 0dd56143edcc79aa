"""Measures now and then how fragmented the cluster is, beside the loop: nothing waits for it, and it decides nothing.

What was counted of a node is kept until its pods change, so that a measure costs little in a cluster that is calm.
"""

import asyncio
import time
from typing import NamedTuple

import structlog

from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.fragmentation import (
    Category,
    DeviceRoom,
    cluster_categories,
    idle_of,
    room_without_fillers,
    rooms_of,
)
from paraset_operator.planning.target_workload import WorkloadCounts
from paraset_operator.reporting.metrics import Metrics

_log = structlog.get_logger(__name__)

# Seconds between two measures.
EVERY = 5.0


class _Known(NamedTuple):
    state: NodeState
    room: dict[str, int]
    devices: dict[str, DeviceRoom]
    has_idle: bool


class FragmentMeter:
    """The fragmentation of one cluster as snapshots follow one another."""

    def __init__(self) -> None:
        self._workload = WorkloadCounts()
        self._rooms: dict[str, _Known] = {}

    def measure(self, snapshot: Snapshot) -> dict[str, dict[Category, float]]:
        """Return how many devices would be idle without fillers, by resource and category; {} if there is no LS pod.

        Nodes with trouble are left out: their idle devices are nobody's.
        """
        workload = self._workload.observed(snapshot)
        self._renew(snapshot)
        usable = (self._rooms[state.node.name] for state in snapshot.nodes if not state.node.trouble)
        holes = [known for known in usable if known.has_idle]
        if not workload.classes or not holes:
            return {}
        access = workload.may_run_on_each([known.state.node for known in holes])
        rooms = rooms_of([known.room for known in holes], [known.devices for known in holes], access)
        return cluster_categories(rooms, workload)

    def _renew(self, snapshot: Snapshot) -> None:
        before, self._rooms = self._rooms, {}
        for state in snapshot.nodes:
            known = before.get(state.node.name)
            self._rooms[state.node.name] = known if known is not None and known.state is state else _seen(state)


def _seen(state: NodeState) -> _Known:
    room, devices = room_without_fillers(state)
    return _Known(state, room, devices, bool(idle_of(room, devices)))


class FragmentWatch:
    """Brings the metrics of fragmentation up to date, in a thread and not more often than every few seconds."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics, self._meter = metrics, FragmentMeter()
        self._task: asyncio.Task[None] | None = None
        self._measured_at = float("-inf")

    def saw(self, snapshot: Snapshot) -> None:
        """Measure a snapshot unless one was measured a short while ago, or is just being measured."""
        is_busy = self._task is not None and not self._task.done()
        if not is_busy and time.monotonic() - self._measured_at >= EVERY:
            self._measured_at = time.monotonic()
            self._task = asyncio.create_task(self._measure(snapshot), name="fragmentation")

    async def _measure(self, snapshot: Snapshot) -> None:
        try:
            self._metrics.fragmented(await asyncio.to_thread(self._meter.measure, snapshot))
        except Exception:  # noqa: BLE001 - a gauge is not worth the operator
            _log.exception("fragmentation not measured")
