"""How elastic fillers grow and shrink in place."""

from dataclasses import replace

import pytest
from planning_cases import (
    GIB,
    amounts,
    cores,
    creates,
    deletes,
    filler,
    ls,
    node,
    paraset,
    pending,
    policy,
    refused,
    resizes,
    shape,
    shrinking,
    snapshot,
)

from paraset_operator.model.plan import Limit, Reason
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PacingRules, Tenant
from paraset_operator.model.rates import DisruptionBudget
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.pacing import Failure, Pacing, with_back_off, with_reclaim
from paraset_operator.planning.planner import plan

SET = paraset("s", shape(cpu=(1, 8)), ceiling=1)


def sizes(picture: Snapshot, pacing: Pacing | None = None) -> dict[str, float]:
    return {each.pod.name: cores(each.sizes) for each in resizes(plan(picture, pacing))}


def alone(pod: Pod, owner: ParaSetView = SET, cpu: float = 8) -> Snapshot:
    return snapshot(node(cpu=cpu), [pod], owner)


def test_a_filler_grows_into_what_is_left() -> None:
    assert sizes(alone(filler(SET, cpu=2), cpu=6)) == {"s-0": 6}


def test_a_filler_grows_to_its_maximum_at_most() -> None:
    assert sizes(alone(filler(SET, cpu=2), cpu=32)) == {"s-0": 8}


def test_growth_comes_in_tenths_of_a_core() -> None:
    assert sizes(alone(filler(SET, cpu=2), cpu=2.37)) == {"s-0": 2.3}


def test_a_tenth_of_its_size_is_the_least_a_running_filler_grows_by() -> None:
    assert sizes(alone(filler(SET, cpu=5), cpu=5.4)) == {}
    assert sizes(alone(filler(SET, cpu=5), cpu=5.5)) == {"s-0": 5.5}


def test_a_filler_grows_up_to_the_reserve_only() -> None:
    picture = snapshot(node(cpu=8), [filler(SET, cpu=2)], SET, policy(reserve=amounts(cpu=3)))
    assert sizes(picture) == {"s-0": 5}


def test_a_filler_does_not_grow_into_room_promised_to_an_ls_pod() -> None:
    assert sizes(snapshot(node(cpu=8), [filler(SET, cpu=2), ls(cpu=3)], SET)) == {"s-0": 5}


def test_a_filler_that_ls_work_made_smaller_does_not_grow_before_the_node_has_cooled_down() -> None:
    pacing = with_reclaim(Pacing(), "n1", 0.0, PacingRules())
    assert sizes(alone(filler(SET, cpu=2)), pacing) == {}


def test_a_filler_of_a_set_that_is_backing_off_does_not_grow() -> None:
    pacing = with_back_off(Pacing(), SET.uid, 0.0, PacingRules(), Failure(Limit.CRASHING))
    assert sizes(alone(filler(SET, cpu=2)), pacing) == {}


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(pending(filler(SET, cpu=2)), id="does not run yet"),
        pytest.param(shrinking(filler(SET, cpu=2), {"cpu": 1000}), id="is being resized"),
        pytest.param(filler(SET, cpu=2, resize=Resize.ERROR), id="can not be resized"),
    ],
)
def test_a_filler_does_not_grow_that(pod: Pod) -> None:
    assert sizes(alone(pod)) == {}


def test_growth_that_is_worth_most_comes_first() -> None:
    poor, rich = (
        paraset(name, shape(cpu=(1, 8), growth={"cpu": worth}), ceiling=1) for name, worth in [("p", 1), ("r", 50)]
    )
    pods = [filler(poor), filler(rich)]
    assert sizes(snapshot(node(cpu=9), pods, [poor, rich])) == {"r-0": 8}


def test_memory_that_is_worth_nothing_does_not_grow() -> None:
    owner = paraset("s", shape(cpu=1, memory=(1, 8)), ceiling=1)
    assert sizes(alone(filler(owner), owner)) == {}


def test_memory_grows_where_it_is_worth_something() -> None:
    owner = paraset("s", shape(cpu=1, memory=(1, 8), growth={"memory": 1}), ceiling=1)
    (resize,) = resizes(plan(alone(filler(owner), owner)))
    assert resize.sizes == {"memory": 8 * GIB}


def test_a_filler_shrinks_when_others_took_its_room() -> None:
    (resize,) = resizes(plan(snapshot(node(cpu=8), [filler(SET, cpu=8), ls("b", cpu=3, node="n1")], SET)))
    assert (cores(resize.sizes), resize.reason) == (5, Reason.SHRINKS)


def test_a_filler_shrinks_for_a_new_one_with_devices() -> None:
    gpus = paraset("g", shape(cpu=2, gpus=1), ceiling=1)
    outcome = plan(snapshot(node(cpu=8, gpus=1), [filler(SET, cpu=8)], [SET, gpus]))
    assert [cores(each.sizes) for each in resizes(outcome)] == [6]
    assert [each.after for each in creates(outcome)] == [("a/s-0",)]


def test_growth_that_is_worth_least_is_given_up_first() -> None:
    poor, rich = (
        paraset(name, shape(cpu=(1, 4), growth={"cpu": worth}), ceiling=1) for name, worth in [("p", 1), ("r", 50)]
    )
    pods = [filler(poor, cpu=4), filler(rich, cpu=4), ls("b", cpu=2, node="n1")]
    assert sizes(snapshot(node(cpu=8), pods, [poor, rich])) == {"p-0": 2}


def test_a_filler_above_the_maximum_its_set_allows_now_shrinks() -> None:
    smaller = replace(SET, shapes=(shape(cpu=(1, 3)),))
    assert sizes(alone(filler(SET, cpu=8), smaller)) == {"s-0": 3}


def test_a_filler_below_the_minimum_its_set_asks_for_now_grows() -> None:
    larger = replace(SET, shapes=(shape(cpu=(4, 4)),))
    assert sizes(alone(filler(SET, cpu=2), larger)) == {"s-0": 4}


def test_two_fillers_below_the_new_minimum_do_not_both_stay_where_one_has_room() -> None:
    larger = replace(SET, shapes=(shape(cpu=(5, 5)),), ceiling=2)
    outcome = plan(snapshot(node(cpu=8), [filler(SET, 0, cpu=2), filler(SET, 1, cpu=2)], larger))
    assert [each.reason for each in deletes(outcome)] == [Reason.NO_ROOM]


def test_a_grow_that_the_node_refuses_is_taken_back() -> None:
    (resize,) = resizes(plan(alone(refused(filler(SET, cpu=6), {"cpu": 2000}))))
    assert (cores(resize.sizes), resize.reason) == (2, Reason.REVERTS)


def test_a_refused_resize_that_also_shrank_is_not_grown_back() -> None:
    owner = paraset("s", shape(cpu=(1, 8), memory=(1, 8)), ceiling=1)
    pod = refused(filler(owner, cpu=6, memory=2), {"cpu": 2000, "memory": 4 * GIB})
    (resize,) = resizes(plan(alone(pod, owner)))
    assert resize.sizes == {"cpu": 2000, "memory": 2 * GIB}


def test_a_resize_names_all_that_the_filler_will_hold() -> None:
    owner = paraset("s", shape(cpu=(1, 8), memory=2, overhead=amounts(cpu=0.5)), ceiling=1)
    (resize,) = resizes(plan(alone(filler(owner, cpu=2), owner)))
    assert resize.requests == amounts(cpu=8, memory=2, pods=1)


def test_growth_into_what_init_containers_ask_for_costs_no_room() -> None:
    owner = paraset("s", shape(cpu=(1, 8), initial=amounts(cpu=4)), ceiling=1)
    assert sizes(alone(filler(owner, cpu=1), owner, cpu=4)) == {"s-0": 4}


def test_shrinking_below_what_init_containers_ask_for_gives_no_room() -> None:
    owner = paraset("s", shape(cpu=(1, 8), initial=amounts(cpu=4)), ceiling=1)
    gpus = paraset("g", shape(cpu=2, gpus=1), ceiling=1)
    outcome = plan(snapshot(node(cpu=5, gpus=1), [filler(owner, cpu=5)], [owner, gpus]))
    assert outcome.actions == ()


def test_growth_stays_within_the_tenant_limits() -> None:
    limits = policy(tenants={"a": Tenant("a", limits=amounts(cpu=3))})
    assert sizes(snapshot(node(cpu=8), [filler(SET, cpu=2)], SET, limits)) == {"s-0": 3}


def test_an_outdated_filler_counts_at_what_it_holds() -> None:
    older = paraset("s", shape(cpu=(1, 2), overhead=amounts(cpu=4)))
    newer = replace(SET, shapes=(shape(cpu=(1, 2)),), ceiling=2, budgets=(DisruptionBudget(0),))
    outcome = plan(snapshot(node(cpu=6), [filler(older, cpu=2, template_hash="older")], newer))
    assert outcome.actions == ()
