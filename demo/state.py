"""The cluster as the observer has seen it so far, and every change on the way.

Why: measurements and invariants are functions of one ordered list of changes, so that a hand-made list tests them as
well as a live one. Invariant: `apply` is the only way in; pods are indexed by node so that a check after each change
costs the pods of one node, not of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from demo.objects import GPU, PODS, Amounts, Node, ParaSet, Pod, added

Item = Pod | Node | ParaSet
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """At `at` (monotonic seconds) `old` became `new`; None stands for "not there"."""

    at: float
    old: Item | None
    new: Item | None


@dataclass(frozen=True, slots=True)
class Wait:
    """The life of an LS pod until it was bound; monotonic seconds."""

    created: float
    bound: float | None


@dataclass
class ClusterState:
    """Current objects. Whoever reads it beside the watching thread holds the observer's lock."""

    pods: dict[Key, Pod] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    sets: dict[Key, ParaSet] = field(default_factory=dict)
    on_node: defaultdict[str, dict[Key, Pod]] = field(default_factory=lambda: defaultdict(dict))
    fillers_of: defaultdict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))
    waiting: dict[Key, Pod] = field(default_factory=dict)
    first_seen: dict[str, float] = field(default_factory=dict)
    bound_at: dict[str, float] = field(default_factory=dict)

    def apply(self, at: float, kind: str, item: Item) -> Change:
        """Take in one watched change and say what it was. kind is ADDED, MODIFIED or DELETED."""
        gone = kind == "DELETED"
        if isinstance(item, Pod):
            return self._apply_pod(at, item, gone)
        if isinstance(item, Node):
            old_node = self.nodes.pop(item.name, None)
            if not gone:
                self.nodes[item.name] = item
            return Change(at, old_node, None if gone else item)
        old_set = self.sets.pop((item.namespace, item.name), None)
        if not gone:
            self.sets[item.namespace, item.name] = item
        return Change(at, old_set, None if gone else item)

    def _apply_pod(self, at: float, pod: Pod, gone: bool) -> Change:
        old = self.pods.pop(pod.key, None)
        self.waiting.pop(pod.key, None)
        if old is not None:
            self.on_node[old.node].pop(pod.key, None)
            self.fillers_of[old.set_uid].discard(pod.key)
        if gone:
            return Change(at, old or pod, None)
        self.pods[pod.key] = pod
        self.first_seen.setdefault(pod.uid, at)
        if pod.node:
            self.bound_at.setdefault(pod.uid, at)
        if pod.is_filler and not pod.finished:
            self.fillers_of[pod.set_uid].add(pod.key)
        if pod.holds_room:
            self.on_node[pod.node][pod.key] = pod
        elif not pod.node and pod.is_ls and not pod.is_filler:
            self.waiting[pod.key] = pod
        return Change(at, old, pod)

    def fillers(self) -> list[Pod]:
        return [pod for pod in self.pods.values() if pod.is_filler and not pod.finished]

    def held(self, node: str) -> Amounts:
        """What all pods bound to the node hold, leaving ones included, and their number."""
        return with_pods(self.on_node[node].values())

    def wait_of(self, pod: Pod) -> Wait:
        return Wait(self.first_seen[pod.uid], self.bound_at.get(pod.uid))


def with_pods(pods: Iterable[Pod]) -> dict[str, int]:
    """The requests of several pods added up, and how many they are under `pods`."""
    several = list(pods)
    return added([*(pod.requests for pod in several), {PODS: len(several)}])


def gpus(pods: Iterable[Pod]) -> int:
    return sum(pod.requests.get(GPU, 0) for pod in pods)
