"""Which options the price tables took, read back from them."""

import numpy as np

from paraset_operator.planning.growth import merge_grown
from paraset_operator.planning.leftovers import Left
from paraset_operator.planning.price_search import Market, Mix, devices_of
from paraset_operator.planning.price_tables import CUT, Table, Tables
from paraset_operator.planning.problem import Ints, Options


def take(mix: Mix, market: Market, options: Options, taken: Ints, left: Left) -> None:
    """Follow the tables down to the options they took, and take these out of what is left."""
    for index, tables in enumerate(market.tables):
        parts = market.holes.kinds[index].parts.shape[1]
        wholes, steps = devices_of(market, index, mix.at)
        few = mix.wholes_low[index]
        row, amount = np.concatenate([mix.low, mix.high]), np.concatenate([few, wholes - few])
        used, cuts, rest = _follow_wholes(tables, row, amount, taken)
        for begin, half in ((0, slice(0, len(few))), (used[: len(few)], slice(len(few), None))):
            start = np.zeros_like(few) + begin
            left.take_wholes(index, parts, start, used[half], cuts[half], rest[half] * tables.menu.step)
        if steps.shape[1]:
            row = np.where(mix.parts_low[index], mix.low[:, None], mix.high[:, None])
            node, part = np.nonzero(tables.parts.used[row, steps])
            row, amount = row[node, part], steps[node, part]
            used = _follow(tables.parts, row, amount, tables.menu.size, taken, node, np.ones_like(node))[0]
            left.devices[index][node, part] -= used * tables.menu.step
    # Amounts are whole numbers far below 2^53; products of floats are the faster ones.
    left.free -= (taken.astype(np.float64) @ options.need.astype(np.float64)).astype(np.int64)
    merge_grown(options, taken, left.free)


def _follow_wholes(tables: Tables, row: Ints, amount: Ints, taken: Ints) -> tuple[Ints, Ints, Ints]:
    """Count what so many wholly free devices are used for; return how many are used, how many of these are cut into
    parts, and the steps left of each that is cut. Several rows may be of a node."""
    node = np.arange(len(row)) % len(taken)
    used, cuts = _follow(tables.wholes, row, amount, tables.menu.size, taken, node, np.ones_like(node))
    rest, cut = np.zeros_like(used), np.flatnonzero(cuts)
    if len(cut):
        steps = np.full(len(cut), tables.menu.steps)
        rest[cut] = steps - _follow(tables.parts, row[cut], steps, tables.menu.size, taken, node[cut], cuts[cut])[0]
    return used, cuts, rest


def _follow(
    table: Table, row: Ints, amount: Ints, size: Ints, taken: Ints, node: Ints, times: Ints
) -> tuple[Ints, Ints]:
    """Count the options an amount is filled with, so many `times`, for each `node`; return how much of the amount is
    used, and how many devices are cut."""
    left = table.used[row, amount]
    used, cuts = left.copy(), np.zeros_like(left)
    going, flat = np.flatnonzero(left), taken.reshape(-1)
    while len(going):
        option = table.taken[row[going], left[going]]
        is_cut = option == CUT
        cuts[going] += is_cut
        real = going[~is_cut]
        np.add.at(flat, node[real] * taken.shape[1] + option[~is_cut], times[real])
        left[going] -= np.where(is_cut, 1, size[np.where(is_cut, 0, option)])
        skipped = left[going]
        left[going] = table.used[row[going], left[going]]
        used[going] -= skipped - left[going]
        going = going[left[going] > 0]
    return used, cuts
