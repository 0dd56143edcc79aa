"""Schedulers of LS work: which of the nodes that fit, and which of their GPUs.

The scores are the published ones of the FGD paper's simulator (BestFit, FGD, Random), and kube-scheduler's
NodeResourcesLeastAllocated. All are whole numbers from 0 to 100, so that ties are common; they go to the first node in
an order drawn by the seed, as the paper's simulator does. A shared task goes to the fullest GPU that takes it, unless
the scheduler has a mind of its own.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from paraset_operator.simulation.fgd import Gradient, Kind, TargetWorkload, kind_of
from paraset_operator.simulation.fleet import Flags, Fleet, Ints, Placement
from paraset_operator.simulation.trace_tables import Task

# By what the paper normalises: the largest node.
_MOST_CPU, _MOST_GPU = 128_000, 8_000


@dataclass
class Scheduler(ABC):
    """Chooses on the books of one fleet; `workload` is the target workload M, `seed` what ties and chance depend on."""

    fleet: Fleet
    workload: TargetWorkload
    seed: int
    chance: np.random.Generator = field(init=False)
    rank: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng((self.seed, 1))
        self.rank = self.chance.permutation(len(self.fleet))

    @abstractmethod
    def scores(self, task: Task, nodes: Ints) -> Ints:
        """Return the score of each of the nodes, all of which fit: more is better."""

    def device(self, task: Task, node: int) -> Placement:
        """Return the GPU a shared task goes to."""
        return self.fleet.best_device(node, task.share)

    def choose(self, task: Task, among: Flags | None = None) -> tuple[int, Placement] | None:
        """Return node and devices for a task, or None where it fits nowhere; `among` leaves out other nodes."""
        flags = self.fleet.fitting(task)
        nodes = np.flatnonzero(flags if among is None else flags & among)
        if not len(nodes):
            return None
        node = self._best(task, nodes)
        if not task.gpus:
            return node, ()
        return node, self.device(task, node) if task.is_shared else self.fleet.whole_devices(node, task.gpus)

    def _best(self, task: Task, nodes: Ints) -> int:
        scores = self.scores(task, nodes)
        tied = nodes[scores == scores.max()]
        return int(tied[self.rank[tied].argmin()])


class BestFit(Scheduler):
    """Least left of CPU and GPU after placement, as parts of the largest node, half each."""

    def scores(self, task: Task, nodes: Ints) -> Ints:
        left = (self.fleet.cpu[nodes] - task.cpu) / _MOST_CPU * 0.5
        left = left + (self.fleet.idle[nodes] - task.gpu_milli) / _MOST_GPU * 0.5
        return np.asarray((1.0 - left) * 100.0, dtype=np.int64)


class LeastAllocated(Scheduler):
    """kube-scheduler's default: most left of CPU and memory after placement, as parts of the node."""

    def scores(self, task: Task, nodes: Ints) -> Ints:
        fleet = self.fleet
        cpu = (fleet.cpu[nodes] - task.cpu) * 100 // np.maximum(1, fleet.most_cpu[nodes])
        # No overflow: memory is below 2**53, by the limits of tables.
        memory = (fleet.memory[nodes] - task.memory) * 100 // np.maximum(1, fleet.most_memory[nodes])
        return np.asarray((cpu + memory) // 2, dtype=np.int64)


class Random(Scheduler):
    """Any node that fits, and any of its GPUs, each as likely as the others."""

    def scores(self, task: Task, nodes: Ints) -> Ints:  # noqa: ARG002 - whatever the task
        return np.zeros(len(nodes), dtype=np.int64)

    def _best(self, task: Task, nodes: Ints) -> int:  # noqa: ARG002
        return int(nodes[self.chance.integers(len(nodes))])

    def device(self, task: Task, node: int) -> Placement:
        devices = np.flatnonzero(self.fleet.gpu[node] >= task.share)
        return ((int(devices[self.chance.integers(len(devices))]), task.share),)


class FragmentationGradientDescent(Scheduler):
    """The node, and the GPU on it, where idle GPUs become least useless to the target workload."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._access = self.workload.access(self.fleet)
        self._gradients: dict[Kind, Gradient] = {}

    def scores(self, task: Task, nodes: Ints) -> Ints:
        return self._gradient(task).scores[nodes]

    def device(self, task: Task, node: int) -> Placement:
        return ((int(self._gradient(task).device[node]), task.share),)

    def _gradient(self, task: Task) -> Gradient:
        kind = kind_of(task)
        if kind not in self._gradients:
            self._gradients[kind] = Gradient(kind, self.fleet, self.workload, self._access)
        self._gradients[kind].refresh()
        return self._gradients[kind]


SCHEDULERS: dict[str, type[Scheduler]] = {
    "best-fit": BestFit,
    "least-allocated": LeastAllocated,
    "fgd": FragmentationGradientDescent,
    "random": Random,
}
