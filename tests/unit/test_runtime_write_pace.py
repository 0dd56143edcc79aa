"""When accounts are written: soon after things settle, else every minute, and never for nothing."""

from paraset_operator.runtime.write_pace import WritePace


def writes(changed_at: list[float], until: float) -> list[float]:
    """Return when a writer that looks every half second writes, given when something changes."""
    pace, now, found = WritePace.begin(0, 0.0), 0.0, []
    while now < until:
        changes = sum(when <= now for when in changed_at)
        if pace.is_due(changes, now):
            found.append(now)
            pace.wrote(changes, now)
        now += 0.5
    return found


def test_nothing_new_is_not_written() -> None:
    assert writes([], 600) == []


def test_what_has_settled_is_written_once_and_at_once() -> None:
    assert writes([3.0, 3.5, 4.0], 600) == [5.0]


def test_what_never_settles_is_written_every_minute() -> None:
    assert writes([0.5 * each for each in range(1, 600)], 290) == [60.0, 120.0, 180.0, 240.0]


def test_changes_now_and_then_cost_a_write_a_minute_and_three_more() -> None:
    assert len(writes([5.0 * each for each in range(1, 360)], 1800)) <= 30 + 3


def test_what_could_not_be_written_is_tried_again() -> None:
    pace = WritePace.begin(0, 0.0)
    assert not pace.is_due(1, 0.0)
    assert pace.is_due(1, 1.0)
    pace.wrote(None, 1.0)
    assert pace.is_due(1, 2.0)


def test_what_is_missing_is_written_though_nothing_changes() -> None:
    pace = WritePace.begin(-1, 0.0)
    assert pace.is_due(0, 1.5) or pace.is_due(0, 3.0)
