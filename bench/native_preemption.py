"""Whom kube-scheduler's preemption evicts for a pod, by its documented rules, to compare ParaSet's choice with.

On each node all pods of less priority leave on paper, then as many as possible stay: the highest priority first, then
who runs longest. Of the nodes the one is taken where the most important victim matters least, then where the sum of
priorities is least (of equals: where fewest leave), then where the oldest of them runs for the shortest time. Devices
are counted, as the scheduler does.
"""

import math
from collections.abc import Iterable

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, fits, minus, plus, total_of
from paraset_operator.model.snapshot import NodeState

# What kube-scheduler adds to each priority, so that the sum also counts heads.
_OFFSET = 2**31


def victims_on(need: Resources, state: NodeState, priority: int, promised: Resources) -> list[Pod] | None:
    """Return who leaves on a node; None where the pod would not fit if all did. `promised` is others' already."""
    lower = [pod for pod in state.pods if pod.priority < priority and not pod.is_ending]
    open_now = minus(minus(state.node.allocatable, state.held), promised)
    free = plus(plus(open_now, state.leaving), total_of(pod.requests for pod in lower))
    if not fits(need, free):
        return None
    victims = []
    for pod in sorted(lower, key=lambda pod: (-pod.priority, pod.started or math.inf, pod.key)):
        rest = minus(free, pod.requests)
        if fits(need, rest):
            free = rest
        else:
            victims.append(pod)
    return victims


def choice(
    need: Resources, states: Iterable[NodeState], priority: int, promised: dict[str, dict[str, int]] | None = None
) -> tuple[str, list[Pod]] | None:
    """Return the node and the victims, or None where no node helps."""
    offers = []
    for state in states:
        victims = victims_on(need, state, priority, (promised or {}).get(state.node.name, {}))
        if victims is not None:
            offers.append((_rank(victims), state.node.name, victims))
    if not offers:
        return None
    _, name, victims = min(offers, key=lambda each: each[:2])
    return name, victims


def _rank(victims: list[Pod]) -> tuple[float, int, int, float]:
    if not victims:
        return (-math.inf, 0, 0, 0.0)
    highest = max(pod.priority for pod in victims)
    oldest = min(pod.started or math.inf for pod in victims if pod.priority == highest)
    return (highest, sum(pod.priority + _OFFSET for pod in victims), len(victims), -oldest)
