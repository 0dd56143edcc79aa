"""Recounts what pods hold, from the pods alone, and compares it with what nodes and devices have.

Independent of the planner and of the books by which pods are bound: what it finds is a mistake of one of them.
"""

from collections.abc import Iterator

import numpy as np

from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.simulation.fleet import GPU, Fleet
from paraset_operator.simulation.trace_tables import WHOLE_GPU
from paraset_operator.simulation.world import World


def faults(world: World) -> list[str]:
    """Return every node and device that holds more than it has, every pod whose devices don't add up, each a line."""
    found = [*_wrong_pods(world)]
    for index, node in enumerate(world.nodes):
        pods = [*world.at(index)]
        for name in (CPU, MEMORY, PODS, GPU):
            held, size = sum(pod.held.get(name, 0) for pod in pods), node.allocatable.get(name, 0)
            if held > size:
                found.append(f"{node.name}: {name} {held} held of {size}")
        capacity = node.devices.get(GPU, ())
        held_of = [0] * len(capacity)
        for share in (share for pod in pods for share in pod.on_devices):
            if share.device >= len(capacity):
                found.append(f"{node.name}: device {share.device} is held, and there are {len(capacity)}")
                continue
            held_of[share.device] += share.amount
        found += [
            f"{node.name}: device {i} holds {held} of {capacity[i]}"
            for i, held in enumerate(held_of)
            if held > capacity[i]
        ]
    return found + _wrong_books(world)


def _wrong_pods(world: World) -> Iterator[str]:
    """Yield the pods that do not hold what they ask for on devices: a part of one, or whole ones."""
    for pod in world.pods():
        wanted = pod.held.get(GPU, 0) if pod.node else 0
        parts = sorted(share.amount for share in pod.on_devices)
        whole, part = divmod(wanted, WHOLE_GPU)
        expected = [part] * bool(part) + [WHOLE_GPU] * whole
        if parts != expected or len({share.device for share in pod.on_devices}) < len(parts):
            yield f"{pod.key}: asks for {wanted} of GPUs and holds {parts}"


def _wrong_books(world: World) -> list[str]:
    """Return where the books of the scheduler differ from what the pods hold."""
    free = np.zeros_like(world.fleet.gpu)
    for index, node in enumerate(world.nodes):
        for device, size in enumerate(node.devices.get(GPU, ())):
            free[index, device] = size
        for share in (share for pod in world.at(index) for share in pod.on_devices):
            free[index, share.device] -= share.amount
    wrong = np.flatnonzero((free != world.fleet.gpu).any(axis=1))
    return [f"{world.nodes[index].name}: the books say {_row(world.fleet, index)}" for index in wrong.tolist()]


def _row(fleet: Fleet, index: int) -> str:
    return ", ".join(str(part) for part in fleet.gpu[index])
