"""A condition's time moves only when its status does, and every word has its meaning written down."""

from paraset_operator.api.conditions import (
    CONDITION_TYPES,
    REASONS,
    ConditionType,
    Reason,
    condition,
    get_condition,
    set_condition,
)
from paraset_operator.api.status import Condition

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def ready(status: bool | None, reason: Reason, now: str) -> Condition:
    return condition(ConditionType.READY, status, reason, "why", generation=3, now=now)


def test_the_first_condition_has_the_time_it_was_set() -> None:
    (only,) = set_condition([], ready(True, Reason.FILLED, EARLY))
    assert (only.type, only.status, only.reason, only.last_transition_time) == ("Ready", "True", "Filled", EARLY)
    assert only.observed_generation == 3


def test_the_time_stays_while_the_status_stays() -> None:
    before = set_condition([], ready(True, Reason.FILLED, EARLY))
    (after,) = set_condition(before, ready(True, Reason.CEILING_REACHED, LATE))
    assert (after.reason, after.last_transition_time) == ("CeilingReached", EARLY)
    assert set_condition(before, ready(True, Reason.FILLED, LATE)) == before


def test_the_time_moves_with_the_status() -> None:
    before = set_condition([], ready(True, Reason.FILLED, EARLY))
    (after,) = set_condition(before, ready(None, Reason.STARTING, LATE))
    assert (after.status, after.last_transition_time) == ("Unknown", LATE)


def test_order_and_other_conditions_stay() -> None:
    suspended = condition(ConditionType.SUSPENDED, False, Reason.RUNNING, "", generation=1, now=EARLY)
    both = set_condition(set_condition([], ready(False, Reason.NOTHING_FITS, EARLY)), suspended)
    after = set_condition(both, ready(True, Reason.FILLED, LATE))
    assert [each.type for each in after] == ["Ready", "Suspended"]
    assert get_condition(after, ConditionType.SUSPENDED) == suspended
    assert get_condition(after, ConditionType.DEGRADED) is None


def test_every_word_is_documented() -> None:
    assert set(CONDITION_TYPES) == set(ConditionType)
    assert set(REASONS) == set(Reason)
