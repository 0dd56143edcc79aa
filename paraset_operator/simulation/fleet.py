"""What is free on every node and every GPU, as arrays, so that a scheduler looks at all nodes in one step.

The arrays are the books of the scheduler: whatever is bound has been taken from them, and nothing else. `audit.py`
recounts the pods and checks that both agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from paraset_operator.model.node import Node
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.simulation.trace_tables import WHOLE_GPU, Task

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Placement = tuple[tuple[int, int], ...]

GPU = "alibabacloud.com/gpu-milli"
MODEL = "alibabacloud.com/gpu-card-model"


@dataclass(frozen=True, slots=True)
class Amount:
    """What something holds of a node: CPU in 1/1000 core, memory in bytes, and of which GPU how much."""

    cpu: int = 0
    memory: int = 0
    slots: int = 1
    devices: Placement = ()


@dataclass(slots=True)
class Fleet:
    """Nodes by index. `gpu` is what is free of each device, `size` how large it is: 0 where a node has fewer.

    `most_cpu` and `most_memory` are what an empty node has.
    """

    names: tuple[str, ...]
    models: tuple[str, ...]
    cpu: Ints
    memory: Ints
    slots: Ints
    gpu: Ints
    size: Ints
    most_cpu: Ints
    most_memory: Ints
    is_open: Flags
    largest: Ints = field(init=False)
    whole: Ints = field(init=False)
    idle: Ints = field(init=False)
    # Indices of nodes in the order they changed, so that what is known of the others can be kept.
    changes: list[int] = field(default_factory=list)
    _access: dict[tuple[str, ...], Flags] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.largest = self.gpu.max(axis=1, initial=0)
        self.whole = ((self.gpu == self.size) & (self.size > 0)).sum(axis=1)
        self.idle = self.gpu.sum(axis=1)

    def __len__(self) -> int:
        return len(self.names)

    def copy(self) -> "Fleet":
        """Return books of their own, with the same entries."""
        cpu, memory, slots, gpu = (each.copy() for each in (self.cpu, self.memory, self.slots, self.gpu))
        fixed = self.size, self.most_cpu, self.most_memory, self.is_open
        return Fleet(self.names, self.models, cpu, memory, slots, gpu, *fixed)

    def accessible(self, models: tuple[str, ...]) -> Flags:
        """Return which nodes have a GPU of one of the models; none named: all nodes."""
        if models not in self._access:
            flags = [not models or model in models for model in self.models]
            self._access[models] = np.array(flags, dtype=np.bool_)
        return self._access[models]

    def fitting(self, task: Task) -> Flags:
        """Return on which nodes a task fits now, on its devices exactly."""
        flags = self.is_open & (self.cpu >= task.cpu) & (self.memory >= task.memory) & (self.slots >= 1)
        if task.gpus:
            flags &= self.largest >= task.share if task.is_shared else self.whole >= task.gpus
            if task.models:
                flags &= self.accessible(task.models)
        return flags

    def fits(self, node: int, amount: Amount) -> bool:
        """Say whether an amount can be taken from a node, from those very devices."""
        free = (self.cpu[node], self.memory[node], self.slots[node])
        if any(left < wanted for left, wanted in zip(free, (amount.cpu, amount.memory, amount.slots), strict=True)):
            return False
        return all(self.gpu[node, device] >= part for device, part in amount.devices)

    def whole_devices(self, node: int, count: int) -> Placement:
        """Return the first `count` GPUs of which nobody holds a part."""
        free = np.flatnonzero((self.gpu[node] == self.size[node]) & (self.size[node] > 0))
        return tuple((int(device), WHOLE_GPU) for device in free[:count])

    def best_device(self, node: int, share: int) -> Placement:
        """Return the fullest GPU that has so much free, the first of several."""
        free = self.gpu[node]
        device = int(np.where(free >= share, free, np.iinfo(np.int64).max).argmin())
        return ((device, share),)

    def take(self, node: int, amount: Amount) -> None:
        """Enter what something bound to a node holds."""
        self._book(node, amount, -1)

    def give(self, node: int, amount: Amount) -> None:
        """Strike out what something held that is gone."""
        self._book(node, amount, 1)

    def _book(self, node: int, amount: Amount, sign: int) -> None:
        self.cpu[node] += sign * amount.cpu
        self.memory[node] += sign * amount.memory
        self.slots[node] += sign * amount.slots
        for device, part in amount.devices:
            self.gpu[node, device] += sign * part
        if amount.devices:
            free = self.gpu[node]
            self.largest[node] = free.max()
            self.whole[node] = ((free == self.size[node]) & (self.size[node] > 0)).sum()
            self.idle[node] = free.sum()
        self.changes.append(node)


def fleet_of(nodes: Sequence[Node]) -> Fleet:
    """Return the books of empty nodes; a node that is cordoned or in trouble takes nothing new."""
    devices = [node.devices.get(GPU, ()) for node in nodes]
    size = np.zeros((len(nodes), max(map(len, devices), default=0)), dtype=np.int64)
    for index, sizes in enumerate(devices):
        size[index, : len(sizes)] = sizes
    return Fleet(
        names=tuple(node.name for node in nodes),
        models=tuple(node.labels.get(MODEL, "") for node in nodes),
        cpu=_column(nodes, CPU),
        memory=_column(nodes, MEMORY),
        slots=_column(nodes, PODS),
        gpu=size.copy(),
        size=size,
        most_cpu=_column(nodes, CPU),
        most_memory=_column(nodes, MEMORY),
        is_open=np.array([not (node.trouble or node.is_cordoned) for node in nodes], dtype=np.bool_),
    )


def _column(nodes: Sequence[Node], resource: str) -> Ints:
    return np.array([node.allocatable.get(resource, 0) for node in nodes], dtype=np.int64)
