"""How many LS pods of the public trace find a copy of headroom at once, and what that holds back: fixed and learned.

    python -m bench.headroom_replay

The arrivals are the LS pods of the last 30 days of `openb`, as fast as they came and 60 times as fast. Each takes a
copy of the smallest shape it fits; a copy is there, for the first time or again, once room for it has been freed,
after as long as a victim takes to go. Who finds no copy waits that long. Only arrivals are replayed: nodes are never
short of fillers to evict.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from devcluster.traces import OpenbPod, read_openb_pods
from paraset_operator.model.policy import AutoCopies, HeadroomShape
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.planning.arrivals import NO_ARRIVALS, Copies, copies_for, settled, with_arrival, without_old
from paraset_operator.planning.shape_matching import smallest_fit

GPU = "nvidia.com/gpu"
DAY = 86_400
GIB = 2**30
SHAPES = (
    HeadroomShape("cpu", {CPU: 17_000, MEMORY: 57 * GIB}, 0),
    HeadroomShape("gpu", {GPU: 1, CPU: 12_000, MEMORY: 56 * GIB}, 0),
    HeadroomShape("large-gpu", {GPU: 1, CPU: 25_000, MEMORY: 96 * GIB}, 0),
)
DAYS = 30
# A number of copies is what is learned between a floor and a cap of that number.
WAYS = {
    **{f"{copies} each": AutoCopies(floor=copies, cap=copies) for copies in (1, 2, 4, 8)},
    **{
        f"auto {percentile:g} %, {hours} h": AutoCopies(percentile, hours)
        for percentile, hours in ((90, 24), (99, 1), (99, 24), (99, 168), (99.9, 168))
    },
}
# Returns how many copies are kept when a pod comes; told of each in turn.
Keeper: TypeAlias = Callable[[float], int]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the arrivals at one shape."""

    arrivals: int
    served: int
    copy_seconds: float
    most: int


def learned(rules: AutoCopies, release_seconds: float) -> Keeper:
    """Return who keeps as many copies as the operator would: those of before the arrival, which then counts."""
    arrivals = NO_ARRIVALS
    kept: Copies | None = None

    def keep(now: float) -> int:
        nonlocal arrivals, kept
        arrivals = without_old(arrivals, rules, now)
        before = settled(kept, copies_for(arrivals, rules), rules, now)
        arrivals = with_arrival(arrivals, rules, now, release_seconds)
        kept = settled(before, copies_for(arrivals, rules), rules, now)
        return before.number

    return keep


def replay(times: Sequence[float], keep: Keeper, release_seconds: float) -> Found:
    """Return what comes of arrivals at these times."""
    taken: list[float] = []
    served, copy_seconds, most, before, last = 0, 0.0, 0, 0, times[0]
    for now in times:
        copies = keep(now)
        for _ in range(copies - before):
            # The arrival before this one has taught that: there it was told for the first time to make room.
            heapq.heappush(taken, last + release_seconds)
        copy_seconds += copies * (now - last)
        most, before, last = max(most, copies), copies, now
        while taken and taken[0] <= now:
            heapq.heappop(taken)
        if len(taken) < copies:
            served += 1
            heapq.heappush(taken, now + release_seconds)
    return Found(len(times), served, copy_seconds, most)


def arrivals_by_shape(pods: Sequence[OpenbPod], speed: int) -> dict[str, list[float]]:
    """Return when the LS pods of the last days came, by the shape they use up; those that fit none are left out."""
    end = max(pod.creation_time for pod in pods)
    times: dict[str, list[float]] = {shape.name: [] for shape in SHAPES}
    for pod in sorted(pods, key=lambda pod: pod.creation_time):
        if pod.qos != "LS" or pod.creation_time < end - DAYS * DAY or pod.shares_gpu:
            continue
        requests = {CPU: pod.cpu_milli, MEMORY: pod.memory_mib * 2**20} | ({GPU: pod.num_gpu} if pod.num_gpu else {})
        shape = smallest_fit(requests, SHAPES)
        if shape is not None:
            times[shape.name].append(pod.creation_time / speed)
    return times


def main() -> None:
    """Print one line for each speed, time to free room, and way to keep copies."""
    pods = read_openb_pods()
    print(f"{'speed':>5}  {'free in':>7}  {'copies':<16}{'at once':>8}  {'GPUs held':>9}  {'at most':>7}")
    for speed, release, (name, rules) in product((1, 60), (1.0, 10.0, 30.0), WAYS.items()):
        by_shape = arrivals_by_shape(pods, speed)
        found = {shape: replay(times, learned(rules, release), release) for shape, times in by_shape.items()}
        share = sum(each.served for each in found.values()) / sum(each.arrivals for each in found.values())
        held = sum(each.copy_seconds for shape, each in found.items() if shape != "cpu") / (DAYS * DAY / speed)
        most = max(each.most for each in found.values())
        print(f"{speed:>4}x  {release:>5.0f} s  {name:<16}{share:>8.1%}  {held:>9.1f}  {most:>7}")


if __name__ == "__main__":
    main()
