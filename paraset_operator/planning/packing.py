"""How many of which option go on each node: all nodes at once, with nothing between them but prices.

1. every node is looked up in the price tables at the price that shapes without devices would pay; where that fits, it
   is the best there is
2. elsewhere the price of what is short is raised until it fits, by bisection
3. between the last price that fits and the one before, devices are taken over one by one as far as they fit
4. what is left over is offered to every option once more, then to shapes without devices (completion.py)

A *gain* is the worth of an option less what its set has to pay for limits that couple nodes (fair_mix.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.completion import Completion, orders_of, try_ways
from paraset_operator.planning.leftovers import Left, fill_plain
from paraset_operator.planning.price_search import Market, Mix, bound_of, look_up, open_market, settle
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.table_reading import take

_NEVER = -1e30
_TINY = 1e-6


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
    if not holes.kinds or not (options.kind >= 0).any():
        fill_plain(options, allowed, base, counts, left, holes.kept)
        return counts, left
    shared = _shared_columns(holes, options)
    if quick:
        direction = _direction(-1, holes.free[:, shared])
        market = open_market(holes, options, allowed, shared, np.tile(direction, (len(allowed), 1)))
        mix = settle(market, options, base, np.arange(len(holes)))
    else:
        market, base, allowed, mix = _settled(holes, options, base, allowed, shared)
    _complete(market, options, allowed, base, mix, counts, left, quick=quick)
    return counts, left


def _complete(
    market: Market,
    options: Options,
    allowed: Floats,
    base: Ints,
    mix: Mix,
    counts: Ints,
    left: Left,
    *,
    quick: bool,
) -> None:
    """Complete what the tables take; where that may be far from the best, take the best of several ways."""
    cost = market.direction @ options.need[:, market.shared].T
    net = allowed - market.prices[np.arange(len(allowed)), market.floor][:, None] * cost
    orders = orders_of(options, market.holes.kinds, allowed, cost)
    completion = Completion(market.holes.kinds, market.holes.kept, options, allowed, net, orders, base)
    take(mix, market, options, counts, left)
    completion.complete(counts, left)
    if quick:
        return
    best = completion.worth(counts, left)
    is_unpriced = _is_unpriced(options, allowed, cost, market, base, mix)
    bound = np.where(is_unpriced, np.inf, bound_of(market, base, mix))
    try_ways(completion, market.holes, bound, best, counts, left)


def _is_unpriced(
    options: Options, allowed: Floats, cost: Floats, market: Market, base: Ints, mix: Mix
) -> NDArray[np.bool_]:
    """Say where the bound does not hold: shapes without devices or growth could win more than the price found."""
    plain = np.flatnonzero(options.kind < 0)
    paid = market.price(mix.high)[:, None] * cost[base][:, plain] * (1 + _TINY)
    is_unpriced: NDArray[np.bool_] = np.any(allowed[base][:, plain] > paid, axis=1)
    large = np.flatnonzero(options.twin != np.arange(len(options)))
    small = options.twin[large]
    grown = allowed[:, small] + (options.span * options.density).sum(axis=1)[small]
    is_understated = (grown > 0) & (grown > allowed[:, large] * (1 + _TINY))
    for place, column in enumerate(market.shared.tolist()):
        dearest = np.where(is_understated, options.density[small, column], 0.0).max(axis=1, initial=0.0)
        is_unpriced |= dearest[base] > market.price(mix.high) * market.direction[base, place] * (1 + _TINY)
    return is_unpriced


def _bases(holes: Holes, options: Options, gains: Gains) -> tuple[Ints, Floats]:
    """Return the row of each node among those that differ in group and barred options, and the gains of these rows."""
    barred = holes.barred | ~holes.admits[:, options.owner]
    base = gains.group.astype(np.int64)
    if barred.any():
        packed = np.packbits(barred, axis=1)
        packed = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
        for each in np.ascontiguousarray(packed).view(np.int64).T:
            values, which = np.unique(each, return_inverse=True)
            base = np.unique(base * len(values) + which, return_inverse=True)[1]
    _, first, base = np.unique(base, return_index=True, return_inverse=True)
    allowed = np.where(barred[first], _NEVER, gains.worth[gains.group[first]])
    return base.reshape(-1).astype(np.int64), allowed


def _settled(
    holes: Holes, options: Options, base: Ints, allowed: Floats, shared: Ints
) -> tuple[Market, Ints, Floats, Mix]:
    """Return a market in which nodes pay only for what is short there, the base of each node in it, and their uses.

    Where one price alone does not make it fit, all resources are priced after all.
    """
    everywhere, free = np.arange(len(holes)), holes.free[:, shared].clip(min=0)
    none = np.zeros((len(allowed), len(shared)))
    short = look_up(open_market(holes, options, allowed, shared, none, is_free=True), base, everywhere) > free
    scarce = np.where(short.any(axis=1), short.argmax(axis=1), _scarce_for_plain(holes, options, shared))
    column = np.where(short.sum(axis=1) > 1, -1, scarce)
    bases = len(allowed)
    directions = np.array([_direction(each, holes.free[:, shared]) for each in range(-1, len(shared))])
    wanted = (column + 1) * bases + base
    while True:
        pairs, found = np.unique(wanted, return_inverse=True)
        some = allowed[pairs % bases]
        market = open_market(holes, options, some, shared, directions[pairs // bases])
        mix = settle(market, options, found, everywhere)
        misfits = np.flatnonzero((mix.used > free).any(axis=1) & (wanted >= bases))
        if not len(misfits):
            return market, found, some, mix
        wanted[misfits] = base[misfits]


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
