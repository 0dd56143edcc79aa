"""The balance of some hours of a book: sums by set, by cause and by reason, in total and hour by hour. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paraset_operator.reporting.ledger import HOUR, Amounts, Book, Hour, RoomAccount, SetAccount, hour_name
from paraset_operator.reporting.wait_counts import add_counts, wait_quantile


@dataclass(frozen=True, slots=True)
class Waits:
    """LS pods that were bound, and what half of them, and 99 of 100, waited at most, in seconds."""

    count: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Total:
    """What some hours add up to; sets by namespace/name, room by the reason it was released for."""

    filled: Amounts
    lost: Amounts
    sets: Mapping[str, SetAccount]
    waits: Mapping[str, Waits]
    all_waits: Waits
    room: Mapping[str, RoomAccount]

    def number(self, field: str) -> int:
        """Return the sum of a number of all sets, such as evictions."""
        return sum(getattr(account, field) for account in self.sets.values())


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of the last `hours` hours, the one under way included, as of a time; `notes` say what to mind."""

    as_of: float
    hours: int
    total: Total
    by_hour: Mapping[str, Total]
    notes: tuple[str, ...] = ()


def balance_of(book: Book, hours: int, now: float, notes: Iterable[str] = ()) -> Balance:
    """Return the balance of a book, whose levels go on until `now`."""
    book.settle(now)
    first = hour_name(book.as_of - (hours - 1) * HOUR)
    chosen = {name: hour for name, hour in sorted(book.hours.items()) if first <= name}
    by_hour = {name: total_of_hours([hour]) for name, hour in chosen.items()}
    return Balance(book.as_of, hours, total_of_hours(chosen.values()), by_hour, tuple(notes))


def total_of_hours(hours: Iterable[Hour]) -> Total:
    """Return the sum of some hours."""
    total = Hour()
    for hour in hours:
        total.add(hour)
    every = SetAccount()
    for account in total.sets.values():
        every.add(account)
    counts: dict[str, int] = {}
    for each in total.waits.values():
        add_counts(counts, each)
    waits = {cause: _waits(each) for cause, each in sorted(total.waits.items())}
    sets, room = dict(sorted(total.sets.items())), dict(sorted(total.room.items()))
    return Total(every.filled, every.lost, sets, waits, _waits(counts), room)


def _waits(counts: Mapping[str, int]) -> Waits:
    return Waits(sum(counts.values()), wait_quantile(counts, 0.5), wait_quantile(counts, 0.99))
