"""The order in which a node's new fillers are made, so that each finds its device.

GPU stacks put a part on the fullest device that takes it. In most cases everything fits if the largest part comes
first; where it does not, the devices are filled one after the other, the fullest first: a part then goes where it is
meant to go, or to a fuller device that has room for it.
"""

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.device_cuts import cuts
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey_rows import Ground, Rows

_PLENTY = 2**40


def in_order(ground: Ground, planned: Rows, rows: Ints, shapes: Ints) -> Ints:
    """Return the order (places) of new fillers, given by the rows of their nodes and by their shapes.

    On a node who comes first stays first, unless not all would find a device then.
    """
    at, node = np.unique(rows, return_inverse=True)
    new = np.bincount(node * len(ground.shapes) + shapes, minlength=len(at) * len(ground.shapes))
    new = new.reshape(len(at), len(ground.shapes))
    open_at = _misfits(ground, planned, at, new)
    turn, falling = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    for kind in range(len(ground.tracked)):
        amounts = _amounts(ground, kind)
        mine = open_at & (planned.unit[at, kind] > 0) & (new @ amounts > 0)
        open_at &= ~mine
        which = np.flatnonzero(mine[node])
        if len(which):
            place = (np.cumsum(mine) - 1)[node[which]]
            falling[which] = -amounts[shapes[which]]
            turn[which] = _turns(planned.devices[at[mine], kind], planned.unit[at[mine], kind], place, -falling[which])
    return np.lexsort((np.arange(len(rows)), falling, turn, rows))


def _amounts(ground: Ground, kind: int) -> Ints:
    """Return how much of tracked devices each shape takes."""
    amounts: Ints = ground.needs[:, ground.columns.index(ground.tracked[kind])]
    return amounts


def _misfits(ground: Ground, rows: Rows, at: Ints, new: Ints) -> NDArray[np.bool_]:
    """Say on which of the nodes `at` new fillers (nodes x shapes) don't all fit if the largest come first."""
    failed = np.zeros(len(at), dtype=bool)
    for kind in range(len(ground.tracked)):
        amounts, devices = _amounts(ground, kind), rows.devices[at, kind].clip(min=0)
        for index in np.lexsort((np.arange(len(amounts)), -amounts)).tolist():
            if amounts[index] > 0 and new[:, index].any():
                failed |= _put(devices, rows.unit[at, kind], int(amounts[index]), new[:, index])
    return failed


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


def _turns(devices: Ints, unit: Ints, place: Ints, amounts: Ints) -> Ints:
    """Return when each filler comes on its node: whole devices first, then the parts of the fullest device, and so on.

    `devices` and `unit` are those of nodes; fillers are given by the places of their nodes and by what they take.
    """
    is_part = (amounts > 0) & (amounts < unit[place])
    turn = np.where(amounts > 0, 0, devices.shape[1] + 2)
    if is_part.any():
        sizes, size = np.unique(-amounts[is_part], return_inverse=True)
        whole = np.bincount(place, np.where(is_part, 0, amounts), len(unit)).astype(np.int64) // unit
        group = place[is_part] * len(sizes) + size
        number = np.bincount(group, minlength=len(unit) * len(sizes))
        found = cuts(_parts_left(devices, unit, whole), -sizes, number.reshape(len(unit), len(sizes)))
        until = found.cumsum(axis=1)[place[is_part], :, size]
        turn[is_part] = 1 + (until <= _turn_in(group, number)[:, None]).sum(axis=1)
    return turn


def _parts_left(devices: Ints, unit: Ints, whole: Ints) -> Ints:
    """Return what is free of devices when so many whole ones are taken, the fullest device first."""
    is_whole = devices == unit[:, None]
    is_taken = is_whole & (is_whole.cumsum(axis=1) <= whole[:, None])
    return np.sort(np.where(is_taken, 0, devices.clip(min=0)), axis=1)


def _turn_in(group: Ints, number: Ints) -> Ints:
    """Return of each member of groups that many are in which it is in its own."""
    order, turn = np.argsort(group, kind="stable"), np.zeros(len(group), dtype=np.int64)
    turn[order] = np.arange(len(group)) - np.repeat(np.cumsum(number) - number, number)
    return turn
