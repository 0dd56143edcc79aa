"""Who gives room back on one node. The ladder, each step only as far as the one before is not enough, all in one plan:

1. growth is blocked: nothing grows into what LS work waits for (room.py), and a grow that the kubelet has put off is
   taken back whole, since it is charged to everybody
2. CPU is shrunk in place
3. memory is shrunk in place, of fillers whose set says that they can give it back
4. fillers are evicted, those whose loss is smallest first

A shrink is counted on, and nobody is evicted beside it for the same room, but its room is free only once the pod's
status says so (`held`); so an LS pod that lacks only CPU evicts nobody.

What a loss is, and the whole order of victims, is in lost_work.py. Where devices are tracked, that order says which
devices are emptied (device_victims.py). An eviction that shrinks turned out to make unnecessary is taken back. Whom
kube-scheduler would evict on the node is looked at too, so that nobody ever loses more than by native preemption.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import (
    Resources,
    devices_of,
    dominant_share,
    minus,
    plus,
    shortage,
    total_of,
)
from paraset_operator.planning.device_victims import least_to_empty, least_to_release, ways_to_empty
from paraset_operator.planning.lost_work import LEAST_TIES, NO_TIES, Owners, Ties, seconds_lost, ties_of, worst_ties
from paraset_operator.planning.room import NodeRoom, is_rigid, smallest_of

# Devices released beyond the need, work lost, victims, shrinks of memory, shrinks, and what decides between equals.
Cost: TypeAlias = tuple[int, float, int, int, int, Ties]
_REFUSED = (Resize.DEFERRED, Resize.INFEASIBLE)


@dataclass(frozen=True, slots=True)
class Sacrifice:
    """What one node gives for one need, and what that costs."""

    cost: Cost
    victims: tuple[Pod, ...]
    shrinks: tuple[tuple[Pod, dict[str, int]], ...]


def sacrifice_for(need: Resources, room: NodeRoom, owners: Owners, now: float) -> Sacrifice | None:
    """Return the least loss that makes `need` fit on the node, or None if even all its fillers do not hold enough."""
    missing = shortage(need, room.open_soon)
    candidates = sorted(_existing(room), key=lambda pod: victim_order(pod, room, owners, now))
    releasable = _sum(candidates)
    if any(releasable.get(name, 0) < amount for name, amount in missing.items()):
        return None
    slack = {pod.uid: slack_of(pod, owners) for pod in room.fillers}
    loss = {pod.uid: work_lost(pod, room, owners, now) for pod in candidates}
    ways = [_choose(missing, gone, candidates, slack) for gone in ways_to_empty(need, room, candidates, loss)]
    offers = [_offer(need, room, way, slack, loss) for way in ways]
    least = min((loss[pod.uid] for pod in candidates if any(pod.requests.get(name) for name in missing)), default=0.0)
    # One victim, or none, who loses least and releases no more than is needed can't be bettered.
    if offers and not any(len(each.victims) <= 1 and each.cost[:2] <= (0, least) for each in offers):
        offers.append(_offer(need, room, native_choice(need, missing, room, candidates), slack, loss))
    return min(offers, key=lambda offer: offer.cost, default=None)


def native_choice(need: Resources, missing: Resources, room: NodeRoom, candidates: Iterable[Pod]) -> list[Pod]:
    """Return whom kube-scheduler would evict here: on paper all leave, then who runs longest is spared first."""
    order = sorted(candidates, key=lambda pod: (-pod.priority, pod.started or math.inf, pod.created, pod.key))
    held = _sum(order)
    spare = {name: held.get(name, 0) - amount for name, amount in missing.items()}
    victims: list[Pod] = []
    for place, pod in enumerate(order):
        left = {name: amount - pod.requests.get(name, 0) for name, amount in spare.items()}
        stays = min(left.values(), default=0) >= 0
        if stays and not (room.devices and not room.has_devices(need, [*victims, *order[place + 1 :]])):
            spare = left
        else:
            victims.append(pod)
    return victims[::-1]


def _offer(
    need: Resources, room: NodeRoom, chosen: list[Pod], slack: dict[str, dict[str, int]], loss: Mapping[str, float]
) -> Sacrifice:
    missing = shortage(need, room.open_soon)
    victims = _prune(chosen, need, missing, room, slack)
    shrinks = _shrinks(shortage(need, plus(room.open_soon, _sum(victims))), room.fillers, victims, slack)
    surplus = _surplus(need, missing, room, victims)
    lost = sum(loss[pod.uid] for pod in victims)
    of_memory = sum(sizes.get(MEMORY) != pod.sizes.get(MEMORY) for pod, sizes in shrinks)
    cost = (surplus, lost, len(victims), of_memory, len(shrinks), worst_ties(victims, room.standing))
    return Sacrifice(cost, tuple(victims), tuple(shrinks))


def _surplus(need: Resources, missing: Resources, room: NodeRoom, victims: list[Pod]) -> int:
    """Return how many devices are released beyond the need: tracked ones are counted whole, though parts are held."""
    released, lacking = devices_of(_sum(victims)), dict(missing)
    for name, each in room.devices.items():
        lacking[name] = each.number(each.lacking(need.get(name, 0)))
        released[name] = each.number(released.get(name, 0))
    return sum(devices_of(minus(released, lacking)).values())


def least_cost(need: Resources, room: NodeRoom, owners: Owners, now: float) -> Cost | None:
    """Return a lower bound of what the need costs on the node, quick to find; None where fillers hold too little."""
    missing, existing = shortage(need, room.open_soon), _existing(room)
    tracked = [name for name, each in room.devices.items() if not each.fits_soon(need.get(name, 0))]
    loss = {pod.uid: work_lost(pod, room, owners, now) for pod in existing} if tracked or devices_of(missing) else {}
    bounds = [least_to_release(name, amount, existing, loss) for name, amount in missing.items()]
    bounds += [least_to_empty(room.devices[name], need[name], existing, loss) for name in tracked]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return None
    victims = max((count for _, count in known), default=0)
    of_memory = 1 if not victims and missing.get(MEMORY) else 0
    return (
        0,
        max((lost for lost, _ in known), default=0.0),
        victims,
        of_memory,
        0 if victims else 1,
        LEAST_TIES if victims else NO_TIES,
    )


def _existing(room: NodeRoom) -> list[Pod]:
    """Return the fillers that can be told to go: one whose creation is not answered yet has no uid to name it by."""
    return [pod for pod in room.fillers if pod.uid]


def slack_of(pod: Pod, owners: Owners) -> dict[str, int]:
    """Return what a filler can give back in place: nothing unless it runs; of a grow that was put off, just that."""
    owner = owners.get(pod.owner)
    shape = owner.shape(pod.shape) if owner else None
    if shape is None or is_rigid(pod):
        return {}
    if pod.resize in _REFUSED:
        slack = {each.resource: _put_off(pod, each.resource) for each in shape.elastic}
    else:
        slack = minus(pod.requests, smallest_of(pod, shape))
    return {name: amount for name, amount in slack.items() if amount > 0}


def _put_off(pod: Pod, resource: str) -> int:
    size = pod.sizes.get(resource, 0)
    return size - pod.allocated.get(resource, size)


def work_lost(pod: Pod, room: NodeRoom, owners: Owners, now: float) -> float:
    """Return the work an eviction loses, in seconds of all that work is measured by: the whole cluster."""
    share = room.shares.get(pod.uid)
    if share is None:
        share = dominant_share(pod.requests, room.whole)
    return share * seconds_lost(pod, owners, now)


def victim_order(pod: Pod, room: NodeRoom, owners: Owners, now: float) -> tuple[float, Ties, str, str]:
    """Return the key by which fillers go: least work lost, then what decides between equals, then by name."""
    return (work_lost(pod, room, owners, now), ties_of(pod, room.standing), pod.namespace, pod.name)


def _choose(
    missing: Resources, gone: tuple[Pod, ...], candidates: list[Pod], slack: dict[str, dict[str, int]]
) -> list[Pod]:
    """Take victims, beside who goes anyway, until what is still missing can be shrunk out of the others."""
    victims, uids = list(gone), {pod.uid for pod in gone}
    candidates = [pod for pod in candidates if pod.uid not in uids]
    shrinkable = total_of(amounts for uid, amounts in slack.items() if uid not in uids)
    missing = _without(missing, gone)
    while hard := {name: amount for name, amount in missing.items() if amount > shrinkable.get(name, 0)}:
        helpful = [pod for pod in candidates if any(pod.requests.get(name, 0) > 0 for name in hard)]
        if not helpful:
            return []
        victim = min(helpful, key=lambda pod: _surplus_devices(pod, missing))
        candidates.remove(victim)
        victims.append(victim)
        shrinkable = minus(shrinkable, slack[victim.uid])
        missing = _without(missing, (victim,))
    return victims


def _without(missing: Resources, gone: Iterable[Pod]) -> dict[str, int]:
    """Return what is still missing of each resource once these have gone; may go below zero."""
    released = total_of(pod.requests for pod in gone)
    return {name: amount - released.get(name, 0) for name, amount in missing.items()}


def _surplus_devices(pod: Pod, missing: Resources) -> int:
    return sum(max(0, amount - max(0, missing.get(name, 0))) for name, amount in devices_of(pod.requests).items())


def _prune(
    victims: list[Pod], need: Resources, missing: Resources, room: NodeRoom, slack: dict[str, dict[str, int]]
) -> list[Pod]:
    """Take back each victim, dearest first, without whom the rest is enough."""
    kept = list(victims)
    for victim in reversed(victims):
        rest = [pod for pod in kept if pod is not victim]
        gone = {pod.uid for pod in rest}
        made = plus(_sum(rest), total_of(slack[pod.uid] for pod in room.fillers if pod.uid not in gone))
        if not shortage(missing, made) and room.has_devices(need, rest):
            kept = rest
    return kept


def _shrinks(
    missing: Resources, fillers: list[Pod], victims: list[Pod], slack: dict[str, dict[str, int]]
) -> list[tuple[Pod, dict[str, int]]]:
    """Take what is missing of CPU, then of memory, from few fillers; return those with their new sizes.

    Grows that were put off come first, then who is touched already, then who has most to give.
    """
    rest, gone, taken = dict(missing), {pod.uid for pod in victims}, dict[str, dict[str, int]]()
    stayers = [pod for pod in fillers if slack.get(pod.uid) and pod.uid not in gone]
    for pod in (pod for pod in stayers if pod.resize in _REFUSED):
        if any(rest.get(name, 0) > 0 for name in slack[pod.uid]):
            taken[pod.uid] = slack[pod.uid]
            rest = minus(rest, slack[pod.uid])
    for name in (CPU, MEMORY):
        able = [pod for pod in stayers if pod.resize not in _REFUSED and slack[pod.uid].get(name)]
        turns = {pod.uid: (pod.uid not in taken, -slack[pod.uid][name], pod.namespace, pod.name) for pod in able}
        for pod in sorted(able, key=lambda pod: turns[pod.uid]):
            if rest.get(name, 0) > 0:
                given = {name: min(slack[pod.uid][name], rest[name])}
                taken[pod.uid] = plus(taken.get(pod.uid, {}), given)
                rest = minus(rest, given)
    return [(pod, minus(pod.sizes, taken[pod.uid])) for pod in stayers if pod.uid in taken]


def _sum(pods: list[Pod]) -> dict[str, int]:
    return total_of(pod.requests for pod in pods)
