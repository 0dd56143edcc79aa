"""The conditions of a set, from what is seen, what is planned and what holds it back."""

from typing import Any

import pytest
from planning_cases import paraset

from paraset_operator.api.conditions import CONDITION_TYPES, ConditionType, Reason
from paraset_operator.model.plan import Limit, LimitReport, SetReport
from paraset_operator.reporting.observed import Observed
from paraset_operator.reporting.verdicts import Facts, Verdict, invalid, verdicts

SET = paraset("s", ceiling=4)


def facts(
    *limits: Limit, replicas: int = 2, ready: int = 2, planned: int = 2, leaving: int = 0, **fields: Any
) -> Facts:
    """Facts of a set of two ready fillers, unless told otherwise."""
    report = SetReport(SET, replicas=planned, limited_by=tuple(LimitReport(each, f"why {each}") for each in limits))
    is_resizing = fields.pop("is_resizing", False)
    return Facts(report, Observed(replicas, ready, leaving, is_resizing=is_resizing), **fields)


def verdict(found: Facts, kind: ConditionType) -> Verdict:
    return next(each for each in verdicts(found) if each.kind is kind)


def test_a_set_has_every_condition_once() -> None:
    assert sorted(each.kind for each in verdicts(facts())) == sorted(CONDITION_TYPES)


@pytest.mark.parametrize(
    ("found", "status", "reason"),
    [
        (facts(), True, Reason.FILLED),
        (facts(replicas=4, ready=4), True, Reason.CEILING_REACHED),
        (facts(ready=1), False, Reason.STARTING),
        (facts(creates=1), False, Reason.STARTING),
        (facts(replicas=0, ready=0), False, Reason.NOTHING_FITS),
        (facts(replicas=0, ready=0, is_observing=True), False, Reason.OBSERVE_ONLY),
        (facts(is_observing=True), True, Reason.FILLED),
    ],
)
def test_ready(found: Facts, status: bool, reason: Reason) -> None:
    ready = verdict(found, ConditionType.READY)
    assert (ready.status, ready.reason) == (status, reason)


def test_ready_says_how_many_there_are() -> None:
    assert verdict(facts(ready=1), ConditionType.READY).message == "1 of 2 fillers are ready, the ceiling is 4"


def test_where_only_observed_ready_says_how_many_there_would_be() -> None:
    message = verdict(facts(replicas=0, ready=0, planned=3, is_observing=True), ConditionType.READY).message
    assert message.startswith("3 fillers would run")


@pytest.mark.parametrize(
    ("found", "status", "reason"),
    [
        (facts(), False, Reason.SETTLED),
        (facts(creates=1), True, Reason.FILLING),
        (facts(ready=1), True, Reason.FILLING),
        (facts(is_resizing=True), True, Reason.FILLING),
        (facts(removals=1), True, Reason.LEAVING),
        (facts(leaving=1), True, Reason.LEAVING),
        (facts(is_resizing=True, is_yielding=True), False, Reason.SETTLED),
    ],
)
def test_progressing(found: Facts, status: bool, reason: Reason) -> None:
    progressing = verdict(found, ConditionType.PROGRESSING)
    assert (progressing.status, progressing.reason) == (status, reason)


@pytest.mark.parametrize(
    ("limit", "kind", "status", "reason"),
    [
        (Limit.NO_ROOM, ConditionType.CAPACITY_AVAILABLE, False, Reason.NO_ROOM),
        (Limit.NO_NODE, ConditionType.CAPACITY_AVAILABLE, False, Reason.NO_NODE_SELECTED),
        (Limit.TOO_LARGE, ConditionType.CAPACITY_AVAILABLE, False, Reason.NO_NODE_CAN_HOLD),
        (Limit.COOL_DOWN, ConditionType.CAPACITY_AVAILABLE, False, Reason.COOL_DOWN),
        (Limit.QUOTA, ConditionType.QUOTA_AVAILABLE, False, Reason.QUOTA_EXCEEDED),
        (Limit.TENANT, ConditionType.QUOTA_AVAILABLE, False, Reason.TENANT_LIMIT),
        (Limit.TEMPLATE, ConditionType.TEMPLATE_VALID, False, Reason.TEMPLATE_REFUSED),
        (Limit.CRASHING, ConditionType.DEGRADED, True, Reason.CRASH_LOOPING),
        (Limit.PULLING, ConditionType.DEGRADED, True, Reason.IMAGE_PULL_FAILING),
        (Limit.PENDING, ConditionType.DEGRADED, True, Reason.STAYS_PENDING),
    ],
)
def test_what_limits_a_set_is_a_condition(limit: Limit, kind: ConditionType, status: bool, reason: Reason) -> None:
    assert verdict(facts(limit), kind) == Verdict(kind, status, reason, f"why {limit}")


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        (ConditionType.CAPACITY_AVAILABLE, True, Reason.ROOM_LEFT),
        (ConditionType.QUOTA_AVAILABLE, True, Reason.WITHIN_QUOTA),
        (ConditionType.TEMPLATE_VALID, True, Reason.TEMPLATE_ACCEPTED),
        (ConditionType.DEGRADED, False, Reason.AS_EXPECTED),
        (ConditionType.SUSPENDED, False, Reason.RUNNING),
        (ConditionType.YIELDING, False, Reason.NO_DEMAND),
    ],
)
def test_a_set_that_nothing_holds_back(kind: ConditionType, status: bool, reason: Reason) -> None:
    found = verdict(facts(), kind)
    assert (found.status, found.reason) == (status, reason)


def test_a_shape_that_is_too_large_is_named_before_room_that_is_missing() -> None:
    found = verdict(facts(Limit.NO_ROOM, Limit.TOO_LARGE), ConditionType.CAPACITY_AVAILABLE)
    assert found.reason is Reason.NO_NODE_CAN_HOLD


def test_a_suspended_set_says_so_in_two_places() -> None:
    report = SetReport(paraset("s", is_suspended=True))
    found = Facts(report, Observed())
    assert verdict(found, ConditionType.SUSPENDED).status
    assert verdict(found, ConditionType.READY).reason is Reason.SUSPENDED


def test_a_set_that_yields_says_so() -> None:
    found = verdict(facts(is_yielding=True), ConditionType.YIELDING)
    assert (found.status, found.reason) == (True, Reason.MAKING_ROOM)


def test_what_can_not_be_read_is_not_ready_and_has_no_valid_template() -> None:
    found = {each.kind: (each.status, each.reason, each.message) for each in invalid("spec.budgets: no")}
    assert found == dict.fromkeys(
        (ConditionType.READY, ConditionType.TEMPLATE_VALID), (False, Reason.INVALID, "spec.budgets: no")
    )
