"""Fragmentation Gradient Descent (Weng et al., USENIX ATC'23): F_n(M) of many nodes at once, and the scheduler's score.

The measure is that of `planning/fragmentation.py`, in the form a scheduler needs: of every node, and of every device
that a task could go to, in one step. It counts in whole numbers, popularity as a count of tasks, so that what is equal
stays equal whatever the order of additions.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paraset_operator.simulation.fleet import Flags, Fleet, Ints
from paraset_operator.simulation.trace_tables import WHOLE_GPU, Task

Floats = npt.NDArray[np.float64]

# The published setting: the commonest tasks that make up so many percent of all.
_POPULARITY = 95
CATEGORIES = ("lack_both", "lack_gpu", "usable", "lack_cpu", "cpu_only_fits", "cpu_only_lacks_cpu", "no_access")
USABLE = CATEGORIES.index("usable")


@dataclass(frozen=True, slots=True)
class Kind:
    """A task as the measure sees it: without memory."""

    cpu: int
    gpus: int
    share: int
    models: tuple[str, ...]


def kind_of(task: Task) -> Kind:
    """Return the task without what the measure leaves out."""
    return Kind(task.cpu, task.gpus, task.share, task.models)


class TargetWorkload:
    """The tasks M that idle GPUs should serve, each with its count; `total` is the sum of counts."""

    def __init__(self, counts: Iterable[tuple[Kind, int]]) -> None:
        self.counts = tuple(counts)
        kinds = [kind for kind, _ in self.counts]
        self.total = sum(count for _, count in self.counts)
        self.count = np.array([count for _, count in self.counts], dtype=np.int64)
        self.cpu = np.array([kind.cpu for kind in kinds], dtype=np.int64)
        self.gpus = np.array([kind.gpus for kind in kinds], dtype=np.int64)
        self.wants_gpu = self.gpus > 0
        self.sizes, self.size_of = np.unique([kind.share for kind in kinds], return_inverse=True)
        self.models = [kind.models for kind in kinds]

    def access(self, fleet: Fleet) -> Flags:
        """Return, by node and task, whether the node has a GPU of a model that the task allows."""
        columns = [fleet.accessible(models) for models in self.models]
        return np.stack(columns, axis=1) if columns else np.ones((len(fleet), 0), dtype=np.bool_)


def target_workload(tasks: Iterable[Task]) -> TargetWorkload:
    """Return the commonest tasks that make up 95 % of all; ties go to the larger task."""
    counts = Counter(kind_of(task) for task in tasks)
    needed, kept = counts.total() * _POPULARITY, list[tuple[Kind, int]]()
    ranked = sorted(
        counts.items(), key=lambda each: (each[1], each[0].cpu, each[0].share, each[0].gpus, each[0].models)
    )
    while ranked and sum(count for _, count in kept) * 100 < needed:
        kept.append(ranked.pop())
    return TargetWorkload(kept)


def fragments(cpu: Ints, gpu: Ints, access: Flags, workload: TargetWorkload) -> Ints:
    """Return F_n(M) of nodes in 1/1000 GPU times `workload.total`; CPU by node, GPU by node and device."""
    idle, usable = _usable(cpu, gpu, access, workload)
    lost: Ints = idle * workload.total - usable @ workload.count
    return lost


def _usable(cpu: Ints, gpu: Ints, access: Flags, workload: TargetWorkload) -> tuple[Ints, Ints]:
    """Return what is idle by node, and what of it serves each task."""
    idle = gpu.sum(axis=1)
    large = gpu[:, None, :] >= workload.sizes[None, :, None]
    devices = large.sum(axis=2)[:, workload.size_of]
    amount = (large * gpu[:, None, :]).sum(axis=2)[:, workload.size_of]
    serves = workload.wants_gpu & access & (devices >= workload.gpus) & (cpu[:, None] >= workload.cpu)
    return idle, amount * serves


def categories(fleet: Fleet, workload: TargetWorkload) -> Floats:
    """Return the idle GPUs of the cluster by category, in GPUs: the sum is all that is idle."""
    access = workload.access(fleet)
    idle, usable = _usable(fleet.cpu, fleet.gpu, access, workload)
    has_cpu = fleet.cpu[:, None] >= workload.cpu
    large = fleet.gpu[:, None, :] >= workload.sizes[None, :, None]
    has_gpu = large.sum(axis=2)[:, workload.size_of] >= workload.gpus
    book = np.where(has_gpu, np.where(has_cpu, USABLE, 3), np.where(has_cpu, 1, 0))
    book = np.where(access, book, CATEGORIES.index("no_access"))
    book = np.where(workload.wants_gpu, book, np.where(has_cpu, 4, 5))
    weighted = (idle[:, None] - usable) * workload.count
    # What a task that fits can't use, because those devices are too small for it, lacks GPU.
    booked = np.where(book == USABLE, 1, book)
    amounts = np.bincount(booked.ravel(), weights=weighted.ravel(), minlength=len(CATEGORIES))
    amounts[USABLE] = float((usable * workload.count).sum())
    return np.asarray(amounts / (max(1, workload.total) * WHOLE_GPU), dtype=np.float64)


def fragment_rate(fleet: Fleet, workload: TargetWorkload) -> float:
    """Return f_N(M): the part of the idle GPUs that is fragment; 0 where nothing is idle."""
    idle = int(fleet.idle.sum())
    if not idle or not workload.total:
        return 0.0
    lost = fragments(fleet.cpu, fleet.gpu, workload.access(fleet), workload)
    return float(lost.sum() / (idle * workload.total))


class Gradient:
    """The score of every node for one kind of task, 0 to 100, and the device a shared task goes to.

    Kept between calls; only nodes that changed since the last one are looked at again.
    """

    def __init__(self, kind: Kind, fleet: Fleet, workload: TargetWorkload, access: Flags) -> None:
        self._kind, self._fleet, self._workload, self._access = kind, fleet, workload, access
        self._seen = 0
        self.scores = np.zeros(len(fleet), dtype=np.int64)
        self.device = np.zeros(len(fleet), dtype=np.int64)
        self._update(np.arange(len(fleet)))
        self._seen = len(fleet.changes)

    def refresh(self) -> None:
        """Take in what has changed since."""
        news = self._fleet.changes[self._seen :]
        if news:
            self._update(np.unique(news))
            self._seen = len(self._fleet.changes)

    def _update(self, nodes: Ints) -> None:
        fleet, kind = self._fleet, self._kind
        enough = fleet.cpu[nodes] >= kind.cpu
        if kind.gpus:
            enough &= (fleet.largest[nodes] >= kind.share) & (
                fleet.whole[nodes] >= kind.gpus * (kind.share == WHOLE_GPU)
            )
        nodes = nodes[enough]
        if not len(nodes):
            return
        before = fragments(fleet.cpu[nodes], fleet.gpu[nodes], self._access[nodes], self._workload)
        rows, devices, after = self._placements(nodes)
        lost = fragments(fleet.cpu[nodes[rows]] - kind.cpu, after, self._access[nodes[rows]], self._workload)
        scores = _score((before[rows] - lost) / max(1, self._workload.total))
        # The first device with the best score: later rows lose unless they are better.
        order = np.lexsort((devices, -scores, rows))
        first = order[np.unique(rows[order], return_index=True)[1]]
        self.scores[nodes], self.device[nodes] = scores[first], devices[first]

    def _placements(self, nodes: Ints) -> tuple[Ints, Ints, Ints]:
        """Return every way to place the task: rows into `nodes`, the device of a shared task, all devices after."""
        gpu, kind = self._fleet.gpu[nodes], self._kind
        if not kind.gpus or kind.share == WHOLE_GPU:
            size = self._fleet.size[nodes]
            untouched = (gpu == size) & (size > 0)
            taken = untouched & (untouched.cumsum(axis=1) <= kind.gpus)
            return np.arange(len(nodes)), np.zeros(len(nodes), dtype=np.int64), gpu - taken * WHOLE_GPU
        # Devices with equally much free are alike: the first stands for all.
        alike = (gpu[:, :, None] == gpu[:, None, :]) & np.tri(gpu.shape[1], k=-1, dtype=np.bool_)
        rows, devices = np.nonzero((gpu >= kind.share) & ~alike.any(axis=2))
        after = gpu[rows]
        after[np.arange(len(rows)), devices] -= kind.share
        return rows, devices, after


def _score(gain: Floats) -> Ints:
    """Return the published score of a decrease of F, in 1/1000 GPU: 0 to 100, rounded down."""
    return np.asarray(100.0 / (1.0 + np.exp(-gain / WHOLE_GPU)), dtype=np.int64)
