"""Where room is kept for LS work that is not there yet: on the node on which others leave most cores.

Fillers have no say in the order. If they had, filling the one node would move the room to another, and what was put
into the first place would be evicted for the next copy, again and again.
"""

from collections.abc import Iterable

from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources, devices_of, minus
from paraset_operator.planning.room import NodeRoom


def in_home_order(need: Resources, nodes: Iterable[NodeRoom]) -> list[NodeRoom]:
    """Return the nodes by that order, those last whose devices the need has no use for."""
    return sorted(nodes, key=lambda room: (_has_other_devices(room, need), *_most_cores(room)))


def _has_other_devices(room: NodeRoom, need: Resources) -> bool:
    """Say whether room set aside here could keep fillers from devices that the need itself has no use for."""
    return any(name not in need for name in devices_of(_lendable(room)))


def _most_cores(room: NodeRoom) -> tuple[int, str]:
    return -_lendable(room).get(CPU, 0), room.name


def _lendable(room: NodeRoom) -> dict[str, int]:
    return minus(room.node.allocatable, room.others)
