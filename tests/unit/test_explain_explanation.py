"""Why a set holds what it does: its limits with remedies, and for each node with idle room what keeps it out."""

from dataclasses import replace
from typing import Any

import pytest
from planning_cases import GPU, amounts, filler, ls, node, paraset, policy, shape, snapshot

from paraset_operator.model.constraints import Constraints, LabelSelector, NodeSelectorTerm, Requirement, Toleration
from paraset_operator.model.node import Taint
from paraset_operator.model.plan import Limit, LimitReport, NodeReport, Plan, SetReport
from paraset_operator.model.policy import HeadroomShape, Mode
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.fragmentation import Category
from paraset_operator.planning.planner import plan
from paraset_operator.reporting.explanation import Explanation, NodeExplanation, explain
from paraset_operator.reporting.remedies import Way, amount_of

GPU_SHAPE = shape("gpu", cpu=(1, 4), gpus=1)
SET = paraset("s", GPU_SHAPE)


def explained(picture: Snapshot, key: str = "a/s", **options: Any) -> Explanation:
    return explain(picture, plan(picture), key, **options)


def the_node(picture: Snapshot, key: str = "a/s") -> NodeExplanation:
    (found,) = explained(picture, key).nodes
    return found


def ways(found: NodeExplanation, resource: str = "cpu") -> dict[Way, str]:
    (gap,) = found.gaps
    return {each.way: each.text for name, remedies in gap.remedies for each in remedies if name == resource}


def limits(found: Explanation) -> dict[Limit, str]:
    return {each.reason: each.remedy for each in found.limits}


def test_a_set_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError):
        explained(snapshot(node()), "a/s")


def test_what_the_set_holds_is_told_by_shape_and_node() -> None:
    owner = paraset("s", GPU_SHAPE, shape("cpu", cpu=2), ceiling=4)
    pods = [filler(owner, 0, "n1"), filler(owner, 1, "n2")]
    found = explained(snapshot([node("n1", cpu=2, gpus=2), node("n2", cpu=1, gpus=1), node("n3", cpu=2)], pods, owner))
    gpu, cpu = found.shapes
    assert (found.current, gpu.current, gpu.planned, gpu.nodes) == (2, 2, 3, (("n1", 2), ("n2", 1)))
    assert (cpu.current, cpu.planned, cpu.nodes) == (0, 1, (("n3", 1),))


def test_fillers_on_their_way_out_are_not_counted() -> None:
    leaving = replace(filler(SET), is_terminating=True)
    assert explained(snapshot(node(cpu=1, gpus=1), [leaving], SET)).current == 0


def test_the_resource_that_lacks_binds_and_every_way_to_cover_it_is_named() -> None:
    pods = [ls("web", cpu=3, node="n1"), ls("small", cpu=0.25, node="n1")]
    found = the_node(snapshot(node(cpu=4, gpus=2), pods, SET))
    assert (found.bound_by, found.left[GPU]) == ("cpu", 2)
    assert found.gaps[0].lacks == {"cpu": 250}
    assert ways(found) == {
        Way.SHAPE: "a min of at most 0.375 cores, for 2 more",
        Way.POD: "room from pod ls/small (0.25 cores)",
    }


def test_of_several_pods_the_largest_that_are_enough_together_are_named() -> None:
    pods = [ls(f"p{index}", cpu=1, node="n1") for index in range(4)]
    found = the_node(snapshot(node(cpu=4, gpus=1), pods, paraset("s", shape("gpu", cpu=2, gpus=1))))
    assert ways(found)[Way.POD] == "room from pods ls/p3 (1 core), ls/p2 (1 core)"


def test_a_pod_tied_to_the_node_is_not_asked_to_leave() -> None:
    at_n1 = Constraints(affinity=(NodeSelectorTerm(fields=(Requirement("metadata.name", "In", ("n1",)),)),))
    found = the_node(snapshot(node(cpu=1, gpus=1), [ls("daemon", cpu=0.5, node="n1", constraints=at_n1)], SET))
    assert ways(found) == {Way.SHAPE: "a min of at most 0.5 cores"}


def test_a_node_too_small_for_the_shape_needs_to_be_larger() -> None:
    found = the_node(
        snapshot(node(cpu=0.001, gpus=1, memory=8), (), paraset("s", shape("gpu", memory=16, cpu=0, gpus=1)))
    )
    assert ways(found, "memory") == {Way.SHAPE: "a fixed amount of at most 8Gi memory"}
    found = the_node(snapshot(node(cpu=1, gpus=1, pods=0), (), SET))
    assert ways(found, "pods") == {Way.NODE: "more pod slots on the node, which has 0 pod slots in all"}


def test_fillers_of_the_set_there_would_be_smaller_as_well() -> None:
    found = the_node(snapshot(node(cpu=2, gpus=6), [filler(SET, 0), filler(SET, 1)], SET))
    assert ways(found) == {Way.SHAPE: "a min of at most 0.333 cores, for 4 more"}


def test_fillers_of_another_set_hold_what_lacks() -> None:
    other = paraset("other", shape("rigid", cpu=4), namespace="b")
    picture = snapshot(node(cpu=4.5, gpus=1), [filler(other)], [SET, other])
    found = the_node(picture)
    assert ways(found)[Way.FILLERS] == "room from the fillers of b/other (4 cores)"


def test_what_the_policy_keeps_is_told_apart_from_what_is_held() -> None:
    found = the_node(snapshot(node(cpu=2, gpus=1), (), SET, policy("p", reserve=amounts(cpu=1.5))))
    assert (found.bound_by, found.kept) == ("keptForLs", {"cpu": 1500})
    assert ways(found)[Way.POLICY] == "less of the 1.5 cores that FillPolicy p keeps for LS work"


def test_headroom_is_kept_for_ls_work() -> None:
    rules = policy(headroom=(HeadroomShape("h", amounts(cpu=2, gpus=1), 1),))
    found = the_node(snapshot(node(cpu=2, gpus=1), (), SET, rules))
    assert found.bound_by == "keptForLs"
    assert found.idle == found.left
    assert found.kept.items() >= {GPU: 1, "cpu": 2000}.items()
    assert found.detail.endswith("its headroom, over all nodes: 1 x h")


def test_a_set_at_its_ceiling_is_told_how_far_to_raise_it() -> None:
    found = explained(snapshot(node(cpu=8, gpus=4), (), paraset("s", GPU_SHAPE, ceiling=1)))
    assert found.nodes[0].bound_by == "setLimit"
    assert limits(found)[Limit.CEILING] == "`kubectl scale pset s -n a --replicas=4`, as about 3 more would fit"


def test_a_set_at_its_ceiling_with_no_room_left_gains_nothing_by_raising_it() -> None:
    found = explained(snapshot(node(cpu=1, gpus=1), (), paraset("s", GPU_SHAPE, ceiling=1)))
    assert limits(found)[Limit.CEILING].startswith("nothing to gain now")


def test_a_suspended_set_is_told_how_to_go_on() -> None:
    found = explained(snapshot(node(cpu=8, gpus=4), (), replace(SET, is_suspended=True)))
    assert "kubectl patch pset s -n a" in limits(found)[Limit.SUSPENDED]


def test_a_shape_larger_than_any_node_is_compared_with_the_largest() -> None:
    nodes = [node("n1", cpu=4, memory=4, gpus=1), node("n2", cpu=8, memory=4)]
    found = explained(snapshot(nodes, (), paraset("s", shape("gpu", cpu=16, gpus=1))))
    remedy = limits(found)[Limit.TOO_LARGE]
    assert remedy.endswith("the largest that admits the set is n1 with 1 nvidia.com/gpu, 4 cores, 4Gi memory")


@pytest.mark.parametrize(
    ("fields", "rules", "constraints", "reason", "detail"),
    [
        ({}, {"nodes": LabelSelector((Requirement("pool", "Exists"),))}, {}, "noPolicy", "no FillPolicy selects"),
        ({"trouble": "Cordoned", "is_cordoned": True}, {}, {}, "cordoned", "`kubectl uncordon n1`"),
        ({"trouble": "NotReady"}, {}, {}, "notReady", "kubectl describe node n1"),
        ({"trouble": "MemoryPressure"}, {}, {}, "memoryPressure", "when MemoryPressure ends"),
        (
            {"labels": {"model": "b"}},
            {},
            {"node_selector": (("model", "a"),)},
            "nodeSelector",
            "wants label model=a, the node has model=b",
        ),
        (
            {},
            {},
            {"affinity": (NodeSelectorTerm(labels=(Requirement("zone", "In", ("x",)),)),)},
            "nodeAffinity",
            "the node has no zone",
        ),
        ({"taints": (Taint("team", "x"),)}, {}, {}, "taint", "no toleration for taint team=x:NoSchedule"),
        (
            {"taints": (Taint("team"),)},
            {"name": "p"},
            {"tolerations": (Toleration("team", "Exists"),)},
            "tolerationNotAllowed",
            "spec.tolerations of FillPolicy p do not allow that",
        ),
    ],
)  # fmt: skip
def test_a_node_that_does_not_admit_the_set_says_why(
    fields: dict[str, Any], rules: dict[str, Any], constraints: dict[str, Any], reason: str, detail: str
) -> None:
    owner = replace(SET, constraints=Constraints(**constraints))
    found = the_node(snapshot(node(cpu=8, gpus=2, **fields), (), owner, policy(**rules)))
    assert found.bound_by == reason
    assert detail in found.detail
    assert found.gaps == ()


def test_what_the_plan_fills_is_said_to_be_planned() -> None:
    found = the_node(snapshot(node(cpu=1, gpus=1), (), SET))
    assert (found.bound_by, found.arriving, found.gaps) == ("planned", (("a/s", "gpu", 1),), ())
    assert GPU not in found.left


def test_the_fragment_rate_is_that_without_fillers_and_its_main_category_is_named() -> None:
    pods = [ls("web", cpu=4, gpus=1, node="n1"), filler(SET, 0)]
    found = the_node(snapshot(node(cpu=5.5, gpus=4), pods, SET))
    assert (found.rate, found.category) == (1.0, Category.LACK_CPU)
    assert sum(found.categories[GPU].values()) == pytest.approx(3.0)


def test_without_ls_pods_the_fragment_rate_is_unknown() -> None:
    found = the_node(snapshot(node(cpu=0.5, gpus=4), (), SET))
    assert (found.rate, found.category) == (None, None)


def test_nodes_with_most_idle_devices_of_the_sets_kinds_come_first_and_few_are_explained() -> None:
    nodes = [node(f"n{index:02}", cpu=0.5, gpus=index) for index in range(1, 16)]
    other = replace(node("other", cpu=0.75), allocatable=amounts(cpu=0.75, pods=9) | {"other/device": 99})
    found = explained(snapshot([*nodes, other], (), SET))
    assert [each.name for each in found.nodes] == [f"n{index:02}" for index in range(15, 5, -1)]
    assert (found.left_out, sum(each.nodes for each in found.bound)) == (6, 16)
    everything = explained(snapshot([*nodes, other], (), SET), most=None)
    assert (len(everything.nodes), everything.nodes[-1].name, everything.left_out) == (16, "other", 0)


def test_the_reasons_of_all_nodes_are_summed_up() -> None:
    nodes = [node("n1", cpu=0.5, gpus=3), node("n2", cpu=0.5, gpus=2), node("n3", cpu=8, gpus=1, trouble="NotReady")]
    found = explained(snapshot(nodes, (), SET), most=1)
    assert [(each.reason, each.nodes, each.left[GPU]) for each in found.bound] == [("cpu", 2, 5), ("notReady", 1, 1)]


def test_of_several_shapes_the_one_that_lacks_least_binds_and_stands_first() -> None:
    owner = paraset("s", shape("large", cpu=8, memory=64, gpus=1), shape("small", cpu=1, gpus=1))
    found = the_node(snapshot(node(cpu=0.5, gpus=1), (), owner))
    assert [gap.shape for gap in found.gaps] == ["small", "large"]
    assert found.bound_by == "cpu"


def test_a_shape_with_devices_counts_on_running_fillers_to_shrink() -> None:
    owner = paraset("s", GPU_SHAPE, shape("cpu", cpu=(1, 8)), ceiling=1)
    found = the_node(snapshot(node(cpu=8, gpus=1), [filler(owner, 0, shape="cpu", cpu=8)], owner))
    assert found.bound_by == "setLimit"
    assert found.detail.startswith("there is room for gpu;")
    assert [gap.shape for gap in found.gaps] == ["cpu"]


def test_waits_that_the_operator_has_told_of_are_added_and_marked() -> None:
    told = [
        LimitReport(Limit.COOL_DOWN, "2 nodes"),
        LimitReport(Limit.NO_ROOM, "stale"),
        LimitReport(Limit.CEILING, "x"),
    ]
    found = explained(snapshot(node(cpu=1, gpus=1), (), SET), told=told)
    assert [(each.reason, each.is_told) for each in found.limits if each.reason is not Limit.NO_ROOM] == [
        (Limit.COOL_DOWN, True)
    ]
    assert "stale" not in {each.message for each in found.limits}


@pytest.mark.parametrize("limit", Limit)
def test_every_limit_has_a_remedy(limit: Limit) -> None:
    picture = snapshot(node(), (), SET)
    report = SetReport(SET, limited_by=(LimitReport(limit, "message"),))
    found = explain(picture, Plan(nodes=(NodeReport("n1"),), sets=(report,)), "a/s")
    assert limits(found)[limit]


@pytest.mark.parametrize("reason", ["coolDown", "deviceParts"])
def test_where_there_is_room_the_plan_may_know_a_reason_of_the_node(reason: str) -> None:
    picture = snapshot(node(cpu=8, gpus=1), (), SET)
    free = amounts(cpu=8, memory=32, gpus=1, pods=10)
    report = NodeReport("n1", tuple(free), tuple(free.values()), (0,) * len(free), bound_by=reason)
    (found,) = explain(picture, Plan(nodes=(report,), sets=(SetReport(SET),)), "a/s").nodes
    assert found.bound_by == reason


def test_a_policy_that_only_observes_is_noted() -> None:
    found = explained(snapshot(node(), (), SET, policy("p", mode=Mode.OBSERVE)))
    assert found.notes == ("Nothing is carried out on nodes of FillPolicy p: spec.mode is Observe.",)


def test_a_full_cluster_has_no_node_to_explain() -> None:
    found = explained(snapshot(node(cpu=1, gpus=1), [ls("web", cpu=1, gpus=1, node="n1")], SET))
    assert (found.nodes, found.bound, found.left_out) == ((), (), 0)


def test_what_stays_idle_comes_before_what_the_plan_fills() -> None:
    nodes = [node("filled", cpu=8, gpus=8), node("stuck", cpu=0.5, gpus=1)]
    found = explained(snapshot(nodes, (), SET))
    assert [(each.name, each.bound_by) for each in found.nodes] == [("stuck", "cpu"), ("filled", "planned")]


@pytest.mark.parametrize(
    ("amount", "up", "words"),
    [
        (2**30, False, "1Gi memory"),
        (2**30 * 3 // 2, False, "1.5Gi memory"),
        (2**30 + 1, False, "1Gi memory"),
        (2**30 + 1, True, "1.1Gi memory"),
        (2**20 * 64, False, "64Mi memory"),
        (2**20 + 1, True, "2Mi memory"),
        (2**30 * 1_234_567, False, "1234567Gi memory"),
    ],
)
def test_memory_is_rounded_so_that_what_is_said_is_true(amount: int, up: bool, words: str) -> None:
    assert amount_of("memory", amount, up=up) == words


def test_cores_are_exact() -> None:
    assert [amount_of("cpu", amount) for amount in (1000, 125, 1_234_567)] == [
        "1 core",
        "0.125 cores",
        "1234.567 cores",
    ]
