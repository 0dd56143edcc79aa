"""What fillers that are there would do with what is free: it has a price for everybody else.

An instance that takes a core takes it from the growth that is worth least of what is granted. New instances are made
only where they are worth clearly more than the growth they displace; so what one plan leaves to growth, the next plan
leaves there too.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Floats, Ints, Options

# How much more a new instance has to be worth than the growth it displaces.
CLEARLY = 1.02


def merge_grown(options: Options, counts: Ints, free: Ints) -> None:
    """Count instances that start large as small ones, which may grow: what is free is then shared out anew."""
    large = np.flatnonzero(options.twin != np.arange(len(options)))
    number = counts[:, large]
    for which in np.flatnonzero(number.any(axis=0)).tolist():
        at = np.flatnonzero(number[:, which])
        merge_taken(options, at, np.full(len(at), large[which]), number[at, which], counts, free)


def merge_taken(options: Options, at: Ints, option: Ints, number: Ints, counts: Ints, free: Ints) -> None:
    """Count so many instances of an option on each of the nodes `at` as small ones."""
    is_large = (options.twin[option] != option) & (number > 0)
    if is_large.any():
        at, option, number = at[is_large], option[is_large], number[is_large]
        twin = options.twin[option]
        counts[at, option] -= number
        counts[at, twin] += number
        free[at] += number[:, None] * (options.need[option] - options.need[twin])


def growth_worth(options: Options, there: Ints, free: Ints) -> Floats:
    """Return what the growth of instances that are there (N x S) is worth on each node."""
    worth: Floats = np.zeros(len(free))
    for growth in options.growths:
        room = np.maximum(free[:, growth.column], 0).astype(np.float64)
        wanted = there.astype(np.float64) @ growth.span
        for level, density in enumerate(growth.worths):
            grown = np.minimum(room, wanted[:, level])
            worth += grown * density
            room -= grown
    return worth


def grown_by_set(options: Options, there: Ints, free: Ints, sets: int) -> Floats:
    """Return by how much instances that are there grow, by set (N x sets x columns), with so much left free."""
    grown = np.zeros((len(free), sets, options.need.shape[1]))
    for option, column, more in growths_of(options, there, free):
        grown[:, options.owner[option], column] += more
    return grown


def growths_of(options: Options, there: Ints, free: Ints) -> Iterator[tuple[int, int, Ints]]:
    """Yield by how much instances of each option grow in each column (N), with so much left free.

    Growth that is worth most is granted first.
    """
    may_grow = (options.density > 0) & (options.span > 0)
    for column in np.flatnonzero(may_grow.any(axis=0)).tolist():
        room = free[:, column].clip(min=0)
        for option in np.argsort(-options.density[:, column], kind="stable").tolist():
            if may_grow[option, column] and there[:, option].any():
                more = np.minimum(room, there[:, option] * options.span[option, column])
                yield option, column, more
                room = room - more


def clearly_better(options: Options, kept: Ints, free: Ints, counts: Ints) -> NDArray[np.bool_]:
    """Say where new instances take nothing that running ones have grown into, or are worth clearly more than that.

    `free` is what is left beside the running ones at their smallest.
    """
    grown = growth_worth(options, kept, free)
    after = free - counts @ options.need
    gained = counts @ options.value + growth_worth(options, kept + counts, after) - grown
    there = kept @ options.value + grown
    is_grown: NDArray[np.bool_] = growth_worth(options, kept, after) < grown
    return ~is_grown | (gained > (CLEARLY - 1.0) * there)


class GrowthRoom:
    """What growth is granted on nodes, level by level: what an instance displaces, it takes from the lowest first.

    Found out once somebody asks for it: `there` and `free` must not have changed by then.
    """

    def __init__(self, options: Options, there: Ints, free: Ints) -> None:
        self._options, self._there, self._free = options, there, free
        self._need, self._value = options.need, options.value

    @cached_property
    def _columns(self) -> list[tuple[int, Floats, Ints]]:
        """For each resource its column, and the worths and amounts (levels x nodes) of growth, lowest first.

        The lowest is what nobody grows into.
        """
        columns, there = [], self._there.astype(np.float64)
        for growth in self._options.coarse_growths:
            room = np.maximum(self._free[:, growth.column], 0)
            wanted = (there @ growth.span).astype(np.int64)
            levels = []
            for level in range(len(growth.worths)):
                grown = np.minimum(room, wanted[:, level])
                levels.append(grown)
                room = room - grown
            worths = np.append(growth.worths, 0.0)[::-1, None]
            columns.append((growth.column, worths, np.array([*levels, room])[::-1]))
        return columns

    def worthwhile(self, option: int | Ints, able: Ints, at: Ints | None = None) -> Ints:
        """Return how many of the instances that fit are worth more than the growth they displace.

        As many as take nothing from it, or one that does. On the nodes `at`, all if none are named, an option each.
        """
        if not able.any():
            return able
        number, rows = able, np.arange(len(able)) if at is None else at
        for column, _, levels in self._columns:
            need = self._need[option, column]
            number = np.where(need > 0, np.minimum(number, levels[0, rows] // np.maximum(need, 1)), number)
        tight = np.flatnonzero((number == 0) & (able > 0))
        if len(tight):
            mine = option[tight] if isinstance(option, np.ndarray) else option
            loss = np.zeros(len(tight))
            for column, worths, levels in self._columns:
                loss += (worths * _displaced(levels[:, rows[tight]], self._need[mine, column])).sum(axis=0)
            number = number.copy()
            number[tight] = self._value[mine] > CLEARLY * loss
        return number

    def take(self, option: int | Ints, number: Ints, at: Ints | None = None) -> None:
        """Count new instances, on the nodes `at`, all if none are named."""
        rows = np.arange(len(number)) if at is None else at
        for column, _, levels in self._columns:
            amount, mine = number * self._need[option, column], levels[:, rows]
            if (amount <= mine[0]).all():
                levels[0, rows] -= amount
            else:
                levels[:, rows] = mine - _displaced(mine, amount)


def _displaced(levels: Ints, amount: Ints | np.int64) -> Ints:
    """Return how much of each level an amount takes, of the lowest first."""
    before = levels.cumsum(axis=0) - levels
    found: Ints = np.minimum(levels, np.maximum(amount - before, 0))
    return found
