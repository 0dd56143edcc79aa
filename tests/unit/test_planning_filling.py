"""Which holes are filled, by whom, in which shape."""

from collections import Counter
from dataclasses import replace

from planning_cases import (
    GPU,
    amounts,
    cores,
    creates,
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

from paraset_operator.model.constraints import Constraints, Toleration
from paraset_operator.model.node import Taint
from paraset_operator.model.plan import Limit, Plan
from paraset_operator.model.policy import PacingRules, Tenant
from paraset_operator.planning.pacing import Failure, Pacing, with_back_off, with_reclaim
from paraset_operator.planning.planner import plan

SMALL = paraset("s", shape(cpu=2))
WITH_GPU = shape("gpu", cpu=1, gpus=1, value=10)
GPU_NODE = node("n1", cpu=8, gpus=2)


def placed(outcome: Plan) -> list[tuple[str, str]]:
    return [(each.node, each.shape) for each in creates(outcome)]


def test_an_empty_node_is_filled() -> None:
    assert placed(plan(snapshot(node(cpu=4), sets=SMALL))) == [("n1", "cpu")] * 2


def test_no_more_is_made_than_the_ceiling_allows() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), sets=replace(SMALL, ceiling=3))))) == 3


def test_running_and_pending_fillers_count_for_the_ceiling() -> None:
    pods = [filler(SMALL, 0), pending(filler(SMALL, 1))]
    assert len(creates(plan(snapshot(node(cpu=8), pods, replace(SMALL, ceiling=3))))) == 1


def test_the_pod_slots_of_a_node_bound_its_fillers() -> None:
    assert len(creates(plan(snapshot(node(cpu=8, pods=1), sets=SMALL)))) == 1


def test_the_reserve_is_not_lent() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), sets=SMALL, policies=policy(reserve=amounts(cpu=5)))))) == 1


def test_a_reserve_in_hundredths_is_rounded_up() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), sets=SMALL, policies=policy(reserve_percent={"cpu": 51}))))) == 1


def test_room_promised_to_an_ls_pod_is_not_filled() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), [ls(cpu=5)], SMALL)))) == 1


def test_a_terminating_filler_keeps_its_room_until_it_is_gone() -> None:
    going = terminating(filler(SMALL, 0))
    (create,) = creates(plan(snapshot(node(cpu=2), [going], SMALL)))
    assert create.after == ("a/s-0",)


def test_a_terminating_pod_of_others_is_not_counted_on() -> None:
    going = terminating(ls(cpu=2, node="n1"))
    assert creates(plan(snapshot(node(cpu=2), [going], SMALL))) == []


def test_a_new_filler_without_devices_starts_as_large_as_the_room_allows() -> None:
    (create,) = creates(plan(snapshot(node(cpu=6), sets=paraset("s", shape(cpu=(1, 8))))))
    assert cores(create.sizes) == 6


def test_a_core_goes_to_the_shape_that_is_worth_most_for_it() -> None:
    owner = paraset("s", shape("plain", cpu=4, value=16), WITH_GPU)
    assert Counter(name for _, name in placed(plan(snapshot(GPU_NODE, sets=owner)))) == {"gpu": 2, "plain": 1}


def test_of_shapes_that_are_worth_as_much_for_a_core_those_with_devices_come_first() -> None:
    owner = paraset("s", shape("plain", cpu=1, value=10), WITH_GPU)
    assert Counter(name for _, name in placed(plan(snapshot(GPU_NODE, sets=owner)))) == {"gpu": 2, "plain": 6}


def test_of_several_shapes_the_one_worth_most_for_its_share_is_taken() -> None:
    poor, rich = shape("poor", cpu=2, value=1), shape("rich", cpu=2, value=3)
    assert placed(plan(snapshot(node(cpu=4), sets=paraset("s", poor, rich)))) == [("n1", "rich")] * 2


def test_a_shape_that_is_rich_but_large_comes_after_one_that_is_cheap() -> None:
    one, eight = shape("one", cpu=1, gpus=1, value=10), shape("eight", cpu=1, gpus=8, value=40)
    made = placed(plan(snapshot(node(cpu=64, gpus=8), sets=paraset("s", one, eight))))
    assert made == [("n1", "one")] * 8


def test_where_cores_are_short_one_large_filler_takes_more_devices_than_small_ones() -> None:
    one, eight = shape("one", cpu=1, gpus=1, value=10), shape("eight", cpu=1, gpus=8, value=80)
    assert placed(plan(snapshot(node(cpu=2, gpus=8), sets=paraset("s", one, eight)))) == [("n1", "eight")]


def test_of_equal_plans_the_same_one_is_made_whatever_the_order_of_shapes() -> None:
    names = [
        [name for _, name in placed(plan(snapshot(node(cpu=2), sets=paraset("s", *shapes))))]
        for shapes in ((shape("b"), shape("a")), (shape("a"), shape("b")))
    ]
    assert len(names[0]) == len(names[1]) == 2


def test_where_the_first_shape_does_not_fit_the_next_is_tried() -> None:
    owner = paraset("s", shape("large", cpu=4, value=100), shape("small", cpu=1))
    assert Counter(name for _, name in placed(plan(snapshot(node(cpu=6), sets=owner)))) == {"large": 1, "small": 2}


def test_a_hole_that_no_ls_pod_can_use_is_filled_first() -> None:
    """n1's GPU serves the LS mix, n2's lacks the cores for it."""
    owner = paraset("s", WITH_GPU, ceiling=1)
    mix = [ls("like", cpu=8, gpus=1, node="n3")]
    nodes = [node("n1", cpu=8, gpus=1), node("n2", cpu=2, gpus=1), node("n3", cpu=8, gpus=1)]
    assert placed(plan(snapshot(nodes, mix, owner))) == [("n2", "gpu")]


def test_of_equal_holes_the_fuller_node_is_filled_first() -> None:
    assert placed(plan(snapshot([node("n1", cpu=8), node("n2", cpu=4)], sets=replace(SMALL, ceiling=1)))) == [
        ("n2", "cpu")
    ]


def test_the_minimum_of_a_set_is_served_before_others_get_more() -> None:
    needy = paraset("z", shape(cpu=4), floor=2)
    outcome = plan(snapshot(node(cpu=8), sets=[paraset("a", shape(cpu=4)), needy]))
    assert [each.owner.name for each in creates(outcome)] == ["z", "z"]


def test_a_minimum_above_the_ceiling_does_not_exceed_it() -> None:
    assert len(creates(plan(snapshot(node(cpu=8), sets=replace(SMALL, ceiling=1, floor=3))))) == 1


def test_two_sets_share_a_node_in_turns() -> None:
    outcome = plan(snapshot(node(cpu=8), sets=[paraset("a", shape(cpu=2)), paraset("b", shape(cpu=2))]))
    assert Counter(each.owner.name for each in creates(outcome)) == {"a": 2, "b": 2}


def test_a_suspended_set_gets_nothing() -> None:
    assert creates(plan(snapshot(node(cpu=8), sets=replace(SMALL, is_suspended=True)))) == []


def test_a_set_with_a_faulty_template_gets_nothing_and_says_why() -> None:
    outcome = plan(snapshot(node(cpu=8), sets=replace(SMALL, fault="no such image")))
    assert creates(outcome) == []
    assert [each.message for each in outcome.sets[0].limited_by] == ["no such image"]


def test_a_node_that_cools_down_is_not_filled() -> None:
    pacing = with_reclaim(Pacing(), "n1", 0.0, PacingRules())
    assert placed(plan(snapshot([node("n1"), node("n2", cpu=2)], sets=SMALL), pacing)) == [("n2", "cpu")]


def test_a_set_that_backs_off_gets_nothing() -> None:
    pacing = with_back_off(Pacing(), SMALL.uid, 0.0, PacingRules(), Failure(Limit.QUOTA))
    assert creates(plan(snapshot(node(cpu=8), sets=SMALL), pacing)) == []


def test_a_set_that_backs_off_from_one_node_is_put_on_others() -> None:
    pacing = with_back_off(Pacing(), f"{SMALL.uid}/n1", 0.0, PacingRules(), Failure(Limit.PENDING))
    assert placed(plan(snapshot([node("n1"), node("n2", cpu=2)], sets=SMALL), pacing)) == [("n2", "cpu")]


def test_a_set_goes_only_where_its_selector_admits_it() -> None:
    picky = replace(SMALL, constraints=Constraints(node_selector=(("disk", "ssd"),)))
    nodes = [node("n1"), node("n2", cpu=2, labels={"disk": "ssd"})]
    assert placed(plan(snapshot(nodes, sets=picky))) == [("n2", "cpu")]


def test_a_set_tolerates_a_taint_only_as_far_as_the_policy_lets_it() -> None:
    taints = (Taint("team", "x"),)
    bold = replace(SMALL, constraints=Constraints(tolerations=(Toleration("team", "Exists"),)))
    assert creates(plan(snapshot(node(taints=taints), sets=bold))) == []


def test_a_create_carries_the_tolerations_that_the_policy_leaves() -> None:
    wanted = (Toleration(GPU, "Exists"), Toleration("team", "Exists"))
    bold = paraset("s", WITH_GPU, ceiling=1, constraints=Constraints(tolerations=wanted))
    (create,) = creates(plan(snapshot(node(gpus=1, taints=(Taint(GPU),)), sets=bold)))
    assert create.tolerations == (Toleration(GPU, "Exists"),)


def test_a_namespace_gets_no_more_than_its_limits() -> None:
    limits = policy(tenants={"a": Tenant("a", limits=amounts(cpu=4))})
    outcome = plan(snapshot(node(cpu=16), sets=SMALL, policies=limits))
    assert len(creates(outcome)) == 2
    assert Limit.TENANT in [each.reason for each in outcome.sets[0].limited_by]


def test_a_limit_that_is_used_up_does_not_keep_shapes_that_do_not_take_it() -> None:
    limits = policy(tenants={"a": Tenant("a", limits={GPU: 0})})
    owner = paraset("s", WITH_GPU, shape("plain", cpu=4))
    assert placed(plan(snapshot(GPU_NODE, sets=owner, policies=limits))) == [("n1", "plain")] * 2


def test_a_new_filler_starts_within_its_namespace_limits() -> None:
    limits = policy(tenants={"a": Tenant("a", limits=amounts(cpu=3))})
    outcome = plan(snapshot(node(cpu=8), sets=paraset("s", shape(cpu=(1, 8)), ceiling=1), policies=limits))
    assert [cores(each.sizes) for each in creates(outcome)] == [3]
