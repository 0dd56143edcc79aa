"""Fillers that must leave whatever the room, and how many at once."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from planning_cases import (
    GPU,
    amounts,
    deletes,
    filler,
    ls,
    node,
    paraset,
    pending,
    policy,
    shape,
    snapshot,
    terminating,
)

from paraset_operator.model.constraints import Constraints, LabelSelector, Requirement
from paraset_operator.model.plan import Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.rates import DisruptionBudget
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planner import plan

SET = paraset("s", shape(cpu=1))


def reasons(picture: Snapshot, pacing: Pacing | None = None, now: float = 0.0) -> list[str]:
    return [str(each.reason) for each in deletes(plan(picture, pacing, Moment(now, 1000.0)))]


def one(owner: ParaSetView, pod: Pod, **fields: object) -> Snapshot:
    return snapshot(node(**fields), [pod], owner)  # type: ignore[arg-type]


def outdated(count: int, owner: ParaSetView) -> list[Pod]:
    return [filler(owner, index, template_hash="older") for index in range(count)]


def test_a_filler_that_is_in_order_stays() -> None:
    assert reasons(one(SET, filler(SET))) == []


def test_the_fillers_of_a_suspended_set_leave() -> None:
    suspended = replace(SET, is_suspended=True)
    assert reasons(one(suspended, filler(suspended))) == [Reason.SUSPENDED]


def test_a_filler_of_a_shape_that_is_gone_leaves() -> None:
    assert reasons(one(SET, replace(filler(SET), shape="other"))) == [Reason.SHAPE_GONE]


def test_a_filler_that_fails_leaves() -> None:
    assert reasons(one(SET, filler(SET, trouble="CrashLoopBackOff"))) == [Reason.FAILING]


def test_a_finished_filler_is_cleared_away() -> None:
    done = filler(SET, is_finished=True, is_running=False, held={}, requests={})
    assert reasons(one(SET, done)) == [Reason.FINISHED]


def test_a_failed_filler_is_cleared_away_as_failing() -> None:
    failed = filler(SET, is_finished=True, is_running=False, held={}, requests={}, trouble="OOMKilled")
    assert reasons(one(SET, failed)) == [Reason.FAILING]


@pytest.mark.parametrize("trouble", ["Cordoned", "NotReady", "MemoryPressure", "Deleting"])
def test_fillers_leave_a_node_that_is(trouble: str) -> None:
    assert reasons(one(SET, filler(SET), trouble=trouble)) == [Reason.NODE]


def test_fillers_leave_a_node_that_their_selector_admits_no_more() -> None:
    picky = replace(SET, constraints=Constraints(node_selector=(("disk", "ssd"),)))
    assert reasons(one(picky, filler(picky))) == [Reason.NODE]


def test_fillers_leave_a_node_that_no_policy_covers() -> None:
    elsewhere = policy(nodes=LabelSelector((Requirement("pool", "Exists"),)))
    assert reasons(snapshot(node(), [filler(SET)], SET, elsewhere)) == [Reason.NODE]


def test_a_filler_whose_node_is_gone_leaves_at_once() -> None:
    outcome = plan(snapshot(node("other"), [filler(SET, node="gone")], SET))
    assert [(each.reason, each.grace_seconds) for each in deletes(outcome)] == [(Reason.NODE, 0)]


def test_a_filler_that_stays_pending_is_withdrawn_after_the_timeout() -> None:
    pod = pending(filler(SET))
    pacing = Pacing(unbound_since=MappingProxyType({pod.uid: 10.0}))
    assert reasons(one(SET, pod), pacing, now=40.0) == []
    assert reasons(one(SET, pod), pacing, now=40.1) == [Reason.STAYS_PENDING]


def test_a_terminating_filler_is_not_deleted_again() -> None:
    suspended = replace(SET, is_suspended=True)
    assert reasons(one(suspended, terminating(filler(suspended)))) == []


def test_the_fillers_of_an_unknown_set_are_left_alone() -> None:
    assert reasons(snapshot(node(cpu=1), [filler(SET), ls(cpu=1)])) == []


def test_what_is_above_the_ceiling_leaves_the_least_loss_first() -> None:
    small = replace(SET, ceiling=1)
    pods = [filler(small, 0, started=900.0), filler(small, 1, started=100.0), filler(small, 2, started=800.0)]
    outcome = plan(snapshot(node(), pods, small), moment=Moment(0.0, 1000.0))
    assert [each.pod.name for each in deletes(outcome)] == ["s-0", "s-2"]
    assert {each.reason for each in deletes(outcome)} == {Reason.ABOVE_CEILING}


def test_who_leaves_anyway_counts_for_the_ceiling() -> None:
    small = replace(SET, ceiling=1)
    pods = [filler(small, 0), filler(small, 1, trouble="CrashLoopBackOff")]
    assert reasons(snapshot(node(), pods, small)) == [Reason.FAILING]


def test_a_changed_template_replaces_a_tenth_at_once() -> None:
    assert reasons(snapshot(node(cpu=30), outdated(20, SET), SET)) == [Reason.OUTDATED] * 2


def test_a_budget_counts_those_that_are_on_their_way_out_already() -> None:
    pods = outdated(20, SET)
    pods[:2] = [terminating(pod) for pod in pods[:2]]
    assert reasons(snapshot(node(cpu=30), pods, SET)) == []


def test_a_budget_counts_victims_of_ls_work() -> None:
    owner = replace(SET, budgets=(DisruptionBudget(1),))
    pods = [*outdated(4, owner), ls(cpu=1)]
    assert reasons(snapshot(node(cpu=4), pods, owner)) == [Reason.YIELDS]


def test_the_strictest_budget_counts() -> None:
    owner = replace(SET, budgets=(DisruptionBudget(50, is_percent=True), DisruptionBudget(1)))
    assert reasons(snapshot(node(cpu=30), outdated(20, owner), owner)) == [Reason.OUTDATED]


def test_a_budget_of_nothing_keeps_outdated_fillers() -> None:
    owner = replace(SET, budgets=(DisruptionBudget(0),))
    assert reasons(snapshot(node(cpu=30), outdated(20, owner), owner)) == []


def test_without_a_budget_all_are_replaced_at_once() -> None:
    owner = replace(SET, budgets=())
    assert reasons(snapshot(node(cpu=30), outdated(20, owner), owner)) == [Reason.OUTDATED] * 20


def test_a_budget_for_other_reasons_does_not_count() -> None:
    owner = replace(SET, budgets=(DisruptionBudget(0, reasons=frozenset({"Drain"})),))
    assert len(reasons(snapshot(node(cpu=30), outdated(20, owner), owner))) == 20


def test_a_budget_for_drains_limits_who_leaves_a_cordoned_node() -> None:
    owner = replace(SET, budgets=(DisruptionBudget(1, reasons=frozenset({"Drain"})),))
    pods = [filler(owner, index) for index in range(4)]
    assert reasons(snapshot(node(trouble="Cordoned", is_cordoned=True), pods, owner)) == [Reason.NODE]


def test_no_budget_limits_a_suspension() -> None:
    owner = replace(SET, is_suspended=True, budgets=(DisruptionBudget(0),))
    assert len(reasons(snapshot(node(), [filler(owner, 0), filler(owner, 1)], owner))) == 2


def test_a_device_of_the_template_beside_those_of_the_shape_is_in_order() -> None:
    beside = {"rdma/hca": 1}
    owner = paraset("s", shape(cpu=1, gpus=1, overhead=beside))
    pod = filler(owner)
    pod = replace(pod, sizes=dict(pod.sizes) | beside)
    rich = replace(node(gpus=1), allocatable=amounts(8, 32, 1, 110) | beside)
    assert reasons(snapshot(rich, [pod], owner)) == []


def test_a_shape_that_asks_for_other_devices_now_replaces_its_fillers() -> None:
    pod = filler(paraset("s", shape(cpu=1, gpus=1)))
    owner = paraset("s", shape(cpu=1, gpus=2))
    (deletion,) = deletes(plan(snapshot(node(gpus=2), [pod], owner)))
    assert deletion.reason is Reason.SHAPE_GONE
    assert GPU in deletion.pod.requests


def test_others_that_grew_over_a_filler_drive_it_out() -> None:
    pods = [filler(SET), ls("big", cpu=8, node="n1")]
    assert reasons(snapshot(node(cpu=8), pods, SET)) == [Reason.NO_ROOM]


def test_a_reserve_that_grew_over_a_filler_drives_it_out() -> None:
    assert reasons(snapshot(node(cpu=8), [filler(SET)], SET, policy(reserve=amounts(cpu=7.5)))) == [Reason.NO_ROOM]


def test_only_a_filler_that_holds_what_is_short_is_driven_out() -> None:
    light, heavy = paraset("l", shape(cpu=1)), paraset("h", shape(cpu=1, memory=8))
    pods = [filler(light), filler(heavy), ls("big", memory=30, node="n1")]
    assert [each.pod.name for each in deletes(plan(snapshot(node(), pods, [light, heavy])))] == ["h-0"]


def test_a_filler_that_does_not_run_yet_is_not_counted_on_to_shrink() -> None:
    owner = paraset("s", shape(cpu=(1, 8)))
    pods = [pending(filler(owner, cpu=8)), ls("quick", cpu=7, node="n1")]
    assert reasons(snapshot(node(cpu=8), pods, owner)) == [Reason.NO_ROOM]
