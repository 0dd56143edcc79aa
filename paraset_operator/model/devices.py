"""Devices of which pods take parts: what is free on each, where the cluster's bookkeeping says who holds what.

A resource is *tracked* on a node that lists its devices. A pod's amount of a tracked resource is then not just a sum:

- less than one device: it sits on a single device that has as much free
- whole devices: a multiple of one device's size, on devices of which nobody holds a part

On a node without such a list the resource is counted per node, as the scheduler does; so are MIG profiles and time
slices, which are resources of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Free: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """What a pod holds of one device: the resource, the device's index on its node, and the amount."""

    resource: str
    device: int
    amount: int


def free_of(capacity: Free, resource: str, shares: Iterable[DeviceShare], unplaced: int = 0) -> Free:
    """Return what is free on each device; `unplaced` is held by pods of which nobody says on which device.

    Such an amount may be on any of them, so it is taken from all: what is left is free wherever it is.
    """
    free = [each - unplaced for each in capacity]
    for share in shares:
        if share.resource == resource and 0 <= share.device < len(free):
            free[share.device] -= share.amount
    return tuple(max(0, each) for each in free)


def place(need: int, free: Free, capacity: Free) -> tuple[tuple[int, int], ...] | None:
    """Return on which devices `need` goes, each with its amount, or None where it does not fit.

    A part goes to the fullest device that takes it, so that whole ones stay whole; ties go to the first.
    """
    if need <= 0:
        return ()
    whole = max(capacity, default=0)
    if need < whole:
        home = min((index for index, left in enumerate(free) if left >= need), key=lambda i: (free[i], i), default=None)
        return None if home is None else ((home, need),)
    count, rest = divmod(need, whole) if whole else (0, need)
    untouched = [index for index, left in enumerate(free) if left == capacity[index] == whole]
    if rest or count > len(untouched):
        return None
    return tuple((index, whole) for index in untouched[:count])


def without(free: Free, placed: Iterable[tuple[int, int]]) -> Free:
    """Return what is free once amounts have been placed."""
    left = list(free)
    for index, amount in placed:
        left[index] -= amount
    return tuple(left)
