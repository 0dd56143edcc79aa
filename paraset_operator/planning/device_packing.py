"""On which device each part goes, when it is known which parts a node gets."""

from collections.abc import Sequence

# How many placements are tried before a node counts as full; plans come from a packing, which is nearly always found.
_MOST_TRIES = 2000


def assign(free: Sequence[int], amounts: Sequence[int]) -> list[int] | None:
    """Return the device of each amount so that none holds more than is free on it, or None if none was found.

    The largest amounts are placed first, each on the fullest device that takes it; where that fails, others are tried.
    """
    order = sorted(range(len(amounts)), key=lambda index: (-amounts[index], index))
    left, homes, tries = list(free), [-1] * len(amounts), [_MOST_TRIES]
    return homes if _place(order, 0, amounts, left, homes, tries) else None


def _place(
    order: list[int], at: int, amounts: Sequence[int], left: list[int], homes: list[int], tries: list[int]
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
