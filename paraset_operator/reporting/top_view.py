"""Who holds what just now, by set and by node: rows for `paraset top`.

Invariant: of each node, allocatable = others + filled + idle, resource by resource; idle is below zero only where more
is held than there is. What leaves is counted as held until it is gone, as kube-scheduler counts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paraset_operator.model.plan import LimitReport
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, minus, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState, Snapshot


@dataclass(frozen=True, slots=True)
class SetNow:
    """The fillers of a set: how many there are, run ready and are on their way out; what the others request.

    `desired` is what the operator's last plan wants, None if it has not said; `limit` is what limits the set most.
    """

    key: str
    ceiling: int
    desired: int | None
    current: int
    ready: int
    leaving: int
    nodes: int
    resources: Resources
    limit: LimitReport | None
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class NodeNow:
    """A node: `others` are all pods but fillers, `trouble` is why no filler may stay there, or empty."""

    name: str
    allocatable: Resources
    others: Resources
    filled: Resources
    idle: Resources
    fillers: int
    trouble: str


@dataclass(frozen=True, slots=True)
class TopView:
    """All rows; `total` is the sum of the nodes without trouble, on which alone room is of use to anybody.

    `waiting` is the number of pods, none of them a filler, that no node has room for yet.
    """

    as_of: float
    sets: tuple[SetNow, ...]
    nodes: tuple[NodeNow, ...]
    total: NodeNow
    waiting: int
    notes: tuple[str, ...]


def top_of(
    snapshot: Snapshot,
    told: Mapping[str, Sequence[LimitReport]],
    desired: Mapping[str, int],
    as_of: float,
    namespace: str | None = None,
    notes: tuple[str, ...] = (),
) -> TopView:
    """Return the rows of a snapshot, with the sets of one namespace if it is named; nodes are everybody's."""
    nodes = tuple(map(_node, snapshot.nodes))
    by_owner: dict[str, list[Pod]] = {}
    for pod in (*snapshot.waiting, *(pod for state in snapshot.nodes for pod in state.fillers)):
        by_owner.setdefault(pod.owner, []).append(pod)
    sets = tuple(
        _set(each, by_owner.get(each.uid, ()), desired.get(each.key), next(iter(told.get(each.key, ())), None))
        for each in snapshot.sets
        if namespace in (None, each.namespace)
    )
    waiting = sum(not pod.is_filler and not pod.is_ending and not pod.is_gated for pod in snapshot.waiting)
    return TopView(as_of, sets, nodes, _total([each for each in nodes if not each.trouble]), waiting, notes)


def _set(owner: ParaSetView, fillers: Sequence[Pod], desired: int | None, limit: LimitReport | None) -> SetNow:
    staying = [pod for pod in fillers if not pod.is_ending]
    return SetNow(
        key=owner.key,
        ceiling=owner.ceiling,
        desired=desired,
        current=len(staying),
        ready=sum(pod.is_ready for pod in staying),
        leaving=sum(pod.is_terminating for pod in fillers),
        nodes=len({pod.node for pod in staying if pod.node}),
        resources=total_of(pod.requests for pod in staying),
        limit=limit,
        is_suspended=owner.is_suspended,
    )


def _node(state: NodeState) -> NodeNow:
    others = total_of(pod.held for pod in state.pods if not pod.is_filler)
    filled = total_of(pod.held for pod in state.fillers)
    idle = minus(minus(state.node.allocatable, others), filled)
    fillers = sum(not pod.is_ending for pod in state.fillers)
    return NodeNow(state.node.name, state.node.allocatable, others, filled, idle, fillers, state.node.trouble)


def _total(nodes: Sequence[NodeNow]) -> NodeNow:
    return NodeNow(
        f"{len(nodes)} nodes",
        total_of(each.allocatable for each in nodes),
        total_of(each.others for each in nodes),
        total_of(each.filled for each in nodes),
        total_of(each.idle for each in nodes),
        sum(each.fillers for each in nodes),
        "",
    )
