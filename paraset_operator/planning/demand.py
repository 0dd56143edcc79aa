"""Which LS pods need room, in the order of the scheduler."""

from collections.abc import Iterable, Mapping

from paraset_operator.model.pod import Pod
from paraset_operator.planning.room import NodeRoom


def queue_of(waiting: Iterable[Pod]) -> list[Pod]:
    """Return the pods the scheduler would bind if it could, in its own order: priority, then age, then name."""
    ready = (pod for pod in waiting if not pod.is_gated and not pod.is_terminating and not pod.is_filler)
    return sorted(ready, key=lambda pod: (-pod.priority, pod.created, pod.namespace, pod.name))


def promise_nominated(queue: Iterable[Pod], rooms: Mapping[str, NodeRoom]) -> list[Pod]:
    """Set room aside for pods that are nominated already; return those that are not.

    A pod that may not preempt, nominated to a node with no room on its way, is not served: nobody else makes it room.
    """
    open_demand = []
    for pod in queue:
        home = rooms.get(pod.nominated)
        if home is not None and (pod.may_preempt or home.fits_soon(pod.requests)):
            home.promise_nominated(pod.requests)
        else:
            open_demand.append(pod)
    return open_demand
