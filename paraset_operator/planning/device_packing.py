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
        if room in best:
            break
        for total, chosen in list(best.items()):
            if total + amount <= room and total + amount not in best:
                best[total + amount] = (*chosen, index)
    return best[max(best)]


def _trying(free: Sequence[int], amounts: Sequence[int], order: Sequence[int]) -> list[int] | None:
    search = _Search([amounts[index] for index in order], list(free))
    if not search.place(0):
        return None
    home_of = dict(zip(order, search.homes, strict=True))
    return [home_of[index] for index in range(len(amounts))]


class _Search:
    """Places one amount after the other, each first on the fullest device that takes it, and takes back what led
    nowhere. What was free on devices when it did, whichever they are, is not tried again."""

    def __init__(self, amounts: Sequence[int], left: list[int]) -> None:
        self._amounts, self._left, self._tries = amounts, left, _MOST_TRIES
        self._dead = set[tuple[int, ...]]()
        self.homes = [-1] * len(amounts)

    def place(self, at: int) -> bool:
        """Place all amounts from this one on; say whether they found a device."""
        if at == len(self._amounts):
            return True
        left, amount, state = self._left, self._amounts[at], (at, *sorted(self._left))
        if state in self._dead:
            return False
        for room in sorted({room for room in left if room >= amount}):
            if self._tries <= 0:
                return False
            self._tries -= 1
            device = left.index(room)
            left[device] -= amount
            self.homes[at] = device
            if self.place(at + 1):
                return True
            left[device] += amount
        self._dead.add(state)
        return False
