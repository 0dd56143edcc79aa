"""What is done with what the price tables leave over: in which order it is offered, and which order serves best."""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.device_filling import Queue, fill_devices
from paraset_operator.planning.growth import growth_worth
from paraset_operator.planning.leftovers import Left, fill_plain
from paraset_operator.planning.problem import DeviceKind, Floats, Holes, Ints, Options

_TINY = 1e-9
# Nodes whose filling is certainly within this part of the best are not tried again.
_GAP = 0.003
# How much devices count beside shared resources, in the orders in which options are tried.
_PARTS = (0.0, 0.6)
# So many fillings are tried at once, at least, as long as there are so many.
_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Completion:
    """What options are worth, by base: `gain`, and `net` of what others would pay for the same.

    `orders` (ways x bases x options with devices) are orders of the options, `base` is the base of each node.
    """

    kinds: tuple[DeviceKind, ...]
    kept: Ints
    options: Options
    gain: Floats
    net: Floats
    orders: Ints
    base: Ints

    def at(self, rows: Ints) -> "Completion":
        """Return some of the nodes, in any order and number."""
        return Completion(self.kinds, self.kept[rows], self.options, self.gain, self.net, self.orders, self.base[rows])

    def worth(self, counts: Ints, left: Left) -> Floats:
        """Return what is won on each node, with the growth that what is left allows."""
        worth: Floats = np.einsum("ns,ns->n", counts.astype(np.float64), np.maximum(self.gain, 0.0)[self.base])
        return worth + growth_worth(self.options, self.kept + counts, left.free)

    def complete(self, counts: Ints, left: Left, way: Ints | None = None) -> None:
        """Take options with devices that are worth their cores, then those without, then whatever still fits."""
        self._fill_devices(self.net > 0, counts, left, way)
        self.fill_plain(counts, left)
        self._fill_devices(self.gain > 0, counts, left, way)

    def fill_plain(self, counts: Ints, left: Left) -> None:
        """Take options without devices."""
        fill_plain(self.options, self.gain, self.base, counts, left, self.kept)

    def _fill_devices(self, wanted: np.ndarray, counts: Ints, left: Left, way: Ints | None) -> None:
        ways, bases, length = self.orders.shape
        mine = np.sort(self.orders[0, 0])
        rank = np.argsort(self.orders.reshape(-1, length), axis=1).astype(np.int16)
        row = self.base if way is None else way * bases + self.base
        wanted = np.tile((wanted & (self.gain > 0))[:, mine], (ways, 1))
        fill_devices(self.kinds, self.options, Queue(mine, rank, wanted, row), self.kept, counts, left)


def orders_of(options: Options, kinds: tuple[DeviceKind, ...], gain: Floats, cost: Floats) -> Ints:
    """Return orders of the shapes with devices: by worth, by worth per scarce resource, and some between.

    Of each, one for each base.
    """
    rows = np.flatnonzero(options.kind >= 0)
    unit = np.array([kind.unit for kind in kinds])[options.kind[rows]]
    devices, worth, cost = options.amount[rows] / unit, np.maximum(gain[:, rows], 0.0), cost[:, rows]
    cost = cost / np.maximum(1e-12, cost.mean(axis=1))[:, None] * devices.mean()
    keys = [worth, *(worth / (part * devices + (1 - part) * cost + 1e-12) for part in _PARTS)]
    return rows[np.argsort(-np.array(keys), axis=2, kind="stable")]


def try_ways(completion: Completion, holes: Holes, bound: Floats, best: Floats, counts: Ints, left: Left) -> None:
    """Fill nodes without tables, in several orders, and with shapes without devices first; keep what is best.

    Nodes whose filling is certainly close to the best (`bound` is no less than that) are left as they are.
    """
    ways = [*((order, False) for order in range(len(completion.orders))), (0, True)]
    while ways and len(poor := np.flatnonzero(bound > best * (1 + _GAP))):
        number = max(1, _AT_ONCE // len(poor))
        some, ways = ways[:number], ways[number:]
        rows = np.tile(poor, len(some))
        order, is_plain_first = (np.repeat(np.array(each), len(poor)) for each in zip(*some, strict=True))
        mine = completion.at(rows)
        new, room = np.zeros((len(rows), counts.shape[1]), dtype=np.int64), Left.of(holes.at(rows), holes)
        _plain_first(mine, np.flatnonzero(is_plain_first), new, room)
        mine.complete(new, room, order)
        worth = mine.worth(new, room).reshape(len(some), len(poor))
        way = worth.argmax(axis=0)
        won = worth[way, np.arange(len(poor))]
        better = np.flatnonzero(won > best[poor] + _TINY)
        chosen = way[better] * len(poor) + better
        counts[poor[better]] = new[chosen]
        left.put_rows(poor[better], room.rows(chosen))
        best[poor[better]] = won[better]


def _plain_first(completion: Completion, at: Ints, counts: Ints, left: Left) -> None:
    if len(at):
        taken, rest = counts[at], left.rows(at)
        completion.at(at).fill_plain(taken, rest)
        counts[at] = taken
        left.put_rows(at, rest)
