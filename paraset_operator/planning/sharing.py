"""Rooms that are alike, for LS pods that are alike: whichever comes free first is anybody's.

Each LS pod is nominated to the node where room is made for it, so that nobody else gets it. In a burst that costs
seconds: kube-scheduler looks at all pods that wait whenever a victim has gone, and most miss their own room by moments,
again and again. So once all victims of a burst have been told, its pods are nominated anew to few nodes, those whose
victims were told last: the other rooms are then open to all of them. None preempts a second time, because each has a
nomination to a node that a preempted pod is leaving (docs/adr/0030-a-burst-shares-its-rooms.md).

Only pods share that ask for the same, from the same nodes, at the same priority, and may preempt; only while nobody
else waits who could take such a room; and only if no victim has gone yet, so that there is time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from paraset_operator.model.node import Node
from paraset_operator.model.plan import NominatePod
from paraset_operator.model.pod import Likeness, Pod
from paraset_operator.model.resources import Resources, fits
from paraset_operator.planning.feasibility import may_run_on

# Fewer pods than this don't get into each other's way.
_LEAST = 8
# Pods that are nominated to one node: a scheduler's attempt copies all of them, and the room there is the last taken.
_TOGETHER = 25


@dataclass(frozen=True, slots=True)
class Told:
    """Room on its way on a node, and what comes free there."""

    node: str
    given: Resources


def share(
    waiting: Sequence[Pod],
    likeness: Likeness,
    told: Sequence[Told],
    nodes: Mapping[str, Node],
    is_leaving: Callable[[str], bool],
) -> tuple[NominatePod, ...]:
    """Return the nominations by which the pods of a likeness share their rooms; none where they should not.

    `waiting` are all pods without a node, `told` the rooms made for this likeness, those told last at the end;
    `is_leaving` says whether a pod is leaving a node.
    """
    ready = [pod for pod in waiting if not (pod.is_filler or pod.is_gated or pod.is_terminating)]
    alike = [pod for pod in ready if pod.likeness == likeness]
    if len(alike) < _LEAST or not all(_has_room_coming(pod, is_leaving) for pod in alike):
        return ()
    nominated = {pod.nominated for pod in alike}
    # Where somebody is nominated, who leaves is marked as preempted.
    homes = [each.node for each in told if each.node in nominated]
    others = (pod for pod in ready if pod.likeness != likeness)
    if not homes or any(_could_take(pod, each, nodes) for pod in others for each in told):
        return ()
    return gather(alike, homes)


def _could_take(pod: Pod, told: Told, nodes: Mapping[str, Node]) -> bool:
    return fits(pod.requests, told.given) and told.node in nodes and may_run_on(pod.constraints, nodes[told.node])


def _has_room_coming(pod: Pod, is_leaving: Callable[[str], bool]) -> bool:
    return bool(pod.nominated) and pod.may_preempt and is_leaving(pod.nominated)


def gather(pods: Sequence[Pod], nodes: Iterable[str]) -> tuple[NominatePod, ...]:
    """Return the nominations of pods to the last of these nodes."""
    distinct = list(dict.fromkeys(nodes))
    chosen = distinct[-1 - len(pods) // _TOGETHER :]
    homes = ((pod, chosen[place % len(chosen)]) for place, pod in enumerate(pods))
    return tuple(NominatePod(pod, node) for pod, node in homes if pod.nominated != node)
