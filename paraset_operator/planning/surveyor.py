"""Writes the rows of nodes: what their pods hold, what is free, which sets and policies have a say."""

from collections.abc import Container, Iterable, Sequence

import numpy as np

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import NOTHING, Resources, devices_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.names import NameCount, holder_of
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom, smallest_of
from paraset_operator.planning.sizing import kept_sizes, least_growth
from paraset_operator.planning.survey_rows import NEVER, Ground, Rows


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
            for pod in state.pods:
                if pod.owner in self._set_row:
                    rows.unusual[row] |= not self._add_filler(rows, row, pod, admits)
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
        if not amounts:
            return self._nothing
        get = amounts.get
        return [get(name, 0) for name in self._columns]

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

    def free_devices(self, name: str, state: NodeState, leaving: Container[str]) -> list[int]:
        """Return what is free of each device of a node, fillers that leave left out; -1 where there is no device."""
        sizes = state.node.devices.get(name, ())
        if not sizes:
            return [-1] * self._ground.most_devices
        staying = [pod for pod in state.pods if pod.held.get(name) and not self._comes_free(pod, leaving)]
        free, unplaced = list(sizes), 0
        for pod in staying:
            unplaced += pod.held[name]
            for share in pod.on_devices:
                if share.resource == name and share.device < len(free):
                    free[share.device] -= share.amount
                    unplaced -= share.amount
        # Nobody says on which device this is, so it may be on any.
        taken = max(0, unplaced)
        return [max(0, each - taken) for each in free] + [-1] * (self._ground.most_devices - len(sizes))

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
