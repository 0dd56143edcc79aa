"""Greedy filling with options that take devices, for many nodes at once: what the price tables leave over."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import GrowthRoom, merge_taken
from paraset_operator.planning.leftovers import PLENTY, Left, enough, put
from paraset_operator.planning.problem import DeviceKind, Ints, Options


@dataclass(frozen=True, slots=True)
class Queue:
    """Which options are offered to nodes: `options` that take devices, `rank` (one row a kind of node) which of them
    come first, and `wanted` (one row a kind of node) whether at all. `row` names the row of each node."""

    options: Ints
    rank: NDArray[np.int16]
    wanted: NDArray[np.bool_]
    row: Ints


def fill_devices(
    kinds: tuple[DeviceKind, ...], options: Options, queue: Queue, kept: Ints, counts: Ints, left: Left
) -> None:
    """Take options in turn, as often as they fit: parts from the fullest device first, as others need whole ones.

    A new instance that displaces growth has to be worth clearly more than that.
    """
    needs, is_large = _Needs(kinds, options, queue.options), options.twin != np.arange(len(options))
    rows = needs.where_any(left)
    open_ = queue.wanted[queue.row[rows]]
    open_ &= needs.fits(left, rows)
    some = np.flatnonzero(open_.any(axis=1))
    rows, open_, place = rows[some], open_[some], np.arange(len(some))
    growth = GrowthRoom(options, kept[rows] + counts[rows], left.free[rows])
    rank, taken = queue.rank[queue.row[rows]], []
    while len(rows):
        chosen = np.where(open_, rank, len(queue.options)).argmin(axis=1)
        option = queue.options[chosen]
        able = growth.worthwhile(option, needs.number(left, rows, chosen), place)
        number = put(kinds, options, option, able, left, rows)
        counts[rows, option] += number
        growth.take(option, number, place)
        if is_large[option].any():
            taken.append((rows, option, number))
        open_[np.arange(len(rows)), chosen] = False
        changed = np.flatnonzero(number)
        open_[changed] &= needs.fits(left, rows[changed])
        going = np.flatnonzero(open_.any(axis=1))
        if len(going) < len(rows):
            rows, open_, place, rank = rows[going], open_[going], place[going], rank[going]
    for each in taken:
        merge_taken(options, *each, counts, left.free)


class _Needs:
    """What options with devices need of sums and devices, to see quickly which of them may fit."""

    def __init__(self, kinds: tuple[DeviceKind, ...], options: Options, mine: Ints) -> None:
        self._need, self._least = options.need[mine], options.need[mine].min(axis=0)
        differs = (self._need > self._least).any(axis=0)
        # What is counted per device says the same of the devices' own column.
        differs[[each.column for each in kinds]] = False
        self._columns = np.flatnonzero(differs).tolist()
        self._same = [column for column in np.flatnonzero(self._least > 0).tolist() if not differs[column]]
        self._used = np.flatnonzero((self._need > 0).any(axis=0))
        self._divisor = np.maximum(self._need[:, self._used], 1)
        self._plenty = np.where(self._need[:, self._used] > 0, 0, PLENTY)
        self._devices = []
        for index, each in enumerate(kinds):
            amount = np.where(options.kind[mine] == index, options.amount[mine], 0)
            if amount.any():
                part = amount if each.is_counted else np.minimum(amount, each.unit)
                self._devices.append((index, each, part, amount // each.unit))

    def where_any(self, left: Left) -> Ints:
        """Return the nodes where the sums allow for the least that any option needs, and some device is left."""
        may, some = enough(left.free, self._least), np.zeros(len(left.free), dtype=bool)
        for index, kind, part, _ in self._devices:
            most = left.wholes[index] if kind.is_counted else left.devices[index].max(axis=1, initial=0)
            some |= most >= part[part > 0].min()
        return np.flatnonzero(may & some)

    def fits(self, left: Left, at: Ints) -> NDArray[np.bool_]:
        """Say which options may fit on which of the nodes."""
        free, fits = left.free[at], np.ones((len(at), len(self._need)), dtype=bool)
        for column in self._same:
            fits &= free[:, column, None] >= self._least[column]
        for column in self._columns:
            fits &= free[:, column, None] >= self._need[None, :, column]
        for index, kind, part, wholes in self._devices:
            devices = left.wholes[index][at][:, None] if kind.is_counted else left.devices[index][at]
            fits &= devices.max(axis=1, initial=0)[:, None] >= part[None, :]
            if not kind.is_counted and wholes.max() > 1:
                fits &= (devices == kind.unit).sum(axis=1)[:, None] >= wholes[None, :]
        return fits

    def number(self, left: Left, at: Ints, chosen: Ints) -> Ints:
        """Return how many of the option chosen for each of the nodes the sums allow."""
        room = left.free[at[:, None], self._used[None, :]] + self._plenty[chosen]
        number: Ints = (room // self._divisor[chosen]).min(axis=1)
        return np.maximum(number, 0)
