"""Holes and options as the planner's arrays, in short calls, and what is best on a small node by trying everything.

Columns are cores, GiB, thousandths of a device (devices of 10 thousandths, to keep numbers small) and counted GPUs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from oracle_cases import best_by_trying

from bench.oracle.packing import can_pack
from bench.oracle.problem import Column, Devices, Group, Growth
from paraset_operator.planning.growth import growth_worth
from paraset_operator.planning.packing import Gains
from paraset_operator.planning.problem import DeviceKind, Holes, Ints, Options
from paraset_operator.planning.quotas import Limit, Quotas

CORES, GIB, PART, GPUS = range(4)
NAMES = ("cpu", "memory", "part", "gpu")
UNIT = 10


@dataclass(frozen=True)
class Offer:
    """An option; one that grows is followed by the option that starts at its largest."""

    cores: int = 0
    gib: int = 0
    part: int = 0
    gpus: int = 0
    value: float = 1.0
    owner: int = 0
    span: int = 0
    density: float = 0.0

    @property
    def need(self) -> list[int]:
        return [self.cores, self.gib, self.part, self.gpus]


@dataclass(frozen=True)
class Room:
    """A node: `devices` is what is free of each."""

    cores: int = 0
    gib: int = 0
    devices: tuple[int, ...] = ()
    gpus: int = 0
    admits: tuple[bool, ...] = (True, True, True)

    @property
    def free(self) -> list[int]:
        return [self.cores, self.gib, sum(self.devices), self.gpus]

    @property
    def tracked(self) -> Devices:
        whole = self.devices.count(UNIT)
        return Devices("part", UNIT, whole, tuple(sorted(each for each in self.devices if 0 < each < UNIT)))


def options(*offers: Offer) -> Options:
    rows = [row for index, each in enumerate(offers) for row in _starts(index, each)]
    shapes = [index for index, _, _ in rows]
    large = np.array([is_large for _, _, is_large in rows], dtype=bool)
    each = [offer for _, offer, _ in rows]
    need = np.array([offer.need for offer in each], dtype=np.int64).reshape(len(rows), 4)
    span, density = np.zeros_like(need), np.zeros(need.shape)
    need[:, CORES] += np.array([offer.span for offer in each], dtype=np.int64) * large
    span[:, CORES] = np.array([offer.span for offer in each], dtype=np.int64) * ~large
    density[:, CORES] = [offer.density for offer in each]
    return Options(
        need=need,
        kind=np.array([0 if offer.part else 1 if offer.gpus else -1 for offer in each], dtype=np.int64),
        amount=np.array([offer.part or offer.gpus for offer in each], dtype=np.int64),
        owner=np.array([offer.owner for offer in each], dtype=np.int64),
        shape=np.array(shapes, dtype=np.int64),
        twin=np.array([shapes.index(shape) for shape in shapes], dtype=np.int64),
        value=np.array([o.value + o.density * o.span * is_large for _, o, is_large in rows]),
        span=span,
        density=density,
    )


def _starts(index: int, offer: Offer) -> list[tuple[int, Offer, bool]]:
    grows = offer.span > 0 and (offer.part > 0 or offer.gpus > 0)
    return [(index, offer, False), (index, offer, True)] if grows else [(index, offer, False)]


def holes(rooms: Sequence[Room], of: Options, sets: int = 1, kept: Sequence[Sequence[int]] | None = None) -> Holes:
    most = max((len(each.devices) for each in rooms), default=0)
    devices = np.array([[*each.devices, *[0] * (most - len(each.devices))] for each in rooms], dtype=np.int64)
    devices = devices.reshape(len(rooms), most)
    gpus = np.array([each.gpus for each in rooms], dtype=np.int64)
    parts = np.where(devices < UNIT, devices, 0)
    kinds = (
        DeviceKind("part", UNIT, PART, (devices == UNIT).sum(axis=1), parts),
        DeviceKind("gpu", 1, GPUS, gpus, np.zeros((len(rooms), 0), dtype=np.int64)),
    )
    shape = (len(rooms), len(of))
    return Holes(
        free=np.array([each.free for each in rooms], dtype=np.int64).reshape(len(rooms), 4),
        kinds=kinds,
        admits=np.array([each.admits[:sets] for each in rooms], dtype=bool).reshape(len(rooms), sets),
        kept=np.zeros(shape, dtype=np.int64) if kept is None else np.array(kept, dtype=np.int64),
        barred=np.zeros(shape, dtype=bool),
    )


def gains_of(of: Options, nodes: int) -> Gains:
    """Return what options are worth to the plan, the same on every node."""
    return Gains(of.value[None, :], np.zeros(nodes, dtype=np.int64))


def quotas(
    most: Sequence[int],
    fillable: Sequence[int],
    weight: Sequence[float] | None = None,
    tenant: Sequence[int] | None = None,
    tenant_weight: Sequence[float] | None = None,
    limits: Sequence[Limit] = (),
) -> Quotas:
    """Return quotas of sets that hold nothing yet; each its own tenant unless tenants are given."""
    sets = len(most)
    tenants = np.arange(sets) if tenant is None else np.array(tenant, dtype=np.int64)
    weights = np.ones(int(tenants.max(initial=-1)) + 1) if tenant_weight is None else np.array(tenant_weight)
    return Quotas(
        most=np.array(most, dtype=np.int64),
        held=np.zeros((sets, 4), dtype=np.int64),
        weight=np.ones(sets) if weight is None else np.array(weight, dtype=np.float64),
        tenant=tenants,
        tenant_weight=weights,
        fillable=np.array(fillable, dtype=np.int64),
        limits=tuple(limits),
    )


def faults(rooms: Sequence[Room], of: Options, counts: Ints) -> list[str]:
    """Return what does not fit, each device by itself, found by search."""
    found = []
    for index, (room, row) in enumerate(zip(rooms, counts, strict=True)):
        over = [NAMES[at] for at in np.flatnonzero(row @ of.need > np.array(room.free)).tolist()]
        found += [f"node {index} has too little {name}" for name in over]
        if not can_pack(np.repeat(of.need[:, PART], row).tolist(), room.tracked):
            found.append(f"node {index} has no devices for {row.tolist()}")
    return found


def worth(of: Options, free: Ints, counts: Ints) -> np.ndarray:
    """Return what instances are worth on each node, with the growth that the rest allows."""
    return np.asarray(counts @ of.value + growth_worth(of, counts, free - counts @ of.need))


def best(room: Room, offers: Sequence[Offer]) -> float:
    """Return the most that offers of one set are worth on a node, by trying everything."""
    free = dict(zip(NAMES, room.free, strict=True))
    return best_by_trying(Group(free, (room.tracked,), frozenset({0}), ("n",)), [_column(each) for each in offers])


def _column(offer: Offer) -> Column:
    need = {name: amount for name, amount in zip(NAMES, offer.need, strict=True) if amount}
    growths = (Growth("cpu", offer.span, offer.density),) if offer.span else ()
    return Column(0, "shape", need, offer.value, growths)


def small_node(random: Random) -> Room:
    devices = tuple(random.choice((UNIT, UNIT, random.randint(1, UNIT - 1))) for _ in range(random.randint(1, 3)))
    return Room(random.randint(1, 8), random.randint(1, 8), devices, random.choice((0, 0, 1, 2)))


def small_offers(random: Random, *, grows: bool = True) -> list[Offer]:
    """Return a few shapes: parts of a device and whole ones, counted devices, cores alone; some grow."""
    made = []
    for _ in range(random.randint(1, 4)):
        part = random.choice((0, 1, 2, 3, 4, 5, 6, 7, 9, UNIT, UNIT, 2 * UNIT))
        gpus = random.choice((0, 0, 0, 1))
        span = random.randint(0, 3) if grows else 0
        value, density = random.randint(1, 20) / 10, random.randint(1, 5) / 10
        made.append(Offer(random.randint(1, 3), random.randint(0, 2), part, gpus, value, span=span, density=density))
    return made
