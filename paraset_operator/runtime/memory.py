"""What the operator remembers between plans: pacing, and what yields have cost. All of it may be lost without harm.

Fed by what pods go through and by what came of writes; the rules themselves are in planning/pacing.py,
behavior.py and storms.py.
"""

import time
from collections.abc import Callable

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import Action, CreatePod, DeletePod, Limit, Reason, ResizePod
from paraset_operator.model.pod import Pod, is_newly_preempted
from paraset_operator.model.policy import PacingRules
from paraset_operator.model.resources import Resources
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning import behavior, pacing, storms
from paraset_operator.planning.pacing import Pacing
from paraset_operator.reporting.status import Loss

# A filler that fails for one of these was turned away by its node: the template is not to blame.
_NODE_TROUBLES = frozenset(
    {
        "Evicted",
        "NodeAffinity",
        "NodeLost",
        "NodeShutdown",
        "OutOfcpu",
        "OutOfmemory",
        "OutOfpods",
        "OutOfephemeral-storage",
        "Preempting",
        "Shutdown",
        "Terminated",
        "UnexpectedAdmissionError",
    }
)
_PULL_TROUBLES = frozenset({"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})
YIELD_REASONS = frozenset({Reason.YIELDS, Reason.ANNOUNCED, Reason.HEADROOM})
# After these a node cools down: LS work has reclaimed room there.
_RECLAIMS = frozenset({Reason.YIELDS, Reason.ANNOUNCED})
_FAST = "fillers end within seconds of their start"


class Memory:
    """Pacing and losses; `rules_of` returns the pacing rules that hold on a node."""

    def __init__(self, rules_of: Callable[[str], PacingRules], clock: Callable[[], float] = time.monotonic) -> None:
        self._rules_of, self._clock = rules_of, clock
        self.pacing = Pacing()
        self.losses: dict[str, Loss] = {}
        self.yielding: dict[str, str] = {}
        # By set, and by uid of each filler that is ready: its template, its node, and since when.
        self._ready: dict[str, dict[str, tuple[str, str, float]]] = {}
        self._has_looked = False

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Learn from a change of a pod."""
        self._note_ready(before, after)
        if after is None:
            if before is not None:
                self.yielding.pop(before.uid, None)
            return
        if not after.is_filler:
            return
        if is_newly_preempted(before, after):
            self._reclaimed(after.place)
        # A kubelet reports how a pod that was told to leave has ended, too: SIGTERM makes many programs fail.
        if after.trouble and not after.is_terminating and not (before and before.trouble):
            self._failed(after)
        if after.is_finished and not (after.is_terminating or after.trouble) and not (before and before.is_finished):
            self._ended(after)
        if after.is_ready and not (before and before.is_ready):
            self._proven(after.owner, Limit.CRASHING, Limit.PULLING)
        if after.uid in self.yielding and after.held == after.requests and not after.is_terminating:
            del self.yielding[after.uid]

    def began(self, action: Action) -> None:
        """Learn from a decision that is being carried out."""
        if isinstance(action, CreatePod):
            self.pacing = behavior.with_creations(self.pacing, action.owner.uid, 1, self._clock())
        elif action.reason in behavior.VOLUNTARY:
            self.pacing = behavior.with_removals(self.pacing, action.owner.uid, 1, self._clock())
        elif action.reason in YIELD_REASONS:
            self.yielding[action.pod.uid] = action.owner.uid

    def concluded(self, outcome: Outcome) -> None:
        """Learn from what came of a write."""
        match outcome.action:
            case CreatePod() as action:
                self._created(action, outcome)
            case DeletePod() as action:
                self._deleted(action, outcome)
            case ResizePod() as action:
                self._resized(action, outcome)

    def forgive(self, owner_uid: str) -> None:
        """Forget the failures of a set whose template has changed, or which is gone."""
        self.pacing = pacing.without_back_off(self.pacing, owner_uid)

    def looked(self, snapshot: Snapshot) -> None:
        """Learn from the picture a plan is about to be made from: what sets ask for, and which nodes are NotReady."""
        now = self._clock()
        for owner in snapshot.sets:
            self.pacing = behavior.with_target(self.pacing, owner.uid, owner.ceiling, now)
        self.pacing = storms.with_lapses(self.pacing, snapshot.nodes, now, is_first=not self._has_looked)
        self._has_looked = True

    def forget(self, owner_uid: str) -> None:
        """Forget a set that is gone."""
        self.forgive(owner_uid)
        self.pacing = behavior.without_targets(self.pacing, owner_uid)
        self._ready.pop(owner_uid, None)

    def waits(self, unbound: list[str]) -> None:
        """Note which fillers wait for the scheduler, by uid."""
        self.pacing = pacing.with_unbound(self.pacing, unbound, self._clock())

    def _created(self, action: CreatePod, outcome: Outcome) -> None:
        if outcome.is_done:
            self._proven(action.owner.uid, Limit.QUOTA, Limit.TEMPLATE)
        elif outcome.result is Result.REFUSED:
            cause = Limit.QUOTA if is_quota(outcome.message) else Limit.TEMPLATE
            self._back_off(action.owner.uid, action.node, cause, outcome.message)

    def _deleted(self, action: DeletePod, outcome: Outcome) -> None:
        if not outcome.is_done:
            self.yielding.pop(action.pod.uid, None)
            return
        if action.reason is Reason.STAYS_PENDING:
            self._back_off(f"{action.owner.uid}/{action.pod.place}", action.pod.place, Limit.PENDING, action.detail)
        if action.reason in YIELD_REASONS:
            self._lost(action.owner.uid, work_lost(action), evictions=1)
        if action.reason in _RECLAIMS:
            self._reclaimed(action.pod.place)

    def _resized(self, action: ResizePod, outcome: Outcome) -> None:
        if action.reason is Reason.REVERTS:
            rules = self._rules_of(action.pod.place)
            self.pacing = pacing.with_refused_growth(self.pacing, action.pod.uid, self._clock(), rules)
        if outcome.is_done and action.reason in YIELD_REASONS:
            self._lost(action.owner.uid, {}, shrinks=1)
            if action.reason in _RECLAIMS:
                self._reclaimed(action.pod.place)
        elif not outcome.is_done:
            self.yielding.pop(action.pod.uid, None)
        if outcome.result is Result.REFUSED and action.reason is Reason.GROWS and is_quota(outcome.message):
            self._back_off(action.owner.uid, action.pod.place, Limit.QUOTA, outcome.message)

    def _reclaimed(self, node: str) -> None:
        self.pacing = pacing.with_reclaim(self.pacing, node, self._clock(), self._rules_of(node))

    def _note_ready(self, before: Pod | None, after: Pod | None) -> None:
        if after is not None and after.is_filler and after.is_ready and not after.is_ending:
            mine = self._ready.setdefault(after.owner, {})
            mine.setdefault(after.uid, (after.template_hash, after.place, self._clock()))
        elif before is not None and before.uid in (mine := self._ready.get(before.owner, {})):
            del mine[before.uid]

    def _failed(self, pod: Pod) -> None:
        if pod.trouble in _NODE_TROUBLES:
            self._back_off(f"{pod.owner}/{pod.place}", pod.place, Limit.PENDING, f"{pod.name}: {pod.trouble}")
            return
        cause = Limit.PULLING if pod.trouble in _PULL_TROUBLES else Limit.CRASHING
        self._failed_on(pod, cause, f"{pod.name} on {pod.place}: {pod.trouble}")

    def _failed_on(self, pod: Pod, cause: Limit, message: str) -> None:
        """Blame the node, or the template where it runs well on too few others."""
        now, rules = self._clock(), self._rules_of(pod.place)
        if self.pacing.back_off_of(pod.owner, now) is None:
            good = self._nodes_where_it_runs_well(pod, now - rules.back_off)
            failure = pacing.Failure(cause, message, now - _age(pod) if cause is Limit.PULLING else now)
            self.pacing = pacing.with_failure(self.pacing, pod.owner, pod.place, good, now, rules, failure)

    def _nodes_where_it_runs_well(self, pod: Pod, since: float) -> int:
        """Count the other nodes where a filler of the same template has been ready for as long as a back-off takes."""
        ready = self._ready.get(pod.owner, {}).values()
        good = {node for template, node, when in ready if template == pod.template_hash and when <= since}
        return len(good - {pod.place})

    def _ended(self, pod: Pod) -> None:
        """A filler that ends at once would be made anew at once, for ever."""
        if time.time() - pod.started < self._rules_of(pod.place).back_off:
            self._failed_on(pod, Limit.CRASHING, f"{pod.name} on {pod.place}: {_FAST}")

    def _back_off(self, key: str, node: str, cause: Limit, message: str) -> None:
        failure = pacing.Failure(cause, message)
        self.pacing = pacing.with_back_off(self.pacing, key, self._clock(), self._rules_of(node), failure)

    def _proven(self, owner_uid: str, *causes: Limit) -> None:
        trial = self.pacing.trial_of(owner_uid, self._clock())
        if trial and trial.cause in causes:
            self.pacing = pacing.with_proof(self.pacing, owner_uid, self._clock())

    def _lost(self, owner_uid: str, lost: Resources, evictions: int = 0, shrinks: int = 0) -> None:
        self.losses[owner_uid] = self.losses.get(owner_uid, Loss()).plus(Loss(evictions, shrinks, dict(lost)))


def _age(pod: Pod) -> float:
    """Seconds since the pod was made, as far as this clock agrees with the API server's."""
    return max(0.0, time.time() - pod.created)


def is_quota(message: str) -> bool:
    """Say whether a refusal was made by a ResourceQuota: the API server says so in words only."""
    return "exceeded quota" in message


def work_lost(action: DeletePod) -> dict[str, int]:
    """Return what an eviction loses: amount x seconds by resource, cores not millicores."""
    return {
        name: round((amount / 1000 if name == "cpu" else amount) * action.lost_seconds)
        for name, amount in action.pod.requests.items()
        if name != "pods"
    }
