"""Amounts of several resources, as read-only mappings from resource name to integer.

A name that is missing counts as zero. Nothing here mutates its arguments.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from paraset_operator.model.quantity import CPU, MEMORY, PODS, format_quantity

Resources: TypeAlias = Mapping[str, int]

NOTHING: Resources = {}


def nothing() -> Resources:
    """Return no amounts at all, as the default of a field."""
    return NOTHING


_HOST_RESOURCES = frozenset({CPU, MEMORY, PODS, "ephemeral-storage"})


def named(names: Iterable[str], amounts: Iterable[int]) -> dict[str, int]:
    """Return amounts by name, zeros left out."""
    return {name: amount for name, amount in zip(names, amounts, strict=True) if amount}


def plus(left: Resources, right: Resources) -> dict[str, int]:
    """Return the sum of both."""
    total = dict(left)
    for name, amount in right.items():
        total[name] = total.get(name, 0) + amount
    return total


def minus(left: Resources, right: Resources) -> dict[str, int]:
    """Return what is left of `left` without `right`; may go below zero."""
    total = dict(left)
    for name, amount in right.items():
        total[name] = total.get(name, 0) - amount
    return total


def total_of(amounts: Iterable[Resources]) -> dict[str, int]:
    """Return the sum of all."""
    total: dict[str, int] = {}
    for each in amounts:
        for name, amount in each.items():
            total[name] = total.get(name, 0) + amount
    return total


def largest_of(left: Resources, right: Resources) -> dict[str, int]:
    """Return the larger amount of each resource."""
    merged = dict(left)
    for name, amount in right.items():
        if amount > merged.get(name, 0):
            merged[name] = amount
    return merged


def fits(need: Resources, room: Resources) -> bool:
    """Say whether `need` fits into `room`; a need of zero fits into anything, as for the scheduler."""
    return all(amount <= room.get(name, 0) for name, amount in need.items() if amount > 0)


def shortage(need: Resources, room: Resources) -> dict[str, int]:
    """Return, for each resource that `room` lacks, how much is missing."""
    return {
        name: amount - room.get(name, 0) for name, amount in need.items() if amount > 0 and amount > room.get(name, 0)
    }


def devices_of(amounts: Resources) -> dict[str, int]:
    """Return the extended resources (GPUs and their kin) that are held, without CPU, memory, storage and pods."""
    return {name: amount for name, amount in amounts.items() if amount > 0 and is_device(name)}


def is_device(name: str) -> bool:
    """Say whether a resource is an extended one: counted, never overcommitted, never resized in place."""
    return name not in _HOST_RESOURCES and not name.startswith(("hugepages-", "attachable-volumes-"))


def dominant_share(amounts: Resources, capacity: Resources) -> float:
    """Return the largest share of a resource of `capacity` that `amounts` takes (DRF, NSDI'11); 0 for no capacity."""
    return max((amount / capacity[name] for name, amount in amounts.items() if capacity.get(name, 0) > 0), default=0.0)


def as_quantities(amounts: Resources) -> dict[str, str]:
    """Return quantity strings for everything but the pod slot, sorted by name."""
    return {name: format_quantity(name, amount) for name, amount in sorted(amounts.items()) if name != PODS}
