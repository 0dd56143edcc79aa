"""The best use of devices while shared resources have a price: one table per price, looked up for every node.

Under a price per core (or byte) a node falls apart into its devices: each part of a device is filled by itself, whole
ones together. For every free amount the best filling is found by dynamic programming over the options, for all prices
at once; a node is then a few look-ups. This is the Lagrangian relaxation of the node's knapsack.
"""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.problem import Floats, Ints

# Device parts are planned in at most so many steps; an amount is rounded up to whole ones.
_MOST_STEPS = 200
_TINY = 1e-12

NOTHING, CUT = -1, -2


@dataclass(frozen=True, slots=True)
class Menu:
    """The options of one device kind, as rows of the option list: those that take a part, and those of whole devices.

    `size` (one an option) is counted in steps of `step` for parts, of which a device has `steps`, else in devices.
    """

    step: int
    steps: int
    parts: Ints
    wholes: Ints
    size: Ints


@dataclass(frozen=True, slots=True)
class Table:
    """For each price (row) and free amount (column): the best filling.

    `gain` is its value less what its needs cost, `value` its value, `need` (with a third axis) what it takes of the
    shared resources. `used` is how much of the amount is really taken, and `taken` the option taken last of that:
    follow it down. A whole device that is cut into parts is marked CUT.
    """

    gain: Floats
    value: Floats
    need: Ints
    taken: Ints
    used: Ints

    @classmethod
    def empty(cls, prices: int, amounts: int, shared: int) -> "Table":
        """Return a table in which nothing is taken."""
        return cls(
            np.zeros((prices, amounts)),
            np.zeros((prices, amounts)),
            np.zeros((prices, amounts, shared), dtype=np.int64),
            np.full((prices, amounts), NOTHING, dtype=np.int64),
            np.zeros((prices, amounts), dtype=np.int64),
        )

    def carry(self, amount: int) -> None:
        """Begin a column with what one step less is good for."""
        for array in (self.gain, self.value, self.need, self.used):
            array[:, amount] = array[:, amount - 1]

    def put(self, at: Ints, amount: int, option: Ints, before: Ints, value: Floats, need: Ints) -> None:
        """Take an option, in the rows `at`, on top of the filling of the amount `before`."""
        self.value[at, amount] = self.value[at, before] + value
        self.need[at, amount] = self.need[at, before] + need
        self.taken[at, amount] = option
        self.used[at, amount] = amount


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one device kind, and how its parts are counted."""

    menu: Menu
    parts: Table
    wholes: Table


def menu_of(kind: int, unit: int, kinds: Ints, amounts: Ints) -> Menu:
    """Return the options of a device kind, with parts counted in steps as large as they allow."""
    parts = np.flatnonzero((kinds == kind) & (amounts < unit))
    wholes = np.flatnonzero((kinds == kind) & (amounts >= unit))
    step = max(int(np.gcd.reduce(np.append(amounts[parts], unit))), -(-unit // _MOST_STEPS))
    size = np.zeros(len(kinds), dtype=np.int64)
    size[parts] = -(-amounts[parts] // step)
    size[wholes] = amounts[wholes] // unit
    return Menu(step, unit // step, parts, wholes, size)


def tables_of(menu: Menu, most: int, gain: Floats, value: Floats, need: Ints) -> Tables:
    """Return the tables for devices of a kind, of which a node has at most `most` wholly free.

    `gain` (prices x options) is what an option is worth less what its needs cost, `value` (prices x options) without
    that, `need` (options x shared resources) what it takes.
    """
    parts = _part_table(menu, gain, value, need)
    return Tables(menu, parts, _whole_table(menu, most, gain, value, need, parts))


def _part_table(menu: Menu, gain: Floats, value: Floats, need: Ints) -> Table:
    columns = menu.steps + 1 if len(menu.parts) else 1
    table = Table.empty(len(gain), columns, need.shape[1])
    for amount in range(1, columns):
        table.carry(amount)
        _try_options(table, amount, menu.parts, menu.size, gain, value, need)
    return table


def _whole_table(menu: Menu, most: int, gain: Floats, value: Floats, need: Ints, parts: Table) -> Table:
    table = Table.empty(len(gain), most + 1, need.shape[1])
    full = parts.gain.shape[1] - 1
    for amount in range(1, most + 1):
        table.carry(amount)
        _try_options(table, amount, menu.wholes, menu.size, gain, value, need)
        better = np.flatnonzero(table.gain[:, amount - 1] + parts.gain[:, full] > table.gain[:, amount] + _TINY)
        table.gain[better, amount] = table.gain[better, amount - 1] + parts.gain[better, full]
        cut = np.full(len(better), CUT)
        before = np.full(len(better), amount - 1)
        table.put(better, amount, cut, before, parts.value[better, full], parts.need[better, full])
    return table


def _try_options(table: Table, amount: int, rows: Ints, size: Ints, gain: Floats, value: Floats, need: Ints) -> None:
    able = rows[size[rows] <= amount]
    if not len(able):
        return
    totals = table.gain[:, amount - size[able]] + gain[:, able]
    chosen = totals.argmax(axis=1)
    best = totals[np.arange(len(totals)), chosen]
    at = np.flatnonzero(best > table.gain[:, amount] + _TINY)
    option = able[chosen[at]]
    table.gain[at, amount] = best[at]
    table.put(at, amount, option, amount - size[option], value[at, option], need[option])
