"""Why a set holds what it does and no more: a pure function of a snapshot and the plan made of it.

- the set: what it holds and will hold, by shape and node
- its limits, each with the remedy
- every node with idle room: how much of it is fragment, what keeps this set out of it, what each shape lacks there

Reasons come from a short list, docs/explain.md: those of model/plan.py and planning/reports.py, and of the modules
beside this one. Everything is judged from the set's point of view; what a node is bound by for others is not said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, isfinite

from paraset_operator.model.plan import Limit, LimitReport, Plan, SetReport
from paraset_operator.model.policy import DEFAULT_POLICY, Mode
from paraset_operator.model.resources import Resources, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.fragmentation import (
    Category,
    Workload,
    categories_of,
    observed_workload,
    rate_of,
    room_without_fillers,
)
from paraset_operator.planning.target_workload import is_pinned
from paraset_operator.reporting.idle_nodes import PLANNED, Gap, IdleNode, devices_first, idle_nodes, nearest_first
from paraset_operator.reporting.planned import PlannedFiller, fillers_now, planned_fillers
from paraset_operator.reporting.remedies import Context, Holders, Remedy, amounts_of, remedies_for, remedy_for

# What the operator remembers of a set, or asks the API server about, and what no plan made afresh can know.
REMEMBERED = frozenset(
    {
        Limit.COOL_DOWN,
        Limit.STORM,
        Limit.CRASHING,
        Limit.PULLING,
        Limit.PENDING,
        Limit.QUOTA,
        Limit.TEMPLATE,
        Limit.RATE,
    }
)
# So many nodes are explained unless all are asked for.
FEW = 10


@dataclass(frozen=True, slots=True)
class ShapeHolding:
    """The fillers of one shape: how many there are, how many will be, and on which nodes."""

    shape: Shape
    current: int
    planned: int
    nodes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedLimit:
    """A limit with its remedy; `is_told`: it was read from the set's status, where the operator has put it.

    `waits` are the seconds after which it ends, by node, or "" for the set; those first that end first.
    """

    reason: Limit
    message: str
    remedy: str
    is_told: bool = False
    waits: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeGap:
    """What one more instance of a shape, at its smallest, lacks on a node, and ways to cover each resource of it."""

    shape: str
    lacks: Resources
    remedies: tuple[tuple[str, tuple[Remedy, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class NodeExplanation:
    """A node with idle room. `idle` is what no pod holds now, `left` once the plan is carried out, `kept` the part of
    that which the policy keeps for LS work. The fragment rate and categories are of its devices without any filler.
    """

    name: str
    bound_by: str
    detail: str
    idle: Resources
    left: Resources
    kept: Resources
    arriving: tuple[tuple[str, str, int], ...] = ()
    rate: float | None = None
    categories: Mapping[str, Mapping[Category, float]] = field(default_factory=dict)
    gaps: tuple[ShapeGap, ...] = ()

    @property
    def category(self) -> Category | None:
        """What most of its idle devices are to LS work."""
        sums = Counter[Category]()
        for parts in self.categories.values():
            sums.update(parts)
        return max(Category, key=lambda each: sums[each]) if any(sums.values()) else None


@dataclass(frozen=True, slots=True)
class Bound:
    """How many nodes with idle room a reason keeps empty, and what is left on them after the plan."""

    reason: str
    nodes: int
    left: Resources


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say about one set. `nodes` are those that matter most, `bound` counts all."""

    report: SetReport
    current: int
    shapes: tuple[ShapeHolding, ...]
    limits: tuple[ExplainedLimit, ...]
    nodes: tuple[NodeExplanation, ...]
    bound: tuple[Bound, ...]
    notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> int:
        """How many nodes with idle room are not among `nodes`."""
        return sum(each.nodes for each in self.bound) - len(self.nodes)


def explain(
    snapshot: Snapshot,
    outcome: Plan,
    key: str,
    told: Sequence[LimitReport] = (),
    most: int | None = FEW,
    *,
    now: float = 0.0,
) -> Explanation:
    """Return why the set with that key holds what it does, by a plan made of the snapshot; raise LookupError.

    `told` are limits that the operator has reported: it remembers waits that a plan made afresh knows nothing of. `now`
    is the time, by the clock by which waits end.
    """
    owner = next((each for each in snapshot.sets if each.key == key), None)
    report = next((each for each in outcome.sets if each.owner.key == key), None)
    if owner is None or report is None:
        raise LookupError(key)
    planned = planned_fillers(snapshot, outcome)
    found = idle_nodes(snapshot, outcome, owner, planned, _cooling(report, now))
    workload = observed_workload(snapshot)
    return Explanation(
        report=report,
        current=len(fillers_now(snapshot, owner)),
        shapes=tuple(_holdings(snapshot, owner, planned)),
        limits=tuple(_limits(report, told, _context(owner, report, found), now)),
        nodes=tuple(_explained(each, owner, workload) for each in found[:most]),
        bound=tuple(_bound(found)),
        notes=tuple(_notes(snapshot)),
    )


def _holdings(snapshot: Snapshot, owner: ParaSetView, planned: Iterable[PlannedFiller]) -> Iterator[ShapeHolding]:
    now = Counter(pod.shape for pod in fillers_now(snapshot, owner))
    where: dict[str, Counter[str]] = {shape.name: Counter() for shape in owner.shapes}
    for each in planned:
        if each.owner.uid == owner.uid and each.shape in where:
            where[each.shape][each.node] += 1
    for shape in owner.shapes:
        nodes = sorted(where[shape.name].items(), key=lambda each: (-each[1], each[0]))
        yield ShapeHolding(shape, now[shape.name], sum(count for _, count in nodes), tuple(nodes))


def _context(owner: ParaSetView, report: SetReport, found: Iterable[IdleNode]) -> Context:
    admitted = [each for each in found if each.is_admitted]
    wanted = {name for shape in owner.shapes for name in shape.smallest}
    sizes = [
        ([each.state.node.allocatable.get(name, 0) for name in devices_first(dict.fromkeys(wanted, 1))], each)
        for each in admitted
    ]
    largest = max(sizes, key=lambda each: (each[0], each[1].name), default=None)
    words = f"{largest[1].name} with {amounts_of(largest[1].state.node.allocatable)}" if largest else ""
    return Context(owner, report.replicas, sum(each.would_fit for each in admitted), words)


def _limits(report: SetReport, told: Sequence[LimitReport], context: Context, now: float) -> Iterator[ExplainedLimit]:
    # Of these a plan knows no more nodes than it was told of.
    better = {each.reason for each in told} & {Limit.COOL_DOWN, Limit.PENDING}
    planned = [each for each in report.limited_by if each.reason not in better]
    known = {each.reason for each in planned}
    for each in planned:
        yield ExplainedLimit(
            each.reason, each.message, remedy_for(each.reason, context), waits=_seconds_left(each, now)
        )
    for each in told:
        if each.reason in REMEMBERED and each.reason not in known:
            remedy, waits = remedy_for(each.reason, context), _seconds_left(each, now)
            yield ExplainedLimit(each.reason, each.message, remedy, is_told=True, waits=waits)


def _seconds_left(report: LimitReport, now: float) -> tuple[tuple[str, int], ...]:
    ends = sorted((until, node) for node, until in report.waits if isfinite(until))
    return tuple((node, max(0, ceil(until - now))) for until, node in ends)


def _cooling(report: SetReport, now: float) -> dict[str, int]:
    """Return after how many seconds nodes have cooled down, of those of which that is known."""
    cool_downs = (each for each in report.limited_by if each.reason is Limit.COOL_DOWN)
    return {node: left for each in cool_downs for node, left in _seconds_left(each, now)}


def _bound(found: Sequence[IdleNode]) -> Iterator[Bound]:
    counts = Counter(each.obstacle.reason for each in found)
    for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        left = total_of(each.left for each in found if each.obstacle.reason == reason)
        yield Bound(reason, count, left)


def _explained(node: IdleNode, owner: ParaSetView, workload: Workload) -> NodeExplanation:
    room, devices = room_without_fillers(node.state)
    access = workload.may_run(node.state.node)
    categories = categories_of(room, workload, devices, access) if workload.classes else {}
    arriving = Counter((each.owner.key, each.shape) for each in node.fillers if each.is_new)
    holders = _holders(node, owner)
    lacking = [gap for gap in sorted(node.gaps, key=nearest_first) if gap.lacks and node.obstacle.reason != PLANNED]
    return NodeExplanation(
        name=node.name,
        bound_by=node.obstacle.reason,
        detail=node.obstacle.detail,
        idle=node.idle,
        left=node.left,
        kept=node.kept,
        arriving=tuple((key, shape, count) for (key, shape), count in sorted(arriving.items())),
        rate=rate_of(room, workload, devices, access) if categories else None,
        categories=categories,
        gaps=tuple(_gap(each, holders) for each in lacking),
    )


def _holders(node: IdleNode, owner: ParaSetView) -> Holders:
    own = Counter(each.shape for each in node.fillers if each.owner.uid == owner.uid)
    return Holders(
        policy=node.policy.name if node.policy else "",
        allocatable=node.state.node.allocatable,
        kept=node.kept,
        pods=[pod for pod in node.others if not is_pinned(pod.constraints)],
        fillers=[each for each in node.fillers if each.owner.uid != owner.uid],
        own=own,
    )


def _gap(gap: Gap, holders: Holders) -> ShapeGap:
    names = devices_first(gap.lacks)
    ways = ((name, tuple(remedies_for(gap.shape, name, gap.room, holders))) for name in names)
    return ShapeGap(gap.shape.name, gap.lacks, tuple(ways))


def _notes(snapshot: Snapshot) -> Iterator[str]:
    observing = [each.name for each in snapshot.policies or (DEFAULT_POLICY,) if each.mode is Mode.OBSERVE]
    if observing:
        yield f"Nothing is carried out on nodes of FillPolicy {', '.join(observing)}: spec.mode is Observe."
