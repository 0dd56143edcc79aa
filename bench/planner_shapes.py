"""The sets of fillers that the planner's benchmark fills clusters with."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.planning.worth import default_growth_value

MILLI, COUNTED = "example.com/gpu-milli", "nvidia.com/gpu"
GIB = 2**30
DEVICE = 1000
# Thirty shares of a device, 0.05 to 1.
SHARES = (*range(50, 550, 25), *range(550, 1001, 50))

Cores = float | tuple[float, float]

# Five kinds of work: shapes by milli-GPUs, cores (a pair is elastic) and GiB.
WORKLOADS: tuple[tuple[tuple[str, int, Cores, float], ...], ...] = (
    (("g8", 8000, (32, 64), 256), ("g4", 4000, (16, 32), 128), ("g2", 2000, (8, 16), 64), ("g1", 1000, (4, 8), 32)),
    (
        ("g4", 4000, 24, 96),
        ("g2", 2000, 12, 48),
        ("g1", 1000, 6, 24),
        ("m700", 700, 4, 16),
        ("m500", 500, 3, 12),
        ("m300", 300, 2, 8),
    ),
    (
        ("g1", 1000, (2, 6), 48),
        ("m600", 600, (1.5, 4), 32),
        ("m400", 400, (1, 3), 24),
        ("m200", 200, (0.5, 2), 12),
        ("m100", 100, (0.5, 1), 6),
    ),
    (("g2", 2000, 4, 160), ("g1", 1000, 2, 80), ("m500", 500, 1, 40), ("m200", 200, 1, 16)),
    (
        ("g1", 1000, (8, 16), 16),
        ("m500", 500, (4, 8), 8),
        ("m250", 250, (2, 4), 4),
        ("m100", 100, (1, 2), 2),
        ("c32", 0, (24, 32), 64),
        ("c16", 0, (8, 16), 32),
        ("c4", 0, (2, 4), 8),
        ("c1", 0, (0.5, 1), 2),
    ),
)


def shape_of(name: str, gpu: int, cores: Cores, memory: float, value: float, *, resource: str = MILLI) -> Shape:
    """Return a shape of `gpu` milli-GPUs, in whole devices where these are counted; a pair of cores is elastic."""
    fixed = {MEMORY: int(memory * GIB)} | ({resource: gpu // DEVICE if resource == COUNTED else gpu} if gpu else {})
    if not isinstance(cores, tuple):
        fixed[CPU] = int(cores * 1000)
        return Shape(name, MappingProxyType(fixed), (), value, template_hash=f"hash-{name}")
    low, high = (int(each * 1000) for each in cores)
    growth = default_growth_value(CPU, low, high, value, has_devices=gpu > 0)
    return Shape(name, MappingProxyType(fixed), (Elastic(CPU, low, high, growth),), value, template_hash=f"hash-{name}")


def shapes_of(workload: int, *, resource: str = MILLI, prefix: str = "") -> tuple[Shape, ...]:
    """Return the shapes of one kind of work, of value GPU + 0.02 per core; no parts where devices are counted."""
    return tuple(
        shape_of(prefix + name, gpu, cores, memory, gpu / DEVICE + 0.02 * _least(cores), resource=resource)
        for name, gpu, cores, memory in WORKLOADS[workload]
        if resource == MILLI or gpu % DEVICE == 0
    )


def _least(cores: Cores) -> float:
    return cores[0] if isinstance(cores, tuple) else cores


def set_of(
    name: str, shapes: Sequence[Shape], *, weight: int = 1, ceiling: int = 1_000_000, namespace: str = "research"
) -> ParaSetView:
    """Return a set that takes whatever it gets."""
    return ParaSetView(namespace, name, f"uid-{namespace}-{name}", weight=weight, ceiling=ceiling, shapes=tuple(shapes))


def five_sets(weights: Sequence[int] = (1,) * 5, resource: str = MILLI) -> tuple[ParaSetView, ...]:
    """Return a set of each kind of work."""
    return tuple(set_of(f"s{i}", shapes_of(i, resource=resource), weight=weight) for i, weight in enumerate(weights))
