"""A day's balance as numbers, tables and JSON."""

import io
import json

import pytest

from paraset_operator.reporting.balance import Balance, balance_of
from paraset_operator.reporting.balance_json import as_json
from paraset_operator.reporting.balance_table import write_table
from paraset_operator.reporting.ledger import HOUR, Book, RoomAccount, SetAccount

NOON = 1_700_049_600.0
GPU = "nvidia.com/gpu"


def book() -> Book:
    """An hour before noon a set held 2 GPUs and 8 cores; since then it has held one."""
    made = Book(NOON, {"a/x": {GPU: 1.0, "cpu": 4.0}})
    last = made.hour_at(NOON - HOUR)
    last.sets["a/x"] = SetAccount({GPU: 2.0 * HOUR, "cpu": 8.0 * HOUR}, {GPU: 360.0, "cpu": 0.0}, 1, 2, 3, 4)
    last.room["YieldsToLatencySensitive"] = RoomAccount(5, {GPU: 5.0}, {GPU: 4.0}, 1)
    for _ in range(3):
        made.waited("yield-evict", 2.0, NOON - 1)
    made.waited("none", 0.02, NOON)
    return made


def balance(hours: int = 24, later: float = HOUR / 2) -> Balance:
    return balance_of(book(), hours, NOON + later, ("mind the gap",))


def test_levels_go_on_until_now() -> None:
    assert balance().total.filled == {GPU: 2.5 * HOUR, "cpu": 10.0 * HOUR}


def test_only_the_hours_asked_for_count() -> None:
    assert balance(hours=1).total.filled[GPU] == 0.5 * HOUR


def test_hours_add_up_to_the_total() -> None:
    found = balance()
    assert sum(each.filled[GPU] for each in found.by_hour.values()) == found.total.filled[GPU]
    assert sum(each.all_waits.count for each in found.by_hour.values()) == 4


def test_waits_are_told_by_cause() -> None:
    waits = balance().total.waits
    assert (waits["yield-evict"].count, waits["none"].count) == (3, 1)
    assert waits["yield-evict"].p99 == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    "words", ["a/x", "2.50", "10.00", "yield-evict", "GPU-h", "core-h", "5, 4", "Note: mind the gap", "0.10"]
)
def test_the_table_has_what_a_day_brought_and_cost(words: str) -> None:
    out = io.StringIO()
    write_table(balance(), out)
    assert words in out.getvalue()


def test_the_table_can_be_by_hour() -> None:
    out = io.StringIO()
    write_table(balance(), out, per_hour=True)
    assert "2023-11-15 11:00" in out.getvalue()
    assert "a/x" not in out.getvalue()


def test_an_empty_book_is_no_mistake() -> None:
    out = io.StringIO()
    write_table(balance_of(Book(NOON), 24, NOON), out)
    assert "all" in out.getvalue()


def test_json_has_hours_and_total() -> None:
    found = json.loads(json.dumps(as_json(balance())))
    assert found["asOf"] == "2023-11-15T12:30:00Z"
    assert found["total"]["sets"]["a/x"]["filledHours"] == {"cpu": 10.0, GPU: 2.5}
    assert found["total"]["lsWaits"]["all"]["pods"] == 4
    assert list(found["byHour"]) == ["2023-11-15T11:00Z", "2023-11-15T12:00Z"]
