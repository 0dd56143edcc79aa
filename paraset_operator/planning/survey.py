"""All nodes as rows of arrays: what each has for fillers, what they hold there, and whether anything is unusual.

A plan looks at arrays first and makes objects only of nodes where it may have something to do. Rows are kept from one
picture to the next and made anew where the node's state is another object, so a picture costs what changed in it.
Nothing is decided here; the same picture gives the same rows, whatever was surveyed before.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.devices import free_of, place, without
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources, devices_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.names import NameCount, holder_of
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom, smallest_of
from paraset_operator.planning.sizing import kept_sizes, least_growth

NEVER = 2**62
_NO_STATE = NodeState(Node(""))


# No slots: what is derived from it is kept.
@dataclass(frozen=True)
class Ground:
    """What rows depend on beside the node: sets and policies in order, and what the columns stand for.

    `columns` are resources; `tracked` are those of which some node lists its devices, `most_devices` how many at most;
    `shapes` are those of all sets, each with the row of its set.
    """

    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = ()
    columns: tuple[str, ...] = ()
    tracked: tuple[str, ...] = ()
    most_devices: int = 0
    shapes: tuple[tuple[int, Shape], ...] = ()

    @classmethod
    def of(
        cls, nodes: Iterable[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]
    ) -> "Ground":
        """Return the ground of a picture."""
        shapes = tuple((row, shape) for row, owner in enumerate(sets) for shape in owner.shapes)
        asked = {name for _, shape in shapes for name in shape.smallest}
        names = asked.union(*(state.node.allocatable for state in nodes))
        listed = [(name, len(sizes)) for state in nodes for name, sizes in state.node.devices.items() if name in asked]
        return cls(
            sets,
            policies,
            (CPU, MEMORY, PODS, *sorted(names - {CPU, MEMORY, PODS})),
            tuple(sorted({name for name, _ in listed})),
            max((count for _, count in listed), default=0),
            shapes,
        )

    @cached_property
    def owners(self) -> Ints:
        """The row of the set of each shape."""
        return np.array([owner for owner, _ in self.shapes], dtype=np.int64)

    @cached_property
    def needs(self) -> Ints:
        """What each shape takes at its smallest (shapes x columns)."""
        needs = [[shape.smallest.get(name, 0) for name in self.columns] for _, shape in self.shapes]
        return np.array(needs, dtype=np.int64).reshape(len(self.shapes), len(self.columns))

    def number(self, counts: Ints) -> Ints:
        """Return how many fillers each set has, counts of shapes given by node (N x shapes)."""
        return np.bincount(self.owners, weights=counts.sum(axis=0), minlength=len(self.sets)).astype(np.int64)

    def holds_for(self, state: NodeState) -> bool:
        """Say whether the columns are enough for a node."""
        asked = {name for _, shape in self.shapes for name in shape.smallest}
        return state.node.allocatable.keys() <= set(self.columns) and all(
            name in self.tracked and len(sizes) <= self.most_devices
            for name, sizes in state.node.devices.items()
            if name in asked
        )


@dataclass(slots=True)
class Rows:
    """One row a node (first axis).

    `room` is what fillers may hold, others and the reserve left out; `held` is what those that are kept hold at their
    sizes, `smallest` what once they have shrunk, `growth` the least growth that is worth a write. `open_now` is free at once, `able` what could be if all fillers left, `total` all there is.
    `counts` are fillers by shape, `own` (nodes x sets x columns) what each set holds. `devices` (nodes x tracked x
    most) is what is free of each device for fillers, those that are kept left in place; -1 where there is none, and
    `unit` the size of one. `unusual` marks nodes where some filler is not simply running as its set wants it.
    """

    room: Ints
    held: Ints
    smallest: Ints
    growth: Ints
    open_now: Ints
    able: Ints
    total: Ints
    counts: Ints
    own: Ints
    devices: Ints
    unit: Ints
    admits: NDArray[np.bool_]
    unusual: NDArray[np.bool_]

    @classmethod
    def empty(cls, nodes: int, ground: Ground) -> "Rows":
        """Return rows of zeros."""

        def zeros(*shape: int) -> Ints:
            return np.zeros((nodes, *shape), dtype=np.int64)

        columns, sets, kinds = len(ground.columns), len(ground.sets), len(ground.tracked)
        return cls(
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(len(ground.shapes)),
            zeros(sets, columns),
            zeros(kinds, ground.most_devices),
            zeros(kinds),
            np.zeros((nodes, sets), dtype=bool),
            np.zeros(nodes, dtype=bool),
        )

    def take(self, rows: Ints) -> "Rows":
        """Return a copy with these rows, in this order."""
        return Rows(*(getattr(self, each.name)[rows] for each in fields(self)))

    def copy(self) -> "Rows":
        """Return a copy of all rows."""
        return Rows(*(getattr(self, each.name).copy() for each in fields(self)))


class Survey:
    """The rows of the picture last looked at; `changed` are those that were new."""

    def __init__(self) -> None:
        self.ground = Ground()
        self.states: list[NodeState] = []
        self.policies: list[PolicyView | None] = []
        self.row_of: dict[str, int] = {}
        self.rows = Rows.empty(0, self.ground)
        self.names: list[NameCount] = []
        self.changed: list[int] = []
        self._surveyor = _Surveyor(self.ground)

    def look(self, nodes: Sequence[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]) -> None:
        """Bring the rows up to date."""
        if not _are_same(self.ground.sets, sets) or self.ground.policies != policies:
            self._begin(nodes, sets, policies)
        elif len(nodes) != len(self.states) or any(
            new.node.name != old.node.name for new, old in zip(nodes, self.states, strict=True) if new is not old
        ):
            self._realign(nodes)
        self.changed = [row for row, new in enumerate(nodes) if new is not self.states[row]]
        if not all(self.ground.holds_for(nodes[row]) for row in self.changed):
            self._begin(nodes, sets, policies)
            self.changed = list(range(len(nodes)))
        for row in self.changed:
            self._replace(row, nodes[row])

    def _begin(
        self, nodes: Sequence[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]
    ) -> None:
        self.ground = Ground.of(nodes, sets, policies)
        self.rows = Rows.empty(len(nodes), self.ground)
        self.states = [_NO_STATE] * len(nodes)
        self.policies = [None] * len(nodes)
        self.names = [NameCount() for _ in sets]
        self._surveyor = _Surveyor(self.ground)
        self.row_of = {state.node.name: row for row, state in enumerate(nodes)}

    def _realign(self, nodes: Sequence[NodeState]) -> None:
        """Carry the rows of nodes that are still there over to their new places."""
        before = [self.row_of.get(state.node.name, -1) for state in nodes]
        for row in set(range(len(self.states))) - set(before):
            self._surveyor.count_names(self.names, self.states[row], -1)
        old_states, old_policies = self.states, self.policies
        self.states = [old_states[row] if row >= 0 else _NO_STATE for row in before]
        self.policies = [old_policies[row] if row >= 0 else None for row in before]
        if len(old_states):
            self.rows = self.rows.take(np.array(before, dtype=np.int64))
        else:
            self.rows = Rows.empty(len(nodes), self.ground)
        self.row_of = {state.node.name: row for row, state in enumerate(nodes)}

    def names_with(self, row: int, waiting: Iterable[Pod]) -> NameCount:
        """Return the names of a set's pods with those that are on no node."""
        return self._surveyor.names_with(self.names[row], row, waiting)

    def write(self, rows: Rows, room: NodeRoom) -> None:
        """Write the row of a node as it is planned: its instances at their planned sizes, promises kept free."""
        row = self.row_of[room.name]
        rows.room[row] = self.rows.room[row] - self._surveyor.vector(room.promised)
        self._surveyor.write_instances(rows, row, room)
        if self.ground.tracked:
            self._plan_devices(rows, row, {pod.uid for pod in room.released}, room.needs)

    def _plan_devices(self, rows: Rows, row: int, leaving: Container[str], needs: Iterable[Resources]) -> None:
        self._surveyor.fill_devices(rows, row, self.states[row], leaving)
        for kind, name in enumerate(self.ground.tracked):
            sizes = self.states[row].node.devices.get(name, ())
            for need in needs:
                free = tuple(int(each) for each in rows.devices[row, kind, : len(sizes)])
                placed = place(need.get(name, 0), free, sizes)
                rows.devices[row, kind, : len(sizes)] = without(free, placed or ())

    def _replace(self, row: int, state: NodeState) -> None:
        self._surveyor.count_names(self.names, self.states[row], -1)
        self._surveyor.count_names(self.names, state, +1)
        self.states[row] = state
        self.policies[row] = self._surveyor.fill(self.rows, row, state)


def _are_same(left: tuple[ParaSetView, ...], right: tuple[ParaSetView, ...]) -> bool:
    return len(left) == len(right) and all(one is other or one == other for one, other in zip(left, right, strict=True))


class _Surveyor:
    """Fills in single rows."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._column = {name: index for index, name in enumerate(ground.columns)}
        self._set_row = {owner.uid: row for row, owner in enumerate(ground.sets)}
        self._by_name = {(owner.namespace, owner.name): row for row, owner in enumerate(ground.sets)}
        self._shape_row = {(row, shape.name): index for index, (row, shape) in enumerate(ground.shapes)}
        self._labels = tuple(sorted(_label_keys(ground)))
        self._has_fields = any(term.fields for each in ground.sets for term in each.constraints.affinity or ())
        self._verdicts: dict[tuple[object, ...], tuple[PolicyView | None, list[bool]]] = {}

    def count_names(self, names: list[NameCount], state: NodeState, times: int) -> None:
        """Count (or, with -1, discount) the pods of a node for the names of the sets."""
        for pod in state.pods:
            row, index = holder_of(pod, self._by_name)
            if row >= 0:
                names[row].take(index, times)
            owner = self._set_row.get(pod.owner, -1) if pod.owner else -1
            if owner >= 0:
                names[owner].count += times
                names[owner].unready += times * (not pod.is_ready)

    def fill(self, rows: Rows, row: int, state: NodeState) -> PolicyView | None:
        """Write the row of a node; return the policy that covers it."""
        node, allocatable = state.node, state.node.allocatable
        policy, admits = self._verdict(node)
        rows.admits[row] = admits
        for array in (rows.held, rows.smallest, rows.counts, rows.own):
            array[row] = 0
        rows.growth[row] = NEVER
        rows.total[row] = self.vector(allocatable)
        held = self.vector(state.held)
        rows.open_now[row] = rows.total[row] - held
        rows.room[row] = rows.total[row] - held
        if policy is not None and (policy.reserve or policy.reserve_percent):
            rows.room[row] -= self.vector(policy.reserve_on(allocatable))
        rows.able[row] = rows.open_now[row] + self.vector(state.leaving)
        fillers = [pod for pod in state.pods if pod.owner in self._set_row]
        usual = [self._add_filler(rows, row, pod, admits) for pod in fillers]
        rows.unusual[row] = not all(usual)
        if self._ground.tracked:
            self.fill_devices(rows, row, state, ())
        return policy

    def names_with(self, names: NameCount, row: int, waiting: Iterable[Pod]) -> NameCount:
        """Return the count with pods that wait."""
        held = [holder_of(pod, self._by_name) for pod in waiting]
        own = [pod for pod in waiting if pod.owner and self._set_row.get(pod.owner, -1) == row]
        indices = [index for of, index in held if of == row]
        if not indices and not own:
            return names
        more = NameCount(
            dict(names.taken), names.count + len(own), names.unready + sum(not pod.is_ready for pod in own)
        )
        for index in indices:
            more.take(index)
        return more

    def write_instances(self, rows: Rows, row: int, room: NodeRoom) -> None:
        """Write what the instances of a node hold."""
        for array in (rows.held, rows.smallest, rows.counts, rows.own):
            array[row] = 0
        rows.growth[row] = NEVER
        for instance in room.instances:
            of_set = self._set_row[instance.owner.uid]
            holds, smallest = self.vector(instance.holds()), self.vector(instance.smallest())
            rows.counts[row, self._shape_row[of_set, instance.shape.name]] += 1
            rows.held[row] += holds
            rows.smallest[row] += smallest
            rows.own[row, of_set] += holds

    def _verdict(self, node: Node) -> tuple[PolicyView | None, list[bool]]:
        """Return the policy of a node and which sets may be there; nodes that do not differ in that share it."""
        key = (
            node.trouble,
            node.taints,
            tuple(node.labels.get(label) for label in self._labels),
            node.name if self._has_fields else "",
        )
        if key not in self._verdicts:
            policy = policy_of(node, self._ground.policies)
            self._verdicts[key] = policy, [may_fill(each.constraints, node, policy) for each in self._ground.sets]
        return self._verdicts[key]

    def vector(self, amounts: Resources) -> list[int]:
        """Return amounts in the order of the columns."""
        return [amounts.get(name, 0) for name in self._ground.columns]

    def _add_filler(self, rows: Rows, row: int, pod: Pod, admits: list[bool]) -> bool:
        """Count a filler; return whether it simply runs as its set wants it."""
        held = self.vector(pod.held)
        rows.room[row] += held
        if pod.is_terminating or pod.is_finished:
            return False
        rows.able[row] += held
        of_set = self._set_row[pod.owner]
        index = self._shape_row.get((of_set, pod.shape), -1)
        if index < 0:
            return False
        shape = self._ground.shapes[index][1]
        requests, smallest = self.vector(pod.requests), self.vector(smallest_of(pod, shape))
        rows.counts[row, index] += 1
        rows.held[row] += requests
        rows.smallest[row] += smallest
        rows.own[row, of_set] += requests
        for name, least in least_growth(pod, shape):
            column = self._column[name]
            rows.growth[row, column] = min(rows.growth[row, column], least)
        return admits[of_set] and _is_usual(pod, shape, self._ground.sets[of_set])

    def fill_devices(self, rows: Rows, row: int, state: NodeState, leaving: Container[str]) -> None:
        """Write what is free of each device of a node, fillers that leave left out."""
        for kind, name in enumerate(self._ground.tracked):
            sizes = state.node.devices.get(name, ())
            staying = [pod for pod in state.pods if not self._comes_free(pod, leaving)]
            shares = [share for pod in staying for share in pod.on_devices if share.resource == name]
            unplaced = sum(pod.held.get(name, 0) for pod in staying) - sum(share.amount for share in shares)
            free = free_of(sizes, name, shares, max(0, unplaced))
            rows.devices[row, kind] = -1
            rows.devices[row, kind, : len(free)] = free
            rows.unit[row, kind] = max(sizes, default=0)

    def _comes_free(self, pod: Pod, leaving: Container[str]) -> bool:
        return pod.owner in self._set_row and (pod.is_terminating or pod.is_finished or pod.uid in leaving)


def _is_usual(pod: Pod, shape: Shape, owner: ParaSetView) -> bool:
    return (
        pod.resize is Resize.NONE
        and pod.is_running
        and bool(pod.node)
        and not pod.trouble
        and not owner.is_suspended
        and pod.template_hash == shape.template_hash
        and (pod.held is pod.requests or pod.held == pod.requests)
        and devices_of(shape.smallest) == devices_of(pod.requests)
        and all(pod.sizes.get(name) == size for name, size in kept_sizes(pod, shape).items())
    )


def _label_keys(ground: Ground) -> set[str]:
    """Return the labels that any set or policy asks about."""
    keys = {each.key for policy in ground.policies for each in policy.nodes.requirements}
    for owner in ground.sets:
        keys |= {key for key, _ in owner.constraints.node_selector}
        keys |= {each.key for term in owner.constraints.affinity or () for each in term.labels}
    return keys
