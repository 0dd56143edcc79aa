"""What is announced now: the claims of objects, less the pods that are there.

- Pods that exist are counted from the pod cache by their controller, not from statuses, which lag: a pod that is there
  waits or runs, and is announced no more.
- Pods that may preempt are answered by kube-scheduler in its first attempt, which knows nothing of room on its way to
  a pod that has just come: acting at the same time costs a second victim. So for such pods room is only
  kept until nothing has come of them for a moment, and made then. For pods that may not preempt it is made at once.
- When something last changed is remembered here; what is too old is left to the policies, which say how old.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from paraset_operator.cluster.claims import Claim, ClaimStore, Key, Template
from paraset_operator.cluster.pod_templates import PodTemplates
from paraset_operator.cluster.priority_classes import PriorityClasses
from paraset_operator.model.announced import Announcement, Source
from paraset_operator.model.pod import Pod

# How long the pods of an announcement have to come by themselves: a controller that is not busy makes them in less.
SETTLE = 0.5


class Timer(Protocol):
    """A call that is still to come."""


Later: TypeAlias = Callable[[float, Callable[[], None]], Timer]


def call_later(seconds: float, callback: Callable[[], None]) -> Timer:
    """Call back in so many seconds, by the running event loop."""
    return asyncio.get_running_loop().call_later(seconds, callback)


_JOBS = (Source.JOBS, Source.SUSPENDED_JOBS)


@dataclass(frozen=True, slots=True)
class _Ask:
    announcement: Announcement
    may_preempt: bool
    stands: bool

    def is_due(self, age: float) -> bool:
        return self.stands or not self.may_preempt or age >= SETTLE


@dataclass(frozen=True, slots=True)
class _Open:
    asks: tuple[_Ask, ...]
    changed_at: float

    @property
    def count(self) -> int:
        return max(ask.announcement.count for ask in self.asks)


class Announcements:
    """What is asked for beyond the pods there are.

    `on_demand` is called when more has become due, `on_change` at any change.
    """

    def __init__(
        self,
        stores: Iterable[ClaimStore],
        classes: PriorityClasses,
        templates: PodTemplates,
        on_demand: Callable[[], None],
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        later: Later = call_later,
    ) -> None:
        self._stores, self._classes, self._templates = tuple(stores), classes, templates
        self._on_demand, self._on_change, self._clock = on_demand, on_change, clock
        self._later = later
        self._there: Counter[Key] = Counter()
        self._gated: dict[Key, Pod] = {}
        self._open: dict[Key, _Open] = {}
        self._timer: Timer | None = None

    def in_force(self) -> Iterator[Announcement]:
        """Yield what is announced, in the order of the keys, each with its age."""
        now = self._clock()
        for _, each in sorted(self._open.items()):
            age = now - each.changed_at
            for ask in each.asks:
                fresh = not ask.is_due(age)
                yield ask.announcement if ask.stands else replace(ask.announcement, age=age, is_fresh=fresh)

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        old, new = _keys_of(before), _keys_of(after)
        if old != new:
            self._there.subtract(old)
            self._there.update(new)
            for key in {*old, *new}:
                if not self._there[key]:
                    del self._there[key]
                self.touch(key)
        pod = after or before
        if pod is not None and (pod.is_gated or (before is not None and before.is_gated)):
            self._saw_gated(pod, after)

    def _saw_gated(self, pod: Pod, after: Pod | None) -> None:
        key = (pod.namespace, f"Pod/{pod.name}")
        if after is None or not after.is_gated or after.is_queued or after.is_filler or after.is_ending:
            self._gated.pop(key, None)
        else:
            self._gated[key] = after
        self.touch(key)

    def touch(self, key: Key) -> None:
        """Look anew at what is still to come of some pods."""
        asks = tuple(self._asks(key))
        before = self._open.get(key)
        if asks == (before.asks if before else ()):
            return
        if asks:
            self._open[key] = _Open(asks, self._clock())
        else:
            del self._open[key]
        self._on_change()
        if asks:
            self._tell(asks, is_more=before is None or self._open[key].count > before.count)

    def touch_all(self) -> None:
        """Look anew at everything: priorities or templates have changed."""
        for key in [*self._open, *(key for store in self._stores for key in store.claimed())]:
            self.touch(key)

    def _tell(self, asks: tuple[_Ask, ...], *, is_more: bool) -> None:
        if is_more and any(ask.is_due(0.0) for ask in asks):
            self._on_demand()
        if self._timer is None and not all(ask.is_due(0.0) for ask in asks):
            self._wait(SETTLE)

    def _wait(self, seconds: float) -> None:
        self._timer = self._later(seconds + 0.005, self._settled)

    def _settled(self) -> None:
        """Tell what has become due, and wait for what has not: one timer for all."""
        self._timer = None
        now = self._clock()
        young = [
            each.changed_at
            for each in self._open.values()
            if not all(a.is_due(now - each.changed_at) for a in each.asks)
        ]
        if len(young) < len(self._open):
            self._on_demand()
        if young:
            self._wait(SETTLE - (now - min(young)))

    def _asks(self, key: Key) -> Iterator[_Ask]:
        claims = [claim for store in self._stores for claim in store.of(key)]
        there = max([self._there[key], *(claim.running for claim in claims)])
        for claim in claims:
            template = self._template_of(claim, claims)
            count = _wanted(claim, claims) - (0 if claim.stands else there)
            if count > 0 and template is not None and not claim.quiet:
                yield from self._ask(claim.source, claim.asker, key, count, template, stands=claim.stands)
        gated = self._gated.get(key)
        if gated is not None:
            name = f"Pod {gated.key}"
            made = Announcement(Source.GATED, name, name, 1, gated.requests, gated.constraints, gated.priority)
            yield _Ask(made, gated.may_preempt, stands=False)

    def _template_of(self, claim: Claim, others: Iterable[Claim]) -> Template | None:
        if claim.template_of:
            return self._templates.get((claim.key[0], claim.template_of))
        return claim.template or next((each.template for each in others if each.template), None)

    def _ask(
        self, source: Source, asker: str, key: Key, count: int, template: Template, *, stands: bool
    ) -> Iterator[_Ask]:
        found = self._classes.resolve(template.priority_class, template.priority, template.preemption_policy)
        if found is not None:
            kind, _, name = key[1].partition("/")
            priority, may_preempt = found
            whose = f"{kind} {key[0]}/{name}"
            made = Announcement(source, whose, asker, count, template.requests, template.constraints, priority)
            yield _Ask(made, may_preempt, stands)


def _wanted(claim: Claim, others: Iterable[Claim]) -> int:
    """Return how many pods a claim asks for: a Workload for no more than its Job is about to have."""
    if claim.source is not Source.KUEUE:
        return claim.wanted
    return min([claim.wanted, *(each.wanted for each in others if each.source in _JOBS)])


def _keys_of(pod: Pod | None) -> tuple[Key, ...]:
    """Return whose pod it is, if it counts as one: a Deployment's ReplicaSets are named after it."""
    if pod is None or not pod.controller or pod.is_ending:
        return ()
    kind, _, name = pod.controller.partition("/")
    own = (pod.namespace, pod.controller)
    if kind == "ReplicaSet":
        return (own, (pod.namespace, f"Deployment/{name.rpartition('-')[0]}"))
    return (own,) if kind in ("StatefulSet", "Job") else ()
