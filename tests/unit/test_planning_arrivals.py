"""Copies of a headroom shape, learned from the LS pods that came. Hours are since the epoch; the test sets the time."""

from collections.abc import Iterable

import pytest

from paraset_operator.model.policy import AutoCopies
from paraset_operator.planning.arrivals import (
    HOUR,
    NO_ARRIVALS,
    Arrivals,
    Copies,
    copies_for,
    percentile_of,
    settled,
    with_arrival,
    without_old,
)

RULES = AutoCopies()
RELEASE = 10.0
# The beginning of an hour.
START = 500_000.0 * HOUR


def learned(times: Iterable[float], rules: AutoCopies = RULES, release: float = RELEASE) -> Arrivals:
    arrivals = NO_ARRIVALS
    for at in times:
        arrivals = with_arrival(arrivals, rules, START + at, release)
    return arrivals


def test_pods_that_come_one_at_a_time_need_one_copy() -> None:
    assert copies_for(learned(range(0, 3000, 30)), RULES) == 1


def test_pods_that_come_together_need_a_copy_each() -> None:
    assert copies_for(learned([0, 1, 2, 100, 101, 102]), RULES) == 3


def test_a_pod_counts_as_long_as_it_takes_to_free_room() -> None:
    times = [0, 8, 16, 24]
    assert [copies_for(learned(times, release=release), RULES) for release in (5, 10, 20, 40)] == [1, 2, 3, 4]


def test_what_is_rarer_than_the_percentile_is_not_kept_for() -> None:
    steady = [at * 30.0 for at in range(99)]
    rare = [*steady, 99 * 30.0, 99 * 30.0 + 1]
    assert copies_for(learned(rare), AutoCopies(percentile=99)) == 1
    assert copies_for(learned(rare), AutoCopies(percentile=99.9)) == 2


def test_the_percentile_is_taken_over_pods_and_not_over_time() -> None:
    """A burst of five in a day that is quiet otherwise is all that LS waits tell of."""
    assert copies_for(learned([0, 1, 2, 3, 4]), RULES) == 5


@pytest.mark.parametrize(("times", "copies"), [([], 2), ([0], 2), ([0, 1, 2], 3), ([0, 1, 2, 3, 4, 5], 4)])
def test_copies_are_between_floor_and_cap(times: list[float], copies: int) -> None:
    rules = AutoCopies(floor=2, cap=4)
    assert copies_for(learned(times, rules), rules) == copies


def test_a_cap_of_nothing_keeps_nothing() -> None:
    rules = AutoCopies(cap=0)
    assert copies_for(learned([0, 1], rules), rules) == 0


def test_a_burst_beyond_the_cap_takes_no_more_to_remember() -> None:
    rules = AutoCopies(cap=4)
    (slot,) = learned([0.01 * at for at in range(500)], rules).slots
    assert slot.ranks == (1, 1, 1, 1, 496)


def test_a_higher_cap_holds_at_once_for_bursts_that_were_seen() -> None:
    arrivals = learned([0.01 * at for at in range(500)], AutoCopies(cap=4))
    assert copies_for(arrivals, AutoCopies(cap=8)) == 5


def test_a_lower_cap_holds_at_once() -> None:
    arrivals = learned([0.01 * at for at in range(10)])
    assert copies_for(arrivals, AutoCopies(cap=3)) == 3


@pytest.mark.parametrize("hours", [1, 2, 24, 25, 100, 168])
def test_an_arrival_counts_for_the_hours_of_the_window_and_then_no_more(hours: int) -> None:
    rules = AutoCopies(window_hours=hours)
    arrivals = learned([1800.0], rules)
    assert without_old(arrivals, rules, START + hours * HOUR).count == 1
    assert without_old(arrivals, rules, START + (hours + 14) * HOUR).count == 0


def test_a_shape_nobody_uses_falls_to_its_floor() -> None:
    rules = AutoCopies(floor=1, window_hours=24)
    assert copies_for(learned([0, 1, 2], rules), rules) == 3
    assert copies_for(without_old(learned([0, 1, 2], rules), rules, START + 26 * HOUR), rules) == 1


@pytest.mark.parametrize("hours", [1, 24, 25, 168])
def test_what_is_remembered_is_bounded_however_long_it_goes_on(hours: int) -> None:
    rules = AutoCopies(window_hours=hours)
    arrivals = learned((at * HOUR / 2 for at in range(1000)), rules)
    assert len(arrivals.slots) <= 25
    assert len(arrivals.recent) <= rules.cap + 1


def test_another_length_of_the_window_keeps_what_is_within_it() -> None:
    arrivals = learned([at * HOUR for at in range(24)])
    week = AutoCopies(window_hours=168)
    more = with_arrival(arrivals, week, START + 23.5 * HOUR, RELEASE)
    assert more.count == 25
    assert [slot.hour for slot in more.slots] == sorted({slot.hour for slot in more.slots})


def test_what_lies_ahead_is_of_a_clock_that_was_wrong() -> None:
    assert without_old(learned([10.0 * HOUR]), RULES, START).count == 0


def test_copies_rise_at_once() -> None:
    assert settled(Copies(1, 500_000), 3, RULES, START + 60) == Copies(3, 500_000)


def test_copies_fall_only_when_the_hour_turns() -> None:
    assert settled(Copies(3, 500_000), 1, RULES, START + 3599).number == 3
    assert settled(Copies(3, 500_000), 1, RULES, START + 3600) == Copies(1, 500_001)


def test_copies_never_stay_above_a_cap_that_was_lowered() -> None:
    assert settled(Copies(9, 500_000), 1, AutoCopies(cap=4), START + 60).number == 4


@pytest.mark.parametrize(
    ("values", "ninth"), [([7], 7), ([1, 9], 9), (list(range(1, 11)), 9), ([*[1] * 95, *[9] * 5], 1)]
)
def test_a_percentile_is_one_of_the_values(values: list[int], ninth: int) -> None:
    assert percentile_of(values, 90) == ninth
