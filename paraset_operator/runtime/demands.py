"""The LS pods that wait: since when, and what has been done for each.

kube-scheduler has a head start of a moment, because it preempts in its first attempt: acting at the same time would
cost a second victim. A pod it may not preempt for is answered at once. Nothing here is needed for safety: after a
restart all that wait are new.
"""

import asyncio
import time
from collections.abc import Callable

from paraset_operator.acting.outcome import Outcome
from paraset_operator.model.plan import Action, CreatePod, DeletePod, NominatePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.snapshot import Snapshot

# How long kube-scheduler has to answer a pod by itself. Its first attempt takes 10 to 40 ms where it is not busy.
HEAD_START = 0.1
# The longest that what is not urgent steps aside for LS pods, and how often it looks whether it has to, in seconds.
LONGEST_LULL, _LOOK = 0.5, 0.005
# So long no LS pod has come when the whole plan is made, and the longest that they put it off, in seconds.
CALM, LONGEST_CALM, _LOOK_FOR_CALM = 0.5, 5.0, 0.02
# So many LS pods that are nominated and not bound are a burst: their rooms come free one after the other.
BURST = 8


class Demands:
    """LS pods by uid. `on_sent` hears the seconds from the first sight of a pod to the first write that makes it room,
    without the head start.
    """

    def __init__(self, on_sent: Callable[[float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._on_sent, self._clock = on_sent, clock
        self._due: dict[str, float] = {}
        # Not planned for yet; decided upon, but nothing sent.
        self._new: set[str] = set()
        self._unsent: dict[str, float] = {}
        self._answered: set[str] = set()
        self._nominated: set[str] = set()
        self._last_came = -CALM

    def saw_pod(self, before: Pod | None, after: Pod | None) -> float | None:
        """Take in a change of a pod; return in how many seconds it is to be answered if it has begun to wait."""
        self._count_nominated(before, after)
        if after is not None and wants_room(after):
            return None if after.uid in self._due else self._begin(after)
        if before is not None:
            self._due.pop(before.uid, None)
            self._new.discard(before.uid)
            if after is None or after.node:
                self._answered.discard(before.uid)
                self._unsent.pop(before.uid, None)
        return None

    def _count_nominated(self, before: Pod | None, after: Pod | None) -> None:
        if before is not None:
            self._nominated.discard(before.uid)
        if after is not None and after.nominated and not (after.node or after.is_filler or after.is_terminating):
            self._nominated.add(after.uid)

    def _begin(self, pod: Pod) -> float:
        # The scheduler preempts for nobody who is bound.
        head_start = HEAD_START if pod.may_preempt and not pod.node else 0.0
        self._last_came = self._clock()
        self._due[pod.uid] = self._last_came + head_start
        self._new.add(pod.uid)
        return head_start

    def decided(self, uid: str) -> None:
        """Take in that room is about to be made for a pod."""
        if uid in self._new:
            self._unsent[uid] = self._due[uid]

    def looked_at(self, snapshot: Snapshot) -> None:
        """Take in that a plan has dealt with all pods that were due: who got no room waits for other reasons."""
        self._new.difference_update(pod.uid for pod in snapshot.waiting if pod.uid not in snapshot.fresh)

    @property
    def fresh(self) -> frozenset[str]:
        """Pods that the scheduler may be at its first attempt for."""
        now = self._clock()
        return frozenset(uid for uid, due in self._due.items() if due > now)

    async def lull(self) -> None:
        """Wait until kube-scheduler is at no LS pod's first attempt, or has been at one or another for half a second.

        Whatever is not urgent waits for that: API server and scheduler are then there for LS pods alone.
        """
        end = self._clock() + LONGEST_LULL
        while self.is_any_fresh and self._clock() < end:  # noqa: ASYNC110 - a head start ends by time alone
            await asyncio.sleep(_LOOK)

    async def calm(self) -> None:
        """Wait until no LS pod has come for half a second and the rooms of a burst are taken, for five seconds at most.

        The whole plan of a large cluster takes a core for a while, which those who come meanwhile would feel.
        """
        end = self._clock() + LONGEST_CALM
        while self._clock() < end and not self._is_calm:  # noqa: ASYNC110 - by time, mostly
            await asyncio.sleep(_LOOK_FOR_CALM)

    @property
    def _is_calm(self) -> bool:
        return self._clock() >= self._last_came + CALM and len(self._nominated) < BURST

    @property
    def answered(self) -> frozenset[str]:
        """Pods that a filler was evicted for already."""
        return frozenset(self._answered)

    @property
    def is_any_fresh(self) -> bool:
        """Whether the scheduler may be at its first attempt for some pod."""
        now = self._clock()
        return any(due > now for due in self._due.values())

    @property
    def are_coming(self) -> bool:
        """Whether an LS pod has come within the head start that the scheduler has, be it bound since or not."""
        return self._clock() < self._last_came + HEAD_START

    @property
    def is_any_due(self) -> bool:
        """Whether some pod is to be answered now."""
        now = self._clock()
        return any(due <= now for due in self._due.values())

    @property
    def is_any_new_due(self) -> bool:
        """Whether some pod is to be answered now that no plan has dealt with yet."""
        now = self._clock()
        return any(self._due[uid] <= now for uid in self._new)

    def sends(self, action: Action) -> None:
        """Take in that a write is about to be sent."""
        due = self._unsent.pop(_beneficiary_uid(action), None)
        if due is not None:
            self._on_sent(max(0.0, self._clock() - due))

    def concluded(self, outcome: Outcome) -> None:
        """Take in what came of a write."""
        if isinstance(outcome.action, NominatePod):
            return
        uid = _beneficiary_uid(outcome.action)
        self._unsent.pop(uid, None)
        if uid and outcome.is_done and isinstance(outcome.action, DeletePod):
            self._answered.add(uid)


def _beneficiary_uid(action: Action) -> str:
    if isinstance(action, CreatePod) or action.beneficiary is None:
        return ""
    return action.beneficiary.uid


def wants_room(pod: Pod) -> bool:
    """Say whether a pod waits, and nobody has nominated a node for it, or waits to grow in place."""
    if pod.is_filler or pod.is_terminating:
        return False
    return (bool(pod.wanting) and pod.resize is Resize.DEFERRED) or not (pod.node or pod.is_gated or pod.nominated)
