"""Arrivals without departures: tasks drawn with replacement until they ask for a share of the cluster (FGD's way).

Tasks are served in the order they come, and one that fits nowhere is skipped. Where nobody asks for GPUs, or no node
has any, the share is one of CPU.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paraset_operator.simulation.fleet import Amount, Fleet
from paraset_operator.simulation.rows import TraceError
from paraset_operator.simulation.schedulers import Scheduler
from paraset_operator.simulation.trace_tables import Task

_BATCH = 1024


@dataclass(frozen=True, slots=True)
class Bound:
    """A task on its node."""

    task: Task
    node: int
    amount: Amount


def drawn(tasks: Sequence[Task], seed: int) -> Iterator[Task]:
    """Yield tasks for ever, each as likely as any other every time."""
    chance = np.random.default_rng((seed, 0))
    while True:
        yield from (tasks[index] for index in chance.integers(len(tasks), size=_BATCH))


def weigh(task: Task, *, by_gpu: bool) -> int:
    """Return what a task asks for of the resource that load is measured by."""
    return task.gpu_milli if by_gpu else task.cpu


class Inflation:
    """LS load that only grows; `percent` may be raised step by step, which gives the same as in one step."""

    def __init__(self, fleet: Fleet, scheduler: Scheduler, tasks: Sequence[Task], seed: int) -> None:
        self._fleet, self._scheduler = fleet, scheduler
        self._by_gpu = bool(fleet.size.any()) and any(task.gpus for task in tasks)
        self._capacity = int(fleet.size.sum() if self._by_gpu else fleet.cpu.sum())
        self._arrivals = drawn(tasks, seed)
        asks = any(weigh(task, by_gpu=self._by_gpu) for task in tasks)
        self._next = next(self._arrivals) if asks else None
        self.asked = 0
        self.skipped = 0
        self.bound: list[Bound] = []

    def begin_with(self, tasks: Iterable[Task]) -> None:
        """Count what asks for room already."""
        self.asked += sum(weigh(task, by_gpu=self._by_gpu) for task in tasks)

    def grow(self, percent: float) -> None:
        """Let tasks arrive until the next one would make them ask for more than `percent` of the capacity."""
        if self._next is None and percent > 0:
            raise TraceError("no pod asks for anything, so none arrives: name others by --pods, or leave out --arrived")
        limit = percent * self._capacity / 100
        while self._next and self.asked + weigh(self._next, by_gpu=self._by_gpu) <= limit:
            self.asked += weigh(self._next, by_gpu=self._by_gpu)
            self._bind(self._next)
            self._next = next(self._arrivals)

    def _bind(self, task: Task) -> None:
        choice = self._scheduler.choose(task)
        if choice is None:
            self.skipped += 1
            return
        node, devices = choice
        amount = Amount(task.cpu, task.memory, 1, devices)
        self._fleet.take(node, amount)
        self.bound.append(Bound(task, node, amount))
