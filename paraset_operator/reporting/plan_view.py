"""A plan as rows for people and programs: every amount explained, every action in the order it is carried out.

Invariant: of each node, allocatable = others + filled + kept + free, resource by resource.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from paraset_operator.model.plan import Action, CreatePod, DeletePod, Plan, ResizePod, SetReport
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.resources import NOTHING, Resources, minus, plus, total_of
from paraset_operator.model.snapshot import Moment, NodeState, Snapshot
from paraset_operator.planning.fragmentation import Workload, cluster_fragmentation, observed_workload

Fragmentation = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """Who holds a node once the plan is carried out.

    `others` are all pods but the fillers of the sets planned for; `kept` is the reserve, the headroom and what LS pods
    that are not bound yet were promised, as far as there is room for all of these; `free` is left over, below zero only
    where more is held than there is.
    """

    name: str
    allocatable: Resources
    others: Resources
    filled: Resources
    kept: Resources
    free: Resources
    bound_by: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: what the pod holds before and after it, and the pods (`after`) that must have given room first."""

    verb: str
    namespace: str
    paraset: str
    pod: str
    node: str
    shape: str
    requests_before: Resources
    requests: Resources
    reason: str
    detail: str = ""
    beneficiary: str = ""
    after: tuple[str, ...] = ()
    grace_seconds: int | None = None
    lost_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SetRow:
    """A set's report with the number of fillers there are now, those on their way out left out."""

    report: SetReport
    current: int


@dataclass(frozen=True, slots=True)
class PlanView:
    """All there is to say about a plan. `seen` are kinds of LS pods; fragmentation is before and after the plan."""

    as_of: float
    policies: tuple[PolicyView, ...]
    nodes: tuple[NodeRow, ...]
    sets: tuple[SetRow, ...]
    nominations: tuple[tuple[str, str], ...]
    actions: tuple[ActionRow, ...]
    seen: int
    before: Fragmentation
    after: Fragmentation
    notes: tuple[str, ...]


def view_of(snapshot: Snapshot, plan: Plan, moment: Moment, notes: tuple[str, ...] = ()) -> PlanView:
    """Return the plan of a snapshot as rows."""
    workload = observed_workload(snapshot)
    nodes = tuple(_nodes(snapshot, plan))
    everywhere = chain(snapshot.waiting, *(state.pods for state in snapshot.nodes))
    present = Counter(pod.owner for pod in everywhere if not pod.is_ending)
    return PlanView(
        as_of=moment.wall,
        policies=snapshot.policies or (DEFAULT_POLICY,),
        nodes=nodes,
        sets=tuple(SetRow(report, present[report.owner.uid]) for report in plan.sets),
        nominations=tuple(
            (each.nomination.pod.key, each.node) for each in plan.releases if each.nomination is not None
        ),
        actions=tuple(_actions(plan)),
        seen=len(workload.classes),
        before=_fragmentation_now(snapshot, workload),
        after=_fragmentation_then(snapshot, nodes, workload),
        notes=(*notes, *_told_first(plan)),
    )


def _told_first(plan: Plan) -> Iterator[str]:
    """Yield who is not moved yet: fillers that are told before."""
    keys = sorted(each.pod.key for each in plan.notices if each.leaving_at)
    if keys:
        who = "1 filler is told first that it" if len(keys) == 1 else f"{len(keys)} fillers are told first that they"
        yield f"{who} will be moved: {', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}."


def of_namespace(view: PlanView, namespace: str) -> PlanView:
    """Return the sets and actions of one namespace alone; the nodes are everybody's."""
    return replace(
        view,
        sets=tuple(each for each in view.sets if each.report.owner.namespace == namespace),
        actions=tuple(each for each in view.actions if each.namespace == namespace),
        nominations=tuple(each for each in view.nominations if each[0].startswith(f"{namespace}/")),
    )


def _nodes(snapshot: Snapshot, plan: Plan) -> Iterator[NodeRow]:
    owners = {each.uid for each in snapshot.sets}
    states = {state.node.name: state for state in snapshot.nodes}
    for report in plan.nodes:
        state = states[report.name]
        allocatable, others = state.node.allocatable, _held_by_others(state, owners)
        left = minus(minus(allocatable, others), report.filled)
        free = {name: max(amount, min(0, left.get(name, 0))) for name, amount in report.free.items()}
        yield NodeRow(report.name, allocatable, others, report.filled, minus(left, free), free, report.bound_by)


def _held_by_others(state: NodeState, owners: Container[str]) -> Resources:
    return total_of(pod.held for pod in state.pods if pod.owner not in owners)


def _actions(plan: Plan) -> Iterator[ActionRow]:
    for release in plan.releases:
        yield from map(_row, release.actions)
    yield from map(_row, plan.actions)


def _row(action: Action) -> ActionRow:
    return _row_of_new(action) if isinstance(action, CreatePod) else _row_of_present(action)


def _row_of_new(action: CreatePod) -> ActionRow:
    return ActionRow(
        verb="create",
        namespace=action.owner.namespace,
        paraset=action.owner.name,
        pod=action.pod,
        node=action.node,
        shape=action.shape,
        requests_before=NOTHING,
        requests=action.requests,
        reason=action.reason.value,
        detail=action.detail,
        after=action.after,
    )


def _row_of_present(action: ResizePod | DeletePod) -> ActionRow:
    row = ActionRow(
        verb="resize",
        namespace=action.owner.namespace,
        paraset=action.owner.name,
        pod=action.pod.name,
        node=action.pod.place,
        shape=action.pod.shape,
        requests_before=action.pod.requests,
        requests=NOTHING,
        reason=action.reason.value,
        detail=action.detail,
        beneficiary=action.beneficiary.key if action.beneficiary else "",
    )
    if isinstance(action, ResizePod):
        return replace(row, requests=action.requests, after=action.after)
    return replace(row, verb="delete", grace_seconds=action.grace_seconds, lost_seconds=action.lost_seconds)


def _usable(snapshot: Snapshot) -> Iterator[NodeState]:
    """Yield the nodes LS work can go to: idle devices of the others are nobody's."""
    return (state for state in snapshot.nodes if not state.node.trouble)


def _fragmentation_now(snapshot: Snapshot, workload: Workload) -> Fragmentation:
    idle = (minus(state.node.allocatable, total_of(pod.held for pod in state.pods)) for state in _usable(snapshot))
    return cluster_fragmentation(idle, workload)


def _fragmentation_then(snapshot: Snapshot, nodes: Iterable[NodeRow], workload: Workload) -> Fragmentation:
    usable = {state.node.name for state in _usable(snapshot)}
    return cluster_fragmentation((plus(each.kept, each.free) for each in nodes if each.name in usable), workload)
