"""Figures of the summary, computed from what was watched.

Usable = what some shape of the applied sets could take beside the LS pods. Needed = a lower bound of what had to be
evicted: no planner, however clever, could have evicted less, so evicted / needed is never flattered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf

from demo.fitting import admits, asked, copies, covers, minus, room_beside_ls
from demo.objects import CPU, GPU, MEMORY, PODS, Amounts, Node, Pod, Shape, added
from demo.state import Change, ClusterState, Wait, with_pods

RESOURCES = (GPU, CPU, MEMORY)


def percentile(values: Iterable[float], share: float) -> float:
    """Nearest-rank percentile, share in (0, 1]; infinite for no values: nothing bound is no short wait."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else inf


def waits_of(state: ClusterState, pods: Iterable[Pod]) -> list[Wait]:
    return [state.wait_of(pod) for pod in pods]


def seconds_to_bind(waits: Iterable[Wait]) -> list[float]:
    return [wait.bound - wait.created for wait in waits if wait.bound is not None]


def serves(node: Node) -> bool:
    """True if a pod without tolerations can be put there."""
    return (
        node.ready
        and not node.unschedulable
        and not any(taint.effect in {"NoSchedule", "NoExecute"} for taint in node.taints)
    )


def _one(shape: Shape) -> dict[str, int]:
    return {**shape.least, PODS: 1}


def usable(state: ClusterState) -> dict[str, int]:
    """Per resource, what fillers could take: GPUs by as many smallest GPU shapes as fit beside LS, cpu and memory
    where any shape fits.
    """
    shapes = [shape for paraset in state.sets.values() if not paraset.suspended for shape in paraset.shapes]
    total = dict.fromkeys(RESOURCES, 0)
    for node in state.nodes.values():
        room = room_beside_ls(state, node)
        if not serves(node) or not any(covers(room, _one(shape)) for shape in shapes):
            continue
        total[GPU] += max(
            (copies(room, _one(shape)) * shape.least[GPU] for shape in shapes if shape.least.get(GPU)), default=0
        )
        total[CPU] += room.get(CPU, 0)
        total[MEMORY] += room.get(MEMORY, 0)
    return total


def filled(state: ClusterState) -> dict[str, int]:
    """What bound, staying fillers hold on nodes that serve."""
    pods = [pod for pod in state.fillers() if pod.node and not pod.terminating and _serves_by_name(state, pod.node)]
    held = added(pod.requests for pod in pods)
    return {resource: held.get(resource, 0) for resource in RESOURCES}


def _serves_by_name(state: ClusterState, name: str) -> bool:
    node = state.nodes.get(name)
    return node is not None and serves(node)


def gpu_share(state: ClusterState) -> float:
    """Filled GPUs as a share of the usable ones; 1 if none is usable."""
    could, does = usable(state)[GPU], filled(state)[GPU]
    return does / could if could else 1.0


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the cluster has and who holds it, per resource."""

    capacity: Amounts
    ls: Amounts
    fillers: Amounts

    def share(self, resource: str, *, with_fillers: bool) -> float:
        held = self.ls.get(resource, 0) + (self.fillers.get(resource, 0) if with_fillers else 0)
        return held / self.capacity[resource] if self.capacity.get(resource) else 0.0


def allocation(state: ClusterState) -> Allocation:
    bound = [pod for pod in state.pods.values() if pod.holds_room]
    return Allocation(
        capacity=added(node.allocatable for node in state.nodes.values()),
        ls=with_pods(pod for pod in bound if not pod.is_filler),
        fillers=with_pods(pod for pod in bound if pod.is_filler),
    )


@dataclass(frozen=True, slots=True)
class Needed:
    """The least that had to go for a burst: devices, and fillers."""

    gpus: int
    fillers: int


def _smallest(state: ClusterState, pod: Pod) -> Amounts:
    """What a filler holds once shrunk to its shape's minimum."""
    for paraset in state.sets.values():
        if pod.owner is not None and paraset.uid == pod.owner.uid:
            for shape in paraset.shapes:
                if shape.name == pod.shape:
                    return {
                        resource: min(value, shape.least.get(resource, value))
                        for resource, value in pod.requests.items()
                    }
    return pod.requests


def _room_after_shrinking(state: ClusterState, node: Node) -> dict[str, int]:
    fillers = [_smallest(state, pod) for pod in state.on_node[node.name].values() if pod.is_filler]
    return minus(room_beside_ls(state, node), *fillers, {PODS: len(fillers)})


def _placeable_gpus(room: Amounts, burst: Sequence[Pod]) -> int:
    """At most so many GPUs of the burst fit into the room: pods with most GPUs per core first, judged by each
    resource alone.
    """
    best = inf
    for resource in (CPU, MEMORY, PODS):
        left, gpus = room.get(resource, 0), 0
        for pod in sorted(burst, key=lambda each: asked(each).get(resource, 0) / each.requests[GPU]):
            wanted = asked(pod).get(resource, 0)
            if wanted > left:
                gpus += pod.requests[GPU] * left // wanted if left > 0 else 0
                break
            left, gpus = left - wanted, gpus + pod.requests[GPU]
        best = min(best, gpus)
    return min(int(best), max(0, room.get(GPU, 0)))


def needed_evictions(state: ClusterState, burst: Sequence[Pod]) -> Needed:
    """Lower bound of evictions for LS pods that arrive and stay, were every filler shrunk to its minimum first.

    Devices: what the burst asks for less what every node could give it without an eviction, each node judged as if
    the whole burst were its own. Fillers: those devices by the largest filler; and likewise the cores that even
    shrinking cannot free.
    """
    with_gpu = [pod for pod in burst if pod.requests.get(GPU, 0)]
    nodes = [node for node in state.nodes.values() if any(admits(node, pod) for pod in burst)]
    rooms = [_room_after_shrinking(state, node) for node in nodes]
    free = sum(_placeable_gpus(room, with_gpu) for room in rooms)
    gpus = max(0, sum(pod.requests[GPU] for pod in with_gpu) - free)
    smallest = [_smallest(state, pod) for pod in state.fillers() if pod.node]
    cores = sum(pod.requests.get(CPU, 0) for pod in burst) - sum(max(0, room.get(CPU, 0)) for room in rooms)
    return Needed(gpus, max(_at_least(gpus, smallest, GPU), _at_least(cores, smallest, CPU)))


def _at_least(missing: int, fillers: Sequence[Amounts], resource: str) -> int:
    """How many fillers, the largest first, hold the missing amount."""
    count = 0
    for held in sorted((each.get(resource, 0) for each in fillers), reverse=True):
        if missing <= 0 or not held:
            break
        missing, count = missing - held, count + 1
    return count


@dataclass(frozen=True, slots=True)
class Yielded:
    """What fillers gave up in an interval: shrinks in place, evicted fillers and the GPUs these held."""

    shrinks: int
    evictions: int
    gpus: int


def filler_change(change: Change) -> tuple[Pod | None, Pod | None]:
    """The filler before and after the change; (None, None) if the change is of something else."""
    old = change.old if isinstance(change.old, Pod) and change.old.is_filler else None
    new = change.new if isinstance(change.new, Pod) and change.new.is_filler else None
    return old, new


def is_shrink(old: Pod | None, new: Pod | None) -> bool:
    if old is None or new is None or old.uid != new.uid:
        return False
    return any(value < old.spec_requests.get(resource, 0) for resource, value in new.spec_requests.items())


def begins_to_leave(old: Pod | None, new: Pod | None) -> bool:
    """True for the change with which a bound filler is first seen leaving, or gone without having been seen leaving."""
    return old is not None and bool(old.node) and not old.terminating and (new is None or new.terminating)


def yielded(changes: Iterable[Change]) -> Yielded:
    pairs = [filler_change(change) for change in changes]
    left = [old for old, new in pairs if old is not None and begins_to_leave(old, new)]
    return Yielded(
        sum(is_shrink(old, new) for old, new in pairs), len(left), sum(pod.requests.get(GPU, 0) for pod in left)
    )


def moved(changes: Iterable[Change]) -> list[str]:
    """Fillers that were created, resized or sent away, by name; empty if nothing moved."""
    names = []
    for old, new in map(filler_change, changes):
        if old is None and new is None:
            continue
        subject = new or old
        stays = old is not None and new is not None and old.uid == new.uid
        same = (
            stays
            and old is not None
            and new is not None
            and (old.spec_requests, old.terminating) == (new.spec_requests, new.terminating)
        )
        if subject is not None and not same:
            names.append(f"{subject.namespace}/{subject.name}")
    return names
