"""When each filler has last saved its work: at random within a minute before the LS pods come, told by its pod as a
worker would tell it.

In a cluster that runs for days fillers of one age have saved at different times. In a benchmark all were made in the
same seconds, so that whoever goes would lose the same. A worker's word counts from its start on only, so that fillers
have to be a minute old where systems are compared by the work they lose.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from random import Random

from demo.kube import Api
from demo.objects import Pod

# Seconds between two saves of a worker.
INTERVAL = 60.0
# How many fillers tell in a second, and what it takes at least.
PER_SECOND, LEAST_SECONDS = 150, 5.0
_AT_A_TIME = 64
ANNOTATION = "paraset.io/last-checkpoint"


def horizon(fillers: int) -> float:
    """Return when all fillers will have told, in monotonic seconds: work is saved up to then."""
    return time.monotonic() + LEAST_SECONDS + fillers / PER_SECOND


def draw(fillers: Iterable[Pod], until: float, seed: int) -> dict[tuple[str, str], float]:
    """Return when each filler saves its work for the last time, in monotonic seconds, by key."""
    chances = {pod.key: Random(f"{seed} {pod.name}").random() for pod in fillers}  # noqa: S311 - repeatable on purpose
    return {key: until - INTERVAL * chance for key, chance in chances.items()}


async def tell(api: Api, saved: Mapping[tuple[str, str], float]) -> None:
    """Annotate the pods; a time that is still to come counts once it has come."""
    ahead, slots = time.time() - time.monotonic(), asyncio.Semaphore(_AT_A_TIME)

    async def annotate(key: tuple[str, str], at: float) -> None:
        stamp = datetime.fromtimestamp(at + ahead, UTC).isoformat(timespec="milliseconds")
        namespace, name = key
        async with slots:
            await api.merge(
                f"/api/v1/namespaces/{namespace}/pods/{name}", {"metadata": {"annotations": {ANNOTATION: stamp}}}
            )

    await asyncio.gather(*(annotate(key, at) for key, at in saved.items()))
