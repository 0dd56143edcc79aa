"""What a plan says it leaves empty, and why."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from planning_cases import amounts, creates, filler, ls, node, paraset, policy, shape, snapshot

from paraset_operator.model.constraints import Constraints, LabelSelector, Requirement
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node
from paraset_operator.model.plan import Limit, NodeReport, SetReport
from paraset_operator.model.policy import PacingRules, Tenant
from paraset_operator.model.shape import Shape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.pacing import Failure, Pacing, with_back_off, with_reclaim
from paraset_operator.planning.planner import plan
from paraset_operator.planning.reports import DEVICE_PARTS

SET = paraset("s", shape(cpu=3))
PICKY = replace(SET, constraints=Constraints(node_selector=(("disk", "ssd"),)))


def of_node(picture: Snapshot, pacing: Pacing | None = None) -> NodeReport:
    return plan(picture, pacing).nodes[0]


def of_set(picture: Snapshot, pacing: Pacing | None = None) -> SetReport:
    return plan(picture, pacing).sets[0]


def limits(picture: Snapshot, pacing: Pacing | None = None) -> list[Limit]:
    return [each.reason for each in of_set(picture, pacing).limited_by]


def test_a_node_says_what_fillers_hold_and_what_is_left() -> None:
    report = of_node(snapshot(node(cpu=8), [filler(SET), ls(cpu=1, node="n1")], SET))
    assert report.filled["cpu"] == 6000
    assert report.free["cpu"] == 1000


def test_what_is_reserved_or_promised_is_not_left_for_fillers() -> None:
    picture = snapshot(node(cpu=4), [ls(cpu=1)], SET, policy(reserve=amounts(cpu=2)))
    assert of_node(picture).free["cpu"] == 1000


@pytest.mark.parametrize(
    ("picture", "bound_by"),
    [
        pytest.param(snapshot(node(cpu=4), sets=SET), "cpu", id="cores"),
        pytest.param(snapshot(node(cpu=8, memory=3), sets=paraset("s", shape(cpu=1, memory=2))), "memory", id="memory"),
        pytest.param(snapshot(node(cpu=8, pods=0), sets=SET), "pods", id="pod slots"),
        pytest.param(snapshot(node(trouble="NotReady"), sets=SET), "notReady", id="trouble"),
        pytest.param(snapshot(node(), sets=PICKY), "noEligibleSet", id="no set may run there"),
        pytest.param(snapshot(node()), "noEligibleSet", id="no set at all"),
        pytest.param(snapshot(node(cpu=8), sets=replace(SET, ceiling=1)), "ceiling", id="ceiling"),
        pytest.param(
            snapshot(node(), sets=SET, policies=policy(nodes=LabelSelector((Requirement("x", "Exists"),)))),
            "noPolicy",
            id="no policy",
        ),
    ],
)
def test_the_free_part_of_a_node_is_bound_by(picture: Snapshot, bound_by: str) -> None:
    assert of_node(picture).bound_by == bound_by


def test_the_free_part_of_a_reclaimed_node_is_bound_by_its_cool_down() -> None:
    pacing = with_reclaim(Pacing(), "n1", 0, PacingRules())
    assert of_node(snapshot(node(), sets=SET), pacing).bound_by == "coolDown"


def test_the_shape_that_lacks_least_says_what_would_have_to_come_free() -> None:
    owner = paraset("s", shape("gpu", cpu=8, gpus=1), shape("plain", cpu=8))
    assert of_node(snapshot(node(cpu=4), sets=owner)).bound_by == "cpu"


def test_a_set_says_what_it_holds_once_the_plan_is_carried_out() -> None:
    report = of_set(snapshot([node("n1", cpu=4), node("n2", cpu=8)], [filler(SET, node="n1")], SET))
    assert (report.replicas, report.nodes, report.shapes) == (3, 2, (("cpu", 3),))
    assert report.resources == amounts(cpu=9, pods=3)


@pytest.mark.parametrize(
    ("picture", "reasons"),
    [
        pytest.param(snapshot(node(cpu=8), sets=replace(SET, ceiling=1)), [Limit.CEILING], id="ceiling"),
        pytest.param(snapshot(node(cpu=8), sets=SET), [Limit.NO_ROOM], id="no room"),
        pytest.param(snapshot(node(), sets=PICKY), [Limit.NO_NODE], id="no node"),
        pytest.param(snapshot(node(cpu=2), sets=SET), [Limit.TOO_LARGE], id="too large for every node"),
        pytest.param(snapshot(node(), sets=replace(SET, is_suspended=True)), [Limit.SUSPENDED], id="suspended"),
        pytest.param(snapshot(node(), sets=replace(SET, fault="bad")), [Limit.TEMPLATE], id="faulty template"),
        pytest.param(
            snapshot(node(cpu=8), sets=SET, policies=policy(tenants={"a": Tenant("a", limits=amounts(cpu=3))})),
            [Limit.TENANT],
            id="limits of the namespace",
        ),
        pytest.param(
            snapshot(node(cpu=4), sets=paraset("s", shape("a", cpu=3), shape("b", cpu=9))),
            [Limit.TOO_LARGE, Limit.NO_ROOM],
            id="one shape too large, no room for the other",
        ),
    ],
)
def test_a_set_is_limited_by(picture: Snapshot, reasons: list[Limit]) -> None:
    assert limits(picture) == reasons


def test_a_set_is_limited_by_a_cool_down_beside_the_room() -> None:
    pacing = with_reclaim(Pacing(), "n1", 0, PacingRules())
    assert limits(snapshot(node(cpu=8), sets=SET), pacing) == [Limit.COOL_DOWN, Limit.NO_ROOM]


def test_a_set_that_is_limited_by_waits_says_when_they_end() -> None:
    rules, nodes = PacingRules(), [node(f"n{each}", cpu=4) for each in range(3)]
    pacing = with_reclaim(Pacing(), "n1", 0.0, rules)
    pacing = with_back_off(pacing, f"{SET.uid}/n2", 0.0, rules, Failure(Limit.PENDING, "s-2 stays Pending"))
    waits = {each.reason: each.waits for each in of_set(snapshot(nodes, (), SET), pacing).limited_by if each.waits}
    assert waits == {Limit.COOL_DOWN: (("n1", rules.cool_down),), Limit.PENDING: (("n2", rules.back_off),)}


def test_a_set_that_waits_as_a_whole_says_when_that_ends() -> None:
    pacing = with_back_off(Pacing(), SET.uid, 5.0, PacingRules(), Failure(Limit.CRASHING, "Error"))
    (limit,) = of_set(snapshot(node(cpu=4), (), SET), pacing).limited_by
    assert limit.waits == (("", 5.0 + PacingRules().back_off),)


def test_a_set_is_limited_by_its_back_off_with_the_cause() -> None:
    pacing = with_back_off(Pacing(), SET.uid, 0, PacingRules(), Failure(Limit.QUOTA, "quota exceeded"))
    report = of_set(snapshot(node(cpu=8), sets=SET), pacing)
    assert [(each.reason, each.message) for each in report.limited_by] == [(Limit.QUOTA, "quota exceeded")]


def test_the_plan_says_how_much_room_could_be_filled() -> None:
    nodes = [node("n1", cpu=8), node("n2", cpu=8, trouble="NotReady")]
    outcome = plan(snapshot(nodes, [ls(cpu=3, node="n1")], SET))
    assert outcome.usable["cpu"] == 5000
    assert len(creates(outcome)) == 1


def test_a_node_whose_free_parts_are_too_small_for_any_shape_lacks_a_device() -> None:
    """Two halves are free, and the shape asks for 600 of one."""
    milli = "example.com/gpu-milli"
    both = MappingProxyType({milli: (1000, 1000)})
    of = Node("n1", {**amounts(cpu=8, pods=10), milli: 2000}, devices=both)
    held = {**amounts(cpu=1, pods=1), milli: 500}
    pods = [
        replace(ls(f"ls-{index}", node="n1"), held=held, requests=held, on_devices=(DeviceShare(milli, index, 500),))
        for index in range(2)
    ]
    owner = paraset("s", Shape("part", {**amounts(cpu=1), milli: 600}))
    assert of_node(snapshot(of, pods, owner)).bound_by == DEVICE_PARTS
