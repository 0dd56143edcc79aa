"""For each node the price at which what its devices are used for just fits, and the mix of the uses around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import CLEARLY
from paraset_operator.planning.price_tables import Table, Tables, menu_of, tables_of
from paraset_operator.planning.problem import Floats, Holes, Ints, Options

_PRICES = 28
# A node with more wholly free devices of a kind is priced as if it had so many; leftovers get the rest.
_MOST_WHOLES = 64
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Market:
    """The tables of all device kinds at all prices, for each base: gains of options and what a unit of each shared
    resource costs.

    Row `base * prices.shape[1] + index` of a table is that of nodes of a base at a price (`prices` has a row a base);
    `floor` is, for each base, the price below which shapes without devices would rather have the resource.
    """

    holes: Holes
    shared: Ints
    direction: Floats
    prices: Floats
    tables: tuple[Tables, ...]
    floor: Ints

    def price(self, row: Ints) -> Floats:
        """Return the price of rows of the tables."""
        found: Floats = self.prices.reshape(-1)[row]
        return found

    def room(self, at: Ints) -> Ints:
        """Return what is free of the shared resources on some nodes."""
        return np.maximum(self.holes.free[at][:, self.shared], 0)


@dataclass(slots=True)
class Mix:
    """Nodes `at`, and which table row fills what: of each kind `wholes_low` devices and the parts marked in
    `parts_low` at row `low`, where the price is too low for all of them, the rest at `high`."""

    at: Ints
    low: Ints
    high: Ints
    used: Ints
    wholes_low: list[Ints]
    parts_low: list[NDArray[np.bool_]]


def open_market(
    holes: Holes, options: Options, allowed: Floats, shared: Ints, direction: Floats, *, is_free: bool = False
) -> Market:
    """Return the tables for all bases (rows of `allowed`: the gain of each option) and prices; or only the price 0."""
    need = options.need[:, shared]
    cost = direction @ need.T
    rates = _plain_rates(allowed, cost, options.kind)
    prices = np.zeros((len(allowed), 1)) if is_free else _price_grid(allowed, cost, options.kind, rates)
    gain = (allowed[:, None, :] - prices[:, :, None] * cost[:, None, :]).reshape(-1, len(options))
    value = np.repeat(allowed, prices.shape[1], axis=0)
    tables = tuple(
        tables_of(
            menu_of(index, kind.unit, options.kind, options.amount),
            int(min(_MOST_WHOLES, kind.wholes.max(initial=0))),
            gain,
            value,
            need,
        )
        for index, kind in enumerate(holes.kinds)
    )
    floor = np.minimum((prices < rates[:, None]).sum(axis=1), prices.shape[1] - 1)
    return Market(holes, shared, direction, prices, tables, floor)


def _price_grid(allowed: Floats, cost: Floats, kind: Ints, plain: Floats) -> Floats:
    """Return prices from nothing to more than anybody would pay, and what shapes without devices would pay at most."""
    able = (allowed > 0) & (kind >= 0)[None, :] & (cost > 0)
    rates = allowed / np.where(cost > 0, cost, 1.0)
    least, most = np.where(able, rates, np.inf).min(axis=1), np.where(able, rates, 0.0).max(axis=1)
    is_any = np.any(able, axis=1)
    grid = np.geomspace(np.where(is_any, least, 1.0) * 0.2, np.where(is_any, most, 1.0) * 1.001, _PRICES - 1, axis=1)
    prices = np.column_stack([np.zeros(len(allowed)), plain, grid])
    return np.sort(np.where(is_any[:, None], prices, 0.0), axis=1)


def _plain_rates(allowed: Floats, cost: Floats, kind: Ints) -> Floats:
    """Return what shapes without devices would pay, by base; of equal offers that of a device comes first."""
    plain = (kind < 0)[None, :] & (cost > 0)
    rates = np.where(plain, allowed / np.where(plain, cost, 1.0), 0.0)
    most: Floats = rates.max(axis=1, initial=0.0) * (1 - 1e-9)
    return most


def look_up(market: Market, row: Ints, at: Ints) -> Ints:
    """Return what the nodes `at` need of the shared resources, each at its row of the tables."""
    used: Ints = np.zeros((len(at), len(market.shared)), dtype=np.int64)
    for index, tables in enumerate(market.tables):
        wholes, steps = devices_of(market, index, at)
        used += tables.wholes.need[row, wholes]
        if steps.shape[1]:
            node, part = np.nonzero(steps)
            if len(node):
                begin = np.flatnonzero(np.diff(node, prepend=-1))
                need = tables.parts.need[row[node], steps[node, part]]
                used[node[begin]] += np.add.reduceat(need, begin, axis=0)
    return used


def devices_of(market: Market, index: int, at: Ints) -> tuple[Ints, Ints]:
    """Return the wholly free devices of a kind, and its parts in steps, of the nodes `at`."""
    kind, tables = market.holes.kinds[index], market.tables[index]
    wholes = np.minimum(kind.wholes[at], tables.wholes.gain.shape[1] - 1)
    if tables.parts.gain.shape[1] == 1:
        return wholes, np.zeros((len(at), 0), dtype=np.int64)
    return wholes, kind.parts[at] // tables.menu.step


def settle(market: Market, options: Options, base: Ints, at: Ints) -> Mix:
    """Return how the devices of the nodes `at` are used; `base` is the base of each of them."""
    first = base * market.prices.shape[1]
    growing = _Growing(market, options, at)
    low, high = _bisect(market, base, at, growing)
    room = np.maximum(market.room(at) - growing.taken(np.arange(len(at)), first + high), 0)
    mix = Mix(at, first + low, first + high, look_up(market, first + high, at), [], [])
    rate = market.price(first + market.floor[base])[:, None] * market.direction[base]
    for index, tables in enumerate(market.tables):
        wholes, steps = devices_of(market, index, at)
        _mix_wholes(tables.wholes, mix, wholes, room, rate)
        _mix_parts(tables.parts, mix, steps, room, rate)
    return mix


def bound_of(market: Market, base: Ints, mix: Mix) -> Floats:
    """Return more than any use of the nodes' devices can win beside other uses of what is shared (weak duality)."""
    room = (market.room(mix.at) * market.direction[base]).sum(axis=1)
    bounds: list[Floats] = []
    for row in (mix.low, mix.high):
        bound: Floats = market.price(row) * room
        for index, tables in enumerate(market.tables):
            wholes, steps = devices_of(market, index, mix.at)
            bound = bound + tables.wholes.gain[row, wholes]
            if steps.shape[1]:
                bound = bound + tables.parts.gain[row[:, None], steps].sum(axis=1)
        bounds.append(bound)
    return np.minimum(*bounds)


class _Growing:
    """What the growth of running fillers takes of shared resources, as long as it is worth the price."""

    def __init__(self, market: Market, options: Options, at: Ints) -> None:
        self._market = market
        kept = market.holes.kept[at]
        growths = options.growths if kept.any() else ()
        self._each = [
            (int(np.flatnonzero(market.shared == each.column)[0]), each.worths, kept @ each.span)
            for each in growths
            if each.column in market.shared
        ]

    def taken(self, rows: Ints, row: Ints) -> Ints:
        """Return what it takes on the nodes in these places, each at its row of the tables."""
        market = self._market
        taken = np.zeros((len(rows), len(market.shared)), dtype=np.int64)
        for place, worths, wanted in self._each:
            price = market.price(row) * market.direction[row // market.prices.shape[1], place]
            taken[:, place] = (wanted[rows] * (CLEARLY * worths[None, :] > price[:, None])).sum(axis=1)
        return taken


def _bisect(market: Market, base: Ints, at: Ints, growing: _Growing) -> tuple[Ints, Ints]:
    """Return the highest price that does not fit and the lowest that does, as indices; the floor twice if it fits."""
    first, floor, room = base * market.prices.shape[1], market.floor[base], market.room(at)

    def fits(mine: Ints, index: Ints) -> NDArray[np.bool_]:
        row = first[mine] + index
        found: NDArray[np.bool_] = np.all(
            look_up(market, row, at[mine]) + growing.taken(mine, row) <= room[mine], axis=1
        )
        return found

    low, high = floor.copy(), np.full(len(at), market.prices.shape[1] - 1)
    is_open = ~fits(np.arange(len(at)), floor)
    high[~is_open] = low[~is_open]
    while (is_open := is_open & (high - low > 1)).any():
        mine = np.flatnonzero(is_open)
        middle = (low[mine] + high[mine]) // 2
        is_enough = fits(mine, middle)
        high[mine[is_enough]] = middle[is_enough]
        low[mine[~is_enough]] = middle[~is_enough]
    return low, high


def _mix_wholes(table: Table, mix: Mix, wholes: Ints, room: Ints, rate: Floats) -> None:
    """Choose how many wholly free devices are used as at the lower price, so that most is won and it fits."""
    count = np.zeros(len(wholes), dtype=np.int64)
    mix.wholes_low.append(count)
    at = np.flatnonzero((mix.low != mix.high) & (wholes > 0))
    if not len(at):
        return
    low, high, wholes, room, rate = mix.low[at, None], mix.high[at, None], wholes[at, None], room[at], rate[at]
    number = np.arange(int(wholes.max()) + 1)[None, :]
    some, rest = np.minimum(number, wholes), np.maximum(0, wholes - number)
    need = table.need[low, some] + table.need[high, rest]
    gain = table.value[low, some] + table.value[high, rest]
    used = need + (mix.used[at] - need[:, 0])[:, None, :]
    fits = number <= wholes
    for column in range(need.shape[2]):
        gain -= rate[:, column, None] * need[:, :, column]
        fits &= used[:, :, column] <= room[:, column, None]
    # As at the higher price it is taken to fit: elsewhere no mix does.
    fits[:, 0] = True
    gain[:, 0] += _TINY
    chosen = np.where(fits, gain, -np.inf).argmax(axis=1)
    count[at] = chosen
    mix.used[at] = used[np.arange(len(at)), chosen]


def _mix_parts(table: Table, mix: Mix, steps: Ints, room: Ints, rate: Floats) -> None:
    """Use parts as at the lower price as far as they fit, those first that win most for what they cost."""
    taken = np.zeros(steps.shape, dtype=bool)
    mix.parts_low.append(taken)
    at = np.flatnonzero((mix.low != mix.high) & (steps > 0).any(axis=1))
    if not len(at):
        return
    low, high, rows, steps = mix.low[at, None], mix.high[at, None], np.arange(len(at)), steps[at]
    room, rate, used = room[at], rate[at], mix.used[at]
    more = table.need[low, steps] - table.need[high, steps]
    won = table.value[low, steps] - table.value[high, steps] - (rate[:, None, :] * more).sum(axis=2)
    cost = (np.maximum(more, 0) / np.maximum(1, room)[:, None, :]).sum(axis=2) + _TINY
    order = np.argsort(-won / cost, axis=1, kind="stable")
    for place in range(int((won > _TINY).sum(axis=1).max())):
        part = order[:, place]
        total = used + more[rows, part]
        fits = (won[rows, part] > _TINY) & (total <= room).all(axis=1)
        taken[at[fits], part[fits]] = True
        used = np.where(fits[:, None], total, used)
    mix.used[at] = used
