"""Calm: cool-downs, back-offs, trials and rates."""

from dataclasses import replace

import pytest
from planning_cases import creates, filler, node, paraset, shape, snapshot

from paraset_operator.model.plan import Limit
from paraset_operator.model.policy import PacingRules
from paraset_operator.model.rates import DisruptionBudget, RateLimit, ScaleRules
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.behavior import created_within, creations_allowed, with_creations
from paraset_operator.planning.pacing import (
    Failure,
    Pacing,
    with_back_off,
    with_proof,
    with_reclaim,
    with_unbound,
    without_back_off,
)
from paraset_operator.planning.planner import plan

RULES = PacingRules()
SET = paraset("s", shape(cpu=1), ceiling=20)
CRASH = Limit.CRASHING


def failed(*times: float, key: str = SET.uid) -> Pacing:
    pacing = Pacing()
    for now in times:
        pacing = with_back_off(pacing, key, now, RULES, Failure(CRASH, "it crashed"))
    return pacing


def reclaimed(*times: float) -> Pacing:
    pacing = Pacing()
    for now in times:
        pacing = with_reclaim(pacing, "n1", now, RULES)
    return pacing


def test_a_reclaimed_node_cools_down_for_a_minute() -> None:
    pacing = reclaimed(0)
    assert pacing.is_cooling("n1", 59.9)
    assert not pacing.is_cooling("n1", 60)


def test_other_nodes_do_not_cool_down() -> None:
    assert not reclaimed(0).is_cooling("n2", 1)


def test_a_reclaim_soon_after_a_cool_down_doubles_it() -> None:
    assert reclaimed(0, 61).cool_downs["n1"].seconds == 120


def test_a_reclaim_during_a_cool_down_begins_it_anew() -> None:
    pacing = reclaimed(0, 30)
    assert (pacing.cool_downs["n1"].seconds, pacing.cool_downs["n1"].until) == (60, 90)


def test_a_burst_does_not_double_the_cool_down_with_each_pod() -> None:
    assert reclaimed(0, 0.1, 0.2, 0.3).cool_downs["n1"].seconds == 60


def test_a_cool_down_is_ten_minutes_at_most() -> None:
    times, now = [0.0], 0.0
    for seconds in (60, 120, 240, 480, 600, 600):
        now += seconds + 1
        times.append(now)
    assert reclaimed(*times).cool_downs["n1"].seconds == 600


def test_after_as_long_a_calm_the_cool_down_is_short_again() -> None:
    assert reclaimed(0, 121).cool_downs["n1"].seconds == 60


def test_a_failing_set_backs_off_for_ten_seconds() -> None:
    pacing = failed(0)
    assert pacing.back_off_of(SET.uid, 9.9) is not None
    assert pacing.back_off_of(SET.uid, 10) is None


def test_failures_during_a_back_off_do_not_prolong_it() -> None:
    assert failed(0, 5).back_offs[SET.uid].until == 10


def test_the_next_failure_doubles_the_back_off() -> None:
    assert failed(0, 11).back_offs[SET.uid].seconds == 20


def test_a_back_off_is_five_minutes_at_most() -> None:
    times, now = [0.0], 0.0
    for seconds in (10, 20, 40, 80, 160, 300, 300):
        now += seconds + 1
        times.append(now)
    assert failed(*times).back_offs[SET.uid].seconds == 300


def test_a_back_off_on_one_node_leaves_the_others() -> None:
    pacing = failed(0, key=f"{SET.uid}/n1")
    assert pacing.back_off_of(SET.uid, 1, "n1") is not None
    assert pacing.back_off_of(SET.uid, 1, "n2") is None
    assert pacing.back_off_of(SET.uid, 1) is None


def test_a_changed_template_ends_all_back_offs_of_its_set() -> None:
    pacing = with_back_off(failed(0), f"{SET.uid}/n1", 0, RULES, Failure(CRASH))
    assert without_back_off(pacing, SET.uid).back_offs == {}


def test_the_back_offs_of_other_sets_stay() -> None:
    assert without_back_off(failed(0), "another").back_offs.keys() == {SET.uid}


@pytest.mark.parametrize(("proofs", "unproven", "allowed"), [(0, 0, 1), (0, 1, 0), (1, 0, 1), (3, 1, 2), (3, 5, 0)])
def test_a_set_on_trial_may_have_as_many_unproven_as_have_proven_good(proofs: int, unproven: int, allowed: int) -> None:
    pacing = failed(0)
    for _ in range(proofs):
        pacing = with_proof(pacing, SET.uid, 11)
    assert creations_allowed(pacing, SET, 0, 11, unproven) == allowed


def test_the_trial_ends_after_as_long_a_time_as_the_back_off_took() -> None:
    assert creations_allowed(failed(0), SET, 0, 20.1) == SET.ceiling


def test_a_set_that_never_failed_is_not_on_trial() -> None:
    assert with_proof(Pacing(), SET.uid, 0) == Pacing()


def test_a_new_failure_forgets_the_proofs() -> None:
    pacing = with_proof(failed(0), SET.uid, 11)
    assert with_back_off(pacing, SET.uid, 12, RULES, Failure(CRASH)).proofs == {}


def test_it_is_remembered_since_when_fillers_wait_for_the_scheduler() -> None:
    pacing = with_unbound(with_unbound(Pacing(), ["a"], 1), ["a", "b"], 5)
    assert pacing.unbound_since == {"a": 1, "b": 5}


def test_who_is_bound_is_forgotten() -> None:
    assert with_unbound(with_unbound(Pacing(), ["a"], 1), [], 5).unbound_since == {}


def test_nothing_new_leaves_the_same_state() -> None:
    pacing = with_unbound(Pacing(), ["a"], 1)
    assert with_unbound(pacing, ["a"], 5) is pacing


def test_creations_are_counted_within_the_period() -> None:
    pacing = with_creations(with_creations(Pacing(), SET.uid, 3, 0, 60), SET.uid, 2, 20, 60)
    assert [created_within(pacing, SET.uid, 30, now) for now in (20, 29, 31, 51)] == [5, 5, 2, 0]


def test_creations_of_the_same_second_are_one_entry() -> None:
    pacing = Pacing()
    for tick in range(5):
        pacing = with_creations(pacing, SET.uid, 1, tick / 10, 60)
    assert len(pacing.creations[SET.uid]) == 1
    assert created_within(pacing, SET.uid, 60, 1) == 5


def test_without_rules_a_set_may_fill_up_at_once() -> None:
    assert creations_allowed(Pacing(), SET, 0, 0) == SET.ceiling


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (ScaleRules((RateLimit(4, 15),)), 4),
        (ScaleRules((RateLimit(50, 15, is_percent=True),)), 5),
        (ScaleRules((RateLimit(4, 15), RateLimit(50, 15, is_percent=True))), 5),
        (ScaleRules((RateLimit(4, 15), RateLimit(50, 15, is_percent=True)), takes_smallest=True), 4),
        (ScaleRules(is_disabled=True), 0),
    ],
)
def test_rules_of_scale_up_limit_a_set_of_ten(rules: ScaleRules, allowed: int) -> None:
    assert creations_allowed(Pacing(), replace(SET, scale_up=rules), 10, 0) == allowed


def test_a_percentage_of_nothing_still_allows_a_first_one() -> None:
    assert RateLimit(10, 15, is_percent=True).allows(0) == 1


def test_what_was_made_within_the_period_counts_for_the_rules() -> None:
    pacing = with_creations(Pacing(), SET.uid, 3, 0, 60)
    assert creations_allowed(pacing, replace(SET, scale_up=ScaleRules((RateLimit(4, 15),))), 3, 10) == 1


def test_no_more_is_created_than_the_rules_allow() -> None:
    owner = replace(SET, scale_up=ScaleRules((RateLimit(2, 15),)))
    outcome = plan(snapshot(node(cpu=8), sets=owner))
    assert len(creates(outcome)) == 2
    assert outcome.sets[0].replicas == 2
    assert [each.reason for each in outcome.sets[0].limited_by] == [Limit.RATE]


def test_nothing_makes_room_for_what_may_not_be_made_now() -> None:
    halted = paraset("g", shape(cpu=2, gpus=1), scale_up=ScaleRules(is_disabled=True))
    elastic = paraset("s", shape(cpu=(1, 8)), ceiling=1)
    outcome = plan(snapshot(node(cpu=8, gpus=1), [filler(elastic, cpu=8)], [elastic, halted]))
    assert outcome.actions == ()
    assert [each.reason for each in outcome.sets[0].limited_by] == [Limit.RATE]


def test_what_a_set_may_not_take_now_is_left_to_others() -> None:
    halted = paraset("a", shape(cpu=8), scale_up=ScaleRules(is_disabled=True))
    other = paraset("b", shape(cpu=8))
    assert [each.owner.name for each in creates(plan(snapshot(node(cpu=8), sets=[halted, other])))] == ["b"]


def test_a_percentage_of_a_budget_is_rounded_up() -> None:
    assert [DisruptionBudget(10, is_percent=True).allows(count) for count in (0, 1, 10, 11)] == [0, 1, 1, 2]


def test_the_plan_says_when_the_next_wait_ends() -> None:
    pacing = with_reclaim(failed(0), "n1", 0, RULES)
    assert plan(snapshot(node()), pacing, Moment(1.0)).next_check == 10
    assert plan(snapshot(node()), pacing, Moment(30.0)).next_check == 60


def test_without_waits_there_is_nothing_to_come_back_for() -> None:
    assert plan(snapshot(node())).next_check is None
