"""The price of a filler for a set whose ceiling binds: it makes the set use its few fillers where each is worth most.

The price is looked for on a sample of the nodes, at several prices at once, then closer.
"""

import numpy as np

from paraset_operator.planning.packing import Gains, pack
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.quotas import number_by

_SAMPLE = 96
_STEPS = 8
_ROUNDS = 2


def ceiling_prices(holes: Holes, options: Options, most: Ints, first: Ints, favoured: Floats) -> Floats:
    """Return the price of each set, the highest at which it still uses all fillers it may have."""
    sets = len(most)
    dearest = np.zeros(sets)
    np.maximum.at(dearest, options.owner, options.value * favoured.max())
    rows = (np.arange(min(_SAMPLE, len(holes))) * len(holes)) // min(_SAMPLE, len(holes))
    target = most * len(rows) / len(holes)
    low, high = np.zeros(sets), dearest
    for _ in range(_ROUNDS):
        ladder = low[None, :] + (high - low)[None, :] * np.linspace(0.0, 1.0, _STEPS)[:, None]
        numbers = _numbers(holes.at(rows), options, first[rows], favoured, ladder)
        enough = numbers >= target[None, :]
        # The last price at which it is still enough; a set that is never bound pays nothing.
        last = np.where(enough.any(axis=0), _STEPS - 1 - enough[::-1].argmax(axis=0), 0)
        low = ladder[last, np.arange(sets)]
        high = ladder[np.minimum(last + 1, _STEPS - 1), np.arange(sets)]
        high = np.where(enough.any(axis=0), high, 0.0)
        low = np.where(enough.any(axis=0), low, 0.0)
    return low


def _numbers(holes: Holes, options: Options, first: Ints, favoured: Floats, ladder: Floats) -> Ints:
    """Return how many instances each set gets at each rung of the ladder (rungs x sets)."""
    steps, sets = ladder.shape
    rows = np.tile(np.arange(len(holes)), steps)
    step = np.repeat(np.arange(steps), len(holes))
    worth = (favoured * options.value)[None, :, :] - ladder[:, options.owner][:, None, :]
    gains = Gains(worth.reshape(-1, len(options)), step * len(favoured) + first[rows] % len(favoured))
    counts, _ = pack(holes.at(rows), options, gains)
    return np.array([number_by(counts[step == each], options, sets) for each in range(steps)])
