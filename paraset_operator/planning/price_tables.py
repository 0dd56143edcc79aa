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


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one device kind, and how its parts are counted."""

    menu: Menu
    parts: Table
    wholes: Table


@dataclass(frozen=True, slots=True)
class _Offers:
    """The best option of each size at each price (sizes x prices), smallest first.

    `worth` (with a third axis) is the value and then the needs of it.
    """

    size: Ints
    gain: Floats
    option: Ints
    worth: Floats


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
    parts = _filled(_offers(menu.parts, menu.size, gain, value, need), menu.steps if len(menu.parts) else 0)
    wholes = _with_cut(_offers(menu.wholes, menu.size, gain, value, need), parts)
    return Tables(menu, parts, _filled(wholes, most))


def _offers(rows: Ints, size: Ints, gain: Floats, value: Floats, need: Ints) -> _Offers:
    sizes = np.unique(size[rows])
    option = np.zeros((len(sizes), len(gain)), dtype=np.int64)
    for place, each in enumerate(sizes.tolist()):
        able = rows[size[rows] == each]
        option[place] = able[gain[:, able].argmax(axis=1)] if len(able) > 1 else able[0]
    every = np.arange(len(gain))[None, :]
    worth = np.concatenate([value[every, option][:, :, None], need[option]], axis=2)
    return _Offers(sizes, gain[every, option], option, worth)


def _with_cut(offers: _Offers, parts: Table) -> _Offers:
    """Return the offers for whole devices with one more, that of cutting a device into parts: the last of size 1."""
    place = int((offers.size <= 1).sum())
    worth = np.concatenate([parts.value[:, -1:], parts.need[:, -1]], axis=1)
    return _Offers(
        np.insert(offers.size, place, 1),
        np.insert(offers.gain, place, parts.gain[:, -1], axis=0),
        np.insert(offers.option, place, CUT, axis=0),
        np.insert(offers.worth, place, worth, axis=0),
    )


def _filled(offers: _Offers, most: int) -> Table:
    """Return the best filling of each amount up to the most; of equal ones that which takes less."""
    prices, every = offers.gain.shape[1], np.arange(offers.gain.shape[1])
    gain = np.zeros((most + 1, prices))
    worth = np.zeros((most + 1, prices, offers.worth.shape[2]))
    nothing = len(offers.size)
    chosen = np.full((most + 1, prices), nothing)
    # What follows one step less, with nothing more, is the last choice.
    size, added = np.append(offers.size, 1), np.concatenate([offers.worth, worth[:1]])
    able = np.searchsorted(offers.size, np.arange(most + 1), side="right").tolist()
    for amount in range(1, most + 1):
        if not able[amount]:
            continue
        totals = gain[amount - offers.size[: able[amount]]] + offers.gain[: able[amount]]
        best = totals.max(axis=0)
        is_better = best > gain[amount - 1] + _TINY
        gain[amount] = np.where(is_better, best, gain[amount - 1])
        chosen[amount] = np.where(is_better, totals.argmax(axis=0), nothing)
        worth[amount] = worth[amount - size[chosen[amount]], every] + added[chosen[amount], every]
    taken = np.append(offers.option, np.full((1, prices), NOTHING), axis=0)[chosen, every]
    used = np.maximum.accumulate(np.where(chosen < nothing, np.arange(most + 1)[:, None], 0), axis=0)
    return Table(
        np.ascontiguousarray(gain.T),
        np.ascontiguousarray(worth[:, :, 0].T),
        np.ascontiguousarray(worth[:, :, 1:].transpose(1, 0, 2)).astype(np.int64),
        np.ascontiguousarray(taken.T),
        np.ascontiguousarray(used.T),
    )
