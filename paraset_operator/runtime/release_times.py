"""How long it takes to free room: from the decision that a filler leaves for LS work until it holds nothing, by policy.

A filler that the scheduler preempts counts from when that is seen. The last hundred victims say what to expect.
"""

import time
from collections import deque
from collections.abc import Callable

from paraset_operator.acting.outcome import Outcome
from paraset_operator.model.plan import Action, DeletePod
from paraset_operator.model.pod import Pod, is_newly_preempted
from paraset_operator.planning.arrivals import percentile_of
from paraset_operator.runtime.memory import YIELD_REASONS

_REMEMBERED = 100
_PERCENTILE = 90


class ReleaseTimes:
    """Fed by decisions, what came of them, and what pods go through; `policy_on` names the policy of a node."""

    def __init__(
        self,
        policy_on: Callable[[str], str],
        on_release: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy_on, self._on_release, self._clock = policy_on, on_release, clock
        self._since: dict[str, float] = {}
        self._seconds: dict[str, deque[float]] = {}

    def began(self, action: Action) -> None:
        """Take in a decision that is being carried out."""
        if isinstance(action, DeletePod) and action.reason in YIELD_REASONS:
            self._since.setdefault(action.pod.uid, self._clock())

    def concluded(self, outcome: Outcome) -> None:
        """Take in what came of a write: who was not told to leave is no victim."""
        if isinstance(outcome.action, DeletePod) and not outcome.is_done:
            self._since.pop(outcome.action.pod.uid, None)

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        if before is not None and (after is None or not after.held):
            since = self._since.pop(before.uid, None)
            if since is not None:
                self._released(before, self._clock() - since)
        elif after is not None and is_newly_preempted(before, after):
            self._since.setdefault(after.uid, self._clock())

    def seconds(self, policy: str) -> float | None:
        """Return within which time nine of ten victims were gone, None if none has been seen."""
        seen = self._seconds.get(policy)
        return percentile_of(seen, _PERCENTILE) if seen else None

    def recall(self, policy: str, seconds: float) -> None:
        """Begin with what an earlier leader has measured."""
        self._of(policy).append(seconds)

    def forget(self) -> None:
        """Begin anew: somebody else has led meanwhile."""
        self._since.clear()
        self._seconds.clear()

    def _released(self, pod: Pod, seconds: float) -> None:
        self._on_release(seconds)
        policy = self._policy_on(pod.place)
        if policy:
            self._of(policy).append(seconds)

    def _of(self, policy: str) -> deque[float]:
        return self._seconds.setdefault(policy, deque(maxlen=_REMEMBERED))
