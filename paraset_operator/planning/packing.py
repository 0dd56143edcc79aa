"""How many of which option go on each node: all nodes at once, with nothing between them but prices.

1. every node is looked up in the price tables at the price that shapes without devices would pay; where that fits, it
   is the best there is
2. elsewhere the price of what is short is raised until it fits, by bisection
3. between the last price that fits and the one before, devices are taken over one by one as far as they fit
4. what is left over is offered to every option once more, then to shapes without devices

A *gain* is the worth of an option less what its set has to pay for limits that couple nodes (fair_prices.py).
"""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.growth import growth_worth, merge_grown
from paraset_operator.planning.leftovers import Left, fill_devices, fill_plain
from paraset_operator.planning.price_search import Market, Mix, bound_of, look_up, open_market, settle
from paraset_operator.planning.price_tables import CUT, Table, Tables
from paraset_operator.planning.problem import Floats, Holes, Ints, Options

_NEVER = -1e30
_TINY = 1e-9
# Nodes whose filling is certainly within this part of the best are not tried again.
_GAP = 0.003
# How much devices count beside shared resources, in the orders in which options are tried.
_PARTS = (0.0, 0.6)


@dataclass(frozen=True, slots=True)
class Gains:
    """What options are worth: `worth` is groups x S, `group` names each node's row."""

    worth: Floats
    group: Ints


def pack(holes: Holes, options: Options, gains: Gains, *, quick: bool = False) -> tuple[Ints, Left]:
    """Return the number of each option on each node (N x S), and what is left of the nodes.

    The quick way prices all resources at once and tries nothing twice: good for sums over many nodes.
    """
    counts, left = np.zeros((len(holes), len(options)), dtype=np.int64), Left.of(holes)
    if not counts.size:
        return counts, left
    base, allowed = _bases(holes, options, gains)
    settled = _settled(holes, options, base, allowed, quick=quick)
    if not settled:
        fill_plain(options, allowed[base], counts, left, holes.kept)
    for mix, market in settled:
        taken, rest = _completed(mix, market, options, allowed[base[mix.at]], market.floor[base[mix.at]], quick=quick)
        counts[mix.at] = taken
        left.put_rows(mix.at, rest)
    return counts, left


def _completed(
    mix: Mix, market: Market, options: Options, gain: Floats, floor: Ints, *, quick: bool
) -> tuple[Ints, Left]:
    """Complete what the tables take; where that may be far from the best, take the best of several ways."""
    cost = options.need[:, market.shared] @ market.direction
    rest = _Rest(market.holes.at(mix.at), options, gain, gain - market.prices[floor][:, None] * cost[None, :])
    taken = np.zeros((len(mix.at), len(options)), dtype=np.int64)
    left = Left.of(rest.holes, market.holes)
    _take(mix, market, options, taken, left)
    merge_grown(options, taken, left.free)
    begun, before = taken.copy(), left.copy()
    orders = _orders(market, options, gain)
    rest.complete(taken, left, orders[0])
    if quick:
        return taken, left
    best = rest.worth(taken, left)
    plain = options.kind < 0
    unpriced = (gain > market.prices[mix.high % len(market.prices)][:, None] * cost[None, :])[:, plain].any(axis=1)
    poor = np.flatnonzero(unpriced | (bound_of(market, mix) > best * (1 + _GAP)))
    some, best = rest.at(poor), best[poor]
    ways = [(order, is_begun, False) for order in orders for is_begun in (True, False)] + [(orders[0], False, True)]
    for order, is_begun, is_plain_first in ways if len(poor) else []:
        counts, room = (
            (begun[poor], before.rows(poor)) if is_begun else (0 * begun[poor], Left.of(some.holes, market.holes))
        )
        if is_plain_first:
            fill_plain(options, some.gain, counts, room, some.holes.kept)
        some.complete(counts, room, order)
        worth = some.worth(counts, room)
        better = np.flatnonzero(worth > best + _TINY)
        taken[poor[better]] = counts[better]
        left.put_rows(poor[better], room.rows(better))
        best = np.maximum(best, worth)
    return taken, left


@dataclass(frozen=True, slots=True)
class _Rest:
    """Nodes to complete: the gain of each option there, and what is left of it if a core is paid as others would."""

    holes: Holes
    options: Options
    gain: Floats
    net: Floats

    def at(self, rows: Ints) -> "_Rest":
        return _Rest(self.holes.at(rows), self.options, self.gain[rows], self.net[rows])

    def worth(self, counts: Ints, left: Left) -> Floats:
        """Return what is won on each node, with the growth that what is left allows."""
        worth: Floats = (counts * np.maximum(self.gain, 0.0)).sum(axis=1)
        return worth + growth_worth(self.options, self.holes.kept + counts, left.free)

    def complete(self, counts: Ints, left: Left, order: Ints) -> None:
        """Take options with devices that are worth their cores, then those without, then whatever still fits."""
        fill_devices(self.holes, self.options, self.gain, counts, left, order, self.net)
        fill_plain(self.options, self.gain, counts, left, self.holes.kept)
        fill_devices(self.holes, self.options, self.gain, counts, left, order)


def _orders(market: Market, options: Options, gain: Floats) -> list[Ints]:
    """Return orders of the shapes with devices: by worth, by worth per scarce resource, and some between."""
    rows = np.flatnonzero(options.kind >= 0)
    unit = np.array([kind.unit for kind in market.holes.kinds])[options.kind[rows]]
    worth = gain[:, rows].max(axis=0, initial=0.0)
    devices = options.amount[rows] / unit
    cost = options.need[rows][:, market.shared] @ market.direction
    cost = cost / max(1e-12, cost.mean()) * devices.mean()
    keys = [worth, *(worth / (part * devices + (1 - part) * cost + 1e-12) for part in _PARTS)]
    return [rows[np.lexsort((rows, -key))] for key in keys]


def _bases(holes: Holes, options: Options, gains: Gains) -> tuple[Ints, Floats]:
    """Return the row of each node among those that differ in group and barred options, and the gains of these rows."""
    barred = holes.barred | ~holes.admits[:, options.owner]
    keys = np.column_stack([gains.group.astype(np.int64).view(np.uint8).reshape(-1, 8), np.packbits(barred, axis=1)])
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).reshape(-1)
    _, first, base = np.unique(whole, return_index=True, return_inverse=True)
    allowed = np.where(barred[first], _NEVER, gains.worth[gains.group[first]])
    return base.reshape(-1).astype(np.int64), allowed


def _settled(holes: Holes, options: Options, base: Ints, allowed: Floats, *, quick: bool) -> list[tuple[Mix, Market]]:
    shared = _shared_columns(holes, options)
    if not holes.kinds or not (options.kind >= 0).any():
        return []
    column = np.full(len(holes), -1, dtype=np.int64)
    if not quick:
        gratis = open_market(holes, options, allowed, shared, np.zeros(len(shared)), is_free=True)
        short = look_up(gratis, base, np.arange(len(holes))) > holes.free[:, shared].clip(min=0)
        scarce = np.where(short.any(axis=1), short.argmax(axis=1), _scarce_for_plain(holes, options, shared))
        column = np.where(short.sum(axis=1) > 1, -1, scarce)
    settled = []
    # Where one price alone does not make it fit, all resources are priced after all.
    for each in [*np.unique(column[column >= 0]), -1]:
        rows = np.flatnonzero(column == each)
        if len(rows):
            market = open_market(holes, options, allowed, shared, _direction(int(each), holes.free[:, shared]))
            mix = settle(market, options, base, rows)
            fits = (mix.used <= holes.free[np.ix_(rows, shared)].clip(min=0)).all(axis=1)
            if each >= 0 and not fits.all():
                column[rows[~fits]] = -1
                mix = settle(market, options, base, rows[fits])
            settled.append((mix, market))
    return settled


def _scarce_for_plain(holes: Holes, options: Options, shared: Ints) -> Ints:
    """Return which resource shapes without devices run out of first on each node: that has a price in any case."""
    plain = np.flatnonzero(options.kind < 0)
    if not len(plain):
        return np.zeros(len(holes), dtype=np.int64)
    need = options.need[np.ix_(plain, shared)].sum(axis=0)
    scarce: Ints = (need / holes.free[:, shared].clip(min=1)).argmax(axis=1)
    return scarce


def _shared_columns(holes: Holes, options: Options) -> Ints:
    """Return the columns that options compete for beside the devices they are listed under."""
    listed = np.zeros(options.need.shape, dtype=bool)
    for index, kind in enumerate(holes.kinds):
        listed[options.kind == index, kind.column] = True
    return np.flatnonzero(((options.need > 0) & ~listed).any(axis=0))


def _direction(column: int, free: Ints) -> Floats:
    """Return what one unit of each shared resource costs at price 1; -1 prices all, each by how much of it is free."""
    if column < 0:
        each: Floats = 1.0 / np.maximum(1.0, free.clip(min=0).mean(axis=0))
        return each
    direction = np.zeros(free.shape[1])
    direction[column] = 1.0
    return direction


def _take(mix: Mix, market: Market, options: Options, taken: Ints, left: Left) -> None:
    """Follow the tables down to the options they took, and take these out of what is left."""
    for index, (kind, tables) in enumerate(zip(market.holes.kinds, market.tables, strict=True)):
        wholes = np.minimum(kind.wholes[mix.at], tables.wholes.gain.shape[1] - 1)
        begin = np.zeros(len(mix.at), dtype=np.int64)
        for row, amount in ((mix.low, mix.wholes_low[index]), (mix.high, wholes - mix.wholes_low[index])):
            used, cuts, rest = _follow_wholes(tables, row, amount, taken)
            left.take_wholes(index, kind.parts.shape[1], begin, used, cuts, rest * tables.menu.step)
            begin = begin + used
        for part in range(mix.parts_low[index].shape[1]):
            row = np.where(mix.parts_low[index][:, part], mix.low, mix.high)
            used = _follow(tables.parts, row, kind.parts[mix.at, part] // tables.menu.step, tables.menu.size, taken)[0]
            left.devices[index][:, part] -= used * tables.menu.step
    left.free -= taken @ options.need


def _follow_wholes(tables: Tables, row: Ints, amount: Ints, taken: Ints) -> tuple[Ints, Ints, Ints]:
    """Count what so many wholly free devices are used for; return how many are used, how many of these are cut into
    parts, and the steps left of each that is cut."""
    used, cuts = _follow(tables.wholes, row, amount, tables.menu.size, taken)
    rest = np.zeros_like(used)
    if cuts.any():
        pieces = np.zeros_like(taken)
        steps = np.where(cuts > 0, tables.menu.steps, 0)
        rest = steps - _follow(tables.parts, row, steps, tables.menu.size, pieces)[0]
        taken += pieces * cuts[:, None]
    return used, cuts, rest


def _follow(table: Table, row: Ints, amount: Ints, size: Ints, taken: Ints) -> tuple[Ints, Ints]:
    """Count the options an amount is filled with; return how much of it is used, and how many devices are cut."""
    left = table.used[row, amount]
    used, cuts = left * 0, left * 0
    while (going := np.flatnonzero(left)).size:
        option = table.taken[row[going], left[going]]
        is_cut = option == CUT
        taken[going[~is_cut], option[~is_cut]] += 1
        step = np.where(is_cut, 1, size[np.where(is_cut, 0, option)])
        cuts[going] += is_cut
        used[going] += step
        left[going] = table.used[row[going], left[going] - step]
    return used, cuts
