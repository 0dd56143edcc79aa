"""Learns `copies: auto`: which headroom shapes the LS pods that come use up, and how many come together.

Only the leader learns. It begins with what the status of the policy tells, and writes there what it has learned: when
copies change, else at most once a minute. The rules themselves are in planning/arrivals.py.

An LS pod has come when it is first seen to wait for the scheduler. Who is bound already at first sight is not counted,
nor who is tied to a node by name, such as a DaemonSet's pod: no copy could have served it elsewhere.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from paraset_operator.api.headroom import MOST_SLOTS
from paraset_operator.api.v1alpha1 import FillPolicyStatus, HeadroomStatus
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.cluster.requests import amounts
from paraset_operator.model.constraints import Constraints
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.resources import Resources, as_quantities
from paraset_operator.planning.arrivals import (
    HOUR,
    NO_ARRIVALS,
    Arrivals,
    Copies,
    copies_for,
    settled,
    with_arrival,
    without_old,
)
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.planning.shape_matching import shapes_in_reach, smallest_fit
from paraset_operator.planning.target_workload import is_pinned
from paraset_operator.reporting.headroom_words import arrivals_in, lines_of, sentence
from paraset_operator.runtime.release_times import ReleaseTimes

# Seconds between two writes of what was learned, unless copies change.
EVERY = 60.0
_MOST_QUEUED = 10_000


@dataclass(slots=True)
class _Lesson:
    """What was learned of one shape."""

    resources: Resources
    arrivals: Arrivals = NO_ARRIVALS
    copies: Copies | None = None


@dataclass(slots=True)
class _Learned:
    """What was learned under one policy, and what of it was published when."""

    lessons: dict[str, _Lesson] = field(default_factory=dict)
    published: list[HeadroomStatus] = field(default_factory=list)
    release_seconds: float | None = None
    published_at: float = float("-inf")


class HeadroomLearner:
    """What LS pods have taught; `status_of` returns what was written about a policy, None if there is none."""

    def __init__(
        self,
        cache: ClusterCache,
        releases: ReleaseTimes,
        status_of: Callable[[str], FillPolicyStatus | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cache, self._releases, self._status_of, self._clock = cache, releases, status_of, clock
        self._queue: deque[tuple[Pod, float]] = deque(maxlen=_MOST_QUEUED)
        self._learned: dict[str, _Learned] = {}
        self._reach: dict[tuple[str, Constraints], tuple[HeadroomShape, ...]] = {}
        self._policies: tuple[PolicyView, ...] = ()

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        if after is not None and _has_come(after) and not (before is not None and _has_come(before)):
            self._queue.append((after, self._clock()))

    def nodes_changed(self) -> None:
        """Ask anew which pods may run where."""
        self._reach.clear()

    def start(self) -> None:
        """Begin to lead: what was learned is what the last leader has written."""
        self._queue.clear()
        self._learned.clear()
        self._releases.forget()

    def learn(self, policies: tuple[PolicyView, ...]) -> None:
        """Learn from the LS pods that have come since the last time."""
        if self._policies is not policies:
            self._policies = policies
            self._reach.clear()
        learning = [policy for policy in policies if any(shape.auto for shape in policy.headroom)]
        self._learned = {policy.name: self._recalled(policy) for policy in learning}
        while self._queue:
            pod, came = self._queue.popleft()
            for policy in learning:
                self._count(pod, came, policy)
        for policy in learning:
            self._settle(policy)

    def copies_of(self, policy: str) -> Mapping[str, int]:
        """Return the copies of a policy's shapes, as far as they have been learned."""
        learned = self._learned.get(policy)
        lessons = learned.lessons if learned else {}
        return {name: each.copies.number for name, each in lessons.items() if each.copies is not None}

    def report(self, policy: PolicyView) -> tuple[list[HeadroomStatus], float | None]:
        """Return what is to be in the status of a policy: of its shapes, and how long it takes to free room."""
        learned = self._learned.get(policy.name)
        if learned is None:
            return [], None
        now = self._clock()
        known = {each.name: each.copies for each in learned.published}
        if known != self.copies_of(policy.name) or not 0 <= now - learned.published_at < EVERY:
            seconds = self._releases.seconds(policy.name)
            learned.published = [self._told(shape, policy) for shape in policy.headroom if shape.auto]
            learned.release_seconds = None if seconds is None else max(0.1, round(seconds, 1))
            learned.published_at = now
        return learned.published, learned.release_seconds

    def _recalled(self, policy: PolicyView) -> _Learned:
        """Return what is known under a policy, with a lesson for each of its shapes as they are now."""
        learned = self._learned.get(policy.name) or self._remembered(policy.name)
        before, learned.lessons = learned.lessons, {}
        for shape in policy.headroom:
            if shape.auto is not None:
                lesson = before.get(shape.name)
                is_same = lesson is not None and lesson.resources == shape.resources
                learned.lessons[shape.name] = lesson if lesson is not None and is_same else _Lesson(shape.resources)
        return learned

    def _remembered(self, policy: str) -> _Learned:
        status = self._status_of(policy) or FillPolicyStatus()
        if status.release_seconds is not None:
            self._releases.recall(policy, status.release_seconds)
        hour, told = int(self._clock() // HOUR), status.headroom or []
        lessons = {
            each.name: _Lesson(amounts(each.resources), arrivals_in(each.arrivals or ()), Copies(each.copies, hour))
            for each in told
        }
        return _Learned(lessons, told, status.release_seconds, self._clock())

    def _count(self, pod: Pod, came: float, policy: PolicyView) -> None:
        if pod.priority < policy.ls_priority or not self._may_be_for(pod, policy):
            return
        shape = smallest_fit(pod.requests, self._in_reach(pod.constraints, policy))
        if shape is None or shape.auto is None:
            return
        lesson = self._learned[policy.name].lessons[shape.name]
        lesson.arrivals = with_arrival(lesson.arrivals, shape.auto, came, self._release_seconds(policy))

    def _may_be_for(self, pod: Pod, policy: PolicyView) -> bool:
        """Say whether a pod is one of the policy's nodes, as far as that is known yet."""
        now = self._cache.pods.get(pod.key)
        node = self._cache.nodes.nodes.get(now.node) if now is not None and now.uid == pod.uid else None
        return node is None or policy_of(node, self._policies) is policy

    def _in_reach(self, constraints: Constraints, policy: PolicyView) -> tuple[HeadroomShape, ...]:
        key = (policy.name, constraints)
        if key not in self._reach:
            nodes = self._cache.nodes.nodes.values()
            self._reach[key] = shapes_in_reach(constraints, policy, self._policies, nodes)
        return self._reach[key]

    def _release_seconds(self, policy: PolicyView) -> float:
        seconds = self._releases.seconds(policy.name)
        return policy.max_grace_seconds if seconds is None else seconds

    def _settle(self, policy: PolicyView) -> None:
        now, lessons = self._clock(), self._learned[policy.name].lessons
        for shape in policy.headroom:
            if shape.auto is not None:
                lesson = lessons[shape.name]
                lesson.arrivals = without_old(lesson.arrivals, shape.auto, now)
                wanted = copies_for(lesson.arrivals, shape.auto)
                lesson.copies = settled(lesson.copies, wanted, shape.auto, now)

    def _told(self, shape: HeadroomShape, policy: PolicyView) -> HeadroomStatus:
        lesson, rules = self._learned[policy.name].lessons[shape.name], shape.auto
        assert lesson.copies is not None
        assert rules is not None
        seconds, is_measured = self._release_seconds(policy), self._releases.seconds(policy.name) is not None
        number = lesson.copies.number
        return HeadroomStatus(
            name=shape.name,
            copies=number,
            message=sentence(number, lesson.arrivals, rules, seconds, is_measured=is_measured),
            resources={**as_quantities(lesson.resources)},
            arrivals=lines_of(lesson.arrivals)[-MOST_SLOTS - 1 :] or None,
        )


def _has_come(pod: Pod) -> bool:
    is_ours = pod.is_filler or is_pinned(pod.constraints)
    return not (is_ours or pod.node or pod.is_gated or pod.is_terminating)
