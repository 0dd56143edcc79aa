"""The order in which a node's new fillers are made, so that each finds its device.

GPU stacks put a part on the fullest device that takes it. In most cases everything fits if the largest part comes
first; where it does not, the devices are filled one after the other, as they were planned.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.device_packing import assign, best_fit
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey_rows import Ground, Rows

_PLENTY = 2**40


def misfits(ground: Ground, rows: Rows, at: Ints, new: Ints) -> Ints:
    """Return those of the nodes `at` where new fillers (nodes x shapes) don't all fit if the largest come first."""
    failed = np.zeros(len(at), dtype=bool)
    for kind, name in enumerate(ground.tracked):
        amounts = np.array([shape.smallest.get(name, 0) for _, shape in ground.shapes], dtype=np.int64)
        devices = rows.devices[at, kind].clip(min=0)
        for index in np.lexsort((np.arange(len(amounts)), -amounts)).tolist():
            if amounts[index] > 0:
                failed |= _put(devices, rows.unit[at, kind], int(amounts[index]), new[:, index])
    return at[failed]


def _put(devices: Ints, unit: Ints, amount: int, number: Ints) -> NDArray[np.bool_]:
    """Put so many parts of an amount on the fullest devices of each node; say where some did not fit.

    A device that took one is the fullest that takes the next one, so it takes all that it has room for.
    """
    whole = np.minimum(amount, unit.clip(min=1))
    left, failed = number * (-(-amount // whole)), np.zeros(len(number), dtype=bool)
    while (going := np.flatnonzero(left > 0)).size:
        room, part = devices[going], whole[going]
        home = np.where(room >= part[:, None], room, _PLENTY).argmin(axis=1)
        taken = np.minimum(room[np.arange(len(going)), home] // part, left[going])
        devices[going, home] -= taken * part
        failed[going] |= taken == 0
        left[going] = np.where(taken > 0, left[going] - taken, 0)
    return failed


def in_order(free: Sequence[int], unit: int, amounts: Sequence[int]) -> list[int]:
    """Return the order (indices of amounts) in which all find a device by best fit, if there is one."""
    largest_first = sorted(range(len(amounts)), key=lambda index: (-amounts[index], index))
    wholes = [index for index in largest_first if amounts[index] >= unit]
    parts = [index for index in largest_first if 0 < amounts[index] < unit]
    rest = [index for index in largest_first if amounts[index] <= 0]
    left = _without_wholes(free, unit, sum(amounts[index] for index in wholes) // max(1, unit))
    amounts_of = [amounts[index] for index in parts]
    is_good = best_fit(left, amounts_of, range(len(parts))) is not None
    homes = None if is_good else assign(left, amounts_of)
    if homes is not None:
        home_of = dict(zip(parts, homes, strict=True))
        parts.sort(key=lambda index: (left[home_of[index]], home_of[index]))
    return [*wholes, *parts, *rest]


def _without_wholes(free: Sequence[int], unit: int, count: int) -> list[int]:
    taken = [index for index, room in enumerate(free) if room == unit][:count]
    return [0 if index in taken else room for index, room in enumerate(free)]
