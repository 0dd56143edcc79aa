"""Which sets could put anything new on which node at all, whatever it counts for.

In a cluster that is full nearly no node takes anything. What a node could take depends on the node alone, so the answer
is kept until the node changes, and a plan looks only at those that are open. A node is closed to a set if each of its
shapes fits nowhere, or is not worth the growth of running fillers that it displaces; then no mix of shapes is either,
because what a mix displaces is worth at least as much as what its parts do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import GrowthRoom
from paraset_operator.planning.leftovers import covering
from paraset_operator.planning.offers import Offers, as_options, kinds_of, rows_by_units
from paraset_operator.planning.problem import DeviceKind, Ints, Options
from paraset_operator.planning.survey_rows import Ground, Rows

Mask = NDArray[np.bool_]


class Openings:
    """What is open, by node and set; kept while neither the node nor what sets are worth has changed."""

    def __init__(self) -> None:
        self._rows = Rows.empty(0, Ground())
        self._offers: Offers | None = None
        self._open: Mask = np.zeros((0, 0), dtype=bool)

    def of(self, ground: Ground, offers: Offers, rows: Rows, changed: Sequence[int]) -> Mask:
        """Return what is open (nodes x sets): `rows` as surveyed, those `changed` since the last time.

        Rows are other ones where shapes or policies have changed.
        """
        if rows is not self._rows or offers is not self._offers:
            changed = range(len(rows.admits))
            self._open = np.zeros(rows.admits.shape, dtype=bool)
        for units, at in rows_by_units(ground, rows, np.array(changed, dtype=np.int64)):
            kinds = kinds_of(ground, rows, units, at)
            options = offers.to(kinds)
            free, kept = rows.room[at] - rows.smallest[at], as_options(rows.counts[at], options)
            self._open[at] = rows.admits[at] & open_sets(options, kinds, free, kept, len(ground.sets))
        self._rows, self._offers = rows, offers
        return self._open


def open_sets(options: Options, kinds: tuple[DeviceKind, ...], free: Ints, kept: Ints, sets: int) -> Mask:
    """Return which sets have an option that could be put on each node; `free` is what is left if fillers shrink."""
    is_open = np.zeros((len(free), sets), dtype=bool)
    small = np.flatnonzero(options.twin == np.arange(len(options)))
    need = options.need[small]
    fits = np.all((free[:, None] >= need) | (need <= 0), axis=2)
    for place, option in enumerate(small.tolist()):
        if options.kind[option] >= 0:
            fits[:, place] &= _has_devices(kinds[options.kind[option]], int(options.amount[option]))
        elif len(at := np.flatnonzero(fits[:, place])):
            fits[at, place] = covering(options, option, free[at], kept[at]) > 0
    at, which = np.nonzero(fits & (options.kind[small] >= 0))
    fits[at, which] = GrowthRoom(options, kept, free).worthwhile(small[which], np.ones_like(at), at) > 0
    at, which = np.nonzero(fits)
    is_open[at, options.owner[small[which]]] = True
    return is_open


def _has_devices(kind: DeviceKind, amount: int) -> Mask:
    """Say on which nodes so much of devices is to be had."""
    has: Mask = kind.wholes >= max(1, amount // kind.unit)
    return has if amount >= kind.unit else has | (kind.parts >= amount).any(axis=1)
