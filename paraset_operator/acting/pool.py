"""Lets LS pods of a burst share their rooms (planning/sharing.py) once all victims have been told, and go on to other
nodes where one has lost its victims before others have.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.plan import DeletePod, NominatePod, ResizePod
from paraset_operator.model.pod import Likeness, Pod
from paraset_operator.model.resources import total_of
from paraset_operator.planning.sharing import Told, gather, share

_log = structlog.get_logger(__name__)

# Seconds without a release, so that a burst is over; and from one try to the next where the scheduler came between.
_QUIET, _AGAIN, _TRIES = 0.25, 0.05, 3


class Pool:
    """Pods that share. `is_idle` says whether all releases have been sent; `move` sends a nomination; `spawn` runs a
    coroutine on its own.
    """

    def __init__(
        self,
        cache: ClusterCache,
        is_idle: Callable[[], bool],
        move: Callable[[NominatePod], Awaitable[Outcome]],
        spawn: Callable[..., None],
    ) -> None:
        self._pods, self._nodes = cache.pods, cache.nodes.nodes
        self._is_idle, self._move, self._spawn = is_idle, move, spawn
        # In the order in which they were told; and the nodes where pods are nominated together.
        self._told: dict[Likeness, list[Told]] = {}
        self._together: dict[str, Likeness] = {}
        self._look: asyncio.TimerHandle | None = None
        cache.pods.listen(self._saw_pod)

    def told(self, nomination: NominatePod, actions: Sequence[DeletePod | ResizePod]) -> None:
        """Take in that room has been made for a pod that is nominated there, or will be."""
        if not actions:
            return
        given = total_of(action.pod.requests for action in actions)
        self._told.setdefault(nomination.pod.likeness, []).append(Told(nomination.node, given))
        self._look_soon()

    def _look_soon(self) -> None:
        if self._look is not None:
            self._look.cancel()
        self._look = asyncio.get_running_loop().call_later(_QUIET, self._look_at_all)

    def _look_at_all(self) -> None:
        if not self._is_idle():
            self._look_soon()
            return
        waiting = list(self._pods.at(""))
        for likeness in list(self._told):
            told = self._told[likeness] = self._still_leaving(likeness)
            if told:
                self._nominate(likeness, share(waiting, likeness, told, self._nodes, self._is_leaving))
            else:
                del self._told[likeness]

    def _nominate(self, likeness: Likeness, nominations: Sequence[NominatePod]) -> None:
        if nominations:
            nodes = sorted({each.node for each in nominations})
            _log.info("LS pods share the rooms made for them", pods=len(nominations), nodes=nodes)
        for each in nominations:
            self._together[each.node] = likeness
            self._spawn(self._try(each))

    async def _try(self, nomination: NominatePod) -> None:
        """The scheduler writes to the pod as well: then it is looked at again, as long as it is where it was."""
        pod = nomination.pod
        for _ in range(_TRIES):
            seen = self._pods.get(pod.key)
            if seen is None or seen.uid != pod.uid or seen.node or seen.nominated != pod.nominated:
                return
            if (await self._move(NominatePod(seen, nomination.node))).result is not Result.SUPERSEDED:
                return
            await asyncio.sleep(_AGAIN)

    def _saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Let pods go on where all that were leaving have gone; the last one takes the room."""
        if before is None or after is not None or before.place not in self._together:
            return
        node = before.place
        if not self._is_leaving(node):
            likeness = self._together.pop(node)
            left = [pod for pod in self._pods.at("") if pod.nominated == node and pod.likeness == likeness]
            others = [told.node for told in self._still_leaving(likeness)]
            if len(left) > 1 and others:
                self._nominate(likeness, gather(left, others))

    def _still_leaving(self, likeness: Likeness) -> list[Told]:
        return [told for told in self._told.get(likeness, ()) if self._is_leaving(told.node)]

    def _is_leaving(self, node: str) -> bool:
        return any(pod.leaves_soon for pod in self._pods.at(node))
