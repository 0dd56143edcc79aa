"""Who gives room back on one node: shrink first, then the filler whose loss is smallest.

Order of victims, first to go first:
1. fewest devices released beyond the need (a filler of 8 GPUs is not evicted for one GPU where another will do)
2. least work lost: dominant share of the node held, times the seconds since the last checkpoint
3. youngest, then by namespace and name, so that the order is total

Shrinking comes before evicting, and an eviction that shrinks turned out to make unnecessary is taken back.
"""

from dataclasses import dataclass
from typing import TypeAlias

from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import (
    Resources,
    devices_of,
    dominant_share,
    is_device,
    minus,
    plus,
    shortage,
    total_of,
)
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.room import NodeRoom, is_rigid, smallest_of

Owners = dict[str, ParaSetView]
# Devices released beyond the need, work lost, victims, shrinks.
Cost: TypeAlias = tuple[int, float, int, int]


@dataclass(frozen=True, slots=True)
class Sacrifice:
    """What one node gives for one need, and what that costs."""

    cost: Cost
    victims: tuple[Pod, ...]
    shrinks: tuple[tuple[Pod, dict[str, int]], ...]


def sacrifice_for(need: Resources, room: NodeRoom, owners: Owners, now: float) -> Sacrifice | None:
    """Return the least loss that makes `need` fit on the node, or None if even all its fillers do not hold enough."""
    missing = shortage(need, room.open_soon)
    releasable = total_of(pod.requests for pod in _existing(room))
    if any(releasable.get(name, 0) < amount for name, amount in missing.items()):
        return None
    slack = {pod.uid: slack_of(pod, owners) for pod in room.fillers}
    victims = _prune(_choose(missing, room, slack, owners, now), missing, room.fillers, slack)
    shrinks = _shrinks(shortage(need, plus(room.open_soon, _sum(victims))), room.fillers, victims, slack)
    surplus = sum(devices_of(minus(_sum(victims), missing)).values())
    lost = sum(work_lost(pod, room, owners, now) for pod in victims)
    return Sacrifice((surplus, lost, len(victims), len(shrinks)), tuple(victims), tuple(shrinks))


def least_cost(need: Resources, room: NodeRoom, owners: Owners, now: float) -> Cost | None:
    """Return a lower bound of what the need costs on the node, quick to find; None where fillers hold too little."""
    missing = shortage(need, room.open_soon)
    lost, victims = 0.0, 0
    for name, amount in missing.items():
        holders = [pod for pod in _existing(room) if pod.requests.get(name, 0) > 0]
        held = [pod.requests[name] for pod in holders]
        if sum(held) < amount:
            return None
        if is_device(name):
            count = -(-amount // max(held))
            losses = sorted(work_lost(pod, room, owners, now) for pod in holders)
            # A sum in another order may differ in its last digit; the bound must not be above it.
            bound = losses[0] if count == 1 else sum(losses[:count]) * (1 - 1e-9)
            lost, victims = max(lost, bound), max(victims, count)
    return (0, lost, victims, 0 if victims else 1)


def _existing(room: NodeRoom) -> list[Pod]:
    """Return the fillers that can be told to go: one whose creation is not answered yet has no uid to name it by."""
    return [pod for pod in room.fillers if pod.uid]


def slack_of(pod: Pod, owners: Owners) -> dict[str, int]:
    """Return what a filler can give back in place: nothing unless it runs, and no grow is under way."""
    owner = owners.get(pod.owner)
    shape = owner.shape(pod.shape) if owner else None
    if shape is None or is_rigid(pod) or pod.resize not in (Resize.NONE, Resize.IN_PROGRESS):
        return {}
    slack = minus(pod.requests, smallest_of(pod, shape))
    return {name: amount for name, amount in slack.items() if amount > 0}


def work_lost(pod: Pod, room: NodeRoom, owners: Owners, now: float) -> float:
    """Return the work an eviction loses, in seconds of the whole node."""
    share = room.shares.get(pod.uid)
    if share is None:
        share = dominant_share(pod.requests, room.node.allocatable)
    return share * seconds_lost(pod, owners, now)


def seconds_lost(pod: Pod, owners: Owners, now: float) -> float:
    """Return the seconds since the last checkpoint, or since the start where the set declares no interval."""
    if not pod.started:
        return 0.0
    age = max(0.0, now - pod.started)
    owner = owners.get(pod.owner)
    return age % owner.checkpoint_seconds if owner and owner.checkpoint_seconds else age


def victim_order(pod: Pod, room: NodeRoom, owners: Owners, now: float) -> tuple[float, float, str, str]:
    """Return the key by which fillers go: least work lost, then the youngest, then by name."""
    return (work_lost(pod, room, owners, now), -pod.created, pod.namespace, pod.name)


def _choose(
    missing: Resources, room: NodeRoom, slack: dict[str, dict[str, int]], owners: Owners, now: float
) -> list[Pod]:
    """Take victims until what is still missing can be shrunk out of the others."""
    missing, candidates, victims = dict(missing), _existing(room), []
    shrinkable = total_of(slack.values())
    while hard := {name: amount for name, amount in missing.items() if amount > shrinkable.get(name, 0)}:
        helpful = [pod for pod in candidates if any(pod.requests.get(name, 0) > 0 for name in hard)]
        if not helpful:
            return []
        victim = min(helpful, key=lambda pod: (_surplus_devices(pod, missing), *victim_order(pod, room, owners, now)))
        candidates.remove(victim)
        victims.append(victim)
        shrinkable = minus(shrinkable, slack[victim.uid])
        missing = {name: amount - victim.requests.get(name, 0) for name, amount in missing.items()}
    return victims


def _surplus_devices(pod: Pod, missing: Resources) -> int:
    return sum(max(0, amount - max(0, missing.get(name, 0))) for name, amount in devices_of(pod.requests).items())


def _prune(victims: list[Pod], missing: Resources, fillers: list[Pod], slack: dict[str, dict[str, int]]) -> list[Pod]:
    """Take back each victim, dearest first, without whom the rest is enough."""
    kept = list(victims)
    for victim in reversed(victims):
        rest = [pod for pod in kept if pod is not victim]
        gone = {pod.uid for pod in rest}
        room = plus(_sum(rest), total_of(slack[pod.uid] for pod in fillers if pod.uid not in gone))
        if not shortage(missing, room):
            kept = rest
    return kept


def _shrinks(
    missing: Resources, fillers: list[Pod], victims: list[Pod], slack: dict[str, dict[str, int]]
) -> list[tuple[Pod, dict[str, int]]]:
    """Take what is missing from the fillers with most to give, so that few are touched; return their new sizes."""
    rest, gone, shrinks = dict(missing), {pod.uid for pod in victims}, []
    stayers = [pod for pod in fillers if pod.uid not in gone]
    for pod in sorted(stayers, key=lambda pod: (-max(slack[pod.uid].values(), default=0), pod.namespace, pod.name)):
        taken = {name: min(amount, rest[name]) for name, amount in slack[pod.uid].items() if rest.get(name, 0) > 0}
        if taken:
            rest = minus(rest, taken)
            shrinks.append((pod, minus(pod.sizes, taken)))
    return shrinks


def _sum(pods: list[Pod]) -> dict[str, int]:
    return total_of(pod.requests for pod in pods)
