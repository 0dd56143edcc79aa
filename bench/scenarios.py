"""What the yield benchmark runs: identical nodes, one ParaSet that fills them, and LS pods that find no room.

Fillers hold every GPU and every core, and can shrink. In `steady`, `burst` and `trace` LS pods ask for GPUs, so that
fillers have to leave; in `cpu` they ask for cores alone, so that shrinking is enough. In `mixed` a burst has pods of
several sizes: the scheduler then puts small pods where headroom was kept for large ones. `humble` pods may not preempt,
so that the operator alone makes them room. In `day` they come and go as in a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from bench.arrivals import Arrival, Size, burst, cpu, day, humble, mixed, steady, trace
from demo.install import exit_after
from demo.objects import GPU
from devcluster import NodeSpec

FILLER_NAMESPACE, SET = "tenant", "filler"
GPUS, CORES, MEMORY_GIB = 8, 96, 768
EVEN_SHARE = CORES // GPUS
LEAST_CORES = 4
# The highest cap of learned copies that the API takes.
MOST_LEARNED = 256


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of demand, and the systems that it is worth comparing in, unless told otherwise; an extra one is not
    among all.
    """

    name: str
    arrivals: Callable[[int, int], list[Arrival]]
    systems: tuple[str, ...]
    is_extra: bool = False


SCENARIOS = {
    each.name: each
    for each in (
        Scenario("steady", steady, ("empty", "native", "paraset", "headroom", "auto")),
        Scenario("burst", burst, ("empty", "native", "paraset", "headroom", "auto", "no-nomination", "killed")),
        Scenario("trace", trace, ("empty", "native", "paraset", "headroom", "auto")),
        Scenario("mixed", mixed, ("empty", "native", "paraset", "headroom"), is_extra=True),
        Scenario("cpu", cpu, ("empty", "native", "paraset")),
        Scenario("humble", humble, ("paraset",), is_extra=True),
        Scenario("day", day, ("empty", "native", "paraset", "auto"), is_extra=True),
    )
}


def nodes(count: int) -> list[NodeSpec]:
    """So many nodes, all alike."""
    return [NodeSpec(f"node-{number:04d}", CORES * 1000, MEMORY_GIB * 1024, GPUS, "G2") for number in range(count)]


def paraset(count: int, exit_seconds: float) -> dict[str, Any]:
    """One filler per GPU; each takes `exit_seconds` to exit, which is also its grace period."""
    elastic = {
        "cpu": {"min": str(LEAST_CORES), "max": str(EVEN_SHARE)},
        "memory": {"min": "8Gi", "max": "64Gi"},
    }
    grace = max(1, ceil(exit_seconds))
    manifest: dict[str, Any] = {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "ParaSet",
        "metadata": {"name": SET, "namespace": FILLER_NAMESPACE},
        "spec": {
            "replicas": count * GPUS,
            "shapes": [{"name": "gpu", "fixed": {GPU: 1}, "elastic": elastic, "value": 10}],
            "yield": {"gracePeriodSeconds": grace},
            "template": {"spec": {"containers": [{"name": "worker", "image": "worker:1"}]}},
        },
    }
    exit_after(manifest, exit_seconds)
    return manifest


def headroom_of(copies: Mapping[Size, int | str]) -> list[dict[str, Any]]:
    """Headroom of a FillPolicy: so many copies of each size."""
    shapes = []
    for size, count in copies.items():
        devices = {GPU: size.gpus} if size.gpus else {}
        resources = {"cpu": size.cores, "memory": f"{size.memory_gib}Gi", **devices}
        learned = {"auto": {"cap": MOST_LEARNED}} if count == "auto" else {}
        shapes.append({"name": f"g{size.gpus}-c{size.cores}", "resources": resources, "copies": count, **learned})
    return shapes
