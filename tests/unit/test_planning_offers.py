"""Shapes as options: how they start, what they need, which devices they are listed under."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from planning_cases import GPU, node, paraset, shape, snapshot

from paraset_operator.model.node import Node
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.model.shape import Shape
from paraset_operator.planning.offers import Offers, device_columns, options_of, rows_by_units
from paraset_operator.planning.problem import DeviceKind, Options
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground

MILLI = "example.com/gpu-milli"
TRACKED = replace(node(), devices=MappingProxyType({MILLI: (1000, 1000)}))
NONE = np.zeros(0, dtype=np.int64)


def on_milli(of: Shape, amount: int) -> Shape:
    return replace(of, fixed={**of.fixed, MILLI: amount})


def ground_of(*shapes: Shape) -> Ground:
    return Ground.of(snapshot(TRACKED).nodes, (paraset("s", *shapes),), ())


def options_for(*shapes: Shape, scale: float = 1.0) -> Options:
    ground = ground_of(*shapes)
    units = {MILLI: 1000}
    names = device_columns(ground)
    kinds = [DeviceKind(name, units.get(name, 1), ground.columns.index(name), NONE, NONE) for name in names]
    return options_of(ground, {"a/s": scale}, tuple(kinds))


def test_a_rigid_shape_is_one_option() -> None:
    assert len(options_for(shape(cpu=2, gpus=1))) == 1


def test_a_shape_with_devices_that_grows_is_an_option_at_its_largest_too() -> None:
    of = options_for(shape(cpu=(1, 4), gpus=1, value=2.0))
    assert of.need[:, 0].tolist() == [1000, 4000]
    assert of.twin.tolist() == [0, 0]


def test_an_option_at_its_largest_is_worth_its_growth() -> None:
    assert options_for(shape(cpu=(1, 4), gpus=1, value=2.0, growth={"cpu": 3.0})).value.tolist() == [2.0, 5.0]


def test_an_option_at_its_largest_grows_no_more() -> None:
    assert options_for(shape(cpu=(1, 4), gpus=1)).span[:, 0].tolist() == [3000, 0]


def test_a_shape_without_devices_that_grows_is_an_option_at_its_largest_too() -> None:
    assert options_for(shape(cpu=(1, 4))).need[:, 0].tolist() == [1000, 4000]


def test_growth_that_is_worth_nothing_makes_no_second_option() -> None:
    assert len(options_for(shape(cpu=(1, 4), gpus=1, growth={"cpu": 0.0}))) == 1


def test_worth_is_scaled_between_sets() -> None:
    of = options_for(shape(cpu=(1, 4), gpus=1, value=2.0, growth={"cpu": 3.0}), scale=0.5)
    assert of.value.tolist() == [1.0, 2.5]
    assert of.density[0, 0] == 0.5 * 3.0 / 3000


def test_init_containers_leave_less_to_grow() -> None:
    of = options_for(shape(cpu=(1, 4), gpus=1, initial={"cpu": 2500}))
    assert of.span[0, 0] == 1500


def test_tracked_devices_come_before_counted_ones() -> None:
    ground = ground_of(on_milli(shape("m"), 500), shape("g", gpus=1))
    assert device_columns(ground) == [MILLI, GPU]


def test_a_shape_is_listed_under_its_tracked_devices() -> None:
    of = options_for(on_milli(shape("both", gpus=1), 500), shape("g", gpus=2))
    assert (of.kind.tolist(), of.amount.tolist()) == ([0, 1], [500, 2])


def test_a_shape_without_devices_is_listed_under_none() -> None:
    assert options_for(shape(), on_milli(shape("m"), 500)).kind.tolist() == [-1, 0]


def test_an_amount_between_one_device_and_two_is_no_option() -> None:
    assert options_for(on_milli(shape("odd"), 1500), on_milli(shape("two"), 2000)).amount.tolist() == [2000]


def grouped(*nodes: Node) -> list[tuple[tuple[int, ...], list[int]]]:
    survey, picture = Survey(), snapshot(nodes, sets=paraset("s", on_milli(shape("m"), 500)))
    survey.look(picture.nodes, picture.sets, (DEFAULT_POLICY,))
    found = rows_by_units(survey.ground, survey.rows, np.arange(len(nodes)))
    return sorted((key, rows.tolist()) for key, rows in found)


def with_devices(name: str, *sizes: int) -> Node:
    made = node(name)
    return replace(
        made, allocatable={**made.allocatable, MILLI: sum(sizes)}, devices=MappingProxyType({MILLI: tuple(sizes)})
    )


def test_nodes_with_devices_of_other_sizes_are_dealt_out_apart() -> None:
    nodes = (with_devices("n1", 1000), with_devices("n2", 500, 500), with_devices("n3", 1000, 1000))
    assert grouped(*nodes) == [((500,), [1]), ((1000,), [0, 2])]


def test_nodes_without_such_devices_go_with_the_commonest() -> None:
    nodes = (with_devices("n1", 1000), with_devices("n2", 500), with_devices("n3", 1000), node("n4"))
    assert grouped(*nodes) == [((500,), [1]), ((1000,), [0, 2, 3])]


def test_nodes_that_have_devices_and_do_not_list_them_are_dealt_out_apart() -> None:
    unlisted = replace(with_devices("n2", 1000, 1000), devices=MappingProxyType({}))
    assert grouped(with_devices("n1", 1000), unlisted) == [((0,), [1]), ((1000,), [0])]


def test_where_nothing_is_tracked_all_nodes_go_together() -> None:
    assert grouped(node("n1"), node("n2")) == [((), [0, 1])]


def test_options_are_found_once_while_shapes_and_scales_are_the_same() -> None:
    ground = ground_of(shape(cpu=2))
    offers = Offers(ground, {"a/s": 1.0})
    again = offers.still(replace(ground, sets=(replace(ground.sets[0], ceiling=3),)), {"a/s": 1.0})
    assert again.to(()) is offers.to(())


def test_other_scales_make_other_options() -> None:
    ground = ground_of(shape(cpu=2))
    offers = Offers(ground, {"a/s": 1.0})
    assert offers.still(ground, {"a/s": 2.0}).to(()).value.tolist() == [2 * each for each in offers.to(()).value]


def test_without_shapes_other_resources_still_make_other_options() -> None:
    offers = Offers(Ground(columns=("cpu",)), {})
    assert offers.still(Ground(columns=("cpu", "memory")), {}).to(()).need.shape == (0, 2)
