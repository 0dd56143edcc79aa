"""The cheapest node for one need after the other: what a copy costs is found once per node, and again where it changed.

The order is that of `rank_of`. Nodes wait in a heap by the least that the need could cost there; the first gets its
exact cost, and waits again. So the first whose cost is exact is the cheapest of all. A node that others have changed
meanwhile is looked at anew when its turn comes; if it has become cheaper, that may be a little late.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources
from paraset_operator.planning.lost_work import Owners, Ties
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.victims import Cost, Sacrifice, least_cost, sacrifice_for

Rank: TypeAlias = tuple[int, int, float, int, int, int, Ties, int, str]


@dataclass(order=True, slots=True)
class _Entry:
    rank: Rank
    room: NodeRoom = field(compare=False)
    version: int = field(compare=False)
    offer: Sacrifice | None = field(default=None, compare=False)


class CheapestNodes:
    """Nodes by what one need costs there; without `may_evict`, those where shrinking is enough.

    Who takes a node out puts it back with `look`.
    """

    def __init__(
        self, need: Resources, rooms: Iterable[NodeRoom], owners: Owners, now: float, *, may_evict: bool = True
    ) -> None:
        self._need, self._owners, self._now, self._may_evict = need, owners, now, may_evict
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
            elif offer := self._offer(room):
                heapq.heappush(self._heap, _Entry(rank_of(offer.cost, room), room, room.version, offer))
        return None

    def _offer(self, room: NodeRoom) -> Sacrifice | None:
        offer = sacrifice_for(self._need, room, self._owners, self._now)
        return None if offer is not None and offer.victims and not self._may_evict else offer


def rank_of(cost: Cost, room: NodeRoom) -> Rank:
    """Return the order of nodes: devices beyond the need, LS pods that wait there, work lost, victims, shrinks.

    Of equal ones the one with least promised comes first, then the first by name.
    """
    surplus, lost, victims, of_memory, shrinks, ties = cost
    return (surplus, room.queue, lost, victims, of_memory, shrinks, ties, room.promised.get(CPU, 0), room.name)
