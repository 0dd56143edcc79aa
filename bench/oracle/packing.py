"""What fits on devices: the ways to cut one device, and how many instances or how much a node's devices can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from bench.oracle.problem import Devices

Pattern = tuple[int, ...]


@lru_cache(maxsize=4096)
def patterns(amounts: tuple[int, ...], free: int, limit: int) -> tuple[Pattern, ...] | None:
    """Return how many of each amount can be cut from `free` so that nothing more fits; None for more than `limit`."""
    found: list[Pattern] = []
    for pattern in _cuts(tuple(sorted(amounts, reverse=True)), free):
        found.append(pattern[::-1])
        if len(found) > limit:
            return None
    order = sorted(range(len(amounts)), key=lambda index: amounts[index])
    place = {index: rank for rank, index in enumerate(order)}
    return tuple(tuple(pattern[place[index]] for index in range(len(amounts))) for pattern in found)


def _cuts(amounts: Sequence[int], free: int) -> Iterator[Pattern]:
    """Yield the maximal cuts, amounts in falling order."""
    if not amounts:
        yield ()
        return
    largest, rest = amounts[0], amounts[1:]
    if not rest:
        yield (free // largest,)
        return
    for count in range(free // largest, -1, -1):
        left = free - count * largest
        for cut in _cuts(rest, left):
            # Maximal: what is left takes none of any amount, the largest included.
            spare = left - sum(each * amount for each, amount in zip(cut, rest, strict=True))
            if spare < amounts[-1]:
                yield (count, *cut)


@lru_cache(maxsize=256)
def arcs(amounts: tuple[int, ...], size: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Return the sums of amounts up to `size`, and which amount may be cut at which sum when the largest come first."""
    reached = {0}
    cuts = []
    for amount in sorted(amounts, reverse=True):
        for start in range(size - amount + 1):
            if start in reached:
                reached.add(start + amount)
                cuts.append((start, amount))
    return tuple(sorted(reached)), tuple(cuts)


def whole_need(need: int, devices: Devices) -> int | None:
    """Return how many whole devices a need takes, 0 where a part of one does, None where it can't be placed."""
    if need < devices.size:
        return 0
    count, rest = divmod(need, devices.size) if devices.size else (0, 1)
    return None if rest else count


def most_of(need: int, devices: Devices) -> int:
    """Return how many instances of one need the devices take when nothing else is there."""
    count = whole_need(need, devices)
    if count is None:
        return 0
    if count:
        return devices.whole // count
    return sum(free // need for free in levels(devices))


def levels(devices: Devices) -> tuple[int, ...]:
    """Return what is free on each device, whole ones first."""
    return (devices.size,) * devices.whole + devices.partial


@lru_cache(maxsize=65536)
def fullest(amounts: tuple[int, ...], free: int) -> int:
    """Return the most that pieces of these amounts can take of `free`."""
    reachable = {0}
    frontier = [0]
    while frontier:
        start = frontier.pop()
        for amount in amounts:
            end = start + amount
            if end <= free and end not in reachable:
                reachable.add(end)
                frontier.append(end)
    return max(reachable)


def can_pack(needs: Sequence[int], devices: Devices) -> bool:
    """Say whether instances of these needs can all be placed on the devices."""
    counts = [whole_need(need, devices) for need in needs if need > 0]
    if any(count is None for count in counts):
        return False
    left = devices.whole - sum(count or 0 for count in counts)
    if left < 0:
        return False
    return (
        homes(tuple(need for need in needs if 0 < need < devices.size), (devices.size,) * left + devices.partial)
        is not None
    )


def homes(parts: Sequence[int], free: Sequence[int]) -> list[int] | None:
    """Return the device of each part so that all fit, or None where that is impossible."""
    order = sorted(range(len(parts)), key=lambda at: -parts[at])
    found = _homes(tuple(parts[at] for at in order), tuple(free), set())
    if found is None:
        return None
    return [home for _, home in sorted(zip(order, found, strict=True))]


def _homes(parts: tuple[int, ...], free: tuple[int, ...], dead: set[tuple[int, tuple[int, ...]]]) -> list[int] | None:
    """Place the largest part, first where least is left, and then the rest; `dead` are states without a way on."""
    if not parts:
        return []
    state = (len(parts), tuple(sorted(free)))
    if state in dead or sum(parts) > sum(free):
        return None
    part = parts[0]
    for level in sorted({level for level in free if level >= part}):
        at = free.index(level)
        rest = _homes(parts[1:], (*free[:at], level - part, *free[at + 1 :]), dead)
        if rest is not None:
            return [at, *rest]
    dead.add(state)
    return None
