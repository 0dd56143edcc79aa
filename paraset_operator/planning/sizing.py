"""How elastic fillers grow and shrink in place on one node.

Sizes start from what fillers have. If a new instance needs the room, or others took it, fillers shrink: the growth that
is worth least goes first. What is left over is given to the growth that is worth most. A filler that LS work has just
made smaller does not grow again before its node has cooled down, and a running one grows only by a tenth of its size or
more, because every resize is a write and a chance to be refused.
"""

from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import minus, plus, shortage, total_of
from paraset_operator.model.shape import Elastic, Shape
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.room import Instance, NodeRoom, is_rigid
from paraset_operator.planning.worth import Scales, density

# The smallest growth that a running filler is resized for, in parts of its size: 1/10.
WORTHWHILE = 10
_NEVER = 2**62
STEPS = {CPU: 100, "memory": 2**20}


def size_instances(room: NodeRoom, scales: Scales, shares: Shares) -> None:
    """Set the sizes of all instances on the node."""
    new = any(instance.pod is None for instance in room.instances)
    room_left = room.fill_room() if new else minus(room.keep_room(), room.pinned)
    missing = shortage(total_of(instance.holds() for instance in room.instances), room_left)
    if missing:
        _shrink(room.instances, missing, scales)
    if not room.is_cooling:
        _grow(room, scales, shares)


def kept_sizes(pod: Pod, shape: Shape) -> dict[str, int]:
    """Return a filler's sizes, brought into the range the set allows now; a grow the node refused is taken back."""
    sizes = {each.resource: pod.sizes.get(each.resource, each.minimum) for each in shape.elastic}
    if is_rigid(pod):
        return sizes
    if pod.resize in (Resize.DEFERRED, Resize.INFEASIBLE):
        granted = pod.allocated or pod.sizes
        sizes = {name: min(size, granted.get(name, size)) for name, size in sizes.items()}
    return {each.resource: _in_range(sizes[each.resource], each) for each in shape.elastic}


def _in_range(size: int, elastic: Elastic) -> int:
    least = max(size, elastic.minimum)
    return min(least, elastic.maximum) if elastic.shrinks else least


def least_growth(pod: Pod, shape: Shape) -> list[tuple[str, int]]:
    """Return the least growth of each resource of a running filler that is worth a write; more than any, if none is."""
    if is_rigid(pod):
        return []
    growths = []
    for each in shape.elastic:
        size = pod.sizes.get(each.resource, each.minimum)
        least = max(STEPS[each.resource], -(-size // WORTHWHILE))
        # Growth into what init containers ask for anyway costs no room.
        wanted = 0 if shape.initial else least
        growths.append((each.resource, wanted if each.maximum - size >= least and density(each) > 0 else _NEVER))
    return growths


def _growths(instances: list[Instance], scales: Scales) -> list[tuple[float, Instance, Elastic]]:
    """Return every elastic resource of every instance with the scaled worth of one more unit of it."""
    return [
        (density(each) * scales.get(instance.owner.key, 0.0), instance, each)
        for instance in instances
        for each in instance.shape.elastic
    ]


def _shrink(instances: list[Instance], missing: dict[str, int], scales: Scales) -> None:
    by_worth = sorted(
        _growths(instances, scales),
        key=lambda each: (each[0], -each[1].sizes[each[2].resource], each[1].owner.key, each[1].name),
    )
    for _, instance, elastic in by_worth:
        name = elastic.resource
        if missing.get(name, 0) <= 0:
            continue
        slack = instance.holds().get(name, 0) - instance.smallest().get(name, 0)
        taken = min(round_up(name, missing.get(name, 0)), slack)
        if taken > 0:
            instance.sizes[name] -= taken
            missing = minus(missing, {name: taken})


def round_up(resource: str, amount: int) -> int:
    """Return the least that can be given of a resource to give an amount."""
    step = STEPS[resource]
    return -(-amount // step) * step


def _grow(room: NodeRoom, scales: Scales, shares: Shares) -> None:
    left = minus(room.fill_room(), total_of(instance.holds() for instance in room.instances))
    if all(left.get(name, 0) < step for name, step in STEPS.items()) and not any(
        instance.shape.initial for instance in room.instances
    ):
        return
    growths = _growths([each for each in room.instances if _may_grow(each, shares)], scales)
    turns = {
        owner.key: shares.turn_of(owner) for owner in {id(each.owner): each.owner for _, each, _ in growths}.values()
    }
    by_worth = sorted(
        (each for each in growths if each[0] > 0),
        key=lambda each: (-each[0], turns[each[1].owner.key], each[1].name),
    )
    for _, instance, elastic in by_worth:
        name = elastic.resource
        step, covered = STEPS[name], _covered(instance, name)
        free = shares.left_within_limits(instance.owner, name, left.get(name, 0))
        more = min(free + covered, elastic.maximum - instance.sizes[name]) // step * step
        if _is_worthwhile(instance, name, more):
            instance.sizes[name] += more
            left = plus(left, {name: -max(0, more - covered)})
            shares.add(instance.owner, {name: max(0, more - covered)})


def _covered(instance: Instance, name: str) -> int:
    """Return how far an instance grows into what it holds anyway, because its init containers ask for more."""
    shape = instance.shape
    return max(0, shape.initial.get(name, 0) - shape.overhead.get(name, 0) - instance.sizes[name])


def _may_grow(instance: Instance, shares: Shares) -> bool:
    pod = instance.pod
    if instance.owner.uid in shares.paused or (pod is not None and pod.uid in shares.paused):
        return False
    return pod is None or (pod.is_running and pod.resize is Resize.NONE and pod.held == pod.requests)


def _is_worthwhile(instance: Instance, name: str, more: int) -> bool:
    return more > 0 and (instance.pod is None or more * WORTHWHILE >= instance.sizes[name])
