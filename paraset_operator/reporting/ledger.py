"""The accounts of a cluster by the hour: what fillers held and lost, how long LS work waited. Pure: times are given.

What is held is kept as a level and the time since when it is so, not as a sum that grows with every second. A book is
thus true for as long as nothing changes, and need not be written again meanwhile: whoever reads it later continues the
levels up to then. Amounts are in cores, bytes and pieces, times in seconds since the epoch, sums in amount x seconds.

Invariant: the sum over all hours is what was held x how long, whatever the order of changes and of settling.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from paraset_operator.reporting.wait_counts import add_counts, wait_bucket

HOUR = 3600
# Hours that are kept, the one under way included.
KEPT_HOURS = 48

Amounts = dict[str, float]


class SetAccount(msgspec.Struct, omit_defaults=True):
    """One set in one hour. `preempted`: evicted by the scheduler itself; `short_lived`: gone sooner than it started."""

    filled: Amounts = {}
    lost: Amounts = {}
    evictions: int = 0
    shrinks: int = 0
    preempted: int = 0
    short_lived: int = 0

    def add(self, other: "SetAccount") -> None:
        """Add another account to this one."""
        self.filled, self.lost = plus(self.filled, other.filled), plus(self.lost, other.lost)
        self.evictions += other.evictions
        self.shrinks += other.shrinks
        self.preempted += other.preempted
        self.short_lived += other.short_lived


class RoomAccount(msgspec.Struct, omit_defaults=True):
    """Room released for one reason in one hour; `taken` by LS pods; `unused`: releases nobody took anything of."""

    releases: int = 0
    released: Amounts = {}
    taken: Amounts = {}
    unused: int = 0

    def add(self, other: "RoomAccount") -> None:
        """Add another account to this one."""
        self.releases += other.releases
        self.released, self.taken = plus(self.released, other.released), plus(self.taken, other.taken)
        self.unused += other.unused


class Hour(msgspec.Struct, omit_defaults=True):
    """One hour: by set (namespace/name), LS waits by cause and bucket, room by the reason it was released for."""

    sets: dict[str, SetAccount] = {}
    waits: dict[str, dict[str, int]] = {}
    room: dict[str, RoomAccount] = {}

    def set_account(self, key: str) -> SetAccount:
        """Return the account of a set."""
        return self.sets.setdefault(key, SetAccount())

    def room_account(self, reason: str) -> RoomAccount:
        """Return the account of room released for a reason."""
        return self.room.setdefault(reason, RoomAccount())

    def add(self, other: "Hour") -> None:
        """Add another hour to this one."""
        for key, account in other.sets.items():
            self.set_account(key).add(account)
        for cause, counts in other.waits.items():
            add_counts(self.waits.setdefault(cause, {}), counts)
        for reason, room in other.room.items():
            self.room_account(reason).add(room)


class Book(msgspec.Struct, omit_defaults=True):
    """All accounts, settled up to `as_of`; from then on each set in `holding` has held that much."""

    as_of: float = 0.0
    holding: dict[str, Amounts] = {}
    hours: dict[str, Hour] = {}

    def hour_at(self, now: float) -> Hour:
        """Return the account of the hour of a time."""
        return self.hours.setdefault(hour_name(now), Hour())

    def held(self, key: str, amounts: Amounts, begin: float, end: float) -> None:
        """Count that a set held so much from one time to another; an end that is not later is no time."""
        for start, stop in pieces(begin, end):
            account = self.hour_at(start).set_account(key)
            account.filled = plus(account.filled, times(amounts, stop - start))

    def settle(self, until: float, holding: Mapping[str, Amounts] | None = None) -> None:
        """Count what has been held since the book was settled last, by default its levels."""
        for key, amounts in (self.holding if holding is None else holding).items():
            self.held(key, amounts, self.as_of, until)
        self.as_of = max(self.as_of, until)

    def adopt(self, earlier: "Book", began: float, holding: Mapping[str, Amounts]) -> None:
        """Go on with an earlier book, whose keeper has ended: `holding` is what was held when this one `began`.

        Nobody looked from the earlier one's `as_of` until then: what was held before and after counts as held between.
        """
        earlier.settle(began, {key: least(amounts, holding.get(key, {})) for key, amounts in earlier.holding.items()})
        for name, hour in earlier.hours.items():
            self.hours.setdefault(name, Hour()).add(hour)
        self.forget_old(max(began, self.as_of))

    def forget_old(self, now: float) -> None:
        """Drop the hours that are not kept any longer."""
        first = hour_name(now - (KEPT_HOURS - 1) * HOUR)
        self.hours = {name: hour for name, hour in sorted(self.hours.items()) if name >= first}

    def waited(self, cause: str, seconds: float, now: float) -> None:
        """Count an LS pod that has been bound."""
        add_counts(self.hour_at(now).waits.setdefault(cause, {}), {wait_bucket(seconds): 1})


class Meter:
    """What sets hold, and since when it has not been counted; counts it in a book."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[Amounts, float]] = {}

    @property
    def holding(self) -> dict[str, Amounts]:
        """What each set holds now."""
        return {key: amounts for key, (amounts, _) in self._levels.items()}

    def hold(self, book: Book, key: str, amounts: Amounts, now: float) -> Amounts:
        """From now on a set holds this much; return what has been counted."""
        before, since = self._levels.pop(key, ({}, now))
        book.held(key, before, since, now)
        if amounts:
            self._levels[key] = (amounts, max(since, now))
        return times(before, max(0.0, now - since))

    def settle(self, book: Book, now: float) -> dict[str, Amounts]:
        """Bring a book up to date, levels included; return what has been counted, by set."""
        counted = {key: self.hold(book, key, amounts, now) for key, amounts in self.holding.items()}
        book.as_of, book.holding = max(book.as_of, now), self.holding
        return counted

    def restart(self, now: float) -> None:
        """Count nothing of what was before now."""
        self._levels = {key: (amounts, now) for key, (amounts, _) in self._levels.items()}


def hour_name(now: float) -> str:
    """Return the hour of a time as people write it, in UTC; in the order of their names they are in that of time."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H")


def pieces(begin: float, end: float) -> Iterator[tuple[float, float]]:
    """Cut a time at the full hours."""
    if end - begin > KEPT_HOURS * HOUR:
        begin = end - KEPT_HOURS * HOUR
    while begin < end:
        next_hour = (begin // HOUR + 1) * HOUR
        yield begin, min(end, next_hour)
        begin = next_hour


def plus(one: Mapping[str, float], other: Mapping[str, float]) -> Amounts:
    """Return the sum of two amounts."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in one.keys() | other.keys()}


def times(amounts: Mapping[str, float], factor: float) -> Amounts:
    """Return so many times an amount."""
    return {name: amount * factor for name, amount in amounts.items()}


def least(one: Mapping[str, float], other: Mapping[str, float]) -> Amounts:
    """Return what both amounts have."""
    return {name: min(one[name], other[name]) for name in one.keys() & other.keys()}
