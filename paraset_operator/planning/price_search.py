"""For each node the price at which what its devices are used for just fits, and the mix of the uses around it."""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.growth import growth_demand
from paraset_operator.planning.price_tables import Table, Tables, menu_of, tables_of
from paraset_operator.planning.problem import Floats, Holes, Ints, Options

_PRICES = 28
# A node with more wholly free devices of a kind is priced as if it had so many; leftovers get the rest.
_MOST_WHOLES = 64
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Market:
    """The tables of all device kinds at all prices of one direction: what a unit of each shared resource costs.

    Row `base * len(prices) + index` of a table is that of nodes of a base at a price; `floor` is, for each base, the
    price below which shapes without devices would rather have the resource.
    """

    holes: Holes
    shared: Ints
    direction: Floats
    prices: Floats
    tables: tuple[Tables, ...]
    floor: Ints


@dataclass(slots=True)
class Mix:
    """Nodes `at`, and which table row fills what: of each kind `wholes_low` devices and the parts marked in
    `parts_low` at row `low`, where the price is too low for all of them, the rest at `high`."""

    at: Ints
    low: Ints
    high: Ints
    used: Ints
    wholes_low: list[Ints]
    parts_low: list[np.ndarray]


def open_market(
    holes: Holes, options: Options, allowed: Floats, shared: Ints, direction: Floats, *, is_free: bool = False
) -> Market:
    """Return the tables for all bases (rows of `allowed`: the gain of each option) and prices; or only the price 0."""
    need = options.need[:, shared]
    cost = need @ direction
    prices = np.zeros(1) if is_free else _price_grid(allowed, cost, options.kind)
    gain = (allowed[:, None, :] - prices[None, :, None] * cost[None, None, :]).reshape(-1, len(options))
    value = np.repeat(allowed, len(prices), axis=0)
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
    return Market(holes, shared, direction, prices, tables, _floors(allowed, cost, options.kind, prices))


def _price_grid(allowed: Floats, cost: Floats, kind: Ints) -> Floats:
    """Return prices from nothing to more than anybody would pay, and what shapes without devices would pay at most."""
    able = (allowed > 0) & (kind >= 0) & (cost > 0)
    rates = (allowed / np.where(cost > 0, cost, 1.0))[able]
    if not len(rates):
        return np.zeros(1)
    grid = np.geomspace(rates.min() * 0.2, rates.max() * 1.001, _PRICES - 1)
    return np.unique(np.concatenate([[0.0], _plain_rates(allowed, cost, kind), grid]))


def _plain_rates(allowed: Floats, cost: Floats, kind: Ints) -> Floats:
    """Return what shapes without devices would pay, by base; of equal offers that of a device comes first."""
    plain = (kind < 0) & (cost > 0)
    if not plain.any():
        return np.zeros(len(allowed))
    rates: Floats = (allowed[:, plain] / cost[plain]).max(axis=1).clip(min=0.0) * (1 - 1e-9)
    return rates


def _floors(allowed: Floats, cost: Floats, kind: Ints, prices: Floats) -> Ints:
    rates = _plain_rates(allowed, cost, kind)
    return np.minimum(np.searchsorted(prices, rates), len(prices) - 1).astype(np.int64)


def look_up(market: Market, row: Ints, at: Ints) -> Ints:
    """Return what the nodes `at` need of the shared resources, each at its row of the tables."""
    used: Ints = np.zeros((len(at), len(market.shared)), dtype=np.int64)
    for index, tables in enumerate(market.tables):
        wholes, steps = _devices(market, index, at)
        used += tables.wholes.need[row, wholes]
        if steps.shape[1]:
            used += tables.parts.need[row[:, None], steps].sum(axis=1)
    return used


def _devices(market: Market, index: int, at: Ints) -> tuple[Ints, Ints]:
    """Return the wholly free devices of a kind, and its parts in steps, of the nodes `at`."""
    kind, tables = market.holes.kinds[index], market.tables[index]
    wholes = np.minimum(kind.wholes[at], tables.wholes.gain.shape[1] - 1)
    if tables.parts.gain.shape[1] == 1:
        return wholes, np.zeros((len(at), 0), dtype=np.int64)
    return wholes, kind.parts[at] // tables.menu.step


def settle(market: Market, options: Options, base: Ints, at: Ints) -> Mix:
    """Return how the devices of the nodes `at` are used; `base` is the row of `allowed` of every node."""
    first = base[at] * len(market.prices)
    room = market.holes.free[np.ix_(at, market.shared)].clip(min=0)
    grown = _growth(market, options, at)
    low, high = _bisect(market, first, market.floor[base[at]], at, room, grown)
    room = (room - grown[np.arange(len(at)), :, high]).clip(min=0)
    mix = Mix(at, first + low, first + high, look_up(market, first + high, at), [], [])
    rate = market.prices[market.floor[base[at]]][:, None] * market.direction[None, :]
    for index, tables in enumerate(market.tables):
        wholes, steps = _devices(market, index, at)
        _mix_wholes(tables.wholes, mix, wholes, room, rate)
        _mix_parts(tables.parts, mix, steps, room, rate)
    return mix


def bound_of(market: Market, mix: Mix) -> Floats:
    """Return more than any use of the nodes' devices can win beside other uses of what is shared (weak duality)."""
    room = market.holes.free[np.ix_(mix.at, market.shared)].clip(min=0) @ market.direction
    bounds = []
    for row in (mix.low, mix.high):
        bound = market.prices[row % len(market.prices)] * room
        for index, tables in enumerate(market.tables):
            wholes, steps = _devices(market, index, mix.at)
            bound = bound + tables.wholes.gain[row, wholes]
            if steps.shape[1]:
                bound = bound + tables.parts.gain[row[:, None], steps].sum(axis=1)
        bounds.append(bound)
    return np.minimum(*bounds)


def _growth(market: Market, options: Options, at: Ints) -> Ints:
    """Return what the growth of running fillers takes of each shared resource at each price (N x shared x prices)."""
    grown = np.zeros((len(at), len(market.shared), len(market.prices)), dtype=np.int64)
    kept = market.holes.kept[at]
    if kept.any():
        for place, column in enumerate(market.shared.tolist()):
            prices = market.prices * market.direction[place]
            grown[:, place] = growth_demand(options, kept, column, prices)
    return grown


def _bisect(market: Market, first: Ints, floor: Ints, at: Ints, room: Ints, grown: Ints) -> tuple[Ints, Ints]:
    """Return the highest price that does not fit and the lowest that does, as indices; the floor twice where it fits.

    Running fillers want to grow as long as that is worth the price.
    """
    everywhere = np.arange(len(at))
    low, high = floor.copy(), np.full(len(at), len(market.prices) - 1)
    is_open = (look_up(market, first + floor, at) + grown[everywhere, :, floor] > room).any(axis=1)
    high[~is_open] = low[~is_open]
    while (is_open := is_open & (high - low > 1)).any():
        mine = np.flatnonzero(is_open)
        middle = (low[mine] + high[mine]) // 2
        used = look_up(market, first[mine] + middle, at[mine]) + grown[mine, :, middle]
        fits = (used <= room[mine]).all(axis=1)
        high[mine[fits]] = middle[fits]
        low[mine[~fits]] = middle[~fits]
    return low, high


def _mix_wholes(table: Table, mix: Mix, wholes: Ints, room: Ints, rate: Floats) -> None:
    """Choose how many wholly free devices are used as at the lower price, so that most is won and it fits."""
    count, used = np.zeros(len(wholes), dtype=np.int64), mix.used
    high_need, value = table.need[mix.high, wholes], table.value[mix.high, wholes]
    best, others = value - (rate * high_need).sum(axis=1), mix.used - high_need
    for number in range(1, int(wholes.max(initial=0)) + 1):
        some, rest = np.minimum(number, wholes), np.maximum(0, wholes - number)
        need = table.need[mix.low, some] + table.need[mix.high, rest]
        gain = table.value[mix.low, some] + table.value[mix.high, rest] - (rate * need).sum(axis=1)
        better = (number <= wholes) & (others + need <= room).all(axis=1) & (gain > best + _TINY)
        count[better], best[better] = number, gain[better]
        used = np.where(better[:, None], others + need, used)
    mix.used = used
    mix.wholes_low.append(count)


def _mix_parts(table: Table, mix: Mix, steps: Ints, room: Ints, rate: Floats) -> None:
    """Use parts as at the lower price as far as they fit, those first that win most for what they cost."""
    taken = np.zeros(steps.shape, dtype=bool)
    mix.parts_low.append(taken)
    if not steps.shape[1]:
        return
    low, high, rows = mix.low[:, None], mix.high[:, None], np.arange(len(steps))
    more = table.need[low, steps] - table.need[high, steps]
    won = table.value[low, steps] - table.value[high, steps] - (rate[:, None, :] * more).sum(axis=2)
    cost = (more.clip(min=0) / np.maximum(1, room)[:, None, :]).sum(axis=2) + _TINY
    order = np.argsort(-won / cost, axis=1, kind="stable")
    for place in range(steps.shape[1]):
        part = order[:, place]
        total = mix.used + more[rows, part]
        fits = (won[rows, part] > _TINY) & (total <= room).all(axis=1)
        taken[rows[fits], part[fits]] = True
        mix.used = np.where(fits[:, None], total, mix.used)
