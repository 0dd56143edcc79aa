"""Metrics of single ParaSets. Their series are bounded by the sets there are: those of a set that is gone are dropped.

A filler may leave after its set is gone, and is counted then: `keep` drops what that has made as well, at every turn.
"""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from paraset_operator.model.plan import DeletePod, ResizePod, SetReport
from paraset_operator.model.quantity import MEMORY
from paraset_operator.reporting.amounts import in_base_units
from paraset_operator.reporting.observed import Observed

_SET = ("namespace", "paraset")
_STEPS = ("shrink-cpu", "shrink-memory", "evict", "preempt")

Key = tuple[str, str]


class SetMetrics:
    """What sets hold, may hold, and have given."""

    def __init__(self, at: CollectorRegistry) -> None:
        self._fillers = Gauge("paraset_fillers", "Fillers of a set.", [*_SET, "state"], registry=at)
        self._ceiling = Gauge("paraset_ceiling", "Most fillers a set may have (spec.replicas).", _SET, registry=at)
        self._desired = Gauge("paraset_desired_fillers", "Fillers of a set by the plan.", _SET, registry=at)
        self._held = Gauge("paraset_set_held", "What the fillers of a set ask for.", [*_SET, "resource"], registry=at)
        self._limited = Gauge(
            "paraset_set_limited", "1 for each reason why a set holds no more.", [*_SET, "reason"], registry=at
        )
        self._yields = Counter(
            "paraset_yields", "Fillers that gave room to LS work or headroom, by how.", [*_SET, "step"], registry=at
        )
        self._lost = Counter(
            "paraset_lost_work_resource_seconds",
            "Work lost with evicted fillers since their last checkpoint: amount x seconds.",
            [*_SET, "resource"],
            registry=at,
        )
        self._filled = Counter(
            "paraset_filled_resource_seconds",
            "What running fillers held: amount x seconds.",
            [*_SET, "resource"],
            registry=at,
        )
        self._short_lived = Counter(
            "paraset_short_lived_fillers", "Fillers that lived shorter than they took to start.", _SET, registry=at
        )
        self._gauges = (self._fillers, self._ceiling, self._desired, self._held, self._limited)
        self._counters = (self._yields, self._lost, self._filled, self._short_lived)
        self._shown: dict[Key, tuple[SetReport, Observed]] = {}
        self._counted: set[Key] = set()

    def saw(self, report: SetReport, observed: Observed) -> None:
        """Show a set as seen and as planned."""
        key = report.owner.namespace, report.owner.name
        before = self._shown.get(key)
        if before == (report, observed):
            return
        self._begin(key)
        self._shown[key] = report, observed
        for state, count in (("total", observed.replicas), ("ready", observed.ready), ("leaving", observed.leaving)):
            self._fillers.labels(*key, state).set(count)
        self._ceiling.labels(*key).set(report.owner.ceiling)
        self._desired.labels(*key).set(report.replicas)
        _show(self._held, key, in_base_units(before[1].resources) if before else (), in_base_units(observed.resources))
        _show(self._limited, key, _reasons(before[0]) if before else (), dict.fromkeys(_reasons(report), 1.0))

    def keep(self, sets: Iterable[Key]) -> None:
        """Drop the series of every other set."""
        for key in self._counted - set(sets):
            for metric in (*self._gauges, *self._counters):
                metric.remove_by_labels(dict(zip(_SET, key, strict=True)))
            self._counted.discard(key)
            self._shown.pop(key, None)

    def stand_by(self) -> None:
        """Show nothing: another replica does. What was counted stays counted."""
        for gauge in self._gauges:
            gauge.clear()
        self._shown.clear()

    def gained(self, key: Key, amounts: Mapping[str, float]) -> None:
        """Count what running fillers held: amount x seconds, in cores, bytes and pieces."""
        self._begin(key)
        for name, amount in amounts.items():
            self._filled.labels(*key, name).inc(amount)
            self._lost.labels(*key, name)

    def lived_shortly(self, key: Key) -> None:
        """Count a filler whose life was shorter than its start."""
        self._begin(key)
        self._short_lived.labels(*key).inc()

    def preempted(self, key: Key) -> None:
        """Count a filler that kube-scheduler preempted by itself."""
        self._begin(key)
        self._yields.labels(*key, "preempt").inc()

    def yielded(self, action: DeletePod | ResizePod, lost: Mapping[str, float]) -> None:
        """Count what a filler gave to LS work; `lost` is amount x seconds, in cores, bytes and pieces."""
        key = action.owner.namespace, action.owner.name
        self._begin(key)
        self._yields.labels(*key, step_of(action)).inc()
        for name, amount in lost.items():
            self._lost.labels(*key, name).inc(amount)

    def _begin(self, key: Key) -> None:
        """Have counters begin at 0: Prometheus can't tell a series that begins with 1 from one that did not change."""
        if key not in self._counted:
            self._counted.add(key)
            self._short_lived.labels(*key)
            for step in _STEPS:
                self._yields.labels(*key, step)


def step_of(action: DeletePod | ResizePod) -> str:
    """Return how a filler gave room: who gives memory in place gives cores as well, as a rule."""
    if isinstance(action, DeletePod):
        return "evict"
    gives_memory = action.requests.get(MEMORY, 0) < action.pod.requests.get(MEMORY, 0)
    return "shrink-memory" if gives_memory else "shrink-cpu"


def _show(gauge: Gauge, key: Key, before: Iterable[str], now: Mapping[str, float]) -> None:
    for name, amount in now.items():
        gauge.labels(*key, name).set(amount)
    for name in set(before) - set(now):
        gauge.remove(*key, name)


def _reasons(report: SetReport) -> list[str]:
    return [each.reason.value for each in report.limited_by]
