"""What is left of nodes while options are taken, and the filling of it with shapes that take no devices."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import merge_taken
from paraset_operator.planning.problem import DeviceKind, Floats, Holes, Ints, Options

PLENTY = 2**40


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


def put(kinds: tuple[DeviceKind, ...], options: Options, option: Ints, able: Ints, left: Left, at: Ints) -> Ints:
    """Put up to `able` instances of an option on each of the nodes `at`; return how many its devices allow."""
    number, kind, amount = able.copy(), options.kind[option], options.amount[option]
    for index, each in enumerate(kinds):
        mine, devices = np.flatnonzero((kind == index) & (able > 0)), left.devices[index]
        if not len(mine):
            continue
        if each.is_counted:
            number[mine] = np.minimum(able[mine], left.wholes[index][at[mine]] // amount[mine])
            left.wholes[index][at[mine]] -= number[mine] * amount[mine]
            continue
        is_whole = amount[mine] >= each.unit
        if is_whole.any():
            some = mine[is_whole]
            number[some] = _put_wholes(devices, at[some], able[some], amount[some] // each.unit, each.unit)
        if not is_whole.all():
            some = mine[~is_whole]
            number[some] = _put_parts(devices, at[some], able[some], amount[some])
    left.free[at] -= number[:, None] * options.need[option]
    return number


def put_within(holes: Holes, options: Options, option: int, able: Ints, left: Left, most: int) -> Ints:
    """Put up to `able` instances on each node but no more than `most` in all, on nodes first that come first."""
    at = np.flatnonzero(able)
    each = np.full(len(at), option)
    if int(able.sum()) > most:
        able[at] = put(holes.kinds, options, each, able[at], left.rows(at), np.arange(len(at)))
        order = holes.order(at)
        before = able[order].cumsum() - able[order]
        able[order] = np.minimum(able[order], (most - before).clip(min=0))
    number = np.zeros_like(able)
    number[at] = put(holes.kinds, options, each, able[at], left, at)
    return number


def fitting(free: Ints, need: Ints) -> Ints:
    """Return how many instances the sums allow."""
    number: Ints = np.full(len(free), PLENTY, dtype=np.int64)
    for column in np.flatnonzero(need > 0).tolist():
        np.minimum(number, free[:, column] // need[column], out=number)
    return np.maximum(number, 0)


def giving(missing: Ints, need: Ints) -> Ints:
    """Return how many instances give what is missing, of all that they hold."""
    held = np.flatnonzero(need > 0)
    number: Ints = (-(-missing[:, held].clip(min=0) // need[held])).max(axis=1, initial=0)
    return number


def enough(free: Ints, need: Ints) -> NDArray[np.bool_]:
    """Say on which nodes the sums allow for what is needed."""
    found = np.ones(len(free), dtype=bool)
    for column in np.flatnonzero(need > 0).tolist():
        found &= free[:, column] >= need[column]
    return found


def _put_wholes(devices: Ints, at: Ints, able: Ints, pieces: Ints, unit: int) -> Ints:
    room = devices[at]
    whole = room == unit
    number: Ints = np.minimum(able, whole.sum(axis=1) // pieces)
    taken = whole & (whole.cumsum(axis=1) <= (number * pieces)[:, None])
    devices[at] = np.where(taken, 0, room)
    return number


def _put_parts(devices: Ints, at: Ints, able: Ints, amount: Ints) -> Ints:
    """Take `amount` of the fullest devices first, as often as it fits on each."""
    number, rows = np.zeros(len(at), dtype=np.int64), np.arange(len(at))
    while len(rows):
        some, each, node = devices[at[rows]], amount[rows], at[rows]
        home = np.where(some >= each[:, None], some, PLENTY).argmin(axis=1)
        times = np.minimum(some[np.arange(len(rows)), home] // each, able[rows] - number[rows])
        devices[node, home] -= times * each
        number[rows] += times
        rows = rows[(times > 0) & (number[rows] < able[rows])]
    return number


def fill_plain(options: Options, gain: Floats, row: Ints, counts: Ints, left: Left, kept: Ints) -> None:
    """Give what no device can use to shapes without devices, those first that are worth most for their share of it.

    `gain` is what options are worth, `row` the row of it that is that of a node.
    """
    plain = np.flatnonzero((options.kind < 0) & (gain > 0).any(axis=0))
    if not len(plain) or not len(row):
        return
    pays = gain > 0
    pays &= ~pays[:, options.twin] | (options.twin == np.arange(len(options)))
    there = (kept + counts).astype(np.float64)
    wanted, taken = [there @ each.span for each in options.growths], []
    for option in _by_rate(options, gain, plain, left.free):
        able = enough(left.free, options.need[option])
        at = np.flatnonzero(able if pays[:, option].all() else able & pays[row, option])
        if not len(at):
            continue
        free = left.free[at]
        number = _covering(options, option, free, [each[at] for each in wanted])
        counts[at, option] += number
        left.free[at] = free - number[:, None] * options.need[option]
        for growth, each in zip(options.growths, wanted, strict=True):
            each[at] += number[:, None] * growth.span[option]
        taken.append((at, np.full(len(at), option), number))
    for mine in taken:
        merge_taken(options, *mine, counts, left.free)


def _by_rate(options: Options, gain: Floats, plain: Ints, free: Ints) -> list[int]:
    """Return options without devices, those first that are worth most for their share of what is free."""
    worth = gain[:, plain].max(axis=0, initial=0.0)
    rate = worth / (options.need[plain] / free.sum(axis=0).clip(min=1)).max(axis=1)
    order: list[int] = plain[np.lexsort((plain, -rate))].tolist()
    return order


def covering(options: Options, option: int, free: Ints, there: Ints) -> Ints:
    """Return how many instances of a shape without devices it takes to cover what is free.

    What instances that are there can grow into is theirs, as far as their growth is worth as much as a new instance.
    Where its own growth is worth that too, as few as possible are made: one large instance serves as well as many.
    """
    return _covering(options, option, free, [there @ each.span for each in options.growths])


def _covering(options: Options, option: int, free: Ints, wanted: list[Floats]) -> Ints:
    need, span = options.need[option], options.span[option]
    rate = options.value[option] / np.maximum(1, need) * (1 - 1e-9)
    room = free.copy()
    for growth, each in zip(options.growths, wanted, strict=True):
        # Worths are in falling order.
        dear = int((growth.worths >= rate[growth.column]).sum())
        room[:, growth.column] -= each[:, :dear].sum(axis=1).astype(np.int64)
    room = np.maximum(room, 0)
    number = fitting(room, need)
    grows = np.flatnonzero((span > 0) & (options.density[option] > 0))
    if len(grows) and (options.density[option] >= rate)[grows].all():
        few = -(-room[:, grows] // (need + span)[grows])
        number = np.minimum(number, few.max(axis=1))
    return number
