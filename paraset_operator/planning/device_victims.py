"""Which devices to empty on one node, and whom that costs its place, where devices are tracked.

A part of a device needs one device with enough of it, so each device is a choice of its own. Whole devices need some
that nobody holds. A filler on several devices goes once, and all of them come free. Devices can't be emptied of LS
pods, nor of fillers of which nobody knows the device.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, is_device
from paraset_operator.planning.device_room import DeviceRoom
from paraset_operator.planning.room import NodeRoom

# Work lost by the uid of a filler.
Loss: TypeAlias = Mapping[str, float]
# Released beyond what comes free on the devices chosen, work lost, victims.
_Price: TypeAlias = tuple[int, float, int]
# Bounds of the work lost and of the victims from below.
Bound: TypeAlias = tuple[float, int]
# A sum in another order may differ in its last digit; a bound must not be above it.
BELOW = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """Fillers that go together: by how much that brings a need nearer, and at what price."""

    gain: int
    price: _Price
    pods: tuple[Pod, ...]


def ways_to_empty(need: Resources, room: NodeRoom, pods: Sequence[Pod], loss: Loss) -> list[tuple[Pod, ...]]:
    """Return who could leave so that an LS pod finds its devices; `pods` are those that may, the first to go first.

    Nobody where the devices will be free anyway.
    """
    ways = _ways(need, room, pods, loss, ())
    return [*{tuple(pod.uid for pod in way): way for way in ways}.values()]


def _ways(
    need: Resources, room: NodeRoom, pods: Sequence[Pod], loss: Loss, gone: tuple[Pod, ...]
) -> Iterator[tuple[Pod, ...]]:
    for name, devices in room.devices.items():
        amount = need.get(name, 0)
        if not devices.fits_soon(amount, gone):
            rest = [pod for pod in pods if all(pod is not each for each in gone)]
            for more in _ways_for(devices, amount, rest, loss, gone):
                if devices.fits_soon(amount, (*gone, *more)):
                    yield from _ways(need, room, rest, loss, (*gone, *more))
            return
    yield gone


def _ways_for(
    devices: DeviceRoom, need: int, pods: Sequence[Pod], loss: Loss, gone: tuple[Pod, ...]
) -> Iterator[tuple[Pod, ...]]:
    left = devices.soon_without(gone)
    if need < devices.whole:
        for device, steps in _by_device(devices, pods, loss).items():
            yield cheapest_cover(steps, need - left[device], devices)
        return
    steps = _whole_steps(devices, pods, loss, gone)
    missing = need - devices.count_whole(left) * devices.whole
    if missing == devices.whole:
        yield from (step.pods for step in steps)
    else:
        yield cheapest_cover(steps, missing, devices)


def _by_device(devices: DeviceRoom, pods: Iterable[Pod], loss: Loss) -> dict[int, list[Step]]:
    """Return what each filler frees of each device."""
    steps: dict[int, list[Step]] = {}
    for pod in pods:
        for device, amount in devices.held_by(pod):
            beyond = pod.requests.get(devices.resource, 0) - amount
            steps.setdefault(device, []).append(Step(amount, (beyond, loss[pod.uid], 1), (pod,)))
    return dict(sorted(steps.items()))


def _whole_steps(devices: DeviceRoom, pods: Sequence[Pod], loss: Loss, gone: tuple[Pod, ...]) -> list[Step]:
    """Return whom it costs to empty each device that can be emptied; those held by the same fillers are one step."""
    left = devices.soon_without((*gone, *pods))
    emptied: dict[tuple[str, ...], Step] = {}
    for device, steps in _by_device(devices, pods, loss).items():
        if left[device] == devices.sizes[device] == devices.whole:
            holders = tuple(pod for step in steps for pod in step.pods)
            key = tuple(pod.uid for pod in holders)
            before = emptied[key].gain if key in emptied else 0
            price = (0, sum(step.price[1] for step in steps), len(holders))
            emptied[key] = Step(before + devices.whole, price, holders)
    return list(emptied.values())


def cheapest_cover(steps: Iterable[Step], goal: int, devices: DeviceRoom) -> tuple[Pod, ...]:
    """Return who goes so that the gains reach the goal at the least price, least beyond the goal first; else nobody."""
    best = {0: Step(0, (0, 0.0, 0), ())}
    for step in steps:
        for gained, before in [*best.items()]:
            after = _joined(before, step)
            if gained < goal and (after.gain not in best or after.price < best[after.gain].price):
                best[after.gain] = after
    enough = [each for each in best.values() if each.gain >= goal]
    cheapest = min(enough, key=lambda each: (devices.number(each.gain + each.price[0]), *each.price[1:]), default=None)
    return tuple({pod.uid: pod for pod in cheapest.pods}.values()) if cheapest else ()


def _joined(left: Step, right: Step) -> Step:
    (beyond, lost, count), (more_beyond, more_lost, more) = left.price, right.price
    return Step(left.gain + right.gain, (beyond + more_beyond, lost + more_lost, count + more), left.pods + right.pods)


def least_to_release(resource: str, missing: int, pods: Iterable[Pod], loss: Loss) -> Bound | None:
    """Return the bounds for an amount of a resource, wherever it is; None if fillers hold too little of it.

    What can be shrunk may need no victim.
    """
    holders = [pod for pod in pods if pod.requests.get(resource, 0) > 0]
    if sum(pod.requests[resource] for pod in holders) < missing:
        return None
    if not is_device(resource):
        return 0.0, 0
    return _least([Step(pod.requests[resource], (0, loss[pod.uid], 1), (pod,)) for pod in holders], missing)


def least_to_empty(devices: DeviceRoom, need: int, pods: Sequence[Pod], loss: Loss) -> Bound | None:
    """Return the bounds for the devices of an LS pod; None if they can't be freed."""
    return (_least_for_part if need < devices.whole else _least_for_whole)(devices, need, pods, loss)


def _least_for_part(devices: DeviceRoom, need: int, pods: Sequence[Pod], loss: Loss) -> Bound | None:
    bounds = [
        _least(steps, need - devices.soon[device])
        for device, steps in _by_device(devices, pods, loss).items()
        if devices.soon[device] + sum(step.gain for step in steps) >= need
    ]
    return (min(lost for lost, _ in bounds), min(count for _, count in bounds)) if bounds else None


def _least_for_whole(devices: DeviceRoom, need: int, pods: Sequence[Pod], loss: Loss) -> Bound | None:
    steps = _whole_steps(devices, pods, loss, ())
    missing = devices.lacking(need)
    if not devices.whole or need % devices.whole or sum(step.gain for step in steps) < missing:
        return None
    holders = {pod.uid: pod for step in steps for pod in step.pods}.values()
    single = [Step(len(devices.held_by(pod)) * devices.whole, (0, loss[pod.uid], 1), (pod,)) for pod in holders]
    lost, count = _least(single, missing)
    return max(lost, min(step.price[1] for step in steps) * BELOW), count


def _least(steps: Sequence[Step], missing: int) -> Bound:
    """Return the least that so many of them lose as there must be, and how many these are."""
    count = -(-missing // max(step.gain for step in steps))
    losses = sorted(step.price[1] for step in steps)
    return losses[0] if count == 1 else sum(losses[:count]) * BELOW, count
