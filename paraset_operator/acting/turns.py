"""Whose turn it is to send, where more want to than may at a time."""

import asyncio
import contextlib
import heapq
from collections.abc import AsyncIterator
from typing import TypeAlias

# What comes first, and the priority among that.
Rank: TypeAlias = tuple[int, int]


class Turns:
    """So many at a time; of those that wait the highest rank is next, and of equals the one that came last.

    kube-scheduler takes a burst of equal LS pods from the front of its queue, preempting for one after the other. Who
    answers it from the back has nominated most pods before their first attempt, and meets the scheduler once instead
    of racing it pod by pod (docs/adr/0029-a-burst-from-the-back.md).
    """

    def __init__(self, at_a_time: int) -> None:
        self._at_a_time = self._free = at_a_time
        self._came = 0
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def turn(self, rank: Rank) -> AsyncIterator[int]:
        """Wait for a turn, and have it; tells how many of the same rank still wait."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(rank)
        try:
            yield sum(other == _reversed(rank) for other, *_ in self._waiting)
        finally:
            self._pass_on()

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a turn or waits for one."""
        return self._free == self._at_a_time

    async def _wait(self, rank: Rank) -> None:
        is_next: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._came += 1
        heapq.heappush(self._waiting, (_reversed(rank), -self._came, is_next))
        try:
            await is_next
        except asyncio.CancelledError:
            if is_next.done() and not is_next.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            *_, is_next = heapq.heappop(self._waiting)
            if not is_next.done():
                is_next.set_result(None)
                return
        self._free += 1


def _reversed(rank: Rank) -> Rank:
    return -rank[0], -rank[1]
