"""What fillers that are there would do with what is free: it has a price for everybody else.

An instance that takes a core takes it from the growth that is worth least of what is granted. New instances are made
only where they are worth clearly more than the growth they displace; so what one plan leaves to growth, the next plan
leaves there too.
"""

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Floats, Ints, Options

# How much more a new instance has to be worth than the growth it displaces.
_CLEARLY = 1.02
_MOST_LEVELS = 4


def merge_grown(options: Options, counts: Ints, free: Ints) -> None:
    """Count instances that start large as small ones, which may grow: what is free is then shared out anew."""
    for option in np.flatnonzero(options.twin != np.arange(len(options))).tolist():
        twin, number = int(options.twin[option]), counts[:, option].copy()
        counts[:, twin] += number
        counts[:, option] = 0
        free += number[:, None] * (options.need[option] - options.need[twin])


def growth_worth(options: Options, there: Ints, free: Ints) -> Floats:
    """Return what the growth of instances that are there (N x S) is worth on each node."""
    worth: Floats = np.zeros(len(free))
    for column, levels in _levels(options):
        room = free[:, column].clip(min=0)
        for density, span in levels:
            grown = np.minimum(room, there @ span)
            worth, room = worth + grown * density, room - grown
    return worth


def growth_demand(options: Options, there: Ints, column: int, prices: Floats) -> Ints:
    """Return how much of a resource growth takes at each price (N x prices)."""
    weights = options.span[:, column, None] * (_CLEARLY * options.density[:, column, None] > prices[None, :])
    return (there.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)


def clearly_better(options: Options, kept: Ints, free: Ints, counts: Ints) -> NDArray[np.bool_]:
    """Say where new instances take nothing that running ones have grown into, or are worth clearly more than that.

    `free` is what is left beside the running ones at their smallest.
    """
    grown = growth_worth(options, kept, free)
    after = free - counts @ options.need
    gained = counts @ options.value + growth_worth(options, kept + counts, after) - grown
    there = kept @ options.value + grown
    is_grown: NDArray[np.bool_] = growth_worth(options, kept, after) < grown
    return ~is_grown | (gained > (_CLEARLY - 1.0) * there)


class GrowthRoom:
    """What growth is granted on nodes, level by level: what an instance displaces, it takes from the lowest first."""

    def __init__(self, options: Options, there: Ints, free: Ints) -> None:
        self._need, self._value = options.need, options.value
        self._columns: list[tuple[int, Ints, list[tuple[float, Ints]]]] = []
        for column, levels in _levels(options):
            room = free[:, column].clip(min=0)
            granted: list[tuple[float, Ints]] = []
            for density, span in _few(levels):
                grown = np.minimum(room, there @ span)
                granted.insert(0, (density, grown))
                room = room - grown
            self._columns.append((column, room, granted))

    def worthwhile(self, option: int, able: Ints) -> Ints:
        """Return how many of the instances that fit are worth more than the growth they displace.

        As many as take nothing from it, or one that does.
        """
        number, loss, costs = able, np.zeros(len(able)), False
        for column, spare, granted in self._columns:
            need = int(self._need[option, column])
            if need <= 0:
                continue
            costs, number = True, np.minimum(number, spare // need)
            rest = (need - spare).clip(min=0)
            for density, grown in granted:
                taken = np.minimum(rest, grown)
                loss, rest = loss + density * taken, rest - taken
        if costs:
            pays = (number == 0) & (self._value[option] > _CLEARLY * loss)
            number = np.where(pays, np.minimum(able, 1), number)
        return number

    def take(self, option: int, number: Ints) -> None:
        """Count new instances."""
        for index, (column, spare, granted) in enumerate(self._columns):
            rest = number * self._need[option, column]
            taken = np.minimum(rest, spare)
            left, rest = [], rest - taken
            for density, grown in granted:
                displaced = np.minimum(rest, grown)
                left.append((density, grown - displaced))
                rest = rest - displaced
            self._columns[index] = (column, spare - taken, left)


def _few(levels: list[tuple[float, Ints]]) -> list[tuple[float, Ints]]:
    """Return a few levels instead of many: neighbours together, at the higher worth of both."""
    while len(levels) > _MOST_LEVELS:
        near = min(range(len(levels) - 1), key=lambda at: (levels[at][0] / levels[at + 1][0], at))
        (density, span), (_, other) = levels[near], levels[near + 1]
        levels = [*levels[:near], (density, span + other), *levels[near + 2 :]]
    return levels


def _levels(options: Options) -> list[tuple[int, list[tuple[float, Ints]]]]:
    """Return, for each resource that grows, the worths of a unit, largest first, each with the span of its options."""
    columns = []
    for column in np.flatnonzero(((options.density > 0) & (options.span > 0)).any(axis=0)).tolist():
        density = options.density[:, column]
        levels = [
            (float(each), np.where(density == each, options.span[:, column], 0))
            for each in np.unique(density[density > 0])[::-1]
        ]
        columns.append((column, levels))
    return columns
