"""On which device each part goes, when it is known which parts a node gets."""

from collections.abc import Sequence

# How many placements are tried one after the other where nothing quicker has found a packing.
_MOST_TRIES = 300


def assign(free: Sequence[int], amounts: Sequence[int]) -> list[int] | None:
    """Return the device of each amount so that none holds more than is free on it, or None if none was found.

    Three ways, until one succeeds: the largest first, each on the fullest device that takes it; device by device, the
    fullest first, each with what fills it best; and trying, for a bounded time.
    """
    order = sorted(range(len(amounts)), key=lambda index: (-amounts[index], index))
    return best_fit(free, amounts, order) or _device_by_device(free, amounts, order) or _trying(free, amounts, order)


def best_fit(free: Sequence[int], amounts: Sequence[int], order: Sequence[int]) -> list[int] | None:
    """Return the device of each amount if each goes, in this order, to the fullest that takes it; None if one does not
    fit."""
    left, homes = list(free), [-1] * len(amounts)
    for index in order:
        amount = amounts[index]
        homes[index] = min((d for d, room in enumerate(left) if room >= amount), key=lambda d: (left[d], d), default=-1)
        if homes[index] < 0:
            return None
        left[homes[index]] -= amount
    return homes


def _device_by_device(free: Sequence[int], amounts: Sequence[int], order: Sequence[int]) -> list[int] | None:
    homes, rest = [-1] * len(amounts), list(order)
    for device in sorted(range(len(free)), key=lambda index: (free[index], index)):
        for index in _fullest([(index, amounts[index]) for index in rest], free[device]):
            homes[index] = device
            rest.remove(index)
    return None if rest else homes


def _fullest(items: Sequence[tuple[int, int]], room: int) -> tuple[int, ...]:
    """Return the items whose sum comes closest to the room from below; of equal sums that with the larger items."""
    best: dict[int, tuple[int, ...]] = {0: ()}
    for index, amount in items:
        for total, chosen in list(best.items()):
            if total + amount <= room and total + amount not in best:
                best[total + amount] = (*chosen, index)
    return best[max(best)]


def _trying(free: Sequence[int], amounts: Sequence[int], order: Sequence[int]) -> list[int] | None:
    left, homes, tries = list(free), [-1] * len(amounts), [_MOST_TRIES]
    return homes if _place(order, 0, amounts, left, homes, tries) else None


def _place(
    order: Sequence[int], at: int, amounts: Sequence[int], left: list[int], homes: list[int], tries: list[int]
) -> bool:
    if at == len(order):
        return True
    amount, seen = amounts[order[at]], set()
    for device in sorted((index for index, room in enumerate(left) if room >= amount), key=lambda i: (left[i], i)):
        if left[device] in seen or tries[0] <= 0:
            continue
        tries[0] -= 1
        seen.add(left[device])
        left[device] -= amount
        homes[order[at]] = device
        if _place(order, at + 1, amounts, left, homes, tries):
            return True
        left[device] += amount
    return False
