"""The cheapest node for one need after the other: what a copy costs is found once per node, and again where it changed.

The order is that of `rank_of`. Nodes wait in a heap by the least that the need could cost there; the first gets its
exact cost, and waits again. So the first whose cost is exact is the cheapest of all. A node that others have changed
meanwhile is looked at anew when its turn comes; if it has become cheaper, that may be a little late.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from paraset_operator.model.resources import Resources
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.victims import Sacrifice, least_cost, sacrifice_for
from paraset_operator.planning.yielding import Rank, rank_of


@dataclass(order=True, slots=True)
class _Entry:
    rank: Rank
    room: NodeRoom = field(compare=False)
    version: int = field(compare=False)
    offer: Sacrifice | None = field(default=None, compare=False)


class CheapestNodes:
    """Nodes by what one need costs there. Who takes a node out puts it back with `look`."""

    def __init__(self, need: Resources, rooms: Iterable[NodeRoom], owners: Owners, now: float) -> None:
        self._need, self._owners, self._now = need, owners, now
        self._heap: list[_Entry] = []
        for room in rooms:
            self.look(room)

    def look(self, room: NodeRoom) -> None:
        """Take in a node that is not in the heap."""
        bound = least_cost(self._need, room, self._owners, self._now)
        if bound is not None:
            heapq.heappush(self._heap, _Entry(rank_of(bound, room), room, room.version))

    def pop(self) -> tuple[Sacrifice, NodeRoom] | None:
        """Take out the node where the need costs least, with what it gives; None if no node is left."""
        while self._heap:
            entry = heapq.heappop(self._heap)
            room = entry.room
            if entry.version != room.version:
                self.look(room)
            elif entry.offer is not None:
                return entry.offer, room
            elif offer := sacrifice_for(self._need, room, self._owners, self._now):
                heapq.heappush(self._heap, _Entry(rank_of(offer.cost, room), room, room.version, offer))
        return None
