"""What holds of learned copies, whatever comes when."""

from hypothesis import given
from hypothesis import strategies as st

from paraset_operator.model.policy import AutoCopies
from paraset_operator.planning.arrivals import (
    HOUR,
    NO_ARRIVALS,
    Arrivals,
    Copies,
    copies_for,
    settled,
    with_arrival,
    without_old,
)
from paraset_operator.reporting.headroom_words import arrivals_in, lines_of, sentence

START = 500_000.0 * HOUR

gaps = st.lists(st.floats(0, 3 * HOUR) | st.floats(0, 20), max_size=60)
seconds = st.floats(0, 60)


@st.composite
def rules_of(draw: st.DrawFn) -> AutoCopies:
    floor = draw(st.integers(0, 12))
    cap = draw(st.integers(floor, 20))
    return AutoCopies(draw(st.sampled_from([50, 90.5, 99, 99.9])), draw(st.integers(1, 168)), floor, cap)


def learned(waits: list[float], rules: AutoCopies, release: float) -> tuple[Arrivals, float]:
    """The arrivals after such waits, and when the last one came."""
    arrivals, now = NO_ARRIVALS, START
    for wait in waits:
        now += wait
        arrivals = with_arrival(arrivals, rules, now, release)
    return arrivals, now


@given(gaps, rules_of(), seconds, rules_of())
def test_copies_are_between_floor_and_cap_also_after_a_change_of_both(
    waits: list[float], before: AutoCopies, release: float, after: AutoCopies
) -> None:
    arrivals, now = learned(waits, before, release)
    for rules in (before, after):
        wanted = copies_for(without_old(arrivals, rules, now), rules)
        kept = settled(Copies(17, int(now // HOUR)), wanted, rules, now).number
        assert rules.floor <= wanted <= rules.cap
        assert rules.floor <= kept <= rules.cap


@given(gaps, rules_of(), seconds)
def test_the_copies_serve_the_percentile_or_are_the_cap_and_one_less_would_not(
    waits: list[float], rules: AutoCopies, release: float
) -> None:
    arrivals, _ = learned(waits, rules, release)
    copies, wanted = copies_for(arrivals, rules), arrivals.count * rules.percentile / 100 - 1e-6
    assert copies == rules.cap or arrivals.served_by(copies) >= wanted
    assert copies == rules.floor or arrivals.served_by(copies - 1) < wanted


@given(st.lists(st.floats(0, 30), max_size=60), seconds, st.floats(0, 1))
def test_more_close_together_never_give_fewer_copies(waits: list[float], release: float, nearer: float) -> None:
    rules = AutoCopies(window_hours=168)
    far, _ = learned(waits, rules, release)
    near, _ = learned([wait * nearer for wait in waits], rules, release)
    assert copies_for(near, rules) >= copies_for(far, rules)


@given(st.lists(st.floats(0, 30), max_size=60), seconds, seconds)
def test_room_that_is_freed_more_slowly_never_gives_fewer_copies(waits: list[float], one: float, other: float) -> None:
    rules = AutoCopies()
    quick, slow = (learned(waits, rules, release)[0] for release in sorted((one, other)))
    assert copies_for(slow, rules) >= copies_for(quick, rules)


@given(gaps, rules_of(), seconds)
def test_every_arrival_of_the_window_counts_once(waits: list[float], rules: AutoCopies, release: float) -> None:
    arrivals, now = learned(waits, rules, release)
    came, at = [], START
    for wait in waits:
        at += wait
        came.append(at)
    surely = sum(now - each < (rules.window_hours - 7) * HOUR for each in came)
    assert surely <= without_old(arrivals, rules, now).count <= len(came)


@given(gaps, rules_of(), seconds)
def test_what_is_written_down_is_read_back(waits: list[float], rules: AutoCopies, release: float) -> None:
    arrivals, _ = learned(waits, rules, release)
    again = arrivals_in(lines_of(arrivals))
    assert again.slots == arrivals.slots
    assert copies_for(again, rules) == copies_for(arrivals, rules)


@given(st.lists(st.text(max_size=30) | st.from_regex(r"2026-1[0-9]-[0-3][0-9]T[0-9]{2}:00Z( -?[0-9]{1,3}){0,3}")))
def test_lines_of_any_kind_are_read_without_complaint(lines: list[str]) -> None:
    found = arrivals_in(lines)
    assert arrivals_in(lines_of(found)).slots == found.slots


@given(gaps, rules_of(), seconds, st.integers(0, 20))
def test_a_sentence_never_promises_more_than_was_seen(
    waits: list[float], rules: AutoCopies, release: float, copies: int
) -> None:
    arrivals, _ = learned(waits, rules, release)
    words = sentence(copies, arrivals, rules, release, is_measured=True)
    if "100 %" in words:
        assert arrivals.served_by(copies) == arrivals.count
