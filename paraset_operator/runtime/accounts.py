"""What filling has brought and cost: counted as pods change and writes are answered, in metrics and in a book.

Every replica watches, so that it knows what waits and what is held when it becomes the leader; only the leader counts.
The clock is wall time that moves with the monotonic one, so that setting the clock counts nothing twice.
"""

import time
from collections.abc import Callable

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import DeletePod, NominatePod, Reason, ResizePod
from paraset_operator.model.plan import Release as PlannedRelease
from paraset_operator.model.pod import Pod, is_newly_preempted
from paraset_operator.model.policy import PolicyView
from paraset_operator.reporting.ledger import Amounts, Book, Hour, Meter, RoomAccount, SetAccount, plus
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.reporting.policy_account import PolicyAccount
from paraset_operator.runtime.filler_lives import FillerLives
from paraset_operator.runtime.ls_waits import Bound, Cause, LsWaits
from paraset_operator.runtime.memory import YIELD_REASONS, work_lost
from paraset_operator.runtime.released_room import PREEMPTED, Release, ReleasedRoom, given


def steady_clock() -> Callable[[], float]:
    """Return a clock of seconds since the epoch that never jumps."""
    wall, monotonic = time.time(), time.monotonic()
    return lambda: wall + time.monotonic() - monotonic


class Accounts:
    """The accounts of one replica; `policy_on` returns the policy that covers a node, if any."""

    def __init__(
        self, metrics: Metrics, policy_on: Callable[[str], PolicyView | None], clock: Callable[[], float] | None = None
    ) -> None:
        self._metrics, self._policy_on, self._clock = metrics, policy_on, clock or steady_clock()
        self._waits, self._room, self._lives, self._meter = LsWaits(), ReleasedRoom(), FillerLives(), Meter()
        self._held: dict[str, dict[str, int]] = {}
        self.book: Book | None = None
        # When this leader began, what sets held then, and what they have held since: amount x seconds.
        self.began = 0.0
        self.held_then: dict[str, Amounts] = {}
        self.filled: dict[str, Amounts] = {}
        # By policy, of this leader alone.
        self.policies: dict[str, PolicyAccount] = {}
        # Counts what a reader of an earlier book could not know.
        self.changes = 0
        for cause in Cause:
            metrics.waits.labels(cause.value)
        for reason in (Reason.YIELDS.value, Reason.ANNOUNCED.value, PREEMPTED):
            metrics.unused.labels(reason)
        self._begun: set[str] = set()

    def now(self) -> float:
        """Return the time."""
        return self._clock()

    def lead(self, leads: bool) -> None:
        """Begin to count, or stop."""
        if leads and self.book is None:
            self.began = now = self._clock()
            self._meter.restart(now)
            self.book, self.held_then, self.filled = Book(now, self._meter.holding), self._meter.holding, {}
            self.policies = {}
        elif not leads:
            self.book = None

    def adopt(self, earlier: Book) -> None:
        """Go on with what the last leader has counted."""
        if self.book is not None:
            was_the_same = earlier.holding == self.held_then and not self.changes
            self.book.adopt(earlier, self.began, self.held_then)
            self.changes = 0 if was_the_same else self.changes + 1

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        now = self._clock()
        self._hold(before, after, now)
        if after is not None and is_newly_preempted(before, after):
            self._preempted(after, now)
        if self._lives.saw_pod(before, after, now) and (pod := after or before):
            if self.book is not None:
                self._metrics.sets.lived_shortly(split(set_of(pod)))
            self._set_account(set_of(pod), now).short_lived += 1
        bound = self._waits.saw_pod(before, after, now)
        if bound is not None:
            self._bound(bound, now)
        self._metrics.waiting.set(len(self._waits))

    def released(self, release: PlannedRelease) -> None:
        """Note what is about to be done for LS work."""
        self._waits.released(release)

    def concluded(self, outcome: Outcome) -> None:
        """Take in what came of a write."""
        action, now = outcome.action, self._clock()
        if isinstance(action, NominatePod):
            if outcome.result in (Result.SUPERSEDED, Result.GONE):
                self._waits.superseded(action.pod.uid)
        elif outcome.is_done and isinstance(action, DeletePod | ResizePod) and action.reason in YIELD_REASONS:
            release = self._room.released(action, now)
            self._gave(release, now)
            self._took(action.pod.place, release.reason, self._room.take_late(action.pod.place, release), now)
            self._yielded(action, now)

    def advance(self) -> None:
        """Bring everything up to date."""
        now = self._clock()
        for release in self._room.expired(now):
            self._metrics.unused.labels(release.reason).inc(self.book is not None)
            for account in self._room_accounts(release.node, release.reason, now):
                account.unused += 1
        if self.book is not None:
            for key, amounts in self._meter.settle(self.book, now).items():
                self._gained(key, amounts)
            self.book.forget_old(now)

    def _hour(self, now: float) -> Hour:
        """Return the hour to count in; who does not lead counts in one that nobody reads."""
        if self.book is None:
            return Hour()
        self.changes += 1
        return self.book.hour_at(now)

    def _policy_account(self, node: str) -> PolicyAccount:
        """Return the account of the policy of a node to count in; without one, or a lead, nobody reads it."""
        policy = self._policy_on(node)
        if policy is None or self.book is None:
            return PolicyAccount()
        account = self.policies.setdefault(policy.name, PolicyAccount())
        account.changes += 1
        return account

    def _room_accounts(self, node: str, reason: str, now: float) -> tuple[RoomAccount, RoomAccount]:
        return self._hour(now).room_account(reason), self._policy_account(node).room_account(reason)

    def _set_account(self, key: str, now: float) -> SetAccount:
        return self._hour(now).set_account(key)

    def _hold(self, before: Pod | None, after: Pod | None, now: float) -> None:
        was, does = _works(before), _works(after)
        if was is not None and does is not None and was.requests == does.requests and was.owner == does.owner:
            return
        for pod, sign in ((was, -1), (does, 1)):
            if pod is not None:
                key = set_of(pod)
                self._begin(pod)
                held = self._held.setdefault(key, {})
                for name, amount in pod.requests.items():
                    held[name] = held.get(name, 0) + sign * amount
                counted = self._meter.hold(self.book or Book(), key, given(held), now)
                if self.book is not None:
                    self.changes += 1
                    self._gained(key, counted)
                if not any(held.values()):
                    del self._held[key]

    def _begin(self, pod: Pod) -> None:
        """Have what fillers may release begin at 0 in metrics, by the resources that they hold."""
        for name in given(pod.requests).keys() - self._begun:
            self._begun.add(name)
            for reason in (*YIELD_REASONS, PREEMPTED):
                self._metrics.room_released.labels(str(reason), name)
                self._metrics.room_taken.labels(str(reason), name)

    def _gained(self, key: str, amounts: Amounts) -> None:
        self.filled[key] = plus(self.filled.get(key, {}), amounts)
        if amounts:
            self._metrics.sets.gained(split(key), amounts)

    def _preempted(self, pod: Pod, now: float) -> None:
        self._gave(self._room.preempted(pod, now), now)
        self._set_account(set_of(pod), now).preempted += 1
        if self.book is not None:
            self._metrics.sets.preempted(split(set_of(pod)))

    def _gave(self, release: Release, now: float) -> None:
        for account in self._room_accounts(release.node, release.reason, now):
            account.releases += 1
            account.released = plus(account.released, release.left)
        if self.book is not None:
            self._metrics.released(release.reason, release.left)

    def _took(self, node: str, reason: str, amounts: Amounts, now: float) -> None:
        if amounts:
            for account in self._room_accounts(node, reason, now):
                account.taken = plus(account.taken, amounts)
            if self.book is not None:
                self._metrics.took_room(reason, amounts)

    def _yielded(self, action: DeletePod | ResizePod, now: float) -> None:
        account = self._set_account(f"{action.owner.namespace}/{action.owner.name}", now)
        if isinstance(action, DeletePod):
            account.evictions += 1
            account.lost = plus(account.lost, {name: float(amount) for name, amount in work_lost(action).items()})
        else:
            account.shrinks += 1

    def _bound(self, bound: Bound, now: float) -> None:
        pod = bound.pod
        cause = self._waits.cause(pod, self._policy_on(pod.node), self._room.on(pod.node))
        is_expected = self._waits.has_released_for(pod.uid)
        self._waits.forget(pod.uid)
        if cause is not Cause.OTHER:
            for reason, amounts in self._room.take(pod, now, is_expected=is_expected).items():
                self._took(pod.node, reason, amounts, now)
            self._policy_account(pod.node).waited(cause.value, bound.seconds)
        if self.book is not None:
            self.changes += 1
            self._metrics.waits.labels(cause.value).observe(bound.seconds)
            self.book.waited(cause.value, bound.seconds, now)


def set_of(pod: Pod) -> str:
    """Return namespace and name of the set that a filler belongs to."""
    return f"{pod.namespace}/{pod.name.rpartition('-')[0]}"


def split(key: str) -> tuple[str, str]:
    """Return namespace and name of a set, by its key."""
    namespace, _, name = key.partition("/")
    return namespace, name


def _works(pod: Pod | None) -> Pod | None:
    """Return a pod if it is a filler at work: running, and not told to leave."""
    return pod if pod is not None and pod.is_filler and pod.is_running and not pod.is_ending else None
