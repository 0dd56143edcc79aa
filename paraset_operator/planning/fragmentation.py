"""How much idle GPU no LS pod can use: the fragmentation measure of FGD (Weng et al., USENIX ATC'23, eq. 1-6).

The definition is in planning/fragment_of_node.py, the target workload in planning/target_workload.py. Here the same is
computed for many nodes at once, 10,000 nodes x 64 classes in some 30 ms, and summed up over the cluster.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.resources import Resources, is_device
from paraset_operator.planning.fragment_of_node import (
    Category,
    DeviceRoom,
    categories_of,
    device_rooms,
    fragment,
    idle_of,
    rate_of,
    room_without_fillers,
)
from paraset_operator.planning.target_workload import Workload, observed_workload, workload_of

__all__ = [
    "Category",
    "DeviceRoom",
    "DeviceTable",
    "Rooms",
    "Workload",
    "categories",
    "categories_of",
    "cluster_categories",
    "cluster_fragmentation",
    "device_rooms",
    "fragment",
    "fragments",
    "idle_of",
    "observed_workload",
    "rate_of",
    "rates",
    "room_without_fillers",
    "rooms_of",
    "workload_of",
]

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

_COLUMN = {category: column for column, category in enumerate(Category)}
_LOST = [column for category, column in _COLUMN.items() if category is not Category.SATISFIED]
# Elements of a nodes x classes table that are worked on at once, so that it stays in the processor's cache.
_AT_ONCE = 2**15
# More than any node has; sums of absurd quantities must not overflow.
_MOST = 2**61


class DeviceTable(NamedTuple):
    """What is free on each device of N nodes, (N, D), 0 where a node has fewer; `unit`: one for all nodes, or (N,)."""

    free: Ints
    unit: int | Ints


@dataclass(frozen=True, slots=True)
class Rooms:
    """The room of N nodes: `free` (N, R), a column for each of `resources`, in the units of model/quantity.py.

    `devices` has the resources whose devices are tracked; what `free` says of these is not looked at. `access` (N,
    classes) says which class may run where (Workload.may_run_on_each); without it every class may run everywhere.
    """

    resources: tuple[str, ...]
    free: Ints
    devices: Mapping[str, DeviceTable] = field(default_factory=dict)
    access: Bools | None = None

    def __len__(self) -> int:
        return len(self.free)

    def idle(self) -> dict[str, Floats]:
        """Return how many devices are idle on each node, (N,) by resource; tracked ones as the sum of fractions."""
        counted = {
            name: np.maximum(self.free[:, column], 0).astype(np.float64)
            for column, name in enumerate(self.resources)
            if is_device(name) and name not in self.devices
        }
        tracked = {name: each.free.sum(axis=1) / np.maximum(each.unit, 1) for name, each in self.devices.items()}
        return counted | tracked

    def part(self, rows: slice | Ints) -> "Rooms":
        """Return the rooms of some of the nodes."""
        devices = {
            name: DeviceTable(each.free[rows], each.unit if isinstance(each.unit, int) else each.unit[rows])
            for name, each in self.devices.items()
        }
        return Rooms(self.resources, self.free[rows], devices, None if self.access is None else self.access[rows])


def rooms_of(
    rooms: Sequence[Resources],
    devices: Sequence[Mapping[str, DeviceRoom]] = (),
    access: Bools | None = None,
) -> Rooms:
    """Return rooms given node by node as arrays; `devices` says for each node what is tracked there."""
    tracked = sorted({name for each in devices for name in each})
    resources = sorted({name for room in rooms for name in room} - set(tracked))
    free = [[_bounded(room.get(name, 0)) for name in resources] for room in rooms]
    return Rooms(
        tuple(resources),
        np.array(free, dtype=np.int64).reshape(len(rooms), len(resources)),
        {name: _table([_at(name, *each) for each in zip(rooms, devices, strict=True)]) for name in tracked},
        access,
    )


def _bounded(amount: int) -> int:
    return max(-_MOST, min(_MOST, amount))


def _at(name: str, room: Resources, devices: Mapping[str, DeviceRoom]) -> DeviceRoom:
    """Return the devices of a node; where they are only counted those idle are whole."""
    return devices[name] if name in devices else DeviceRoom((1,) * max(0, room.get(name, 0)), 1)


def _table(rows: Sequence[DeviceRoom]) -> DeviceTable:
    free = np.zeros((len(rows), max((len(row.free) for row in rows), default=0)), dtype=np.int64)
    for index, row in enumerate(rows):
        free[index, : len(row.free)] = row.free
    return DeviceTable(free, np.array([row.unit for row in rows], dtype=np.int64))


def categories(rooms: Rooms, workload: Workload) -> dict[str, Floats]:
    """Return by device resource how many idle devices of each node are of which category, expected: (N, categories).

    The columns are in the order of Category. The rows sum up to what is idle; all are 0 without a workload.
    """
    idle = rooms.idle()
    split = {name: np.zeros((len(rooms), len(Category))) for name in idle}
    if not workload.classes or not idle:
        return split
    rows = np.flatnonzero(np.any([amount > 0 for amount in idle.values()], axis=0))
    needs, shares = _needs(workload), np.array([share for _, share in workload.classes])
    block = max(1, _AT_ONCE // len(shares))
    for start in range(0, len(rows), block):
        some = rows[start : start + block]
        for name, parts in _split(rooms.part(some), needs, shares):
            split[name][some] = parts
    return split


def fragments(rooms: Rooms, workload: Workload) -> dict[str, Floats]:
    """Return F_n(M) of each node, (N,) by device resource: the idle devices that are fragment, expected."""
    return {name: parts[:, _LOST].sum(axis=1) for name, parts in categories(rooms, workload).items()}


def rates(rooms: Rooms, workload: Workload) -> Floats:
    """Return f_n(M) of each node, (N,): the fragment part of its idle devices, of all resources together.

    It is 1 where nothing is idle, or if no LS work is known.
    """
    result = np.ones(len(rooms))
    idle = sum(rooms.idle().values(), np.zeros(len(rooms)))
    if workload.classes:
        lost = sum(fragments(rooms, workload).values(), np.zeros(len(rooms)))
        np.divide(lost, idle, out=result, where=idle > 0)
    return np.minimum(result, 1.0)


def cluster_categories(rooms: Rooms, workload: Workload) -> dict[str, dict[Category, float]]:
    """Return by device resource how many idle devices of all nodes are of which category, expected."""
    sums = {name: parts.sum(axis=0) for name, parts in categories(rooms, workload).items()}
    return {name: {each: float(parts[_COLUMN[each]]) for each in Category} for name, parts in sorted(sums.items())}


def cluster_fragmentation(
    rooms: Iterable[Resources],
    workload: Workload,
    devices: Sequence[Mapping[str, DeviceRoom]] = (),
) -> dict[str, dict[str, float]]:
    """Return, per device resource, how many are idle, how many of those are fragment, and the rate f_N(M)."""
    table = rooms_of(list(rooms), devices)
    lost = {name: float(parts.sum()) for name, parts in fragments(table, workload).items()}
    idle = {name: float(amounts.sum()) for name, amounts in table.idle().items()}
    return {
        name: {"idle": idle[name], "fragment": round(lost[name], 6), "rate": round(lost[name] / idle[name], 6)}
        for name in sorted(idle)
        if idle[name] > 0
    }


def _needs(workload: Workload) -> dict[str, Ints]:
    """Return what each class asks for, (classes,) by resource, of those that any class asks for."""
    names = sorted({name for need, _ in workload.classes for name, amount in need.items() if amount > 0})
    amounts = {name: [_bounded(max(0, need.get(name, 0))) for need, _ in workload.classes] for name in names}
    return {name: np.array(each, dtype=np.int64) for name, each in amounts.items()}


def _split(rooms: Rooms, needs: Mapping[str, Ints], shares: Floats) -> Iterator[tuple[str, Floats]]:
    """Yield the categories of each device resource, as `categories` returns them."""
    lacking = {name: _lacks(rooms, name, need) for name, need in needs.items()}
    for resource, idle in rooms.idle().items():
        others = [each for name, each in lacking.items() if name != resource]
        lacks_other = np.logical_or.reduce(others) if others else np.zeros((len(rooms), len(shares)), dtype=np.bool_)
        asking = needs[resource] > 0 if resource in needs else np.zeros(len(shares), dtype=np.bool_)
        parts = np.zeros((len(rooms), len(Category)))
        idlers = shares * ~asking
        parts[:, _COLUMN[Category.NOT_ASKED]] = idle * (~lacks_other @ idlers)
        parts[:, _COLUMN[Category.NOT_ASKED_LACK_CPU]] = idle * (lacks_other @ idlers)
        if asking.any():
            access = None if rooms.access is None else rooms.access[:, asking]
            asked = _Asked(lacking[resource][:, asking], lacks_other[:, asking], access)
            _split_asked(parts, asked, idle, shares[asking])
            if resource in rooms.devices:
                _move_too_small(parts, asked, rooms.devices[resource], needs[resource][asking], shares[asking])
        yield resource, parts


class _Asked(NamedTuple):
    """Nodes x classes that ask for the device: whether they lack it, lack something else, may run there (None: all)."""

    lacks: Bools
    lacks_other: Bools
    access: Bools | None

    def fits(self) -> Bools:
        fits = ~(self.lacks | self.lacks_other)
        return fits if self.access is None else fits & self.access


def _split_asked(parts: Floats, asked: _Asked, idle: Floats, shares: Floats) -> None:
    quadrants = {
        Category.LACK_BOTH: asked.lacks & asked.lacks_other,
        Category.LACK_GPU: asked.lacks & ~asked.lacks_other,
        Category.LACK_CPU: asked.lacks_other & ~asked.lacks,
        Category.SATISFIED: ~(asked.lacks | asked.lacks_other),
    }
    for category, where in quadrants.items():
        parts[:, _COLUMN[category]] = idle * ((where if asked.access is None else where & asked.access) @ shares)
    if asked.access is not None:
        parts[:, _COLUMN[Category.NO_ACCESS]] = idle * (~asked.access @ shares)


def _move_too_small(parts: Floats, asked: _Asked, devices: DeviceTable, need: Ints, shares: Floats) -> None:
    """Count as fragment what is left on devices that are too small for a task that fits on others."""
    unit = np.reshape(devices.unit, (-1, 1))
    least = np.minimum(need, unit)
    small = np.zeros(asked.lacks.shape, dtype=np.int64)
    for column in range(devices.free.shape[1]):
        free = devices.free[:, column, None]
        small += free * (free < least)
    moved = (small * asked.fits() / np.maximum(unit, 1)) @ shares
    parts[:, _COLUMN[Category.SATISFIED]] = np.maximum(0.0, parts[:, _COLUMN[Category.SATISFIED]] - moved)
    parts[:, _COLUMN[Category.LACK_GPU]] += moved


def _lacks(rooms: Rooms, name: str, need: Ints) -> Bools:
    """Return which node has no room for what which class asks of a resource."""
    if name in rooms.devices:
        return _lacks_devices(rooms.devices[name], need)
    if name not in rooms.resources:
        return np.broadcast_to(need > 0, (len(rooms), len(need)))
    free = rooms.free[:, rooms.resources.index(name), None]
    return (free < need) & (need > 0)


def _lacks_devices(devices: DeviceTable, need: Ints) -> Bools:
    unit = np.reshape(devices.unit, (-1, 1))
    largest = devices.free.max(axis=1, initial=0)[:, None]
    untouched = ((devices.free == unit) & (unit > 0)).sum(axis=1)[:, None]
    count, rest = np.divmod(need, np.maximum(unit, 1))
    lacks: Bools = np.where(need < unit, largest < need, (rest > 0) | (untouched < count))
    return lacks & (need > 0)
