"""No device is left idle for cores that are worth more with it.

Fair shares bound what a set takes of devices, and have it take cores instead; but where nobody else takes the device,
that only leaves less for everybody. And a core or two of another set weigh little against a device.
"""

import numpy as np

from paraset_operator.planning.growth import growth_worth
from paraset_operator.planning.leftovers import Left, enough, giving, put_within
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.quotas import Quotas


def use_idle_devices(holes: Holes, options: Options, quotas: Quotas, counts: Ints, left: Left) -> bool:
    """Exchange, in place, new instances without devices for one with, where that alone makes room.

    Those of the same set make way first. Say whether anything was exchanged: it may leave room for more.
    """
    before = counts.copy()
    small = np.flatnonzero(options.twin == np.arange(len(options)))
    with_devices, without = small[options.kind[small] >= 0], small[options.kind[small] < 0]
    for new in with_devices[np.argsort(-options.value[with_devices], kind="stable")].tolist():
        for old in without[np.argsort(options.owner[without] != options.owner[new], kind="stable")].tolist():
            while _exchange(holes, options, quotas, counts, left, old, new):
                pass
    return bool((counts != before).any())


def _exchange(holes: Holes, options: Options, quotas: Quotas, counts: Ints, left: Left, old: int, new: int) -> bool:
    """Put one of a new option on each node where it wins; say whether there was any."""
    need, of = options.need[new], options.owner[new]
    gone = giving(need - left.free, options.need[old])
    may = holes.admits[:, of] & ~holes.barred[:, new] & (gone > 0) & (gone <= counts[:, old])
    rows = np.flatnonzero(may & enough(left.free + gone[:, None] * options.need[old], need))
    if not len(rows):
        return False
    rows = rows[_won(holes, options, counts, left.free, rows, gone[rows], old, new) > 0]
    free = left.free.copy()
    left.free[rows] += gone[rows, None] * options.need[old]
    able = np.isin(np.arange(len(holes)), rows).astype(np.int64)
    most = quotas.left_for(options, new, counts, freed=int(options.owner[old] == of))
    put = put_within(holes, options, new, able, left, most) if most > 0 else np.zeros_like(able)
    left.free[put == 0] = free[put == 0]
    counts[:, old] -= gone * put
    counts[:, new] += put
    return bool(put.any())


def _won(
    holes: Holes, options: Options, counts: Ints, free: Ints, rows: Ints, gone: Ints, old: int, new: int
) -> Floats:
    """Return by how much more each node is worth after the exchange, growth included."""
    there, room = holes.kept[rows] + counts[rows], free[rows]
    before = growth_worth(options, there, room)
    there[:, old] -= gone
    there[:, new] += 1
    room = room + gone[:, None] * options.need[old] - options.need[new]
    won: Floats = growth_worth(options, there, room) - before + options.value[new] - gone * options.value[old]
    return won
