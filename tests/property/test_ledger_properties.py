"""Whatever the order of events, the hours of the accounts add up to what was held; a restart counts nothing twice."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraset_operator.reporting.ledger import HOUR, Book, Meter, hour_name, pieces
from paraset_operator.reporting.ledger_json import read_book, write_book

START = 1_700_000_000.0
KEYS = st.sampled_from(["a/x", "a/y", "b/z"])
# A set holds so many cores from then on; None: everything is settled; "restart": the keeper ends and another goes on.
EVENTS = st.lists(
    st.tuples(st.integers(0, 2 * HOUR), KEYS, st.one_of(st.integers(0, 50), st.none(), st.just("restart"))),
    min_size=1,
    max_size=30,
)


def replay(events: list[tuple[int, str, Any]]) -> tuple[dict[str, float], dict[str, float], Book]:
    """Return by set what was held x time by plain sums, and by the book of the last keeper; and that book."""
    book, meter, now = Book(START), Meter(), START
    held, sums = dict[str, float](), defaultdict[str, float](float)
    for seconds, key, event in events:
        for each, amount in held.items():
            sums[each] += amount * seconds
        now += seconds
        if event is None:
            meter.settle(book, now)
        elif event == "restart":
            meter.settle(book, now)
            book, meter = restarted(book, now, held)
        else:
            held[key] = event
            meter.hold(book, key, {"cpu": event} if event else {}, now)
    meter.settle(book, now)
    counted = defaultdict[str, float](float)
    for hour in book.hours.values():
        for key, account in hour.sets.items():
            counted[key] += account.filled.get("cpu", 0.0)
    return sums, counted, book


def restarted(book: Book, now: float, held: dict[str, float]) -> tuple[Book, Meter]:
    written = read_book(write_book(book))
    next_book, meter = Book(now), Meter()
    for key, amount in held.items():
        meter.hold(next_book, key, {"cpu": amount} if amount else {}, now)
    next_book.adopt(written, now, meter.holding)
    return next_book, meter


@given(EVENTS)
def test_the_hours_add_up_to_what_was_held(events: list[tuple[int, str, Any]]) -> None:
    sums, counted, _ = replay(events[:20])
    assert {key: value for key, value in counted.items() if value} == pytest.approx(
        {key: value for key, value in sums.items() if value}
    )


@given(EVENTS)
def test_no_hour_holds_more_than_an_hour_of_the_most_that_was_held(events: list[tuple[int, str, Any]]) -> None:
    _, _, book = replay(events)
    most = max((event for _, _, event in events if isinstance(event, int)), default=0)
    for hour in book.hours.values():
        assert all(account.filled.get("cpu", 0.0) <= most * HOUR + 1e-6 for account in hour.sets.values())


@given(EVENTS, st.integers(0, HOUR))
def test_a_reader_continues_the_levels_as_the_keeper_does(events: list[tuple[int, str, Any]], later: int) -> None:
    _, _, book = replay(events)
    end = book.as_of + later
    read = read_book(write_book(book))
    book.settle(end)
    read.settle(end)
    assert read == book


@given(EVENTS)
def test_two_restarts_with_nothing_between_count_as_none(events: list[tuple[int, str, Any]]) -> None:
    _, once, book = replay(events[:20])
    holding = {key: amounts["cpu"] for key, amounts in book.holding.items()}
    again, meter = restarted(book, book.as_of, holding)
    again, meter = restarted(again, again.as_of, holding)
    meter.settle(again, again.as_of)
    assert total(again) == pytest.approx(sum(once.values()))


def total(book: Book) -> float:
    return sum(each.filled.get("cpu", 0.0) for hour in book.hours.values() for each in hour.sets.values())


@given(st.floats(0, 1e6), st.floats(0, 40 * HOUR))
def test_pieces_cover_a_time_without_gaps_each_within_an_hour(begin: float, length: float) -> None:
    cut = list(pieces(START + begin, START + begin + length))
    assert sum(end - start for start, end in cut) == pytest.approx(length, abs=1e-5)
    assert all(hour_name(start) == hour_name((start + end) / 2) for start, end in cut)
