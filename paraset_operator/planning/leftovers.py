"""Greedy filling, for many nodes at once: what the price tables leave over, and shapes that take no devices."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import GrowthRoom, merge_grown
from paraset_operator.planning.problem import DeviceKind, Floats, Holes, Ints, Options

_PLENTY = 2**40


@dataclass(slots=True)
class Left:
    """What is left of nodes while options are taken: sums, and by device kind counts or, where parts are handed out,
    what is free of each device."""

    free: Ints
    wholes: list[Ints]
    devices: list[Ints]

    @classmethod
    def of(cls, holes: Holes, among: Holes | None = None) -> "Left":
        """Return all that is there; with as many columns as the nodes `among` which these are need."""
        none = np.zeros((len(holes), 0), dtype=np.int64)
        devices = []
        for kind, widest in zip(holes.kinds, (among or holes).kinds, strict=True):
            most = int(widest.wholes.max(initial=0))
            columns = np.where(np.arange(most)[None, :] < kind.wholes[:, None], kind.unit, 0).astype(np.int64)
            devices.append(none if kind.is_counted else np.hstack([kind.parts, columns]))
        return cls(holes.free.clip(min=0), [kind.wholes.copy() for kind in holes.kinds], devices)

    def put_rows(self, at: Ints, others: "Left") -> None:
        """Take over what is left of some nodes."""
        self.free[at] = others.free
        for mine, other in zip(self.wholes, others.wholes, strict=True):
            mine[at] = other
        for mine, other in zip(self.devices, others.devices, strict=True):
            mine[at] = 0
            mine[at, : other.shape[1]] = other

    def take_wholes(self, kind: int, parts: int, begin: Ints, used: Ints, cuts: Ints, rest: Ints) -> None:
        """Use so many wholly free devices from the `begin`th on; of the last ones, which are cut, some is left."""
        self.wholes[kind] -= used
        devices = self.devices[kind]
        if not devices.shape[1]:
            return
        place = np.arange(devices.shape[1] - parts)[None, :] - begin[:, None]
        is_used = (place >= 0) & (place < used[:, None])
        is_cut = is_used & (place >= (used - cuts)[:, None])
        devices[:, parts:] = np.where(is_cut, rest[:, None], np.where(is_used, 0, devices[:, parts:]))

    def rows(self, at: Ints) -> "Left":
        """Return a copy of some of the nodes."""
        return Left(self.free[at], [each[at] for each in self.wholes], [each[at] for each in self.devices])

    def copy(self) -> "Left":
        """Return a copy of all nodes."""
        return Left(self.free.copy(), [each.copy() for each in self.wholes], [each.copy() for each in self.devices])

    def holes(self, holes: Holes) -> Holes:
        """Return the holes that are left of those this began with, all nodes of them."""
        kinds = [
            replace(kind, wholes=wholes)
            if kind.is_counted
            else replace(
                kind, wholes=(devices == kind.unit).sum(axis=1), parts=np.where(devices == kind.unit, 0, devices)
            )
            for kind, wholes, devices in zip(holes.kinds, self.wholes, self.devices, strict=True)
        ]
        return replace(holes, free=self.free, kinds=tuple(kinds))


def fill_devices(
    holes: Holes, options: Options, gain: Floats, counts: Ints, left: Left, order: Ints, net: Floats | None = None
) -> None:
    """Offer what is left to each option with devices, in this order, as often as it fits and pays.

    It has to be worth more than the growth it displaces, and with `net`, its gain less what others would pay, that too.
    """
    rows = np.flatnonzero(_may_take(options, left, order))
    if not len(rows):
        return
    some, kinds, mine = left.rows(rows), holes.kinds, gain[rows]
    growth = GrowthRoom(options, holes.kept[rows] + counts[rows], some.free)
    for option in order.tolist():
        able = fitting(some.free, options.need[option])
        if net is not None:
            able[net[rows, option] <= 0] = 0
        if able.any():
            able = growth.worthwhile(option, np.where(mine[:, option] > 0, able, 0))
            number = put(kinds, options, option, able, some)
            counts[rows, option] += number
            growth.take(option, number)
    left.put_rows(rows, some)
    merge_grown(options, counts, left.free)


def _may_take(options: Options, left: Left, order: Ints) -> NDArray[np.bool_]:
    """Say where the sums allow for the least that any of the options needs, and some device is left."""
    if not len(order):
        return np.zeros(len(left.free), dtype=bool)
    may: NDArray[np.bool_] = (left.free >= options.need[order].min(axis=0)).all(axis=1)
    some = np.zeros(len(may), dtype=bool)
    for index, (wholes, devices) in enumerate(zip(left.wholes, left.devices, strict=True)):
        least = options.amount[order][options.kind[order] == index].min(initial=_PLENTY)
        some |= (devices >= least).any(axis=1) if devices.shape[1] else wholes >= least
    return may & some


def put(kinds: tuple[DeviceKind, ...], options: Options, option: int, able: Ints, left: Left) -> Ints:
    """Put up to `able` instances of an option on each node; return how many its devices allow."""
    number, at = np.zeros(len(able), dtype=np.int64), np.flatnonzero(able)
    if not len(at):
        return number
    index, amount = int(options.kind[option]), int(options.amount[option])
    if index < 0:
        number[at] = able[at]
    elif kinds[index].is_counted:
        number[at] = np.minimum(able[at], left.wholes[index][at] // amount)
        left.wholes[index][at] -= number[at] * amount
    elif amount >= kinds[index].unit:
        unit = kinds[index].unit
        number[at] = _put_wholes(left.devices[index], at, able[at], amount // unit, unit)
    else:
        number[at] = _put_parts(left.devices[index], at, able[at], amount)
    left.free[at] -= number[at, None] * options.need[option]
    return number


def put_within(holes: Holes, options: Options, option: int, able: Ints, left: Left, most: int) -> Ints:
    """Put up to `able` instances on each node but no more than `most` in all, on nodes first that come first."""
    at = np.flatnonzero(able)
    if int(able.sum()) > most:
        able[at] = put(holes.kinds, options, option, able[at], left.rows(at))
        order = holes.order(at)
        before = able[order].cumsum() - able[order]
        able[order] = np.minimum(able[order], (most - before).clip(min=0))
    return put(holes.kinds, options, option, able, left)


def fitting(free: Ints, need: Ints) -> Ints:
    """Return how many instances the sums allow."""
    number: Ints = np.full(len(free), _PLENTY, dtype=np.int64)
    for column in np.flatnonzero(need > 0).tolist():
        np.minimum(number, free[:, column] // need[column], out=number)
    return number.clip(min=0)


def _put_wholes(devices: Ints, at: Ints, able: Ints, pieces: int, unit: int) -> Ints:
    whole = devices[at] == unit
    number: Ints = np.minimum(able, whole.sum(axis=1) // pieces)
    taken = whole & (whole.cumsum(axis=1) <= (number * pieces)[:, None])
    devices[at] = np.where(taken, 0, devices[at])
    return number


def _put_parts(devices: Ints, at: Ints, able: Ints, amount: int) -> Ints:
    """Take `amount` of the fullest devices first, as often as it fits on each."""
    room = devices[at]
    number, rows = np.zeros(len(at), dtype=np.int64), np.arange(len(at))
    while len(rows):
        some = room[rows]
        home = np.where(some >= amount, some, _PLENTY).argmin(axis=1)
        times = np.minimum(some[np.arange(len(rows)), home] // amount, able[rows] - number[rows])
        going = times > 0
        rows, home, times = rows[going], home[going], times[going]
        room[rows, home] -= times * amount
        number[rows] += times
        rows = rows[number[rows] < able[rows]]
    devices[at] = room
    return number


def fill_plain(options: Options, gain: Floats, counts: Ints, left: Left, kept: Ints) -> None:
    """Give what no device can use to shapes without devices, those first that are worth most for their share of it."""
    rows = np.flatnonzero(options.kind < 0)
    if not len(rows):
        return
    rate = options.value[rows] / (options.need[rows] / left.free.sum(axis=0).clip(min=1)).max(axis=1)
    for option in rows[np.lexsort((rows, -rate))].tolist():
        able = np.where(gain[:, option] > 0, fitting(left.free, options.need[option]), 0)
        number = np.minimum(able, covering(options, option, left.free, kept + counts))
        counts[:, option] += number
        left.free -= number[:, None] * options.need[option]


def covering(options: Options, option: int, free: Ints, there: Ints) -> Ints:
    """Return how many instances of a shape without devices it takes to cover what is free.

    What instances that are there can grow into is theirs, as far as their growth is worth as much as a new instance.
    Where its own growth is worth that too, as few as possible are made: one large instance serves as well as many.
    """
    need, span = options.need[option], options.span[option]
    rate = options.value[option] / np.maximum(1, need) * (1 - 1e-9)
    room = (free - there @ (options.span * (options.density >= rate))).clip(min=0)
    number = fitting(room, need)
    grows = np.flatnonzero((span > 0) & (options.density[option] > 0))
    if len(grows) and (options.density[option] >= rate)[grows].all():
        few = -(-room[:, grows] // (need + span)[grows])
        number = np.minimum(number, few.max(axis=1))
    return number
