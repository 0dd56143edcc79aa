"""Room for LS pods that do not exist yet."""

from dataclasses import replace
from typing import Any

import pytest
from planning_cases import amounts, creates, deletes, filler, ls, node, paraset, policy, resizes, shape, terminating
from planning_cases import snapshot as picture_of

from paraset_operator.model.announced import AnnouncedRules, Announcement, Source
from paraset_operator.model.constraints import Constraints
from paraset_operator.model.plan import Reason
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.announced import MOST_AT_ONCE, MOST_SEARCHES
from paraset_operator.planning.planner import plan

SMALL = paraset("s", shape(cpu=2))


def announced(count: int = 1, cpu: float = 2, gpus: int = 0, **fields: Any) -> Announcement:
    given = {"source": Source.WORKLOADS, "key": "Deployment shop/web", "asker": "Deployment shop/web"} | fields
    return Announcement(count=count, requests=amounts(cpu=cpu, gpus=gpus, pods=1), **given)


def snapshot(*args: Any, announcements: tuple[Announcement, ...] = (), **fields: Any) -> Snapshot:
    return replace(picture_of(*args, **fields), announced=announcements)


def full(count: int = 4, **fields: Any) -> Snapshot:
    """Return a node of 8 cores that is full of fillers of 2."""
    return snapshot(node(cpu=8), [filler(SMALL, index) for index in range(count)], SMALL, **fields)


def test_a_filler_leaves_for_a_pod_that_is_announced() -> None:
    outcome = plan(full(announcements=(announced(),)))
    assert [each.reason for each in deletes(outcome)] == [Reason.ANNOUNCED]


def test_the_release_names_who_asked_and_nominates_nobody() -> None:
    (release,) = plan(full(announcements=(announced(count=1),))).releases
    assert release.beneficiary.key == "Deployment shop/web (1 more pod)"
    assert release.beneficiary.source == "workloads"
    assert release.nomination is None


def test_pods_for_which_there_is_no_node_keep_no_others_back() -> None:
    nowhere = tuple(
        announced(cpu=4, key=f"Deployment shop/{number}", constraints=Constraints((("pool", str(number)),)))
        for number in range(MOST_SEARCHES)
    )
    outcome = plan(full(announcements=(*nowhere, announced(cpu=2))))
    assert [each.beneficiary.key for each in outcome.releases] == ["Deployment shop/web (1 more pod)"]


def test_each_pod_of_an_announcement_gets_room() -> None:
    assert len(deletes(plan(full(announcements=(announced(count=3),))))) == 3


def test_what_a_victim_leaves_over_serves_the_next_pod() -> None:
    assert len(deletes(plan(full(announcements=(announced(count=4, cpu=1),))))) == 2


def test_a_pod_that_fits_evicts_no_one_and_its_room_is_not_filled() -> None:
    outcome = plan(snapshot(node(cpu=8), sets=SMALL, announcements=(announced(),)))
    assert (outcome.releases, len(creates(outcome))) == ((), 3)


def test_room_on_its_way_is_waited_for() -> None:
    pods = [terminating(filler(SMALL, 0)), *(filler(SMALL, index) for index in (1, 2, 3))]
    assert plan(snapshot(node(cpu=8), pods, SMALL, announcements=(announced(),))).releases == ()


def test_a_shrink_is_enough_where_only_cores_are_missing() -> None:
    owner = paraset("s", shape(cpu=(1, 8)))
    outcome = plan(snapshot(node(cpu=8), [filler(owner, cpu=8)], owner, announcements=(announced(cpu=3),)))
    assert ([each.sizes["cpu"] for each in resizes(outcome)], deletes(outcome)) == ([5000], [])


def test_no_filler_leaves_for_a_pod_that_no_node_could_hold() -> None:
    assert plan(full(announcements=(announced(cpu=9),))).releases == ()


def test_no_filler_leaves_for_a_pod_that_may_not_run_here() -> None:
    elsewhere = Constraints(node_selector=(("disk", "ssd"),))
    assert plan(full(announcements=(announced(constraints=elsewhere),))).releases == ()


def test_no_filler_leaves_for_a_pod_whose_place_depends_on_more_than_the_node() -> None:
    assert plan(full(announcements=(announced(constraints=Constraints(is_judgeable=False)),))).releases == ()


@pytest.mark.parametrize(
    "rules",
    [AnnouncedRules(sources=frozenset(Source) - {Source.WORKLOADS}), AnnouncedRules(timeout=10)],
    ids=["switched off", "too old"],
)
def test_no_filler_leaves_for_what_the_policy_does_not_take(rules: AnnouncedRules) -> None:
    taken = (announced(age=11.0),)
    assert plan(full(policies=policy(announced=rules), announcements=taken)).releases == ()


def test_no_filler_leaves_for_work_below_the_ls_priority() -> None:
    assert plan(full(policies=policy(ls_priority=5), announcements=(announced(priority=4),))).releases == ()


def test_no_filler_leaves_for_what_another_policy_has_planned() -> None:
    assert plan(full(announcements=(announced(policy="other"),))).releases == ()


def test_an_autoscaler_and_its_target_are_one_source() -> None:
    both = (
        announced(count=1),
        announced(count=2, source=Source.AUTOSCALERS, asker="HorizontalPodAutoscaler shop/web"),
    )
    outcome = plan(full(announcements=both))
    assert len(deletes(outcome)) == 2
    assert {each.beneficiary.source for each in outcome.releases} == {"horizontalPodAutoscalers"}


def test_the_target_counts_where_autoscalers_are_switched_off() -> None:
    rules = AnnouncedRules(sources=frozenset({Source.WORKLOADS}))
    both = (announced(count=1), announced(count=2, source=Source.AUTOSCALERS))
    assert len(deletes(plan(full(policies=policy(announced=rules), announcements=both)))) == 1


def test_no_filler_leaves_for_what_has_only_just_been_announced() -> None:
    assert plan(full(announcements=(announced(is_fresh=True),))).releases == ()


def test_room_is_kept_for_what_has_only_just_been_announced() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), sets=SMALL, announcements=(announced(is_fresh=True),))))) == 3


def test_pods_that_wait_come_first() -> None:
    pods = [ls(cpu=2), *(filler(SMALL, index) for index in range(3))]
    outcome = plan(snapshot(node(cpu=8), pods, SMALL, announcements=(announced(),)))
    assert [each.reason for each in deletes(outcome)] == [Reason.ANNOUNCED]


def test_the_pod_that_replaces_its_announcement_makes_no_one_else_leave() -> None:
    before = full(announcements=(announced(),))
    victim = deletes(plan(before))[0].pod
    pods = [terminating(filler(SMALL, index)) if index == victim.index else filler(SMALL, index) for index in range(4)]
    after = snapshot(node(cpu=8), [*pods, ls(cpu=2)], SMALL)
    assert deletes(plan(after)) == []


def test_a_small_pod_does_not_take_what_was_made_for_a_large_one() -> None:
    """Room was made for 4 cores on n1 and for 2 on n2: in the next plan both find it again."""
    nodes = [node("n1", cpu=4), node("n2", cpu=4)]
    asked = (announced(cpu=2, key="a"), announced(cpu=4, key="b"))
    outcome = plan(snapshot(nodes, [filler(SMALL, 0, node="n2")], SMALL, announcements=asked))
    assert (outcome.releases, creates(outcome)) == ((), [])


def test_what_a_victim_leaves_over_serves_another_who_asks_for_the_same() -> None:
    asked = tuple(announced(cpu=1, key=key, asker=key) for key in ("a", "b"))
    assert len(deletes(plan(full(announcements=asked)))) == 1


def test_one_plan_makes_room_for_a_bounded_number_of_pods() -> None:
    nodes = [node(f"n{index:03}", cpu=2) for index in range(MOST_AT_ONCE + 10)]
    pods = [filler(SMALL, index, node=each.name) for index, each in enumerate(nodes)]
    outcome = plan(snapshot(nodes, pods, SMALL, announcements=(announced(count=len(nodes)),)))
    assert len(deletes(outcome)) == MOST_AT_ONCE
