"""How many copies of an LS shape to keep free, learned from the LS pods that came.

An arrival's rank is how many of its shape came within the time it takes to free room, itself included: while c copies
are kept, and a copy that is taken is made again within that time, those of rank c or less find room at once. So the
copies needed for 99 % of the arrivals are the 99th percentile of their ranks. It is taken over arrivals and not over
spans of time, because that is what LS waits are told of: a quiet night has many spans and no pod that waits.

Ranks are kept by pieces of time, the last rank standing for all beyond the cap, so that what is kept is bounded.
Times are seconds since the epoch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from paraset_operator.model.policy import AutoCopies

HOUR = 3600
# Pieces that a window is cut into; a window of fewer hours has one for each. The piece that runs comes on top.
MOST_SLOTS = 24


class Slot(NamedTuple):
    """The arrivals of a piece of time: the hour since the epoch it begins at, and how many there were of each rank."""

    hour: int
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The arrivals of one shape: `slots` in the order of time, and when the `recent` ones came."""

    slots: tuple[Slot, ...] = ()
    recent: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(sum(slot.ranks) for slot in self.slots)

    def served_by(self, copies: int) -> int:
        """Return how many of them so many copies would have served at once."""
        return sum(sum(slot.ranks[:copies]) for slot in self.slots)


NO_ARRIVALS = Arrivals()


@dataclass(frozen=True, slots=True)
class Copies:
    """How many copies are kept free, and the hour since the epoch in which that was decided."""

    number: int
    hour: int


def with_arrival(arrivals: Arrivals, rules: AutoCopies, now: float, release_seconds: float) -> Arrivals:
    """Return the arrivals with one more, which comes now; room is freed within `release_seconds`."""
    recent = (*arrivals.recent, now)[-(rules.cap + 1) :]
    rank = sum(now - at <= release_seconds for at in recent)
    by_hour, hour = dict(_within(arrivals.slots, rules, now)), _slot_at(now, rules)
    by_hour[hour] = _counted(by_hour.get(hour, ()), rank)
    return Arrivals(tuple(Slot(*each) for each in sorted(by_hour.items())), recent)


def without_old(arrivals: Arrivals, rules: AutoCopies, now: float) -> Arrivals:
    """Return the arrivals of the window that ends now."""
    slots = _within(arrivals.slots, rules, now)
    return arrivals if slots == arrivals.slots else Arrivals(slots, arrivals.recent)


def copies_for(arrivals: Arrivals, rules: AutoCopies) -> int:
    """Return the fewest copies, from floor to cap, that serve as many of the arrivals as are to find room at once."""
    needed = ceil(arrivals.count * rules.percentile / 100 - 1e-9)
    enough = (number for number in range(rules.floor, rules.cap) if arrivals.served_by(number) >= needed)
    return next(enough, rules.cap)


def settled(before: Copies | None, wanted: int, rules: AutoCopies, now: float) -> Copies:
    """Return what is kept from now on: more at once, fewer only when the hour turns, so that copies do not flap."""
    hour = int(now // HOUR)
    if before is None or before.hour != hour or wanted > before.number:
        return Copies(wanted, hour)
    return before if before.number <= rules.cap else Copies(rules.cap, hour)


def percentile_of(values: Iterable[float], percentile: int) -> float:
    """Return the smallest value that so many hundredths of all are not above; there must be one."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percentile / 100) - 1)]


def _slot_at(now: float, rules: AutoCopies) -> int:
    length = ceil(rules.window_hours / MOST_SLOTS)
    return int(now // HOUR) // length * length


def _within(slots: tuple[Slot, ...], rules: AutoCopies, now: float) -> tuple[Slot, ...]:
    """Return the slots of the hours of the window; one that lies ahead is of a clock that was wrong."""
    first, last = _slot_at(now, rules) - rules.window_hours, int(now // HOUR)
    return tuple(slot for slot in slots if first <= slot.hour <= last)


def _counted(ranks: tuple[int, ...], rank: int) -> tuple[int, ...]:
    counts = [*ranks, *[0] * (rank - len(ranks))]
    counts[rank - 1] += 1
    return tuple(counts)
