"""Rows of nodes: what each has for fillers and what they hold, brought up to date with what has changed."""

from dataclasses import fields, replace
from types import MappingProxyType

import numpy as np
import pytest
from planning_cases import (
    GPU,
    amounts,
    filler,
    ls,
    node,
    paraset,
    policy,
    shape,
    shrinking,
    snapshot,
    terminating,
)

from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node, Taint
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import NEVER

MILLI = "example.com/gpu-milli"
ELASTIC = paraset("s", shape(cpu=(1, 8)))
WITH_PART = paraset("m", replace(shape(cpu=1), fixed={"cpu": 1000, MILLI: 300}))
TRACKED = replace(
    node(cpu=8), allocatable={**amounts(8, 32, pods=110), MILLI: 3000}, devices=MappingProxyType({MILLI: (1000,) * 3})
)


def look(picture: Snapshot, survey: Survey | None = None) -> Survey:
    survey = survey or Survey()
    survey.look(picture.nodes, picture.sets, picture.policies or (DEFAULT_POLICY,))
    return survey


def cores(survey: Survey, name: str, row: int = 0) -> int:
    return int(getattr(survey.rows, name)[row, 0])


def least_growth(survey: Survey, of: int = 0) -> int:
    return int(survey.rows.growth[0, of, 0])


def on(device: int, amount: int, pod: Pod) -> Pod:
    held = {**pod.held, MILLI: amount}
    return replace(pod, held=held, requests=held, on_devices=(DeviceShare(MILLI, device, amount),))


def devices(*pods: Pod, sets: ParaSetView = WITH_PART) -> list[int]:
    return [int(each) for each in look(snapshot(TRACKED, pods, sets)).rows.devices[0, 0]]


def test_others_and_the_reserve_leave_the_room() -> None:
    picture = snapshot(node(cpu=8), [ls(cpu=3, node="n1")], ELASTIC, policy(reserve=amounts(cpu=1)))
    assert cores(look(picture), "room") == 4000


def test_what_fillers_hold_is_room_for_fillers() -> None:
    assert cores(look(snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=3)], ELASTIC)), "room") == 8000


def test_what_fillers_hold_is_not_open_now() -> None:
    assert cores(look(snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=3)], ELASTIC)), "open_now") == 5000


def test_without_fillers_all_but_others_hold_is_able() -> None:
    pods = [filler(ELASTIC, 0, cpu=3), ls(cpu=1, node="n1")]
    assert cores(look(snapshot(node(cpu=8), pods, ELASTIC)), "able") == 7000


def test_fillers_are_counted_at_their_size_and_at_their_smallest() -> None:
    survey = look(snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=3)], ELASTIC))
    assert (cores(survey, "held"), cores(survey, "smallest")) == (3000, 1000)


def test_a_filler_on_its_way_out_holds_nothing_that_is_kept() -> None:
    survey = look(snapshot(node(cpu=8), [terminating(filler(ELASTIC, 0, cpu=3))], ELASTIC))
    assert (cores(survey, "held"), int(survey.rows.counts[0, 0])) == (0, 0)


def test_fillers_of_sets_that_are_not_known_are_others() -> None:
    picture = snapshot(node(cpu=8), [filler(paraset("x"), 0), filler(ELASTIC, 0)], ELASTIC)
    assert cores(look(picture), "room") == 7000


def test_a_filler_grows_by_a_tenth_of_its_size_or_not_at_all() -> None:
    survey = look(snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=4)], ELASTIC))
    assert least_growth(survey) == 400


def test_a_filler_at_its_largest_never_grows() -> None:
    assert least_growth(look(snapshot(node(cpu=8), [filler(ELASTIC, 0, cpu=8)], ELASTIC))) == NEVER


def test_growth_is_known_by_set() -> None:
    others = paraset("x", shape(cpu=(1, 8)))
    survey = look(snapshot(node(cpu=16), [filler(others, 0, cpu=6), filler(ELASTIC, 0, cpu=4)], [ELASTIC, others]))
    assert [least_growth(survey, of) for of in (0, 1)] == [400, 600]


def test_a_filler_that_simply_runs_is_nothing_unusual() -> None:
    assert not look(snapshot(node(cpu=8), [filler(ELASTIC, 0)], ELASTIC)).rows.unusual[0]


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(terminating(filler(ELASTIC, 0)), id="terminating"),
        pytest.param(shrinking(filler(ELASTIC, 0), {"cpu": 500}), id="shrinking"),
        pytest.param(replace(filler(ELASTIC, 0), template_hash="older"), id="outdated"),
        pytest.param(replace(filler(ELASTIC, 0), shape="gone"), id="of a shape that is gone"),
        pytest.param(replace(filler(ELASTIC, 0), trouble="CrashLoopBackOff"), id="in trouble"),
        pytest.param(replace(filler(ELASTIC, 0), sizes={"cpu": 9000}), id="larger than its maximum"),
    ],
)
def test_a_node_is_unusual_with_a_filler(pod: Pod) -> None:
    assert look(snapshot(node(cpu=8), [pod], ELASTIC)).rows.unusual[0]


def test_a_filler_where_its_set_is_not_admitted_any_more_is_unusual() -> None:
    assert look(snapshot(node(cpu=8, taints=(Taint("x"),)), [filler(ELASTIC, 0)], ELASTIC)).rows.unusual[0]


def test_devices_of_nobody_are_free() -> None:
    assert devices() == [1000, 1000, 1000]


def test_what_pods_hold_on_a_device_is_not_free() -> None:
    assert devices(on(1, 400, ls(node="n1", cpu=1)), on(1, 300, filler(WITH_PART, 0))) == [1000, 300, 1000]


def test_what_is_on_no_known_device_is_free_on_none() -> None:
    pod = replace(on(1, 400, ls(node="n1", cpu=1)), on_devices=())
    assert devices(pod) == [600, 600, 600]


def test_what_fillers_on_their_way_out_hold_will_be_free() -> None:
    assert devices(terminating(on(1, 300, filler(WITH_PART, 0)))) == [1000, 1000, 1000]


def test_what_others_on_their_way_out_hold_is_not_counted_on() -> None:
    assert devices(terminating(on(1, 300, ls(node="n1", cpu=1)))) == [1000, 700, 1000]


def test_devices_of_which_no_shape_takes_any_are_not_tracked() -> None:
    assert look(snapshot(TRACKED, (), ELASTIC)).ground.tracked == ()


def test_a_node_with_fewer_devices_has_none_in_the_other_places() -> None:
    small = replace(TRACKED, name="n2", devices=MappingProxyType({MILLI: (1000,)}))
    assert look(snapshot([TRACKED, small], (), WITH_PART)).rows.devices[1, 0].tolist() == [1000, -1, -1]


def test_the_unit_is_the_size_of_a_device() -> None:
    assert look(snapshot([TRACKED, node("n2")], (), WITH_PART)).rows.unit[:, 0].tolist() == [1000, 0]


def rows_differ(one: Survey, two: Survey) -> list[str]:
    return [
        each.name for each in fields(one.rows) if not np.array_equal(*(getattr(s.rows, each.name) for s in (one, two)))
    ]


def three(*pods: Pod, last: Node | None = None, sets: ParaSetView = ELASTIC, of: PolicyView | None = None) -> Snapshot:
    return snapshot([node("n1"), node("n2"), last or node("n3")], pods, sets, of or policy())


def stepped(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return the new picture with the old one's states wherever they are equal."""
    known = {state.node.name: state for state in old.nodes}
    nodes = tuple(known[each.node.name] if known.get(each.node.name) == each else each for each in new.nodes)
    return replace(new, nodes=nodes)


STEPS = [
    pytest.param(three(filler(ELASTIC, 0, "n2", cpu=5)), id="a pod more"),
    pytest.param(three(), id="a pod less"),
    pytest.param(snapshot([node("n1"), node("n3")], [], ELASTIC, policy()), id="a node less"),
    pytest.param(snapshot([node(f"n{at}") for at in range(6)], [], ELASTIC, policy()), id="nodes more"),
    pytest.param(snapshot([], [], ELASTIC, policy()), id="no node any more"),
    pytest.param(three(last=node("n3", trouble="NotReady")), id="a node in trouble"),
    pytest.param(three(last=node("n3", gpus=4)), id="a resource that no node had"),
    pytest.param(three(sets=replace(ELASTIC, shapes=(shape(cpu=2, gpus=1),))), id="other shapes"),
    pytest.param(three(of=policy(reserve=amounts(cpu=2))), id="another reserve"),
    pytest.param(three(sets=WITH_PART, last=replace(TRACKED, name="n3")), id="tracked devices"),
]


@pytest.mark.parametrize("after", STEPS)
def test_rows_that_are_brought_up_to_date_are_as_new_ones(after: Snapshot) -> None:
    before = three(filler(ELASTIC, 0, "n1", cpu=3))
    survey = look(stepped(after, before), look(before))
    assert rows_differ(survey, look(after)) == []


@pytest.mark.parametrize("after", STEPS)
def test_rows_that_are_brought_up_to_date_are_of_the_same_nodes(after: Snapshot) -> None:
    before = three(filler(ELASTIC, 0, "n1", cpu=3))
    survey = look(stepped(after, before), look(before))
    assert survey.row_of == {state.node.name: row for row, state in enumerate(after.nodes)}


@pytest.mark.parametrize("after", STEPS)
def test_names_that_are_brought_up_to_date_are_those_that_are_taken(after: Snapshot) -> None:
    before = three(filler(ELASTIC, 0, "n1", cpu=3))
    survey = look(stepped(after, before), look(before))
    assert survey.names == look(after).names


def test_only_states_that_are_other_objects_are_looked_at() -> None:
    before = three(filler(ELASTIC, 0, "n1"))
    survey = look(stepped(three(filler(ELASTIC, 0, "n1"), filler(ELASTIC, 1, "n2")), before), look(before))
    assert survey.changed == [1]


def test_another_resource_of_a_shape_makes_a_column() -> None:
    assert GPU in look(three(sets=paraset("s", shape(gpus=1)))).ground.columns


def test_fillers_of_several_nodes_and_sets_are_added_up_for_each() -> None:
    sets = [paraset("s", shape("x", cpu=1), shape("y", cpu=2)), paraset("t", shape("z", cpu=4))]
    pods = [filler(sets[0], 0, "a"), filler(sets[1], 1, "a"), filler(sets[0], 2, "c"), filler(sets[0], 3, "c")]
    survey = look(snapshot([node(name, cpu=16) for name in "abc"], pods, sets))
    assert survey.rows.counts.tolist() == [[1, 0, 1], [0, 0, 0], [2, 0, 0]]
    assert survey.rows.own[:, :, 0].tolist() == [[1000, 4000], [0, 0], [2000, 0]]
    assert survey.rows.held[:, 0].tolist() == [5000, 0, 2000]


def test_a_filler_of_no_shape_holds_room_and_is_not_kept() -> None:
    survey = look(snapshot(node(cpu=8), [replace(filler(ELASTIC, 0), shape="gone")], ELASTIC))
    names = ("room", "able", "open_now", "held")
    assert [cores(survey, name) for name in names] == [8000, 8000, 7000, 0]
    assert survey.rows.unusual[0]


CHANGES = {"ceiling": 7, "weight": 3, "floor": 1, "generation": 2, "grace_seconds": 5, "fault": "x"}


@pytest.mark.parametrize("name", CHANGES)
def test_what_rows_do_not_depend_on_leaves_them_as_they_are(name: str) -> None:
    before = three(filler(ELASTIC, 0, "a"))
    after = replace(before, sets=(replace(ELASTIC, **{name: CHANGES[name]}),))
    survey = look(after, look(before))
    assert (survey.changed, survey.ground.sets) == ([], after.sets)


@pytest.mark.parametrize("changes", [{"is_suspended": True}, {"uid": "other"}, {"shapes": (shape(cpu=(2, 8)),)}])
def test_what_rows_depend_on_makes_them_anew(changes: dict[str, object]) -> None:
    before = three(filler(ELASTIC, 0, "a"))
    after = replace(before, sets=(replace(ELASTIC, **changes),))
    survey = look(after, look(before))
    assert (len(survey.changed), rows_differ(survey, look(after))) == (3, [])


def test_parts_of_a_node_are_kept_free_and_rounded_up() -> None:
    of = replace(policy(reserve=amounts(cpu=1)), reserve_percent={"cpu": 7, "memory": 1})
    picture = replace(snapshot(node(cpu=8.001), [], ELASTIC), policies=(of,))
    reserve = of.reserve_on(picture.nodes[0].node.allocatable)
    assert cores(look(picture), "room") == 8001 - reserve["cpu"]


def test_columns_a_node_does_not_have_are_zero() -> None:
    survey = look(snapshot([node("a", cpu=8), replace(node("b"), allocatable={"x.io/y": 3})], [], ELASTIC))
    of = survey.ground.columns.index
    assert (survey.rows.total[1, of("cpu")], survey.rows.total[1, of("x.io/y")]) == (0, 3)


OTHERS = [
    pytest.param([], id="all gone"),
    pytest.param([on(0, 300, ls("a", node="n1"))], id="one stays"),
    pytest.param([on(2, 300, ls("a", node="n1")), on(1, 1000, ls("c", node="n1"))], id="moved, and one came"),
    pytest.param([terminating(on(0, 300, ls("a", node="n1")))], id="on its way out"),
    pytest.param([replace(ls("a", node="n1"), held={MILLI: 500})], id="on no known device"),
]


@pytest.mark.parametrize("pods", OTHERS)
@pytest.mark.parametrize("gone", [False, True], ids=["fillers stay", "a filler is on its way out"])
def test_a_row_where_others_came_and_went_is_the_row_made_anew(pods: list[Pod], gone: bool) -> None:
    part = on(1, 300, filler(WITH_PART, 1, cpu=1))
    fillers = [on(1, 300, filler(WITH_PART, 0, cpu=1)), terminating(part) if gone else part]
    before = [*fillers, on(0, 300, ls("a", node="n1")), on(0, 500, ls("b", cpu=2, node="n1"))]
    survey = look(snapshot(TRACKED, before, WITH_PART))
    after = snapshot(TRACKED, [*fillers, *pods], WITH_PART)
    look(after, survey)
    for each in fields(survey.rows):
        assert np.array_equal(getattr(survey.rows, each.name), getattr(look(after).rows, each.name)), each.name
