"""The devices of one tracked resource on one node while a plan is made.

What LS pods were promised is taken off: each promise is placed once, best fit, in the order promised, and does not move
when others leave, so that what was found to fit goes on to fit. Two views as for all resources: `now`, and `soon`, once
all that is leaving has left. Either goes below zero where nobody says on which device something is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.holdings import left_by
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import NodeState


@dataclass(slots=True)
class DeviceRoom:
    """What is left of each device, now and soon."""

    resource: str
    sizes: Free
    now: Free
    soon: Free

    @property
    def whole(self) -> int:
        """The size of a whole device."""
        return max(self.sizes, default=0)

    def fits_now(self, need: int) -> bool:
        """Say whether the devices for an LS pod are free."""
        return place(need, self.now, self.sizes) is not None

    def fits_soon(self, need: int, gone: Iterable[Pod] = ()) -> bool:
        """Say whether the devices for an LS pod will be free, once `gone` have left too."""
        return place(need, self.soon_without(gone), self.sizes) is not None

    def times_now(self, need: int, gone: Iterable[Pod] = ()) -> int:
        """Return how many LS pods of this need find their devices free, as if `gone` had left already."""
        now = self._returned(self.now, gone)
        if need < self.whole:
            return sum(max(0, left) // need for left in now)
        return self.count_whole(now) * self.whole // need

    def count_whole(self, left: Free) -> int:
        """Return how many whole devices are among those of which so much is left."""
        return sum(each == size == self.whole for each, size in zip(left, self.sizes, strict=True))

    def lacking(self, need: int) -> int:
        """Return the least that has to come free, beside all that is leaving, for an LS pod to fit."""
        if self.fits_soon(need):
            return 0
        if need < self.whole:
            return need - max(self.soon)
        return need - self.count_whole(self.soon) * self.whole

    def number(self, amount: int) -> int:
        """Return how many devices an amount takes."""
        return -(-amount // self.whole) if self.whole else amount

    def soon_without(self, gone: Iterable[Pod]) -> Free:
        """Return what will be left once these have gone, where it is known what they hold."""
        return self._returned(self.soon, gone)

    def _returned(self, left: Free, gone: Iterable[Pod]) -> Free:
        return without(left, ((index, -amount) for pod in gone for index, amount in self.held_by(pod)))

    def held_by(self, pod: Pod) -> list[tuple[int, int]]:
        """Return the devices that a pod is known to hold, each with its amount."""
        return _placed(self.resource, self.sizes, pod)

    def promise(self, need: int) -> None:
        """Take off what an LS pod will hold.

        Like the scheduler, let nobody else have what is free now if that is not enough for who waits here.
        """
        placed = place(need, self.now, self.sizes)
        if placed is None:
            self.now = (0,) * len(self.sizes)
            placed = place(need, self.soon, self.sizes) or ()
        else:
            self.now = without(self.now, placed)
        self.soon = without(self.soon, placed)

    def leave(self, pod: Pod) -> None:
        """Count what a filler holds as leaving."""
        unplaced = _unplaced(self.resource, self.sizes, (pod,))
        self.soon = tuple(left + unplaced for left in self.soon_without((pod,)))


def device_rooms(state: NodeState) -> dict[str, DeviceRoom]:
    """Return the devices of a node by resource, nothing promised yet."""
    if not state.node.devices:
        return {}
    stay = [pod for pod in state.pods if not pod.leaves_soon]
    return {
        name: DeviceRoom(name, sizes, state.left[name], left_by(name, sizes, stay))
        for name, sizes in state.node.devices.items()
    }


def _placed(resource: str, sizes: Free, pod: Pod) -> list[tuple[int, int]]:
    shares = (share for share in pod.on_devices if share.resource == resource)
    return [(share.device, share.amount) for share in shares if 0 <= share.device < len(sizes)]


def _unplaced(resource: str, sizes: Free, pods: Iterable[Pod]) -> int:
    return max(
        0, sum(pod.held.get(resource, 0) - sum(each for _, each in _placed(resource, sizes, pod)) for pod in pods)
    )
