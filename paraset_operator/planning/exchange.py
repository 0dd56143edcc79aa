"""Fair shares to the last instance: one set's instance makes way for another's, where that brings both closer.

A set's *level* is its share beside the one it should have.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.proposals import growth_by_set
from paraset_operator.planning.quotas import Quotas, number_by, used_by

_MOST_SWAPS = 200
# Levels that differ by less than this part are left as they are.
_FAIR = 0.005


def exchange(holes: Holes, options: Options, quotas: Quotas, counts: Ints, due: Floats) -> Ints:
    """Exchange instances in place, a bounded number of times, until none brings shares closer to those that are `due`.

    Return the nodes concerned.
    """
    sets, before = len(quotas.most), counts.copy()
    trade = _Trade(holes, options, quotas, due)
    grown = trade.growth(counts, np.arange(len(holes)))
    refused: set[tuple[int, int]] = set()
    for _ in range(_MOST_SWAPS):
        most, used = quotas.most - number_by(counts, options, sets), used_by(counts, options, sets) + grown
        pairs = _pairs(trade.levels(used), (most > 0) & holes.admits.any(axis=0), refused)
        if not pairs:
            break
        more = trade.swap(counts, used, most, *pairs[0])
        if more is None:
            refused.add(pairs[0])
        else:
            grown = grown + more
    return np.flatnonzero((counts != before).any(axis=1))


def _pairs(levels: Floats, hungry: NDArray[np.bool_], refused: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return who could give to whom, the largest differences first."""
    pairs = [
        (float(levels[taker] - levels[giver]), giver, taker)
        for giver in range(len(levels))
        for taker in np.flatnonzero(hungry).tolist()
        if levels[giver] > levels[taker] * (1 + _FAIR) and (giver, taker) not in refused
    ]
    return [(giver, taker) for _, giver, taker in sorted(pairs)]


@dataclass(frozen=True, slots=True)
class _Trade:
    """What instances are exchanged under, and the share that is due to each set."""

    holes: Holes
    options: Options
    quotas: Quotas
    due: Floats

    def levels(self, used: Ints) -> Floats:
        """Return what part of its due each set has; whom nothing is due has all of it."""
        levels: Floats = self.quotas.shares(used) / np.where(self.due > 0, self.due, 1.0)
        return np.where(self.due > 0, levels, 1.0)

    def growth(self, counts: Ints, rows: Ints) -> Ints:
        """Return by how much sets grow on some nodes (sets x columns)."""
        holes, some = self.holes.at(rows), counts[rows]
        grown = growth_by_set(holes, self.options, some, holes.free - some @ self.options.need).sum(axis=0)
        amounts: Ints = grown.astype(np.int64)
        return amounts

    def swap(self, counts: Ints, used: Ints, most: Ints, giver: int, taker: int) -> Ints | None:
        """Exchange as many instances of the best pair of options as bring both closer.

        Return what that changes in growth; nothing where no pair does.
        """
        options, levels, left = self.options, self.levels(used), self.holes.free - counts @ self.options.need
        for old, new, times in _best_first(self.holes, options, giver, taker):
            change = np.zeros_like(used)
            change[giver] -= options.need[old]
            change[taker] += options.need[new] * times
            after = self.levels(used + change)
            closed = (levels[giver] - levels[taker]) - (after[giver] - after[taker])
            room = min(int(most[taker]), self.quotas.affordable(options, new, used)) // times
            number = min(int((levels[giver] - levels[taker]) / closed + 0.5), room) if closed > 0 else 0
            rows = _able(self.holes, options, counts, left, old, new, times, taker)[:number]
            if len(rows):
                more = self._put(counts, rows, old, new, times)
                after = self.levels(used + change * len(rows) + more)
                if abs(after[giver] - after[taker]) < levels[giver] - levels[taker]:
                    return more
                counts[rows, old] += 1
                counts[rows, new] -= times
        return None

    def _put(self, counts: Ints, rows: Ints, old: int, new: int, times: int) -> Ints:
        """Put `times` of a new option in the place of one old; return the change in growth."""
        before = self.growth(counts, rows)
        counts[rows, old] -= 1
        counts[rows, new] += times
        return self.growth(counts, rows) - before


def _best_first(holes: Holes, options: Options, giver: int, taker: int) -> list[tuple[int, int, int]]:
    """Return pairs of options, and how many of the new one take the place of one old, those that win most first."""
    pairs = []
    for old in np.flatnonzero(options.owner == giver):
        for new in np.flatnonzero(options.owner == taker):
            times = _times(holes, options, int(old), int(new))
            if times:
                won = float(options.value[new]) * times - float(options.value[old])
                pairs.append((-won, int(old), int(new), times))
    return [(old, new, times) for _, old, new, times in sorted(pairs)]


def _times(holes: Holes, options: Options, old: int, new: int) -> int:
    """Return how many of the new option the devices of an old one are enough for."""
    kind = int(options.kind[new])
    if kind < 0:
        # A device is not left idle for cores alone.
        return int(options.kind[old] < 0)
    if kind != options.kind[old]:
        return 0
    unit, has, asks = holes.kinds[kind].unit, int(options.amount[old]), int(options.amount[new])
    if has >= unit > asks:
        return has // unit * (unit // asks)
    return has // asks


def _able(
    holes: Holes, options: Options, counts: Ints, left: Ints, old: int, new: int, times: int, taker: int
) -> NDArray[np.int64]:
    after = left + options.need[old] - times * options.need[new]
    if options.kind[new] >= 0:
        after[:, holes.kinds[int(options.kind[new])].column] = 0
    may = holes.admits[:, taker] & ~holes.barred[:, new]
    fits = (counts[:, old] > 0) & may & (after >= 0).all(axis=1)
    return np.flatnonzero(fits)
