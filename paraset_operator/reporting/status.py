"""A set's status as a function of what was observed and what is planned; nothing in it changes with time alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from paraset_operator.api import conditions
from paraset_operator.api.status import (
    MOST_WAITS,
    PLANNED_ACTIONS,
    Condition,
    Limit,
    LostWork,
    ParaSetStatus,
    PlannedAction,
    ShapeStatus,
    Wait,
)
from paraset_operator.model.plan import Action, CreatePod, LimitReport, ResizePod
from paraset_operator.model.resources import as_quantities, plus
from paraset_operator.reporting.plan_json import timestamp
from paraset_operator.reporting.verdicts import Facts, Verdict, verdicts


@dataclass(frozen=True, slots=True)
class Loss:
    """What giving room back has cost a set so far. Amount x seconds by resource, in the resource's own unit."""

    evictions: int = 0
    shrinks: int = 0
    resource_seconds: dict[str, int] = field(default_factory=dict)

    def plus(self, more: "Loss") -> "Loss":
        """Return both together."""
        return Loss(
            self.evictions + more.evictions,
            self.shrinks + more.shrinks,
            plus(self.resource_seconds, more.resource_seconds),
        )


def status_of(
    facts: Facts,
    loss: Loss,
    planned: Sequence[Action],
    before: ParaSetStatus,
    selector: str,
    now: str,
    clock_began: float = 0.0,
) -> ParaSetStatus:
    """Return the status; `planned` is what mode Observe would do, `now` the time (RFC 3339) of a change.

    `clock_began` is when, since the epoch, the monotonic clock was at zero: it tells when waits end.
    """
    owner, seen, report = facts.report.owner, facts.observed, facts.report
    shapes = {name: (count, ready) for name, count, ready in seen.by_shape}
    return ParaSetStatus(
        observed_generation=owner.generation,
        replicas=seen.replicas,
        ready_replicas=seen.ready,
        desired_replicas=report.replicas,
        selector=selector,
        resources={**as_quantities(seen.resources)},
        nodes=seen.nodes,
        shapes=[
            ShapeStatus(name=each.name, replicas=count, ready_replicas=ready)
            for each in owner.shapes
            for count, ready in (shapes.get(each.name, (0, 0)),)
        ],
        limited_by=[_limit(each, clock_began) for each in report.limited_by],
        lost_work=LostWork(
            evictions=loss.evictions, shrinks=loss.shrinks, resource_seconds=loss.resource_seconds or None
        ),
        plan=planned_actions(planned) if facts.is_observing else None,
        conditions=with_verdicts(before.conditions or [], verdicts(facts), owner.generation, now),
    )


def _limit(report: LimitReport, clock_began: float) -> Limit:
    ends = sorted(report.waits, key=lambda each: (each[1], each[0]))[:MOST_WAITS]
    # A whole second, and not before the wait has ended.
    waits = [Wait(node=node or None, until=timestamp(ceil(clock_began + until))) for node, until in ends]
    return Limit(reason=report.reason.value, message=report.message[:1024], waits=waits or None)


def with_verdicts(before: Iterable[Condition], found: Iterable[Verdict], generation: int, now: str) -> list[Condition]:
    """Return the conditions with the new verdicts in their places."""
    result = list(before)
    for each in found:
        new = conditions.condition(each.kind, each.status, each.reason, each.message, generation=generation, now=now)
        result = conditions.set_condition(result, new)
    return result


def planned_actions(actions: Sequence[Action]) -> list[PlannedAction]:
    """Return the first planned actions in the form of the status."""
    return [_planned(action) for action in actions[:PLANNED_ACTIONS]]


def _planned(action: Action) -> PlannedAction:
    if isinstance(action, CreatePod):
        return PlannedAction(
            verb="create",
            pod=action.pod,
            node=action.node,
            shape=action.shape,
            requests={**as_quantities(action.requests)},
            reason=action.reason.value,
        )
    return PlannedAction(
        verb="resize" if isinstance(action, ResizePod) else "delete",
        pod=action.pod.name,
        node=action.pod.place,
        shape=action.pod.shape,
        requests={**as_quantities(action.requests)} if isinstance(action, ResizePod) else None,
        reason=action.reason.value,
    )
