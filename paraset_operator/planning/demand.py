"""Which LS pods need room, and where the scheduler can put them by itself.

LS pods about to be bound are counted where they fit, so that a burst is answered as one: the second pod of a burst does
not count on the hole that the first one takes.
"""

from collections.abc import Iterable

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, fits
from paraset_operator.planning.feasibility import may_run_on
from paraset_operator.planning.room import NodeRoom


def queue_of(waiting: Iterable[Pod]) -> list[Pod]:
    """Return the pods the scheduler would bind if it could, in its own order: priority, then age, then name."""
    ready = (pod for pod in waiting if not pod.is_gated and not pod.is_terminating and not pod.is_filler)
    return sorted(ready, key=lambda pod: (-pod.priority, pod.created, pod.namespace, pod.name))


def promise_nominated(queue: Iterable[Pod], rooms: dict[str, NodeRoom]) -> list[Pod]:
    """Set room aside for pods that are nominated already; return those that are not.

    A pod that may not preempt, nominated to a node with no room on its way, is not served: nobody else makes it room.
    """
    open_demand = []
    for pod in queue:
        home = rooms.get(pod.nominated)
        if home is not None and (pod.may_preempt or fits(pod.requests, home.open_soon)):
            home.promise_nominated(pod.requests)
        else:
            open_demand.append(pod)
    return open_demand


def feasible_rooms(pod: Pod, rooms: Iterable[NodeRoom]) -> list[NodeRoom]:
    """Return the nodes where the pod may run and counts as LS work, capacity aside."""
    return [room for room in rooms if _is_healthy(room) and may_run_on(pod.constraints, room.node)]


def _is_healthy(room: NodeRoom) -> bool:
    return room.node.trouble in ("", "Cordoned")


def landing(need: Resources, rooms: Iterable[NodeRoom]) -> NodeRoom | None:
    """Return where the scheduler can put a pod at once: the node with most cores open, as it prefers; else None."""
    fitting = (room for room in rooms if fits(need, room.open_now))
    return min(fitting, key=lambda room: (-room.open_now.get("cpu", 0), room.name), default=None)
