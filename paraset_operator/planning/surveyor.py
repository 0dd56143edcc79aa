"""Writes the rows of nodes: what their pods hold, what is free, which sets and policies have a say."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import NOTHING, Resources, devices_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.device_room import left_by
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.names import NameCount, holder_of
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom, smallest_of
from paraset_operator.planning.sizing import kept_sizes, least_growth
from paraset_operator.planning.survey_rows import NEVER, Ground, Rows


@dataclass(frozen=True, slots=True)
class _Filler:
    """What counts of a filler: what it holds, at its smallest, and the least growth (column, amount) worth a write."""

    of_set: int
    shape: int
    requests: list[int]
    smallest: list[int]
    growth: tuple[tuple[int, int], ...]
    is_usual: bool


class Surveyor:
    """Fills in single rows."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._columns, self._nothing = ground.columns, [0] * len(ground.columns)
        self._column = {name: index for index, name in enumerate(ground.columns)}
        self._set_row = {owner.uid: row for row, owner in enumerate(ground.sets)}
        self._by_name = {(owner.namespace, owner.name): row for row, owner in enumerate(ground.sets)}
        self._namespaces = {owner.namespace for owner in ground.sets}
        self._shape_row = {(row, shape.name): index for index, (row, shape) in enumerate(ground.shapes)}
        self._labels = tuple(sorted(_label_keys(ground)))
        self._has_fields = any(term.fields for each in ground.sets for term in each.constraints.affinity or ())
        self._verdicts: dict[tuple[object, ...], tuple[PolicyView | None, list[bool]]] = {}
        self._fillers: dict[tuple[object, ...], _Filler | None] = {}

    def count_names(self, names: list[NameCount], state: NodeState, times: int) -> None:
        """Count (or, with -1, discount) the pods of a node for the names of the sets."""
        for pod in state.pods:
            if pod.namespace not in self._namespaces:
                continue
            row, index = holder_of(pod, self._by_name)
            if row >= 0:
                names[row].take(index, times)
            owner = self._set_row.get(pod.owner, -1) if pod.owner else -1
            if owner >= 0:
                names[owner].count += times
                names[owner].unready += times * (not pod.is_ready)

    def fill(self, rows: Rows, at: Sequence[int], states: Sequence[NodeState]) -> list[PolicyView | None]:
        """Write the rows `at`; return the policy that covers each of the nodes."""
        if not states:
            return []
        verdicts = [self._verdict(state.node) for state in states]
        rows.admits[at] = [admits for _, admits in verdicts]
        total = self._matrix(state.node.allocatable for state in states)
        rows.total[at] = total
        rows.open_now[at] = total - self._matrix(state.held for state in states)
        rows.able[at] = rows.open_now[at] + self._matrix(state.leaving for state in states)
        rows.room[at] = rows.open_now[at] - self._matrix(
            policy.reserve_on(state.node.allocatable) if policy else NOTHING
            for state, (policy, _) in zip(states, verdicts, strict=True)
        )
        for array in (rows.held, rows.smallest, rows.counts, rows.own):
            array[at] = 0
        rows.growth[at] = NEVER
        rows.unusual[at] = False
        for row, state, (_, admits) in zip(at, states, verdicts, strict=True):
            fillers = [pod for pod in state.pods if pod.owner in self._set_row]
            if fillers:
                rows.unusual[row] = True
                self._add_fillers(rows, row, fillers, admits)
        for kind, name in enumerate(self._ground.tracked):
            rows.devices[at, kind] = [self.free_devices(name, state, ()) for state in states]
            rows.unit[at, kind] = [max(state.node.devices.get(name, ()), default=0) for state in states]
        return [policy for policy, _ in verdicts]

    def _matrix(self, amounts: Iterable[Resources]) -> Ints:
        return np.array([self.vector(each) for each in amounts], dtype=np.int64)

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
            tuple(node.labels.get(label) for label in self._labels),
            node.name if self._has_fields else "",
        )
        if key not in self._verdicts:
            policy = policy_of(node, self._ground.policies)
            self._verdicts[key] = policy, [may_fill(each.constraints, node, policy) for each in self._ground.sets]
        return self._verdicts[key]

    def vector(self, amounts: Resources) -> list[int]:
        """Return amounts in the order of the columns."""
        if not amounts:
            return self._nothing
        get = amounts.get
        return [get(name, 0) for name in self._columns]

    def _add_fillers(self, rows: Rows, row: int, fillers: list[Pod], admits: list[bool]) -> None:
        """Count the fillers of a node."""
        held = _sum([self.vector(pod.held) for pod in fillers])
        rows.room[row] += held
        staying = [pod for pod in fillers if not (pod.is_terminating or pod.is_finished)]
        if not staying:
            return
        rows.able[row] += held if len(staying) == len(fillers) else _sum([self.vector(pod.held) for pod in staying])
        kept = [facts for pod in staying if (facts := self._facts_of(pod)) is not None]
        if not kept:
            return
        rows.held[row] = _sum([each.requests for each in kept])
        rows.smallest[row] = _sum([each.smallest for each in kept])
        for index, number in Counter(each.shape for each in kept).items():
            rows.counts[row, index] = number
        for of in {each.of_set for each in kept}:
            rows.own[row, of] = _sum([each.requests for each in kept if each.of_set == of])
        for column, least in {growth for each in kept for growth in each.growth}:
            rows.growth[row, column] = min(rows.growth[row, column], least)
        is_usual = len(kept) == len(fillers) and all(each.is_usual and admits[each.of_set] for each in kept)
        rows.unusual[row] = not is_usual

    def _facts_of(self, pod: Pod) -> "_Filler | None":
        """Return what counts of a filler; those that do not differ in it share it. None for one of no shape."""
        key = (
            pod.owner,
            pod.shape,
            pod.template_hash,
            pod.is_running and bool(pod.node),
            pod.resize,
            pod.trouble,
            pod.held is pod.requests or pod.held == pod.requests,
            tuple(pod.requests.items()),
            tuple(pod.sizes.items()),
        )
        if key not in self._fillers:
            self._fillers[key] = self._look_at(pod)
        return self._fillers[key]

    def _look_at(self, pod: Pod) -> "_Filler | None":
        of_set = self._set_row[pod.owner]
        index = self._shape_row.get((of_set, pod.shape), -1)
        if index < 0:
            return None
        shape = self._ground.shapes[index][1]
        return _Filler(
            of_set,
            index,
            self.vector(pod.requests),
            self.vector(smallest_of(pod, shape)),
            tuple((self._column[name], least) for name, least in least_growth(pod, shape)),
            _is_usual(pod, shape, self._ground.sets[of_set]),
        )

    def free_devices(self, name: str, state: NodeState, leaving: Container[str]) -> list[int]:
        """Return what is free of each device of a node, fillers that leave left out; -1 where there is no device."""
        sizes = state.node.devices.get(name, ())
        if not sizes:
            return [-1] * self._ground.most_devices
        staying = (pod for pod in state.pods if not self._comes_free(pod, leaving))
        free = [max(0, each) for each in left_by(name, sizes, staying)]
        return free + [-1] * (self._ground.most_devices - len(sizes))

    def _comes_free(self, pod: Pod, leaving: Container[str]) -> bool:
        return pod.owner in self._set_row and (pod.is_terminating or pod.is_finished or pod.uid in leaving)


def _sum(vectors: list[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*vectors, strict=True)]


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
