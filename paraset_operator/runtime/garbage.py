"""Collects Python's garbage at calm moments.

A collection of everything takes a tenth of a second on 1,000 nodes, and Python begins one whenever it likes: an LS pod
that comes just then would wait for it. So what a calm collection has left is frozen: those that Python begins by itself
pass it over, and are short. Pods and nodes need none, because they have no cycles.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from itertools import count

# Seconds from one collection to the next; of so many, one looks at what is frozen as well.
_EVERY, _OF_ALL = 60.0, 30


async def collect_when_calm(calm: Callable[[], Awaitable[None]], every: float = _EVERY) -> None:
    """Collect again and again, until cancelled; `calm` is awaited before."""
    gc.freeze()
    for number in count(1):
        await asyncio.sleep(every)
        await calm()
        if number % _OF_ALL == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
