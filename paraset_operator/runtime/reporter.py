"""After every turn: statuses of sets, Events, metrics, logs. Nothing here decides anything."""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import structlog

from paraset_operator.acting.manifest import selector_of
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.api.base import readable
from paraset_operator.api.conditions import ConditionType
from paraset_operator.api.status import Condition, ParaSetStatus
from paraset_operator.api.v1alpha1 import FillPolicy, ParaSet
from paraset_operator.model.plan import Action, CreatePod, DeletePod, NominatePod, ResizePod, SetReport
from paraset_operator.model.shape import ParaSetView
from paraset_operator.reporting.events import EventRecorder, Subject
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.reporting.observed import NONE_SEEN, Observed
from paraset_operator.reporting.status import Loss, status_of, with_verdicts
from paraset_operator.reporting.status_writer import Status, StatusWriter
from paraset_operator.reporting.verdicts import Facts, invalid
from paraset_operator.runtime.filled_work import FilledWork
from paraset_operator.runtime.fragments import FragmentWatch
from paraset_operator.runtime.loop import Turn, node_of, takes_room
from paraset_operator.runtime.memory import YIELD_REASONS, Memory, work_lost
from paraset_operator.runtime.objects import Known, ObjectStore
from paraset_operator.runtime.storm_watch import StormWatch

_log = structlog.get_logger(__name__)

# What is worth a warning when a condition becomes so, with the status that is not as it should be.
_ALARMS = {
    ConditionType.TEMPLATE_VALID: "False",
    ConditionType.QUOTA_AVAILABLE: "False",
    ConditionType.DEGRADED: "True",
}


class Reporter:
    """Tells users what has become of their objects."""

    def __init__(
        self,
        sets: ObjectStore[ParaSet],
        policies: ObjectStore[FillPolicy],
        statuses: StatusWriter,
        events: EventRecorder,
        metrics: Metrics,
        memory: Memory,
        filled_work: FilledWork,
    ) -> None:
        self._sets, self._statuses = sets, statuses
        self._events, self._metrics, self._memory = events, metrics, memory
        self._filled_work = filled_work
        self._fragments = FragmentWatch(metrics)
        self._storms = StormWatch(policies, events, metrics)
        # What earlier leaders had counted.
        self._earlier: dict[str, Loss] = {}
        # Found once: otherwise the end of a wait would be told anew with each tick between the clocks.
        self._clock_began = time.time() - time.monotonic()

    def start(self) -> None:
        """Begin anew: somebody else may have led meanwhile."""
        self._earlier.clear()
        self._memory.losses.clear()

    def report(self, turn: Turn) -> None:
        """Bring statuses and metrics in step with a turn."""
        now = stamp()
        self._metrics.took(turn.snapshot, turn.plan)
        self._metrics.sets.keep((known.namespace, known.name) for known in self._sets)
        self._metrics.expects(turn.snapshot.announced)
        self._fragments.saw(turn.snapshot)
        self._storms.saw(turn.plan.storms)
        reports = {report.owner.uid: report for report in turn.plan.sets}
        actions = _actions_by_owner(turn)
        for known in self._sets:
            if known.value is None:
                self._report_invalid(known, now)
            elif known.uid in reports:
                observed = turn.seen.get(known.uid, NONE_SEEN)
                self._report_set(known, reports[known.uid], observed, actions[known.uid], turn, now)

    def concluded(self, outcome: Outcome) -> None:
        """Tell what came of one write."""
        action = outcome.action
        if isinstance(action, NominatePod):
            _log.debug("nominated", pod=action.pod.key, node=action.node, result=outcome.result.value)
            return
        verb = _VERBS[type(action)]
        self._metrics.actions.labels(verb, action.reason.value, outcome.result.value).inc()
        _log.log(
            _LEVELS[outcome.result],
            verb,
            pod=f"{action.owner.namespace}/{action.pod}" if isinstance(action, CreatePod) else action.pod.key,
            node=node_of(action),
            reason=action.reason.value,
            result=outcome.result.value,
            **_said_of(action, outcome.message),
        )
        if outcome.is_done and not isinstance(action, CreatePod):
            self._tell_owner(action)

    def forget(self, known: Known[ParaSet]) -> None:
        """Drop what is kept about a set that is gone."""
        self._statuses.forget(self._sets.path_of(known))
        self._memory.losses.pop(known.uid, None)
        self._earlier.pop(known.uid, None)
        self._filled_work.forget(known)

    def _tell_owner(self, action: DeletePod | ResizePod) -> None:
        is_yield = action.reason in YIELD_REASONS
        if is_yield:
            self._metrics.yielded(action, work_lost(action) if isinstance(action, DeletePod) else {})
        verb = "evicted" if isinstance(action, DeletePod) else "shrunk"
        why = f"for {action.beneficiary.key}" if action.beneficiary else f"({action.reason.value})"
        if is_yield and isinstance(action, DeletePod):
            words = f"Makes room on {action.pod.place} {why}"
            self._events.record(Subject.of_pod(action.pod), "Normal", "Yielded", words)
        if is_yield or isinstance(action, DeletePod):
            reason = "Yielded" if is_yield else "Withdrawn"
            what = f"{action.pod.name} on {action.pod.place} {why}" + (f": {action.detail}" if action.detail else "")
            self._events.collect(Subject.of_set(action.owner), reason, verb, what)

    def _report_set(
        self, known: Known[ParaSet], report: SetReport, observed: Observed, actions: list[Action], turn: Turn, now: str
    ) -> None:
        self._metrics.sets.saw(report, observed)
        planned = [action for action in actions if node_of(action) in turn.observed]
        facts = Facts(
            report,
            observed,
            is_observing=bool(planned),
            is_yielding=known.uid in self._memory.yielding.values(),
            creates=sum(takes_room(action) for action in actions if node_of(action) not in turn.observed),
            removals=sum(not takes_room(action) for action in actions if node_of(action) not in turn.observed),
        )
        before = _status_in(known)
        loss = self._earlier_loss(known).plus(self._memory.losses.get(known.uid, Loss()))
        selector = ",".join(f"{key}={value}" for key, value in sorted(selector_of(known.name).items()))
        status = status_of(facts, loss, planned, before, selector, now, self._clock_began)
        self._warn(report.owner, before.conditions or [], status.conditions or [])
        wanted = self._filled_work.added_to(as_json(status), known)
        self._statuses.report(self._sets.path_of(known), known.status, wanted)

    def _earlier_loss(self, known: Known[ParaSet]) -> Loss:
        return self._earlier.setdefault(known.uid, _loss_in(_status_in(known)))

    def _warn(self, owner: ParaSetView, before: Iterable[Condition], after: Iterable[Condition]) -> None:
        old = {each.type: (each.status, each.reason) for each in before}
        for each in after:
            alarm = _ALARMS.get(ConditionType(each.type))
            if each.status == alarm and old.get(each.type) != (each.status, each.reason):
                self._events.record(Subject.of_set(owner), "Warning", each.reason, each.message)

    def _report_invalid(self, known: Known[ParaSet], now: str) -> None:
        self._earlier_loss(known)
        conditions = with_verdicts(conditions_in(known.status), invalid(known.problem), known.generation, now)
        wanted = known.status | {
            "observedGeneration": known.generation,
            "conditions": [each.model_dump(by_alias=True, exclude_none=True) for each in conditions],
        }
        self._statuses.report(self._sets.path_of(known), known.status, wanted)


_VERBS = {CreatePod: "create", ResizePod: "resize", DeletePod: "delete"}
_LEVELS = dict.fromkeys(Result, 20) | {Result.REFUSED: 30, Result.FAILED: 30}


def _said_of(action: Action, message: str) -> dict[str, str]:
    """Return for whom a write was, and what the API server said of it, if anything."""
    who = "" if isinstance(action, CreatePod) or action.beneficiary is None else action.beneficiary.key
    return {name: words for name, words in (("beneficiary", who), ("message", message)) if words}


def as_json(status: ParaSetStatus) -> Status:
    """Return the status as the API server stores it."""
    return status.model_dump(by_alias=True, exclude_none=True)


def stamp() -> str:
    """Return the time now, as the API server writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _status_in(known: Known[ParaSet]) -> ParaSetStatus:
    return known.value.status if known.value is not None else readable(ParaSetStatus, known.status)


def conditions_in(status: Status) -> list[Condition]:
    """Return the conditions of a status as the API server stores it."""
    return [Condition.model_validate(each) for each in status.get("conditions") or ()]


def _loss_in(status: ParaSetStatus) -> Loss:
    lost = status.lost_work
    return Loss(lost.evictions, lost.shrinks, dict(lost.resource_seconds or {})) if lost else Loss()


def _actions_by_owner(turn: Turn) -> dict[str, list[Action]]:
    by_owner: dict[str, list[Action]] = defaultdict(list)
    released = (action for release in turn.plan.releases for action in release.actions)
    for action in (*released, *turn.plan.actions):
        by_owner[action.owner.uid].append(action)
    return by_owner
