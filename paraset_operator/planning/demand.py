"""Which LS pods need room, in the order of the scheduler."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from paraset_operator.model.pod import Pod
from paraset_operator.planning.room import NodeRoom

Elsewhere: TypeAlias = Callable[[Pod], NodeRoom | None]


def queue_of(waiting: Iterable[Pod]) -> list[Pod]:
    """Return the pods the scheduler would bind if it could, in its own order: priority, then age, then name."""
    ready = (pod for pod in waiting if not pod.is_gated and not pod.is_terminating and not pod.is_filler)
    return sorted(ready, key=lambda pod: (-pod.priority, pod.created, pod.namespace, pod.name))


def promise_nominated(queue: Iterable[Pod], rooms: Mapping[str, NodeRoom], elsewhere: Elsewhere) -> list[Pod]:
    """Set room aside for pods that are nominated already; return those that are not.

    A pod that may not preempt, nominated to a node with no room on its way, is not served: nobody else makes it room.
    Where more are nominated to one node than it will have room for, they share the rooms of a burst
    (acting/pool.py): they will take what is free or on its way `elsewhere`.
    """
    open_demand, crowded = [], []
    for pod in queue:
        home = rooms.get(pod.nominated)
        if home is None or not (pod.may_preempt or home.fits_soon(pod.requests)):
            open_demand.append(pod)
        elif home.queue and not home.fits_soon(pod.requests):
            crowded.append((pod, home))
        else:
            home.promise_nominated(pod.requests)
    for pod, home in crowded:
        (elsewhere(pod) or home).promise_nominated(pod.requests)
    return open_demand
