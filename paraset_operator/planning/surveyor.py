"""Writes the rows of nodes: what their pods hold, what is free, which sets and policies have a say."""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.devices import Free
from paraset_operator.model.holdings import left_by
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.filler_rows import FillerRows
from paraset_operator.planning.names import NameCount, holder_of
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.survey_rows import NEVER, Ground, Rows


class Surveyor:
    """Fills in single rows."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._column = {name: index for index, name in enumerate(ground.columns)}
        self._set_row = {owner.uid: row for row, owner in enumerate(ground.sets)}
        self._by_name = {(owner.namespace, owner.name): row for row, owner in enumerate(ground.sets)}
        self._namespaces = {owner.namespace for owner in ground.sets}
        self._shape_row = {(row, shape.name): index for index, (row, shape) in enumerate(ground.shapes)}
        self._labels = tuple(sorted(_label_keys(ground)))
        self._has_fields = any(term.fields for each in ground.sets for term in each.constraints.affinity or ())
        self._verdicts: dict[tuple[object, ...], tuple[PolicyView | None, list[bool]]] = {}
        self._filler_rows = FillerRows(ground)

    def near(self, state: NodeState) -> Sequence[Pod]:
        """Return the pods of a node, if any of them may have the name of a filler."""
        return () if self._namespaces.isdisjoint(state.namespaces) else state.pods

    def count_names(self, names: Sequence[NameCount], pods: Iterable[Pod], times: int) -> None:
        """Count (or, with -1, discount) pods for the names of the sets."""
        taken: list[list[int]] = [[] for _ in names]
        ready: list[list[bool]] = [[] for _ in names]
        for pod in pods:
            if pod.namespace in self._namespaces:
                row, index = holder_of(pod, self._by_name)
                if row >= 0:
                    taken[row].append(index)
                if pod.owner in self._set_row:
                    ready[self._set_row[pod.owner]].append(pod.is_ready)
        for each, indices, fillers in zip(names, taken, ready, strict=True):
            each.take_all(indices, times)
            each.count += times * len(fillers)
            each.unready += times * fillers.count(False)

    def fill(self, rows: Rows, at: Sequence[int] | Ints, states: Sequence[NodeState]) -> list[PolicyView | None]:
        """Write the rows `at`; return the policy that covers each of the nodes."""
        if not states:
            return []
        at = np.array(at, dtype=np.int64)
        verdicts = [self._verdict(state.node) for state in states]
        policies = [policy for policy, _ in verdicts]
        rows.admits[at] = [admits for _, admits in verdicts]
        total = self._matrix([state.node.allocatable for state in states])
        open_now = total - self._matrix([state.held for state in states])
        leaving = [(row, state.leaving) for row, state in zip(at.tolist(), states, strict=True) if state.leaving]
        rows.total[at], rows.open_now[at], rows.able[at] = total, open_now, open_now
        rows.able[[row for row, _ in leaving]] += self._matrix([amounts for _, amounts in leaving])
        rows.room[at] = open_now - self._reserves(policies, total)
        for array in (rows.held, rows.smallest, rows.counts, rows.own):
            array[at] = 0
        rows.growth[at] = NEVER
        rows.unusual[at] = False
        self._filler_rows.add(rows, at.tolist(), [state.fillers for state in states])
        devices = [state.node.devices for state in states]
        for kind, name in enumerate(self._ground.tracked):
            rows.left[at, kind], is_there = self._devices(name, states)
            rows.devices[at, kind] = np.where(is_there, rows.left[at, kind].clip(min=0), -1)
            rows.unit[at, kind] = _units(name, devices)
        return policies

    def _matrix(self, amounts: Sequence[Resources]) -> Ints:
        matrix = np.empty((len(amounts), len(self._column)), dtype=np.int64)
        for name, column in self._column.items():
            matrix[:, column] = [each.get(name, 0) for each in amounts]
        return matrix

    def _reserves(self, policies: Sequence[PolicyView | None], total: Ints) -> Ints:
        """Return what policies keep free of nodes that have so much in all."""
        reserves, covered = np.zeros_like(total), np.array([id(policy) for policy in policies])
        for policy in self._ground.policies:
            mine = np.flatnonzero(covered == id(policy))
            reserves[mine] = self.vector(policy.reserve)
            for name, percent in policy.reserve_percent.items():
                if name in self._column:
                    wholes, rest = np.divmod(total[mine, self._column[name]], 100)
                    reserves[mine, self._column[name]] = wholes * percent - (-rest * percent // 100)
        return reserves

    def _devices(self, name: str, states: Sequence[NodeState]) -> tuple[Ints, NDArray[np.bool_]]:
        """Return what is left of each device of nodes, and where there is one."""
        most = self._ground.most_devices
        left = [self._left(name, state, ()) if state.fillers else state.left.get(name, ()) for state in states]
        number = np.array([len(each) for each in left])
        if (number < most).any():
            left = [(*each, *repeat(0, most - len(each))) for each in left]
        amounts = np.fromiter(chain.from_iterable(left), np.int64, most * len(states)).reshape(-1, most)
        return amounts, np.arange(most) < number[:, None]

    def names_with(self, names: NameCount, row: int, waiting: Iterable[Pod]) -> NameCount:
        """Return the count with pods that wait."""
        held = [holder_of(pod, self._by_name) for pod in waiting]
        own = [pod for pod in waiting if pod.owner and self._set_row.get(pod.owner, -1) == row]
        indices = [index for of, index in held if of == row]
        if not indices and not own:
            return names
        more = names.copy()
        more.count += len(own)
        more.unready += sum(not pod.is_ready for pod in own)
        more.take_all(indices, 1)
        return more

    def write_instances(self, rows: Rows, row: int, room: NodeRoom) -> None:
        """Write what the instances of a node hold."""
        for array in (rows.held, rows.smallest, rows.counts, rows.own):
            array[row] = 0
        rows.growth[row] = NEVER
        if not room.instances:
            return
        owners = [self._set_row[each.owner.uid] for each in room.instances]
        holds = [self.vector(each.holds()) for each in room.instances]
        rows.held[row] = _sum(holds)
        rows.smallest[row] = _sum([self.vector(each.smallest()) for each in room.instances])
        for of_set in set(owners):
            rows.own[row, of_set] = _sum([each for each, of in zip(holds, owners, strict=True) if of == of_set])
        for of_set, each in zip(owners, room.instances, strict=True):
            rows.counts[row, self._shape_row[of_set, each.shape.name]] += 1

    def _verdict(self, node: Node) -> tuple[PolicyView | None, list[bool]]:
        """Return the policy of a node and which sets may be there; nodes that do not differ in that share it."""
        key = (
            node.trouble,
            node.taints,
            tuple(node.labels.get(label) for label in self._labels) if self._labels else (),
            node.name if self._has_fields else "",
        )
        if key not in self._verdicts:
            policy = policy_of(node, self._ground.policies)
            self._verdicts[key] = policy, [may_fill(each.constraints, node, policy) for each in self._ground.sets]
        return self._verdicts[key]

    def vector(self, amounts: Resources) -> list[int]:
        """Return amounts in the order of the columns."""
        return self._ground.vector(amounts)

    def free_devices(self, name: str, state: NodeState, leaving: Container[str]) -> list[int]:
        """Return what is free of each device of a node, fillers that leave left out; -1 where there is no device."""
        free = [max(0, each) for each in self._left(name, state, leaving)]
        return free + [-1] * (self._ground.most_devices - len(free))

    def _left(self, name: str, state: NodeState, leaving: Container[str]) -> Free:
        gone = {pod.uid for pod in state.fillers if pod.is_ending or pod.uid in leaving}
        if not gone:
            return state.left.get(name, ())
        staying = [pod for pod in state.pods if pod.uid not in gone or pod.owner not in self._set_row]
        return left_by(name, state.node.devices.get(name, ()), staying)


def _units(name: str, devices: Sequence[Mapping[str, Free]]) -> Ints:
    """Return the size of a device of nodes that have these; 0 where there is none."""
    places = [place for place, each in enumerate(devices) if name in each]
    sizes = [devices[place][name] for place in places]
    largest = {each: max(each, default=0) for each in set(sizes)}
    units = np.zeros(len(devices), dtype=np.int64)
    units[places] = [largest[each] for each in sizes]
    return units


def _sum(vectors: list[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*vectors, strict=True)]


def _label_keys(ground: Ground) -> set[str]:
    """Return the labels that any set or policy asks about."""
    keys = {each.key for policy in ground.policies for each in policy.nodes.requirements}
    for owner in ground.sets:
        keys |= {key for key, _ in owner.constraints.node_selector}
        keys |= {each.key for term in owner.constraints.affinity or () for each in term.labels}
    return keys
