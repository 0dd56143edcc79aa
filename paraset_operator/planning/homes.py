"""Where room is kept for LS work that is not there yet: on the node on which others leave most cores.

Fillers have no say in the order. If they had, filling the one node would move the room to another, and what was put
into the first place would be evicted for the next copy, again and again.
"""

import numpy as np

from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources, is_device
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey_rows import Ground, Rows


def in_home_order(ground: Ground, rows: Rows, at: Ints, need: Resources, *, spares_devices: bool = True) -> Ints:
    """Return the nodes `at` (rows) by that order; those with devices that the need has no use for last, if it spares
    these: room set aside there could keep fillers from them."""
    room = rows.room[at]
    spared = [spares_devices and is_device(name) and name not in need for name in ground.columns]
    keeps_off = (room[:, spared] > 0).any(axis=1)
    return at[np.lexsort((at, -room[:, ground.columns.index(CPU)], keeps_off))]
