"""The nodes with idle room as one set sees them: what keeps the set out, what each of its shapes lacks there.

- `idle` is what no pod holds now, `left` what none holds once the plan is carried out, `kept` the part of that which
  the node's policy keeps for LS work (reserve, headroom, room promised to LS pods)
- a shape with devices fits beside running fillers at their smallest, which shrink for it; one without devices fits
  into what is left over
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paraset_operator.model.plan import NodeReport, Plan
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources, devices_of, fits, is_device, minus, plus, shortage, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.planning.reports import COOL_DOWN, DEVICE_PARTS
from paraset_operator.reporting.admission import Obstacle, obstacle_on
from paraset_operator.reporting.planned import PlannedFiller
from paraset_operator.reporting.remedies import amounts_of

# Reasons a node's idle room stays empty, beside those of admission.py, planning/reports.py and the resources.
SET_LIMIT, KEPT_FOR_LS, PLANNED = "setLimit", "keptForLs", "planned"


class Gap(NamedTuple):
    """The room that a shape sees on a node, and what one more instance at its smallest lacks in it; {} if it fits."""

    shape: Shape
    room: Resources
    lacks: Resources


@dataclass(frozen=True, slots=True)
class IdleNode:
    """A node with idle room; it has a gap for each shape of the set, unless an obstacle keeps the set out."""

    state: NodeState
    policy: PolicyView | None
    obstacle: Obstacle
    idle: Resources
    left: Resources
    kept: Resources
    others: tuple[Pod, ...]
    fillers: tuple[PlannedFiller, ...]
    gaps: tuple[Gap, ...] = ()
    would_fit: int = 0

    @property
    def name(self) -> str:
        """The node's name."""
        return self.state.node.name

    @property
    def is_admitted(self) -> bool:
        """Whether nothing but room keeps the set out."""
        return bool(self.gaps)


def idle_nodes(
    snapshot: Snapshot,
    plan: Plan,
    owner: ParaSetView,
    planned: Iterable[PlannedFiller],
    cooling: Mapping[str, int],
) -> list[IdleNode]:
    """Return the nodes that have idle room now or after the plan, those that matter most first.

    `cooling` says after how many seconds nodes have cooled down.
    """
    reports = {report.name: report for report in plan.nodes}
    by_node: dict[str, list[PlannedFiller]] = {}
    for filler in planned:
        by_node.setdefault(filler.node, []).append(filler)
    owners = frozenset(each.uid for each in snapshot.sets)
    policies = snapshot.policies or (DEFAULT_POLICY,)
    found = [
        _idle_node(state, reports[state.node.name], policy_of(state.node, policies), owner, owners, by_node, cooling)
        for state in snapshot.nodes
        if state.node.name in reports
    ]
    wanted = frozenset(name for shape in owner.shapes for name in devices_of(shape.fixed))
    with_room = [each for each in found if _has_room(each.idle) or _has_room(each.left)]
    return sorted(with_room, key=lambda each: _by_size(each, wanted))


def _has_room(amounts: Resources) -> bool:
    return any(amount > 0 and (name == CPU or is_device(name)) for name, amount in amounts.items())


def _by_size(node: IdleNode, wanted: frozenset[str]) -> tuple[bool, int, int, str]:
    """Order nodes: what stays idle before what the plan fills, then by idle devices the set can use, then by cores."""
    is_planned = node.obstacle.reason == PLANNED
    amounts = node.idle if is_planned else node.left
    return is_planned, -sum(amounts.get(name, 0) for name in wanted), -amounts.get(CPU, 0), node.name


def _idle_node(
    state: NodeState,
    report: NodeReport,
    policy: PolicyView | None,
    owner: ParaSetView,
    owners: frozenset[str],
    by_node: Mapping[str, list[PlannedFiller]],
    cooling: Mapping[str, int],
) -> IdleNode:
    others = tuple(pod for pod in state.pods if pod.owner not in owners)
    fillers = tuple(by_node.get(state.node.name, ()))
    left = _positive(minus(minus(state.node.allocatable, total_of(pod.held for pod in others)), report.filled))
    kept = _positive(minus(left, _positive(report.free)))
    idle = _positive(minus(state.node.allocatable, state.held))
    obstacle = obstacle_on(state.node, policy, owner.constraints)
    if obstacle is not None:
        return IdleNode(state, policy, obstacle, idle, left, kept, others, fillers)
    beside = plus(report.free, total_of(each.slack for each in fillers))
    rooms = ((shape, beside if shape.has_devices else report.free) for shape in owner.shapes)
    gaps = tuple(Gap(shape, room, shortage(shape.smallest, room)) for shape, room in rooms)
    obstacle = _bound_by(report, gaps, left, kept, _headroom(policy), cooling.get(state.node.name))
    return IdleNode(state, policy, obstacle, idle, left, kept, others, fillers, gaps, _would_fit(gaps))


def _positive(amounts: Resources) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _headroom(policy: PolicyView | None) -> str:
    """Return what headroom the policy of a node keeps on all its nodes together, in a clause that may be empty."""
    copies = [f"{each.copies} x {each.name}" for each in (policy.headroom if policy else ()) if each.copies]
    if policy and policy.cpu_headroom_percent:
        copies.append(f"{policy.cpu_headroom_percent} % of the cores")
    return f"; its headroom, over all nodes: {', '.join(copies)}" if copies else ""


def _bound_by(
    report: NodeReport,
    gaps: Sequence[Gap],
    left: Resources,
    kept: Resources,
    headroom: str,
    cooled_in: int | None,
) -> Obstacle:
    """Return what keeps the room empty on a node that admits the set."""
    fitting = [gap.shape.name for gap in gaps if not gap.lacks]
    if not _has_room(left):
        return Obstacle(PLANNED, "the plan fills it")
    if fitting and report.bound_by == COOL_DOWN:
        words = "later" if cooled_in is None else f"in {cooled_in} s, unless LS work reclaims more of it"
        return Obstacle(COOL_DOWN, f"LS work is given room here, or was a short while ago: it is filled again {words}")
    if fitting and report.bound_by == DEVICE_PARTS:
        return Obstacle(DEVICE_PARTS, "enough of a device is free in sum, but not on one device")
    if fitting:
        return Obstacle(SET_LIMIT, f"there is room for {', '.join(fitting)}; a limit of the set keeps it empty")
    # The shape that lacks least says what would have to come free.
    gap = min(gaps, key=nearest_first)
    if fits(gap.lacks, kept):
        return Obstacle(
            KEPT_FOR_LS, f"{gap.shape.name} would fit without what the FillPolicy keeps: {amounts_of(kept)}{headroom}"
        )
    return Obstacle(devices_first(gap.lacks)[0], "")


def nearest_first(gap: Gap) -> tuple[int, list[str]]:
    """Order gaps by how many resources are lacking."""
    return len(gap.lacks), devices_first(gap.lacks)


def devices_first(amounts: Resources) -> list[str]:
    """Return the names of resources, devices first."""
    return sorted(amounts, key=lambda name: (not is_device(name), name))


def _would_fit(gaps: Iterable[Gap]) -> int:
    """Return about how many more instances fit: shapes with devices first, as many as go, then the others."""
    count, taken = 0, dict[str, int]()
    for shape, room, _ in sorted(gaps, key=lambda gap: not gap.shape.has_devices):
        left = minus(room, taken)
        more = min((max(0, left.get(name, 0)) // need for name, need in shape.smallest.items() if need > 0), default=0)
        taken = plus(taken, {name: need * more for name, need in shape.smallest.items()})
        count += more
    return count
