"""Makes room for LS pods: who is nominated where, which fillers are told to leave, and in which order that is sent.

- Room is made for an LS pod only after its nomination went through: who was nominated in the same moment by the
  scheduler already has its victims.
- Not so where many others of its priority are before it in the scheduler's queue, or it may not preempt: its victims
  are told at once, and it is nominated once all have been told. It is a while until the scheduler gets to it, or it
  never makes it room, and what takes time is the exit.
- Of releases that wait for their turn, the LS pod of the highest priority comes first, and of equal ones the last in
  the scheduler's queue (turns.py). Before anything of one is sent, its LS pod is looked at again: for one that is
  gone, bound, or nominated by the scheduler meanwhile, nothing more is sent. What waits and is for no pod yet, but for
  headroom or an announcement, is recalled when less is needed of these, and decided anew.
- What makes headroom waits for a `lull` of LS pods that come, and for all that is sent for those that wait.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from paraset_operator.acting.need import why_gone
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.pool import Pool
from paraset_operator.acting.sender import Sender
from paraset_operator.acting.turns import Rank, Turns
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.plan import DeletePod, NominatePod, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod

# What comes first: room for LS pods, the nominations of those whose room is on its way, and everything else.
_ROOM, _AFTERWARDS, _REST = 2, 1, 0
# So many LS pods before it in the scheduler's queue, and a pod's victims can be told before it is nominated. The
# scheduler takes 10 to 40 ms for a pod that it preempts for, so that is a quarter of a second and more.
_FAR = 24
# Releases for headroom at a time: more would be felt by an LS pod that comes just then. One that has waited for so many
# seconds goes without a lull: pods may have been nominated for its room.
_UNHURRIED_AT_A_TIME, _PATIENCE = 1, 0.5
# A write that failed is sent again after so many seconds each, as a rule because the API server was overloaded; not
# when it failed so late that others have long decided anew.
_REPEATED_AFTER, _REPEATED_FOR = (0.1, 0.2, 0.4, 0.8, 1.6), 5.0


@dataclass(frozen=True, slots=True)
class _Begun:
    """A release with what its writes are counted as, until they are answered; `nominee` is its LS pod, nominated."""

    release: Release
    nomination: NominatePod | None
    nominee: Pod | None
    writes: tuple[tuple[DeletePod | ResizePod, Pod], ...]


class Releases:
    """Releases on their way; `on_release` hears of each that begins."""

    def __init__(
        self, sender: Sender, cache: ClusterCache, on_release: Callable[[Release], None], at_a_time: int
    ) -> None:
        self._sender, self._pods, self._on_release = sender, cache.pods, on_release
        self._turns = Turns(at_a_time)
        self._unhurried = asyncio.Semaphore(_UNHURRIED_AT_A_TIME)
        # What may be recalled, by id.
        self._for_no_pod: dict[int, _Begun] = {}
        self._pool = Pool(cache, lambda: self._turns.is_idle, self._move, sender.spawn)

    def begin(self, release: Release) -> None:
        """Begin to make room for one LS pod, at once."""
        if why_gone(release.beneficiary, self._pods):
            return
        self._on_release(release)
        actions = [action for action in release.actions if self._sender.is_current(action)]
        writes = tuple((action, self._sender.expect(action)) for action in actions)
        nomination = release.nomination if self._sender.may_nominate else None
        nominee = self._sender.expect_nomination(nomination) if nomination else None
        begun = _Begun(release, nomination, nominee, writes)
        if not release.beneficiary.uid:
            self._for_no_pod[id(begun)] = begun
        self._sender.spawn(self._send(begun))

    def recall(self, reasons: Collection[Reason]) -> bool:
        """Cancel what waits for its turn and is for no pod yet, unless one is nominated for that room meanwhile; say if
        there was any.
        """
        nominated = {pod.nominated for pod in self._pods.at("")}
        recalled = [
            begun
            for begun in self._for_no_pod.values()
            if begun.release.node not in nominated and all(each.reason in reasons for each, _ in begun.writes)
        ]
        for begun in recalled:
            del self._for_no_pod[id(begun)]
            self._sender.cancel(begun.writes, "less is needed now", Result.WITHDRAWN)
        return bool(recalled)

    def _is_recalled(self, begun: _Begun) -> bool:
        return not (begun.release.beneficiary.uid or id(begun) in self._for_no_pod)

    async def _send(self, begun: _Begun) -> None:
        if is_urgent(begun.release):
            await self._send_in_turn(begun)
        else:
            began = time.monotonic()
            async with self._unhurried:
                if time.monotonic() < began + _PATIENCE and not self._is_recalled(begun):
                    await self._sender.lull()
                await self._send_in_turn(begun)

    async def _send_in_turn(self, begun: _Begun) -> None:
        async with self._turns.turn(_rank(begun.release)) as before_it:
            if self._is_recalled(begun):
                return
            self._for_no_pod.pop(id(begun), None)
            is_first = _may_be_told_first(begun.nomination, before_it)
            why = await (self._tell_first(begun) if is_first else self._tell(begun))
        if is_first and not why:
            async with self._turns.turn((_AFTERWARDS, 0)):
                await self._nominate_told(begun)

    async def _tell(self, begun: _Begun) -> str:
        """Nominate, then tell the victims; return why that was not to be done, or nothing."""
        why, ours = await self._nominate(begun)
        why = why or why_gone(begun.release.beneficiary, self._pods, ours)
        if why:
            self._sender.cancel(begun.writes, why)
            return why
        await asyncio.gather(self._make_room(begun), self._mark_leaving(begun))
        return ""

    async def _tell_first(self, begun: _Begun) -> str:
        """Tell the victims of a pod that is yet to be nominated; return why not, or nothing."""
        why = why_gone(begun.release.beneficiary, self._pods, begun.release.node)
        if why:
            self._forget_nomination(begun)
            self._sender.cancel(begun.writes, why)
        else:
            await self._make_room(begun)
        return why

    async def _nominate_told(self, begun: _Begun) -> None:
        """Nominate a pod whose victims have been told already, and mark them."""
        why, _ = await self._nominate(begun)
        if not why:
            await self._mark_leaving(begun)

    async def _nominate(self, begun: _Begun) -> tuple[str, str]:
        """Return why no room has to be made, and the node where the LS pod is nominated now by us; empty for none."""
        release = begun.release
        if begun.nomination is None or begun.nominee is None:
            return "", ""
        why = why_gone(release.beneficiary, self._pods, release.node)
        if why:
            self._forget_nomination(begun)
            return why, ""
        outcome = await self._sender.nominate(begun.nomination, begun.nominee)
        if outcome.result in (Result.SUPERSEDED, Result.GONE):
            return outcome.message or outcome.result.value, ""
        return "", release.node if outcome.is_done else ""

    def _forget_nomination(self, begun: _Begun) -> None:
        if begun.nominee is not None:
            self._pods.settle(begun.nominee)

    async def _mark_leaving(self, begun: _Begun) -> None:
        """Mark the victims of a pod that is nominated, and fillers that were leaving its node before."""
        if begun.nomination is None or not self._sender.may_nominate:
            return
        victims = {action.pod.uid for action, _ in begun.writes if isinstance(action, DeletePod)}
        leaving = (pod for pod in self._pods.at(begun.release.node) if pod.is_filler and pod.is_terminating)
        # Another's victim that is only about to be told may be spared yet.
        told = [pod for pod in leaving if pod.uid in victims or not self._pods.is_expected(pod.key)]
        marks = (self._sender.mark(pod, begun.release.beneficiary) for pod in told if not pod.is_marked)
        await asyncio.gather(*marks)

    async def _make_room(self, begun: _Begun) -> None:
        """Send all that leaves and shrinks; what came of it is told beside that, since what failed is repeated."""
        outcomes = await asyncio.gather(*(self._sender.send(action) for action, _ in begun.writes))
        if begun.nomination is not None:
            self._pool.told(begun.nomination, [action for action, _ in begun.writes])
        for outcome, (action, expected) in zip(outcomes, begun.writes, strict=True):
            self._sender.spawn(self._conclude(begun.release, action, outcome, expected))

    async def _conclude(self, release: Release, action: DeletePod | ResizePod, outcome: Outcome, expected: Pod) -> None:
        """Repeat what failed while it is needed: who is nominated waits for all of its room, and nobody else sees to
        the rest of it.
        """
        end = time.monotonic() + _REPEATED_FOR
        for pause in _REPEATED_AFTER:
            if outcome.result is not Result.FAILED:
                break
            await asyncio.sleep(pause)
            is_needed = not why_gone(release.beneficiary, self._pods, release.node)
            if not is_needed or time.monotonic() > end or not self._sender.stands(action):
                break
            async with self._turns.turn(_rank(release)):
                outcome = await self._sender.send(action)
        await self._sender.conclude(outcome, expected)

    async def _move(self, nomination: NominatePod) -> Outcome:
        async with self._turns.turn((_REST, 0)):
            return await self._sender.nominate(nomination, self._sender.expect_nomination(nomination))


def is_urgent(release: Release) -> bool:
    """Say whether an LS pod waits for a release, or is about to come: not where headroom is made."""
    return not all(action.reason is Reason.HEADROOM for action in release.actions) or release.nomination is not None


def _may_be_told_first(nomination: NominatePod | None, before_it: int) -> bool:
    """Say whether the scheduler will not tell other victims for a pod meanwhile."""
    return nomination is not None and (before_it >= _FAR or not nomination.pod.may_preempt)


def _rank(release: Release) -> Rank:
    if not is_urgent(release):
        return _REST, 0
    return _ROOM, release.nomination.pod.priority if release.nomination else 0
