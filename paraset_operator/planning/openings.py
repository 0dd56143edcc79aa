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
from paraset_operator.planning.leftovers import covering, fitting
from paraset_operator.planning.offers import as_options, kinds_of, options_of, rows_by_units
from paraset_operator.planning.problem import DeviceKind, Ints, Options
from paraset_operator.planning.survey_rows import Ground, Rows
from paraset_operator.planning.worth import Scales

Mask = NDArray[np.bool_]


class Openings:
    """What is open, by node and set; kept while neither the node nor what sets are worth has changed."""

    def __init__(self) -> None:
        self._ground: Ground | None = None
        self._scales: Scales = {}
        self._open: Mask = np.zeros((0, 0), dtype=bool)
        # By the sizes of tracked devices.
        self._options: dict[tuple[int, ...], Options] = {}

    def of(self, ground: Ground, scales: Scales, rows: Rows, changed: Sequence[int]) -> Mask:
        """Return what is open (nodes x sets): `rows` as surveyed, those `changed` since the last time."""
        if ground is not self._ground or scales != self._scales or len(self._open) != len(rows.admits):
            changed = range(len(rows.admits))
            self._open, self._options = np.zeros(rows.admits.shape, dtype=bool), {}
        for units, at in rows_by_units(ground, rows, np.array(changed, dtype=np.int64)):
            kinds = kinds_of(ground, rows, units, at)
            if units not in self._options:
                self._options[units] = options_of(ground, scales, kinds)
            options = self._options[units]
            free, kept = rows.room[at] - rows.smallest[at], as_options(rows.counts[at], options)
            self._open[at] = rows.admits[at] & open_sets(options, kinds, free, kept, len(ground.sets))
        self._ground, self._scales = ground, scales
        return self._open


def open_sets(options: Options, kinds: tuple[DeviceKind, ...], free: Ints, kept: Ints, sets: int) -> Mask:
    """Return which sets have an option that could be put on each node; `free` is what is left if fillers shrink."""
    is_open = np.zeros((len(free), sets), dtype=bool)
    growth = GrowthRoom(options, kept, free)
    for option in np.flatnonzero(options.twin == np.arange(len(options))).tolist():
        able = np.minimum(fitting(free, options.need[option]), _devices(kinds, options, option, len(free)))
        if options.kind[option] < 0:
            able = np.minimum(able, covering(options, option, free, kept))
        else:
            able = growth.worthwhile(option, able)
        is_open[:, options.owner[option]] |= able > 0
    return is_open


def _devices(kinds: tuple[DeviceKind, ...], options: Options, option: int, nodes: int) -> Ints:
    index, amount = int(options.kind[option]), int(options.amount[option])
    if index < 0:
        return np.ones(nodes, dtype=np.int64)
    kind = kinds[index]
    if amount >= kind.unit:
        return kind.wholes // (amount // kind.unit)
    fits: Mask = (kind.wholes > 0) | (kind.parts >= amount).any(axis=1)
    return fits.astype(np.int64)
