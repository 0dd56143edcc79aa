"""When LS pods come, and what they ask for; the same seed gives the same arrivals to every system of a round."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from demo.kube import Api
from demo.workload import NAMESPACE, LsPod
from devcluster import read_openb_pods

SURGE = Path(__file__).parent / "traces" / "dlrm_surge.csv"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
DAY = 86_400
LOOK_SECONDS = 0.05
STEADY_PER_SECOND = 20.0
# The burst is sent as fast as the API server takes it; its pods are no rate, but all there at once.
AT_ONCE = 0.0
# A day of the trace in 24 minutes.
FASTER = 60
HUMBLE_CLASS = "humble"
HUMBLE_PRIORITY_CLASS = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": HUMBLE_CLASS},
    "value": 0,
    "preemptionPolicy": "Never",
}


@dataclass(frozen=True, slots=True)
class Size:
    """What an LS pod asks for: GPUs, cores, GiB."""

    gpus: int
    cores: int
    memory_gib: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """An LS pod and when it is created, in seconds from the first; it leaves `life` seconds after it was bound, or
    stays. One that is `humble` may not preempt: nobody but the operator makes it room.
    """

    after: float
    size: Size
    name: str
    life: float = 0.0
    is_humble: bool = False

    def pod(self) -> LsPod:
        size = self.size
        return LsPod(self.name, size.gpus, size.cores * 1000, size.memory_gib * 1024, 0.0)

    def manifest(self) -> dict[str, Any]:
        manifest = self.pod().manifest()
        if self.is_humble:
            manifest["spec"]["priorityClassName"] = HUMBLE_CLASS
        return manifest


# One of them in each round: a service that scales up makes pods of one size.
GPU_SIZES = (Size(1, 8, 16), Size(1, 4, 16), Size(1, 12, 32))
CPU_SIZES = (Size(0, 4, 16), Size(0, 3, 8), Size(0, 6, 16))
# Several services at once, some pods with two GPUs.
MIXED = (Size(1, 8, 16),) * 14 + (Size(1, 4, 16),) * 3 + (Size(2, 16, 32),) * 3


def steady(count: int, seed: int) -> list[Arrival]:
    """So many a second, evenly."""
    return _named(_evenly(count), [_chance(seed).choice(GPU_SIZES)] * count)


def burst(count: int, seed: int) -> list[Arrival]:
    """All at once."""
    return _named([AT_ONCE] * count, [_chance(seed).choice(GPU_SIZES)] * count)


def mixed(count: int, seed: int) -> list[Arrival]:
    """All at once, of several sizes."""
    return _named([AT_ONCE] * count, _chance(seed).choices(MIXED, k=count))


def trace(count: int, seed: int) -> list[Arrival]:
    """The surge of the DLRM trace, at most `count` of its pods; when in its second each comes is drawn."""
    chance, arrivals = _chance(seed), []
    with SURGE.open(newline="") as file:
        for row in csv.DictReader(file):
            size = Size(int(row["gpus"]), int(row["cores"]), int(row["memory_gib"]))
            arrivals += [(int(row["second"]) + chance.random(), size) for _ in range(int(row["pods"]))]
    kept = sorted(arrivals, key=lambda each: each[0])[:count]
    first = kept[0][0] if kept else 0.0
    return _named([after - first for after, _ in kept], [size for _, size in kept])


def cpu(count: int, seed: int) -> list[Arrival]:
    """So many a second, of pods that lack only cores."""
    return _named(_evenly(count), [_chance(seed).choice(CPU_SIZES)] * count)


def humble(count: int, seed: int) -> list[Arrival]:
    """One a second, of pods that may not preempt."""
    size = _chance(seed).choice(GPU_SIZES)
    return [Arrival(float(number), size, f"ls-{number:04d}", is_humble=True) for number in range(count)]


def day(count: int, seed: int) -> list[Arrival]:
    """The last day of the openb trace, 60 times as fast: the LS pods that ask for whole GPUs or none, the first `count`
    of the hours from one that is drawn on. With 342 pods and more it is the whole day, whatever the seed.
    """
    pods = [pod for pod in read_openb_pods() if pod.qos == "LS" and not pod.shares_gpu]
    end = max(pod.creation_time for pod in pods)
    last = sorted((pod for pod in pods if pod.creation_time > end - DAY), key=lambda pod: (pod.creation_time, pod.name))
    start = _chance(seed).randrange(max(1, len(last) - count + 1))
    chosen = last[start : start + count]
    return [
        Arrival(
            after=(pod.creation_time - chosen[0].creation_time) / FASTER,
            size=Size(pod.num_gpu, max(1, pod.cpu_milli // 1000), max(1, pod.memory_mib // 1024)),
            name=f"ls-{number:04d}",
            life=max(1.0, (pod.deletion_time - pod.creation_time) / FASTER),
        )
        for number, pod in enumerate(chosen)
    ]


def within(arrivals: Sequence[Arrival], seconds: float) -> dict[Size, int]:
    """The most that come within any window of so many seconds, by size."""
    most: dict[Size, int] = {}
    for first in arrivals:
        counts: dict[Size, int] = {}
        for each in arrivals:
            if first.after <= each.after <= first.after + seconds:
                counts[each.size] = counts.get(each.size, 0) + 1
        most = {size: max(most.get(size, 0), counts.get(size, 0)) for size in {**most, **counts}}
    return dict(sorted(most.items(), key=lambda each: (-each[0].gpus, -each[0].cores)))


async def create_all(api: Api, arrivals: Sequence[Arrival]) -> None:
    """Create each pod at its time, whatever the answers take."""
    clock = asyncio.get_running_loop()
    start = clock.time()
    async with asyncio.TaskGroup() as tasks:
        for each in arrivals:
            await asyncio.sleep(max(0.0, start + each.after - clock.time()))
            tasks.create_task(api.create(PODS, each.manifest()))


async def visit_all(api: Api, arrivals: Sequence[Arrival], is_bound: Callable[[tuple[str, str]], bool]) -> None:
    """Create each pod at its time and delete it when its life is over; return when the last one has been bound."""
    departures: list[asyncio.Task[None]] = []

    async def visit(each: Arrival) -> None:
        await asyncio.sleep(each.after)
        await api.create(PODS, each.manifest())
        while not is_bound(each.pod().record().key):  # noqa: ASYNC110 - the observer's state has no event
            await asyncio.sleep(LOOK_SECONDS)
        departures.append(asyncio.create_task(leave(each)))

    async def leave(each: Arrival) -> None:
        await asyncio.sleep(each.life)
        await api.delete(f"{PODS}/{each.name}", gracePeriodSeconds=0)

    try:
        await asyncio.gather(*(visit(each) for each in arrivals))
    finally:
        for task in departures:
            task.cancel()


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable on purpose


def _evenly(count: int) -> list[float]:
    return [number / STEADY_PER_SECOND for number in range(count)]


def _named(times: Sequence[float], sizes: Sequence[Size]) -> list[Arrival]:
    return [Arrival(at, size, f"ls-{number:04d}") for number, (at, size) in enumerate(zip(times, sizes, strict=True))]
