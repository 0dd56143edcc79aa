"""The best of many nodes, found without looking closely at more of them than it takes.

Nodes come as a stream in the order of bounds, which no closer look goes below; the best one is known as soon as what it
really is stands before the next bound. A node that the plan has touched counts anew, from what it is now.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Generic, TypeAlias, TypeVar

from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms

Found = TypeVar("Found")
# Smaller is better; total, because it ends with the row of the node.
Key: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Found]):
    """A node with its key: a bound from below, seen so closely (`stage`), until something is `found` there."""

    key: Key
    row: int
    stage: int = 0
    found: Found | None = None


Look: TypeAlias = Callable[[NodeRoom, Candidate[Found]], Candidate[Found] | None]


class Order(Generic[Found]):
    """Candidates, best first.

    `untouched` are all nodes that come into question as they were before the plan, in order. `again` says where to
    begin with one that has been touched, `look` looks more closely at one: a candidate of the next stage, or None.
    """

    def __init__(
        self,
        rooms: Rooms,
        untouched: Iterator[Candidate[Found]],
        again: Callable[[NodeRoom, int], Candidate[Found]],
        look: Look[Found],
    ) -> None:
        self._rooms, self._untouched, self._again, self._look = rooms, untouched, again, look
        self._next: Candidate[Found] | None = None
        self._has_begun = False
        # With the version of the room that was looked at: an older one counts no more. And with that of how sets stand:
        # what was found under an older one may have become dearer, so that it is a bound.
        self._seen: list[tuple[Key, int, int, int, Candidate[Found]]] = []
        self._caught_up = 0

    def first(self) -> Found | None:
        """Return what is found on the best node, or None if nothing is found on any."""
        if not self._has_begun:
            self._has_begun, self._next = True, next(self._untouched, None)
        self._catch_up()
        while (best := self._best()) is not None:
            if best.found is not None and self._seen[0][3] == self._rooms.standing.version:
                return best.found
            heappop(self._seen)
            room = self._rooms.at_row(best.row)
            closer = self._look(room, best)
            if closer is not None:
                self._push(room, closer)
        return None

    def _catch_up(self) -> None:
        touched = self._rooms.touched
        for name in dict.fromkeys(touched[self._caught_up :]):
            room = self._rooms[name]
            self._push(room, self._again(room, self._rooms.row_of(room)))
        self._caught_up = len(touched)

    def _push(self, room: NodeRoom, candidate: Candidate[Found]) -> None:
        heappush(self._seen, (candidate.key, candidate.stage, room.version, self._rooms.standing.version, candidate))

    def _best(self) -> Candidate[Found] | None:
        """Return the candidate that is first now, and see that it is the first of those seen."""
        while self._seen and self._seen[0][2] != self._rooms.version_of(self._seen[0][4].row):
            heappop(self._seen)
        while self._next is not None and (not self._seen or self._next.key < self._seen[0][0]):
            if not self._rooms.version_of(self._next.row):
                heappush(self._seen, (self._next.key, self._next.stage, 0, 0, self._next))
            self._next = next(self._untouched, None)
        return self._seen[0][4] if self._seen else None
