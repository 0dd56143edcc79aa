"""`spec.behavior`: how fast a set follows its target, as a HorizontalPodAutoscaler would."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_cases import creates, deletes, filler, ls, node, paraset, shape, snapshot

from paraset_operator.model.plan import Limit, Plan, Reason
from paraset_operator.model.rates import RateLimit, ScaleRules
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.behavior import (
    LONGEST_WINDOW,
    ceiling_to_fill,
    ceiling_to_keep,
    removals_allowed,
    with_removals,
    with_target,
    without_targets,
)
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planner import plan

SET = paraset("s", shape(cpu=1), ceiling=4)
TWO_A_MINUTE = ScaleRules((RateLimit(2, 60),))
WINDOW = ScaleRules(stabilization=60)


def asked(*targets: tuple[float, int]) -> Pacing:
    pacing = Pacing()
    for now, ceiling in targets:
        pacing = with_target(pacing, SET.uid, ceiling, now)
    return pacing


def surplus(owner: ParaSetView, count: int, pacing: Pacing | None = None, now: float = 0.0) -> Plan:
    return plan(snapshot(node(cpu=16), [filler(owner, index) for index in range(count)], owner), pacing, Moment(now))


def down(rules: ScaleRules, **fields: object) -> ParaSetView:
    return replace(SET, scale_down=rules, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (ScaleRules(), 10),
        (ScaleRules((RateLimit(4, 15),)), 4),
        (ScaleRules((RateLimit(25, 15, is_percent=True),)), 3),
        (ScaleRules((RateLimit(4, 15), RateLimit(25, 15, is_percent=True)), takes_smallest=True), 3),
        (ScaleRules((RateLimit(4, 15), RateLimit(25, 15, is_percent=True))), 4),
        (ScaleRules(is_disabled=True), 0),
    ],
)
def test_rules_of_scale_down_limit_a_set_of_ten(rules: ScaleRules, allowed: int) -> None:
    assert removals_allowed(Pacing(), down(rules), 10, 0) == allowed


def test_a_percentage_is_of_the_number_at_the_start_of_the_period() -> None:
    pacing = with_removals(Pacing(), SET.uid, 5, 0)
    assert removals_allowed(pacing, down(ScaleRules((RateLimit(50, 60, is_percent=True),))), 5, 10) == 0


def test_who_left_before_the_period_does_not_count() -> None:
    assert removals_allowed(with_removals(Pacing(), SET.uid, 2, 0), down(TWO_A_MINUTE), 5, 60) == 2


def test_the_surplus_leaves_no_faster_than_the_policies_allow() -> None:
    outcome = surplus(down(TWO_A_MINUTE), 8)
    assert [each.reason for each in deletes(outcome)] == [Reason.ABOVE_CEILING] * 2


def test_what_stays_above_the_target_is_told() -> None:
    report = surplus(down(TWO_A_MINUTE), 8).sets[0]
    assert (report.replicas, [each.reason for each in report.limited_by]) == (6, [Limit.CEILING, Limit.RATE])
    assert "keeps 2 above" in report.limited_by[1].message


def test_a_set_above_its_target_gets_nothing_new() -> None:
    assert creates(surplus(down(ScaleRules(is_disabled=True)), 8)) == []


def test_a_disabled_scale_down_keeps_the_surplus() -> None:
    assert deletes(surplus(down(ScaleRules(is_disabled=True)), 8)) == []


def test_replacements_count_as_scale_down() -> None:
    owner = down(TWO_A_MINUTE, budgets=())
    older = [filler(owner, index, template_hash="older") for index in range(4)]
    outcome = plan(snapshot(node(cpu=16), older, owner), None, Moment(0.0, 1000.0))
    assert [each.reason for each in deletes(outcome)] == [Reason.OUTDATED] * 2


@pytest.mark.parametrize("fields", [{"is_suspended": True}, {"shapes": (shape("other", cpu=1),)}])
def test_what_is_not_for_a_smaller_number_is_never_held_up(fields: dict[str, object]) -> None:
    owner = down(ScaleRules(is_disabled=True))
    fillers = [filler(owner, index) for index in range(4)]
    outcome = plan(snapshot(node(cpu=16), fillers, replace(owner, **fields)))  # type: ignore[arg-type]
    assert len(deletes(outcome)) == 4


def test_a_node_out_of_use_is_left_all_the_same() -> None:
    owner = down(ScaleRules(is_disabled=True))
    fillers = [filler(owner, index) for index in range(4)]
    assert len(deletes(plan(snapshot(node(cpu=16, trouble="Cordoned"), fillers, owner)))) == 4


def test_ls_work_gets_its_room_all_the_same() -> None:
    owner = down(ScaleRules(is_disabled=True, stabilization=3600))
    fillers = [filler(owner, index) for index in range(4)]
    outcome = plan(snapshot(node(cpu=4), [*fillers, ls("ls", cpu=2)], owner))
    assert [each.reason for each in deletes(outcome)] == [Reason.YIELDS] * 2


def test_a_lowered_target_counts_only_after_the_window() -> None:
    owner, pacing = down(WINDOW), asked((0, 8), (100, 4))
    assert len(deletes(surplus(owner, 8, pacing, 159))) == 0
    assert len(deletes(surplus(owner, 8, pacing, 161))) == 4


def test_a_target_that_was_low_for_a_moment_costs_nobody_its_place() -> None:
    assert ceiling_to_keep(asked((0, 8), (100, 4), (110, 7)), down(WINDOW, ceiling=7), 120) == 8


def test_a_raised_target_counts_only_after_the_window() -> None:
    owner, pacing = replace(SET, scale_up=WINDOW, ceiling=4), asked((0, 1), (100, 4))
    picture = snapshot(node(cpu=16), sets=owner)
    held = plan(picture, pacing, Moment(159))
    assert len(creates(held)) == 1
    assert "stabilizationWindowSeconds" in held.sets[0].limited_by[0].message
    assert len(creates(plan(picture, pacing, Moment(161)))) == 4


def test_a_new_set_waits_for_no_window() -> None:
    assert ceiling_to_fill(asked((0, 4)), replace(SET, scale_up=WINDOW), 0) == 4


def test_an_unchanged_target_is_remembered_once() -> None:
    assert asked((0, 4), (1, 4), (2, 4)).targets == {SET.uid: ((0, 4),)}


def test_the_targets_of_a_set_that_is_gone_are_forgotten() -> None:
    pacing = with_removals(asked((0, 4)), SET.uid, 1, 0)
    assert without_targets(pacing, SET.uid) == Pacing()


TARGETS = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 50)), min_size=1, max_size=40)


@given(TARGETS, st.integers(0, 3600))
def test_the_stabilized_target_is_the_extreme_of_all_that_held_in_the_window(
    steps: list[tuple[int, int]], window: int
) -> None:
    history = [(float(when), ceiling) for when, ceiling in sorted(steps, key=lambda each: each[0])]
    pacing, now = asked(*history), history[-1][0]
    owner = paraset("s", ceiling=history[-1][1], scale_down=ScaleRules(stabilization=window))
    held = {ceiling for (_, ceiling), (until, _) in pairwise(history) if until > now - window}
    assert ceiling_to_keep(pacing, owner, now) == max({*held, owner.ceiling})


@given(TARGETS)
def test_no_more_is_remembered_than_the_longest_window_needs(steps: list[tuple[int, int]]) -> None:
    history = [(3.0 * when, ceiling) for when, ceiling in sorted(steps, key=lambda each: each[0])]
    entries = asked(*history).targets[SET.uid]
    assert all(until > entries[-1][0] - LONGEST_WINDOW for until, _ in entries[1:])
