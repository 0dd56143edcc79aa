"""The book of accounts: what a restart takes over, what is kept, and the size it may have."""

import pytest

from paraset_operator.reporting.ledger import HOUR, KEPT_HOURS, Book, SetAccount, hour_name
from paraset_operator.reporting.ledger_json import (
    MOST_BYTES,
    MOST_SETS,
    OTHERS,
    UnreadableError,
    read_book,
    write_book,
)
from paraset_operator.reporting.wait_counts import add_counts, wait_bucket, wait_quantile

NOON = 1_700_049_600.0


def filled(book: Book, key: str = "a/x") -> float:
    return sum(hour.sets[key].filled.get("cpu", 0.0) for hour in book.hours.values() if key in hour.sets)


def test_what_was_held_before_and_after_a_gap_counts_as_held_in_it() -> None:
    book = Book(NOON + 100)
    book.adopt(Book(NOON, {"a/x": {"cpu": 4.0}}), NOON + 100, {"a/x": {"cpu": 3.0}})
    assert filled(book) == 300


def test_a_set_that_is_gone_after_a_gap_held_nothing_in_it() -> None:
    book = Book(NOON + 100)
    book.adopt(Book(NOON, {"a/x": {"cpu": 4.0}}), NOON + 100, {})
    assert filled(book) == 0


def test_a_book_from_the_future_adds_no_time() -> None:
    book = Book(NOON)
    book.adopt(Book(NOON + 500, {"a/x": {"cpu": 4.0}}), NOON, {"a/x": {"cpu": 4.0}})
    assert filled(book) == 0


def test_counts_of_before_and_after_a_restart_add_up() -> None:
    earlier, book = Book(NOON), Book(NOON)
    for each in (earlier, book):
        each.hour_at(NOON).set_account("a/x").evictions += 2
        each.waited("none", 0.01, NOON)
    book.adopt(earlier, NOON, {})
    hour = book.hour_at(NOON)
    assert (hour.sets["a/x"].evictions, sum(hour.waits["none"].values())) == (4, 2)


def test_two_days_are_kept() -> None:
    book = Book(NOON)
    for number in range(60):
        book.hour_at(NOON + number * HOUR)
    book.forget_old(NOON + 59 * HOUR)
    assert len(book.hours) == KEPT_HOURS
    assert max(book.hours) == hour_name(NOON + 59 * HOUR)


def test_the_smallest_sets_are_written_as_one_and_nothing_is_lost() -> None:
    book = Book(NOON)
    for number in range(100):
        book.hour_at(NOON).sets[f"a/s{number}"] = SetAccount({"cpu": float(number)}, evictions=1)
    sets = read_book(write_book(book)).hour_at(NOON).sets
    assert len(sets) == MOST_SETS + 1
    assert "a/s99" in sets
    assert sets[OTHERS].filled == {"cpu": sum(range(60))}
    assert sum(each.evictions for each in sets.values()) == 100


def test_a_book_of_any_size_fits_a_config_map() -> None:
    book = Book(NOON)
    names = [f"example.com/device-{number:03}" for number in range(40)]
    for number in range(KEPT_HOURS):
        for each in range(MOST_SETS):
            key = f"namespace-{each}/set-{each}"
            book.hour_at(NOON + number * HOUR).sets[key] = SetAccount(dict.fromkeys(names, 1e12 / 3))
    text = write_book(book)
    assert len(text) <= MOST_BYTES
    assert max(read_book(text).hours) == max(book.hours)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hours": 3}', '{"as_of": "now"}'])
def test_what_is_no_book_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_book(text)


@pytest.mark.parametrize("seconds", [0.002, 0.05, 1.0, 33.0, 4000.0])
def test_a_quantile_is_at_most_a_twentieth_off(seconds: float) -> None:
    found = wait_quantile({wait_bucket(seconds): 3}, 0.5)
    assert found == pytest.approx(seconds, rel=0.05)


def test_quantiles_are_those_of_all_counts_together() -> None:
    counts: dict[str, int] = {}
    for number in range(100):
        add_counts(counts, {wait_bucket(0.01 if number < 98 else 20.0): 1})
    assert wait_quantile(counts, 0.5) == pytest.approx(0.01, rel=0.05)
    assert wait_quantile(counts, 0.99) == pytest.approx(20.0, rel=0.05)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9, 1e9])
def test_any_wait_has_a_bucket(seconds: float) -> None:
    assert 0 <= int(wait_bucket(seconds)) <= 191


def test_nobody_waited_no_time_at_all() -> None:
    assert wait_quantile({}, 0.99) is None
