"""Prometheus metrics of one operator; docs/metrics.md describes each, and says what bounds each label.

What a plan says is shown by the leader alone: a replica that stands by shows none of it, so that sums over replicas
are right. Series whose labels are known begin at 0, so that the first event is seen as an increase.
"""

import itertools
from collections.abc import Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from paraset_operator import __version__
from paraset_operator.model.announced import Announcement
from paraset_operator.model.plan import DeletePod, Plan, Reason, ResizePod, Storm
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.fragmentation import Category
from paraset_operator.reporting.amounts import in_base_units
from paraset_operator.reporting.api_metrics import ApiMetrics
from paraset_operator.reporting.set_metrics import SetMetrics, step_of

_PLAN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_URGENT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
_WAIT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
_PATHS = ("full", "urgent")
_GROWTH = {Reason.FILLS, Reason.GROWS, Reason.SHRINKS, Reason.REVERTS}
_REASONS = {
    "create": [Reason.FILLS],
    "resize": [Reason.GROWS, Reason.SHRINKS, Reason.REVERTS, Reason.YIELDS, Reason.HEADROOM, Reason.ANNOUNCED],
    "delete": [reason for reason in Reason if reason not in _GROWTH],
}

# A second series for every counter, which says when it began: nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        at = self.registry
        ProcessCollector(registry=at)
        Info("paraset_build", "The operator's version.", registry=at).info({"version": __version__})
        self.sets, self.api = SetMetrics(at), ApiMetrics(at)
        self.plans = Counter("paraset_plans", "Plans made, by path: full or urgent.", ["path"], registry=at)
        self.plan_seconds = Histogram(
            "paraset_plan_duration_seconds", "Time one plan takes.", ["path"], buckets=_PLAN_SECONDS, registry=at
        )
        self.failures = Counter(
            "paraset_turn_failures", "Turns that ended by a mistake of the operator's.", ["path"], registry=at
        )
        self.urgent_seconds = Histogram(
            "paraset_urgent_seconds",
            "LS pods: first seen to the first write that makes room sent, without the scheduler's head start.",
            buckets=_URGENT_SECONDS,
            registry=at,
        )
        self.actions = Counter(
            "paraset_actions", "Writes, by verb, reason and result.", ["verb", "reason", "result"], registry=at
        )
        self.filled = Gauge("paraset_filled", "What fillers hold by the plan.", ["resource"], registry=at)
        self.idle = Gauge("paraset_idle", "What is lent and no filler holds, by the plan.", ["resource"], registry=at)
        self.fragments = Gauge(
            "paraset_fragment_devices",
            "Devices that would be idle without fillers, by what they are to LS work like that seen (FGD).",
            ["resource", "category"],
            registry=at,
        )
        self.fragmentation = Gauge(
            "paraset_fragmentation_ratio",
            "The part of these devices that LS work like that seen can't use (FGD).",
            ["resource"],
            registry=at,
        )
        self.waiting = Gauge("paraset_ls_waiting", "LS pods that are not bound.", registry=at)
        self.waits = Histogram(
            "paraset_ls_wait_seconds",
            "LS pods: first seen to bound, by cause.",
            ["cause"],
            buckets=_WAIT_SECONDS,
            registry=at,
        )
        self.room_released = Counter(
            "paraset_room_released",
            "Room that fillers gave to LS work, by reason.",
            ["reason", "resource"],
            registry=at,
        )
        self.room_taken = Counter(
            "paraset_room_taken", "The part of it that LS pods took.", ["reason", "resource"], registry=at
        )
        self.unused = Counter(
            "paraset_room_unused", "Releases of which no LS pod took anything in time.", ["reason"], registry=at
        )
        self.storms = Gauge(
            "paraset_storm_nodes", "Nodes NotReady in a storm, which stops growth.", ["policy"], registry=at
        )
        self.announced = Gauge(
            "paraset_announced_pods", "LS pods announced and not there yet, by source.", ["source"], registry=at
        )
        self.announced_yields = Counter(
            "paraset_announced_yields", "Fillers shrunk or evicted for announced pods.", ["source", "step"], registry=at
        )
        self.announced_watches = Gauge(
            "paraset_announced_watch", "1 while an API that announces pods is watched.", ["resource"], registry=at
        )
        self.copies = Gauge(
            "paraset_headroom_copies", "Copies of a headroom shape kept free.", ["policy", "shape"], registry=at
        )
        self.releases = Histogram(
            "paraset_release_seconds",
            "Victims of LS work: told to leave to gone.",
            buckets=_WAIT_SECONDS,
            registry=at,
        )
        self.leads = Gauge("paraset_leader", "1 while this replica holds the Lease.", registry=at)
        self.overcommitted = Gauge(
            "paraset_overcommitted_nodes",
            "Nodes where fillers stay although pods hold more than there is.",
            registry=at,
        )
        self._of_plans = (
            self.filled,
            self.idle,
            self.fragments,
            self.fragmentation,
            self.storms,
            self.announced,
            self.copies,
        )
        for verb, reasons in _REASONS.items():
            for reason, result in itertools.product(reasons, ("done", "refused", "failed")):
                self.actions.labels(verb, reason.value, result)
        for path in _PATHS:
            self.plans.labels(path)
            self.failures.labels(path)

    def planned(self, path: str, seconds: float) -> None:
        """Count a plan."""
        self.plans.labels(path).inc()
        self.plan_seconds.labels(path).observe(seconds)

    def stand_by(self) -> None:
        """Show nothing of plans: another replica makes them now."""
        for gauge in self._of_plans:
            gauge.clear()
        self.overcommitted.set(0)
        self.sets.stand_by()

    def took(self, snapshot: Snapshot, plan: Plan) -> None:
        """Show what the plan fills and leaves idle, and how many nodes its picture shows overcommitted."""
        self.overcommitted.set(sum(state.is_overcommitted for state in snapshot.nodes))
        filled, idle = in_base_units(plan.filled), in_base_units(plan.idle)
        for gauge, amounts in ((self.filled, filled), (self.idle, idle)):
            gauge.clear()
            # What is all held is 0 idle, not unknown.
            for name in filled.keys() | idle.keys():
                gauge.labels(name).set(amounts.get(name, 0))

    def expects(self, announced: Iterable[Announcement]) -> None:
        """Show how many LS pods are announced; of several words for the same pods the largest counts."""
        largest: dict[str, Announcement] = {}
        for each in announced:
            if each.key not in largest or each.count > largest[each.key].count:
                largest[each.key] = each
        self.announced.clear()
        for each in largest.values():
            self.announced.labels(each.source.value).inc(each.count)

    def fragmented(self, devices: Mapping[str, Mapping[Category, float]]) -> None:
        """Show how fragmented idle devices are, by resource; what is not named is not idle any more."""
        self.fragments.clear()
        self.fragmentation.clear()
        for resource, parts in devices.items():
            for category, amount in parts.items():
                self.fragments.labels(resource, category.value).set(round(amount, 6))
            idle = sum(parts.values())
            if idle > 0:
                self.fragmentation.labels(resource).set(round(1 - parts[Category.SATISFIED] / idle, 6))

    def keeps(self, policies: Iterable[PolicyView]) -> None:
        """Show how many copies of headroom shapes policies keep."""
        self.copies.clear()
        for policy in policies:
            for shape in policy.headroom:
                self.copies.labels(policy.name, shape.name).set(shape.copies)

    def saw_storms(self, storms: Mapping[str, Storm]) -> None:
        """Show the storms there are, by policy."""
        self.storms.clear()
        for name, storm in storms.items():
            self.storms.labels(name).set(storm.not_ready)

    def released(self, reason: str, amounts: Mapping[str, float]) -> None:
        """Count room that fillers gave to LS work."""
        for name, amount in amounts.items():
            self.room_released.labels(reason, name).inc(amount)

    def took_room(self, reason: str, amounts: Mapping[str, float]) -> None:
        """Count the part of such room that an LS pod took."""
        for name, amount in amounts.items():
            self.room_taken.labels(reason, name).inc(amount)

    def yielded(self, action: DeletePod | ResizePod, lost: Mapping[str, float]) -> None:
        """Count what a filler gave to LS work; `lost` is amount x seconds, in cores, bytes and pieces."""
        self.sets.yielded(action, lost)
        if action.beneficiary and action.beneficiary.source:
            self.announced_yields.labels(action.beneficiary.source, step_of(action)).inc()
