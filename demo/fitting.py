"""Which pod fits on which node: the scheduler's rules as far as the demo and the benchmark use them.

Written for the observer alone, so that it cannot repeat a mistake of the operator's planner. Unknown rules (inter-pod
affinity, volumes) are left out: the workloads here have none.
"""

from __future__ import annotations

from collections.abc import Iterable

from demo.objects import PODS, Amounts, Node, Pod
from demo.state import ClusterState, with_pods
from demo.wire import Taint, Toleration


def minus(amounts: Amounts, *others: Amounts) -> dict[str, int]:
    result = dict(amounts)
    for other in others:
        for resource, value in other.items():
            result[resource] = result.get(resource, 0) - value
    return result


def covers(room: Amounts, wanted: Amounts) -> bool:
    """True if every resource asked for is there; a negative rest of a resource nobody asks for does not matter."""
    return all(room.get(resource, 0) >= value for resource, value in wanted.items() if value)


def copies(room: Amounts, wanted: Amounts) -> int:
    """How many times `wanted` goes into `room`."""
    counts = [max(0, room.get(resource, 0)) // value for resource, value in wanted.items() if value]
    return min(counts, default=0)


def asked(pod: Pod) -> dict[str, int]:
    return {**pod.requests, PODS: 1}


def _tolerated(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    return any(
        (not each.key or each.key == taint.key)
        and (not each.effect or each.effect == taint.effect)
        and (each.operator == "Exists" or each.value == taint.value)
        for each in tolerations
    )


def admits(node: Node, pod: Pod) -> bool:
    """True if nothing but room can keep the pod off the node."""
    if node.unschedulable or not node.ready:
        return False
    if any(node.labels.get(key) != value for key, value in pod.node_selector.items()):
        return False
    if pod.pinned and node.name not in pod.pinned:
        return False
    return all(
        _tolerated(taint, pod.tolerations) for taint in node.taints if taint.effect in {"NoSchedule", "NoExecute"}
    )


def room_beside_ls(state: ClusterState, node: Node) -> dict[str, int]:
    """What LS pods (all that are no fillers) leave of a node, were no filler there."""
    return minus(node.allocatable, with_pods(pod for pod in state.on_node[node.name].values() if not pod.is_filler))


def room_soon(
    state: ClusterState, node: Node, *, without: Pod | None = None, for_pod: Pod | None = None
) -> dict[str, int]:
    """Free room once all that is leaving has left and the pods nominated to the node (but for `for_pod`) have come."""
    staying = [pod for pod in state.on_node[node.name].values() if not pod.terminating and pod is not without]
    coming = [pod for pod in state.waiting.values() if pod.nominated == node.name and pod is not for_pod]
    return minus(node.allocatable, with_pods(staying), with_pods(coming))
