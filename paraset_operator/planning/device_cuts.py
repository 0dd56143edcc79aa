"""How the devices of many nodes are cut into parts, when it is known which parts each node gets.

One device after the other is cut so that as little as possible is left of it, on all nodes at once. That packs nearly
everything that fits at all; what is not packed in one order of devices and parts mostly is in another.
"""

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.device_packing import assign
from paraset_operator.planning.problem import Ints

# Devices are not cut this way if they have more steps than this, which would take too much memory.
_MOST_STEPS = 4096
# In which order devices (the fullest first or last) and parts (the largest first or last) are taken.
_WAYS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def cuts(free: Ints, sizes: Ints, number: Ints) -> Ints:
    """Return how many parts of each size are cut from each device (nodes x devices x sizes).

    Sizes fall; `number` (nodes x sizes) says how many each node gets, `free` (nodes x devices) what is free of devices,
    the fullest first. A node where no way was found has no cuts at all.
    """
    found = np.zeros((*free.shape, len(sizes)), dtype=np.int64)
    step = int(np.gcd.reduce(sizes))
    open_at = np.flatnonzero(number.any(axis=1))
    if len(open_at) and free.max(initial=0) // step <= _MOST_STEPS:
        for devices, parts in _WAYS:
            tried = _one_way(free[open_at, ::devices] // step, sizes[::parts] // step, number[open_at, ::parts])
            is_done = (tried.sum(axis=1) == number[open_at, ::parts]).all(axis=1)
            found[open_at[is_done]] = tried[is_done, ::devices, ::parts]
            open_at = open_at[~is_done]
    for at in open_at.tolist():
        parts_of = np.repeat(np.arange(len(sizes)), number[at])
        if homes := assign(free[at].tolist(), sizes[parts_of].tolist()):
            np.add.at(found[at], (np.array(homes), parts_of), 1)
    return found


def _one_way(free: Ints, sizes: Ints, number: Ints) -> Ints:
    """Return the cuts of devices and sizes in this order; some parts may be left."""
    left, found = number.copy(), np.zeros((*free.shape, len(sizes)), dtype=np.int64)
    for device in range(free.shape[1]):
        if (free[:, device] >= sizes.min()).any():
            found[:, device] = _fullest(free[:, device], sizes, left)
            left -= found[:, device]
    return found


def _fullest(room: Ints, sizes: Ints, number: Ints) -> Ints:
    """Return the parts whose sum comes closest to the room of each node; of equal sums that with parts that come first.

    Part by part, every sum that it reaches and none before it did is marked with it.
    """
    sums = np.arange(int(room.max()) + 1)
    # The part that reached a sum first: 0 for none, 1 for the sum of nothing.
    first, parts = np.zeros((len(room), len(sums)), dtype=np.int16), [-1, -1]
    first[:, 0] = 1
    for which, size in enumerate(sizes.tolist()):
        for turn in range(min(len(sums) // size, int(number[:, which].max()))):
            is_new = (number[:, which, None] > turn) & (first[:, :-size] > 0) & (first[:, size:] == 0)
            np.copyto(first[:, size:], len(parts), where=is_new)
            parts.append(which)
    total = ((first > 0) & (sums <= room[:, None])) * sums
    return _parts_of(total.max(axis=1), first, np.array(parts), sizes)


def _parts_of(total: Ints, first: NDArray[np.int16], parts: Ints, sizes: Ints) -> Ints:
    """Return how many parts of each size reached a total."""
    taken = np.zeros((len(total), len(sizes)), dtype=np.int64)
    while (going := np.flatnonzero(total > 0)).size:
        which = parts[first[going, total[going]]]
        taken[going, which] += 1
        total[going] -= sizes[which]
    return taken
