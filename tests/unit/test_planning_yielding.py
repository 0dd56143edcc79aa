"""Room for LS pods that fit nowhere: where it is made, and when none is."""

from dataclasses import replace

import pytest
from planning_cases import cores, deletes, filler, ls, node, paraset, policy, resizes, shape, snapshot, terminating

from paraset_operator.model.constraints import Constraints, LabelSelector, Requirement
from paraset_operator.model.node import Taint
from paraset_operator.model.plan import DeletePod, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.planner import plan, plan_yield

RIGID = paraset("s", shape(cpu=4))
ELASTIC = paraset("s", shape(cpu=(1, 8)))
FULL = [filler(RIGID, 0), filler(RIGID, 1)]


def full_node(*pods: Pod, **fields: object) -> Snapshot:
    return snapshot(node(cpu=8, **fields), [*FULL, *pods], RIGID)  # type: ignore[arg-type]


def test_an_ls_pod_that_fits_is_left_to_the_scheduler() -> None:
    picture = snapshot(node(cpu=8), [filler(RIGID, 0), ls(cpu=4)], RIGID)
    assert plan_yield(picture) == ()


def test_one_filler_leaves_for_a_pod_that_needs_one() -> None:
    (release,) = plan_yield(full_node(ls(cpu=3)))
    assert len(release.actions) == 1
    assert release.actions[0].reason is Reason.YIELDS
    assert release.beneficiary.key == "ls/ls"


def test_the_pod_is_nominated_to_the_node_that_is_released() -> None:
    (release,) = plan_yield(full_node(ls(cpu=3)))
    assert release.nomination is not None
    assert (release.nomination.pod.name, release.nomination.node) == ("ls", "n1")


def test_a_policy_can_forbid_nominations() -> None:
    picture = replace(full_node(ls(cpu=3)), policies=(policy(nominates=False),))
    (release,) = plan_yield(picture)
    assert release.nomination is None
    assert release.actions


def test_fillers_shrink_before_any_is_evicted() -> None:
    picture = snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=8), ls(cpu=3)], ELASTIC)
    outcome = plan(picture)
    assert deletes(outcome) == []
    assert [cores(each.sizes) for each in resizes(outcome)] == [5]


def test_where_a_shrink_is_enough_no_other_node_loses_a_filler() -> None:
    sets = [RIGID, replace(ELASTIC, name="e", uid="uid-e")]
    pods = [*FULL, filler(sets[1], 0, node="n2", cpu=8), ls(cpu=3)]
    (release,) = plan_yield(snapshot([node("n1"), node("n2")], pods, sets))
    assert release.node == "n2"


def test_a_pod_that_needs_more_than_fillers_hold_evicts_no_one() -> None:
    assert plan_yield(full_node(ls(cpu=9))) == ()


def test_a_pod_that_lacks_what_no_filler_holds_evicts_no_one() -> None:
    assert plan_yield(full_node(ls(cpu=3, gpus=1))) == ()


def test_a_nominated_pod_evicts_no_one_again() -> None:
    assert plan_yield(full_node(ls(cpu=3, nominated="n1"))) == ()


def test_a_pod_nominated_to_a_node_that_is_gone_gets_room_elsewhere() -> None:
    (release,) = plan_yield(full_node(ls(cpu=3, nominated="gone")))
    assert release.node == "n1"


def test_the_room_of_a_nominated_pod_is_not_given_to_another() -> None:
    picture = snapshot(node(cpu=8), [filler(RIGID, 0), ls("first", cpu=4, nominated="n1"), ls("next", cpu=4)], RIGID)
    (release,) = plan_yield(picture)
    assert [each.pod.name for each in release.actions] == ["s-0"]


def test_what_pods_share_that_are_nominated_to_one_node_is_not_given_to_another() -> None:
    nodes = [node("n1", cpu=4), node("n2", cpu=4), node("n3", cpu=4)]
    fillers = [filler(RIGID, number, node=f"n{number + 1}") for number in range(3)]
    leaving = [terminating(each) for each in fillers[:2]]
    together = [ls(name, cpu=4, nominated="n2") for name in ("first", "second")]
    (release,) = plan_yield(snapshot(nodes, [*leaving, fillers[2], *together, ls("third", cpu=4)], RIGID))
    assert [each.pod.name for each in release.actions] == ["s-2"]


def test_where_enough_is_terminating_already_the_pod_is_only_nominated() -> None:
    picture = snapshot(node(cpu=8), [terminating(FULL[0]), FULL[1], ls(cpu=3)], RIGID)
    (release,) = plan_yield(picture)
    assert release.actions == ()
    assert release.nomination is not None


@pytest.mark.parametrize(("grace_seconds", "evicts"), [(30, []), (31, ["s-0"])])
def test_a_pod_that_was_given_more_than_half_a_minute_is_not_waited_for(grace_seconds: int, evicts: list[str]) -> None:
    foreign = terminating(ls("old", cpu=4, node="n1", grace_seconds=grace_seconds))
    (release,) = plan_yield(snapshot(node(cpu=8), [foreign, FULL[0], ls(cpu=3)], RIGID))
    assert [each.pod.name for each in release.actions] == evicts


@pytest.mark.parametrize(("usual", "grace_seconds", "evicts"), [(10, 30, []), (10, 31, ["s-1"]), (60, 60, [])])
def test_a_filler_that_was_given_more_than_it_was_made_with_is_not_waited_for(
    usual: int, grace_seconds: int, evicts: list[str]
) -> None:
    slow = replace(terminating(FULL[0]), usual_grace_seconds=usual, grace_seconds=grace_seconds)
    (release,) = plan_yield(snapshot(node(cpu=8), [slow, FULL[1], ls(cpu=3)], RIGID))
    assert [each.pod.name for each in release.actions] == evicts


@pytest.mark.parametrize(("usual", "grace_seconds"), [(10, 30), (60, 60), (300, 120)])
def test_a_victim_gets_no_more_than_is_waited_for(usual: int, grace_seconds: int) -> None:
    patient = replace(RIGID, grace_seconds=120)
    full = [replace(each, usual_grace_seconds=usual) for each in FULL]
    picture = snapshot(node(cpu=8), [*full, ls(cpu=3)], patient, policy(max_grace_seconds=300))
    (release,) = plan_yield(picture)
    assert [each.grace_seconds for each in release.actions if isinstance(each, DeletePod)] == [grace_seconds]


def test_a_burst_is_answered_with_as_many_evictions_as_it_needs() -> None:
    outcome = plan_yield(full_node(ls("a", cpu=4), ls("b", cpu=4)))
    assert sorted(action.pod.name for release in outcome for action in release.actions) == ["s-0", "s-1"]


def test_two_small_pods_share_the_room_of_one_victim() -> None:
    outcome = plan_yield(full_node(ls("a", cpu=2), ls("b", cpu=2)))
    assert sum(len(release.actions) for release in outcome) == 1


def test_the_pod_of_higher_priority_is_served_first() -> None:
    first, second = ls("z", cpu=8, priority=10), ls("a", cpu=8, priority=5)
    (release,) = plan_yield(full_node(first, second))
    assert release.beneficiary.uid == first.uid


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(ls(cpu=3, constraints=Constraints(is_judgeable=False)), id="rules beyond the node"),
        pytest.param(ls(cpu=3, priority=-1), id="priority below LS work"),
        pytest.param(ls(cpu=3, is_gated=True), id="scheduling gates"),
        pytest.param(ls(cpu=3, is_terminating=True), id="terminating"),
        pytest.param(ls(cpu=3, constraints=Constraints(node_selector=(("disk", "ssd"),))), id="other nodes wanted"),
    ],
)
def test_no_one_leaves_for_a_pod_with(pod: Pod) -> None:
    assert plan_yield(full_node(pod)) == ()


def test_no_one_leaves_a_node_whose_taint_the_pod_does_not_tolerate() -> None:
    assert plan_yield(full_node(ls(cpu=3), taints=(Taint("team", "x"),))) == ()


@pytest.mark.parametrize("trouble", ["NotReady", "MemoryPressure"])
def test_no_room_is_made_on_a_node_that_is(trouble: str) -> None:
    assert plan_yield(full_node(ls(cpu=3), trouble=trouble)) == ()


def test_no_room_is_made_on_a_node_that_no_policy_covers() -> None:
    elsewhere = policy(nodes=LabelSelector((Requirement("pool", "In", ("shared",)),)))
    assert plan_yield(replace(full_node(ls(cpu=3)), policies=(elsewhere,))) == ()


def test_the_grace_is_capped_by_the_policy() -> None:
    patient = replace(RIGID, grace_seconds=300)
    picture = snapshot(node(cpu=8), [*FULL, ls(cpu=3)], patient, policy(max_grace_seconds=20))
    assert [each.grace_seconds for each in deletes(plan(picture))] == [20]


def test_an_eviction_says_how_much_work_is_lost() -> None:
    careful = replace(RIGID, checkpoint_seconds=300)
    picture = snapshot(node(cpu=8), [*FULL, ls(cpu=3)], careful)
    (release,) = plan_yield(picture, Moment(wall=100.0 + 650.0))
    assert [getattr(each, "lost_seconds", None) for each in release.actions] == [50.0]


def test_a_released_node_is_not_filled_in_the_same_plan() -> None:
    picture = snapshot(node(cpu=12), [*FULL, ls(cpu=6)], replace(RIGID, shapes=(shape(cpu=4), shape("tiny", cpu=0.5))))
    assert [each for each in plan(picture).actions if each.reason is Reason.FILLS] == []


def test_a_pod_that_may_not_preempt_gets_room_though_it_is_nominated_where_none_is_on_its_way() -> None:
    stuck = replace(ls(cpu=3, nominated="n1"), may_preempt=False)
    (release,) = plan_yield(full_node(stuck))
    assert release.beneficiary.uid == stuck.uid


def test_a_pod_that_was_evicted_for_gets_no_second_eviction() -> None:
    picture = replace(full_node(ls(cpu=3)), answered=frozenset({"uid-ls"}))
    assert plan_yield(picture) == ()


def test_a_pod_that_was_evicted_for_still_gets_what_shrinking_gives() -> None:
    picture = snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=8), ls(cpu=3)], ELASTIC)
    (release,) = plan_yield(replace(picture, answered=frozenset({"uid-ls"})))
    assert [cores(each.sizes) for each in release.actions] == [5]  # type: ignore[union-attr]


def test_a_pod_that_may_not_preempt_is_evicted_for_again_since_nobody_else_does() -> None:
    picture = full_node(ls(cpu=3, may_preempt=False))
    (release,) = plan_yield(replace(picture, answered=frozenset({"uid-ls"})))
    assert len(release.actions) == 1
