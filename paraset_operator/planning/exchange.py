"""Fair shares to the last instance: one set's instance makes way for another's, where that brings both closer."""

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Holes, Ints, Options
from paraset_operator.planning.quotas import Quotas, number_by, used_by

_MOST_SWAPS = 64
_TINY = 1e-9


def exchange(holes: Holes, options: Options, quotas: Quotas, counts: Ints) -> Ints:
    """Exchange instances in place until no exchange makes the shares fairer; return the nodes concerned."""
    sets, before = len(quotas.most), counts.copy()
    refused: set[tuple[int, int]] = set()
    for _ in range(_MOST_SWAPS):
        hungry = (number_by(counts, options, sets) < quotas.most) & holes.admits.any(axis=0)
        if hungry.sum() < 2:
            break
        used = used_by(counts, options, sets)
        excess = quotas.shares(used) - quotas.targets(used, hungry)
        excess[~hungry] = 0.0
        pairs = _pairs(excess, refused)
        if not pairs:
            break
        giver, taker = pairs[0]
        if not _swap(holes, options, quotas, counts, giver, taker, float(excess[giver]), -float(excess[taker])):
            refused.add((giver, taker))
    return np.flatnonzero((counts != before).any(axis=1))


def _pairs(excess: np.ndarray, refused: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return who could give to whom, the largest differences first."""
    pairs = [
        (-(excess[giver] - excess[taker]), int(giver), int(taker))
        for giver in np.flatnonzero(excess > _TINY)
        for taker in np.flatnonzero(excess < -_TINY)
        if (int(giver), int(taker)) not in refused
    ]
    return [(giver, taker) for _, giver, taker in sorted(pairs)]


def _swap(
    holes: Holes, options: Options, quotas: Quotas, counts: Ints, giver: int, taker: int, excess: float, lack: float
) -> bool:
    """Exchange as many instances of the best pair of options as bring both sets closer; say whether any were."""
    share = _share_of(options, quotas)
    left = holes.free - counts @ options.need
    for old, new, times in _best_first(holes, options, giver, taker):
        gives, takes = float(share[old]), float(share[new]) * times
        number = int(min(excess / max(_TINY, gives), lack / max(_TINY, takes)) + 0.5)
        if number < 1 or abs(excess - gives) >= excess or abs(lack - takes) >= lack:
            continue
        rows = _able(holes, options, counts, left, old, new, times, taker)[:number]
        if len(rows):
            counts[rows, old] -= 1
            counts[rows, new] += times
            return True
    return False


def _share_of(options: Options, quotas: Quotas) -> np.ndarray:
    known = quotas.fillable > 0
    share: np.ndarray = (options.need[:, known] / quotas.fillable[known]).max(axis=1)
    return share


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
        return 1
    if kind != options.kind[old]:
        return 0
    unit, has, asks = holes.kinds[kind].unit, int(options.amount[old]), int(options.amount[new])
    if has >= unit > asks:
        return has // unit * (unit // asks)
    return has // asks


def _able(
    holes: Holes, options: Options, counts: Ints, left: Ints, old: int, new: int, times: int, taker: int
) -> NDArray[np.int64]:
    kinds = [kind.column for kind in holes.kinds]
    after = left + options.need[old] - times * options.need[new]
    after[:, kinds] = 0
    fits = (counts[:, old] > 0) & holes.admits[:, taker] & (after >= 0).all(axis=1)
    return np.flatnonzero(fits)
