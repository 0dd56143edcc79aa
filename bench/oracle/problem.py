"""The fill problem as numbers: what each shape needs and is worth, and groups of nodes that are alike.

A cluster without running fillers is the usual case; where some run they count as movable, so a bound covers every plan
that could have been made, not just those that keep what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paraset_operator.model.devices import free_of
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import Resources, minus, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.worth import density, scale_of

# Solvers work best with numbers near one: cores, GiB, whole devices.
UNITS = {CPU: 1000.0, MEMORY: 2.0**30}


@dataclass(frozen=True, slots=True)
class Growth:
    """An elastic resource of one column: at most `span` more per instance, each unit worth `density`."""

    resource: str
    span: int
    density: float


@dataclass(frozen=True, slots=True)
class Column:
    """A shape of a set: what its smallest instance needs and is worth in the plan's worth, and how it may grow."""

    owner: int
    shape: str
    need: Mapping[str, int]
    value: float
    growths: tuple[Growth, ...]


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of one resource on a node: the size of a whole one, how many are whole, what is free on the rest."""

    resource: str
    size: int
    whole: int
    partial: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes with the same free room that admit the same sets."""

    free: Mapping[str, int]
    devices: tuple[Devices, ...]
    admitted: frozenset[int]
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many nodes there are of the kind."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Problem:
    """All of it; `fillable` is the sum of the free room of the nodes that admit any set."""

    owners: tuple[ParaSetView, ...]
    scales: tuple[float, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    fillable: Mapping[str, int]
    policies: tuple[PolicyView, ...]


def problem_of(snapshot: Snapshot) -> Problem:
    """Return the problem a snapshot poses."""
    policies = snapshot.policies or (DEFAULT_POLICY,)
    uids = {owner.uid for owner in snapshot.sets}
    nodes = [(state, policy_of(state.node, policies)) for state in snapshot.nodes]
    admitted = {
        state.node.name: frozenset(
            index for index, owner in enumerate(snapshot.sets) if may_fill(owner.constraints, state.node, policy)
        )
        for state, policy in nodes
    }
    rooms = {
        state.node.name: free_room(state, policy, uids)
        for state, policy in nodes
        if policy is not None and admitted[state.node.name]
    }
    fillable = {name: amount for name, amount in total_of(rooms.values()).items() if amount > 0}
    scales = tuple(scale_of(owner, fillable) for owner in snapshot.sets)
    columns = tuple(
        column_of(index, shape, scales[index])
        for index, owner in enumerate(snapshot.sets)
        if _may_start(owner)
        for shape in owner.shapes
    )
    used = {name for column in columns for name in (*column.need, *(each.resource for each in column.growths))}
    groups = _grouped((state for state, _ in nodes if state.node.name in rooms), rooms, admitted, used, uids)
    return Problem(snapshot.sets, scales, columns, groups, fillable, policies)


def free_room(state: NodeState, policy: PolicyView, uids: Iterable[str]) -> dict[str, int]:
    """Return what fillers may hold in sum: all others' pods and the reserve left out."""
    others = total_of(pod.held for pod in state.pods if not _is_movable(pod, uids))
    return minus(minus(state.node.allocatable, others), policy.reserve_on(state.node.allocatable))


def devices_on(state: NodeState, uids: Iterable[str]) -> tuple[Devices, ...]:
    """Return the devices of a node as others' pods leave them."""
    others = [pod for pod in state.pods if not _is_movable(pod, uids)]
    found = []
    for resource, capacity in sorted(state.node.devices.items()):
        shares = [share for pod in others for share in pod.on_devices if share.resource == resource]
        unplaced = sum(pod.held.get(resource, 0) for pod in others) - sum(share.amount for share in shares)
        size = max(capacity, default=0)
        free = free_of(capacity, resource, shares, max(0, unplaced))
        whole = [left == full == size for left, full in zip(free, capacity, strict=True)]
        partial = sorted(left for left, is_whole in zip(free, whole, strict=True) if left > 0 and not is_whole)
        found.append(Devices(resource, size, sum(whole), tuple(partial)))
    return tuple(found)


def _is_movable(pod: Pod, uids: Iterable[str]) -> bool:
    return pod.owner in uids and not pod.is_terminating


def _may_start(owner: ParaSetView) -> bool:
    return not owner.is_suspended and not owner.fault


def column_of(owner: int, shape: Shape, scale: float) -> Column:
    """Return a shape as a column. Growth that init containers have paid for already belongs to the smallest size."""
    running = shape.container_requests({})
    value, growths = shape.value, []
    for each in shape.elastic:
        base = running.get(each.resource, 0) + shape.overhead.get(each.resource, 0)
        span = each.maximum - each.minimum
        paid = min(span, max(0, shape.initial.get(each.resource, 0) - base))
        value += density(each) * paid
        if density(each) > 0 and span > paid:
            growths.append(Growth(each.resource, span - paid, density(each) * scale))
    need = {name: amount for name, amount in shape.smallest.items() if amount > 0}
    return Column(owner, shape.name, need, value * scale, tuple(growths))


def _grouped(
    states: Iterable[NodeState],
    rooms: Mapping[str, Resources],
    admitted: Mapping[str, frozenset[int]],
    used: set[str],
    uids: Iterable[str],
) -> tuple[Group, ...]:
    groups: dict[tuple[object, ...], tuple[dict[str, int], tuple[Devices, ...], list[str]]] = {}
    for state in states:
        name = state.node.name
        free = {resource: max(0, rooms[name].get(resource, 0)) for resource in sorted(used)}
        devices = tuple(each for each in devices_on(state, uids) if each.resource in used)
        key = (tuple(free.items()), devices, admitted[name])
        groups.setdefault(key, (free, devices, []))[2].append(name)
    return tuple(Group(free, devices, admitted[names[0]], tuple(names)) for free, devices, names in groups.values())


def unit_of(resource: str, group: Group) -> float:
    """Return the amount of a resource that the solver sees as one."""
    for each in group.devices:
        if each.resource == resource:
            return float(each.size or 1)
    return UNITS.get(resource, 1.0)
