"""When each filler has last saved its work: drawn at random since its start, and told by its pod as a worker would.

In a cluster that runs for days fillers of one age have saved at different times. In a benchmark all were made in the
same seconds, so that whoever goes would lose the same. The times are the same for every system, but for fillers that
another system's run has replaced.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from random import Random

from demo.kube import Api
from demo.objects import Pod

ANNOTATION = "paraset.io/last-checkpoint"


def draw(fillers: Iterable[Pod], bound_at: Mapping[str, float], seed: int) -> dict[tuple[str, str], float]:
    """Return when each filler has saved its work, in monotonic seconds, by key."""
    now, drawn = time.monotonic(), {}
    for pod in fillers:
        began = bound_at.get(pod.uid, now)
        chance = Random(f"{seed} {pod.name}").random()  # noqa: S311 - repeatable on purpose
        drawn[pod.key] = began + chance * (now - began)
    return drawn


async def tell(api: Api, saved: Mapping[tuple[str, str], float]) -> None:
    """Annotate the pods."""
    ahead = time.time() - time.monotonic()

    async def annotate(key: tuple[str, str], at: float) -> None:
        stamp = datetime.fromtimestamp(at + ahead, UTC).isoformat(timespec="milliseconds")
        namespace, name = key
        await api.merge(
            f"/api/v1/namespaces/{namespace}/pods/{name}", {"metadata": {"annotations": {ANNOTATION: stamp}}}
        )

    await asyncio.gather(*(annotate(key, at) for key, at in saved.items()))
