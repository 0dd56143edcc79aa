"""The target workload M of the fragmentation measure: which tasks could come, and how common each is.

It is the mix of the LS pods seen, fillers left out: a measure by its own pods would measure the operator. Pods tied to
one node by its name (those of a DaemonSet) are left out as well, because they never look for room. Of tasks that ask
for devices it is kept on which nodes they may run: to a task bound to one GPU model, all others are as good as taken.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.constraints import UNCONSTRAINED, Constraints
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.model.resources import Resources, is_device
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import may_run_on

# More classes than this change the measure by less than it is read to.
MOST_CLASSES = 64
# Tolerations of a node's troubles say nothing about where a pod belongs, and nearly every pod has some.
_OF_TROUBLES = "node.kubernetes.io/"

# The resources a pod asks for, in its own order, how much of each, and where it may run.
TaskClass: TypeAlias = tuple[tuple[str, ...], tuple[int, ...], Constraints]


@dataclass(frozen=True, slots=True)
class Workload:
    """Task classes, each what it asks for with its popularity; these sum up to 1.

    `constraints` says for each class where it may run; without any every class may run everywhere.
    """

    classes: tuple[tuple[Resources, float], ...] = ()
    constraints: tuple[Constraints, ...] = ()

    def may_run(self, node: Node) -> tuple[bool, ...] | None:
        """Return which classes may run on a node, capacity aside; None for all."""
        return tuple(may_run_on(each, node) for each in self.constraints) if self.constraints else None

    def may_run_on_each(self, nodes: Sequence[Node]) -> NDArray[np.bool_] | None:
        """Return which class may run on which node, (nodes, classes); None if every class may run everywhere."""
        if not self.constraints:
            return None
        matters = _matters_to(self.constraints)
        rows: dict[object, tuple[bool, ...] | None] = {}
        kinds = [matters(node) for node in nodes]
        for kind, node in zip(kinds, nodes, strict=True):
            if kind not in rows:
                rows[kind] = self.may_run(node)
        return np.array([rows[kind] for kind in kinds], dtype=np.bool_).reshape(len(nodes), len(self.classes))


def workload_of(pods: Iterable[Pod], ls_priority: int) -> Workload:
    """Return the mix of the LS pods among `pods`: the commonest classes and how common each is."""
    return mix_of(classes_of(pods, ls_priority))


def observed_workload(snapshot: Snapshot) -> Workload:
    """Return the mix of all LS pods of a picture, bound or not."""
    pods = chain(snapshot.waiting, *(state.pods for state in snapshot.nodes))
    return workload_of(pods, least_priority(snapshot))


def least_priority(snapshot: Snapshot) -> int:
    """Return from which priority on a pod is LS: the lowest that any policy names."""
    return min(policy.ls_priority for policy in snapshot.policies or (DEFAULT_POLICY,))


def classes_of(pods: Iterable[Pod], ls_priority: int) -> Counter[TaskClass]:
    """Count the classes of the LS pods among `pods`; such counts can be kept by node and added up."""
    places = _Places()
    counts: Counter[tuple[tuple[str, ...], tuple[int, ...], int]] = Counter()
    for pod in pods:
        if not pod.owner and pod.priority >= ls_priority and not is_pinned(pod.constraints):
            names = tuple(pod.requests)
            place = places.number_of(pod.constraints) if _has_devices(names) else 0
            counts[names, tuple(pod.requests.values()), place] += 1
    return Counter({(names, amounts, places.all[place]): count for (names, amounts, place), count in counts.items()})


class _Places:
    """Where tasks may run as far as that matters to devices, numbered: hashing these for every pod takes longest."""

    def __init__(self) -> None:
        self.all = [UNCONSTRAINED]
        self._numbers: dict[tuple[object, ...], int] = {((), None): 0}

    def number_of(self, constraints: Constraints) -> int:
        """Return the number of a pod's place; 0 is anywhere."""
        selector, affinity = constraints.node_selector, constraints.affinity
        tolerations = [each for each in constraints.tolerations if not each.key.startswith(_OF_TROUBLES)]
        key = (selector, affinity, *((each.key, each.operator, each.value, each.effect) for each in tolerations))
        number = self._numbers.setdefault(key, len(self.all))
        if number == len(self.all):
            self.all.append(Constraints(selector, affinity, tuple(tolerations)))
        return number


def mix_of(counts: Mapping[TaskClass, int]) -> Workload:
    """Return the commonest classes and how common each is; what differs in the order of names alone is one class."""
    merged: Counter[tuple[tuple[tuple[str, int], ...], Constraints]] = Counter()
    for (names, amounts, place), count in counts.items():
        merged[tuple(sorted(zip(names, amounts, strict=True))), place] += count
    common = sorted(merged.items(), key=lambda each: (-each[1], each[0][0], repr(each[0][1])))[:MOST_CLASSES]
    total = sum(count for _, count in common)
    constraints = tuple(place for (_, place), _ in common)
    return Workload(
        classes=tuple((dict(requests), count / total) for (requests, _), count in common),
        constraints=constraints if any(each != UNCONSTRAINED for each in constraints) else (),
    )


class WorkloadCounts:
    """The workload of a cluster that changes little: what each node's pods count is kept until its state is another."""

    def __init__(self) -> None:
        self._threshold: int | None = None
        self._nodes: dict[str, tuple[NodeState, Counter[TaskClass]]] = {}
        self._total: Counter[TaskClass] = Counter()

    def observed(self, snapshot: Snapshot) -> Workload:
        """Return the same as observed_workload; snapshots must share the states of nodes that have not changed."""
        threshold = least_priority(snapshot)
        if threshold != self._threshold:
            self._threshold, self._nodes, self._total = threshold, {}, Counter()
        states = {state.node.name: state for state in snapshot.nodes}
        for name, (state, counts) in list(self._nodes.items()):
            if states.get(name) is not state:
                self._total.subtract(counts)
                del self._nodes[name]
        for name in states.keys() - self._nodes.keys():
            counts = classes_of(states[name].pods, threshold)
            self._nodes[name] = (states[name], counts)
            self._total.update(counts)
        self._total = +self._total
        return mix_of(self._total + classes_of(snapshot.waiting, threshold))


def _matters_to(constraints: Iterable[Constraints]) -> Callable[[Node], object]:
    """Return a function that tells nodes apart as far as the constraints do."""
    terms = [term for each in constraints for term in each.affinity or ()]
    selected = {key for each in constraints for key, _ in each.node_selector}
    labels = sorted(selected | {requirement.key for term in terms for requirement in term.labels})
    is_named = any(term.fields for term in terms)
    return lambda node: (
        tuple(map(node.labels.get, labels)),
        node.taints,
        node.is_cordoned,
        node.name if is_named else "",
    )


def is_pinned(constraints: Constraints) -> bool:
    """Say whether a pod is tied to nodes by their names."""
    return constraints.affinity is not None and any(term.fields for term in constraints.affinity)


@lru_cache(maxsize=4096)
def _has_devices(names: tuple[str, ...]) -> bool:
    return any(map(is_device, names))
