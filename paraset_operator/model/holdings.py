"""What the pods of one node hold together, found in one pass because there may be very many of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from paraset_operator.model.devices import Free
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import total_of


class Holdings(NamedTuple):
    """What pods hold, the part of it that is on its way out, what they leave of devices by resource.

    And which of them are fillers, which wait to grow in place, and all their namespaces.
    """

    held: dict[str, int]
    leaving: dict[str, int]
    left: dict[str, Free]
    fillers: tuple[Pod, ...]
    namespaces: frozenset[str]
    growing: tuple[Pod, ...]

    @classmethod
    def of(cls, pods: Sequence[Pod], devices: Mapping[str, Free]) -> "Holdings":
        """Return what these pods hold on a node with these devices."""
        held: dict[str, int] = {}
        leaving, fillers, growing, namespaces = [], [], [], set()
        for pod in pods:
            for name, amount in pod.held.items():
                held[name] = held.get(name, 0) + amount
            if pod.is_terminating or pod.held is not pod.requests:
                leaving.append(pod.leaving)
            if pod.owner:
                fillers.append(pod)
            if pod.wanting and not pod.is_ending:
                growing.append(pod)
            namespaces.add(pod.namespace)
        left = {name: left_by(name, devices[name], pods) for name in devices}
        return cls(held, total_of(leaving), left, tuple(fillers), frozenset(namespaces), tuple(growing))


def left_by(resource: str, sizes: Free, pods: Iterable[Pod]) -> Free:
    """Return what pods leave of each device; what they hold nobody knows where may be on any.

    Below zero where that is more than a device has left.
    """
    left, unplaced = list(sizes), 0
    for pod in pods:
        amount = pod.held.get(resource)
        if amount:
            unplaced += amount
            for share in pod.on_devices:
                if share.resource == resource and 0 <= share.device < len(left):
                    left[share.device] -= share.amount
                    unplaced -= share.amount
    if unplaced <= 0:
        return tuple(left)
    return tuple(each - unplaced for each in left)
