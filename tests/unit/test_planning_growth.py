"""What running fillers would do with free room, and what others have to be worth to take it."""

import numpy as np
from packing_cases import CORES, Offer, Room, holes, options
from planning_cases import cores, creates, deletes, filler, node, paraset, resizes, shape, snapshot
from planning_outcome import applied

from paraset_operator.planning.growth import GrowthRoom, clearly_better, growth_worth, merge_grown
from paraset_operator.planning.planner import plan

ELASTIC = Offer(cores=1, value=1.0, span=3, density=0.5)
RIGID = Offer(cores=2, value=2.0)


def row(*counts: int) -> np.ndarray:
    return np.array([counts], dtype=np.int64)


def free(cores: int) -> np.ndarray:
    return np.array([[cores, 0, 0, 0]], dtype=np.int64)


def test_growth_is_worth_its_density_as_far_as_there_is_room() -> None:
    of = options(ELASTIC)
    assert growth_worth(of, row(1), free(2)).tolist() == [1.0]


def test_growth_is_worth_no_more_than_the_span_of_all_instances() -> None:
    of = options(ELASTIC)
    assert growth_worth(of, row(2), free(99)).tolist() == [3.0]


def test_room_goes_to_the_growth_that_is_worth_most() -> None:
    of = options(ELASTIC, Offer(cores=1, span=2, density=2.0))
    assert growth_worth(of, row(1, 1), free(3)).tolist() == [4.5]


def test_an_overfull_node_grows_nothing() -> None:
    assert growth_worth(options(ELASTIC), row(1), free(-3)).tolist() == [0.0]


def test_large_instances_are_counted_as_small_ones_that_leave_the_rest_free() -> None:
    of = options(Offer(cores=1, part=5, span=3, density=0.5))
    counts, left = row(1, 2), free(0)
    merge_grown(of, counts, left)
    assert (counts.tolist(), left[0, CORES]) == ([[3, 0]], 6)


def test_a_new_instance_is_made_into_room_that_nobody_grows_into() -> None:
    of = options(ELASTIC, RIGID)
    assert GrowthRoom(of, row(1, 0), free(7)).worthwhile(1, np.array([3])).tolist() == [2]


def test_a_new_instance_takes_growth_that_is_worth_less() -> None:
    of = options(ELASTIC, RIGID)
    assert GrowthRoom(of, row(1, 0), free(2)).worthwhile(1, np.array([1])).tolist() == [1]


def test_a_new_instance_does_not_take_growth_that_is_worth_as_much() -> None:
    of = options(ELASTIC, Offer(cores=2, value=1.0))
    assert GrowthRoom(of, row(1, 0), free(2)).worthwhile(1, np.array([1])).tolist() == [0]


def test_a_shape_that_takes_nothing_of_what_grows_is_always_worth_it() -> None:
    of = options(ELASTIC, Offer(gib=1, value=0.1))
    assert GrowthRoom(of, row(1, 0), free(2)).worthwhile(1, np.array([5])).tolist() == [5]


def test_what_new_instances_took_is_not_there_for_the_next() -> None:
    of = options(ELASTIC, Offer(cores=2, value=1.0))
    room = GrowthRoom(of, row(1, 0), free(5))
    room.take(1, np.array([1]))
    assert room.worthwhile(1, np.array([1])).tolist() == [0]


def test_instances_that_displace_no_growth_are_clearly_better() -> None:
    of = options(ELASTIC, Offer(cores=1, value=0.001))
    assert clearly_better(of, row(1, 0), free(9), row(0, 1)).tolist() == [True]


def test_instances_that_are_worth_a_little_more_than_the_growth_they_displace_are_not_clearly_better() -> None:
    of = options(ELASTIC, Offer(cores=2, value=1.01))
    assert clearly_better(of, row(1, 0), free(3), row(0, 1)).tolist() == [False]


def test_instances_that_are_worth_much_more_than_the_growth_they_displace_are_clearly_better() -> None:
    of = options(ELASTIC, RIGID)
    assert clearly_better(of, row(1, 0), free(3), row(0, 1)).tolist() == [True]


def test_holes_that_are_asked_for_rows_keep_what_runs_there() -> None:
    found = holes([Room(cores=1), Room(cores=2)], options(ELASTIC), kept=[[1], [2]])
    assert found.at(np.array([1])).kept.tolist() == [[2]]


GROWS = shape("grows", cpu=(1, 8), gpus=1, value=8, growth={"cpu": 7.0})


def grown_beside(value: float) -> tuple[object, object]:
    """Return the plan for a filler grown to 8 cores beside a hole for another set's, and the plan after that."""
    owner, other = paraset("s", GROWS, ceiling=1), paraset("t", shape("new", cpu=4, gpus=1, value=value))
    picture = snapshot(node(cpu=8, gpus=2), [filler(owner, 0, cpu=8)], [owner, other])
    outcome = plan(picture)
    return outcome, plan(applied(picture, outcome))


def test_a_new_filler_displaces_growth_that_is_worth_less() -> None:
    outcome, _ = grown_beside(8.0)
    assert [each.owner.name for each in creates(outcome)] == ["t"]  # type: ignore[arg-type]
    assert [cores(each.sizes) for each in resizes(outcome)] == [4]  # type: ignore[arg-type]


def test_where_a_filler_made_room_for_a_new_one_the_next_plan_leaves_both() -> None:
    _, again = grown_beside(8.0)
    assert again.actions == ()  # type: ignore[attr-defined]


def test_a_new_filler_of_the_same_set_does_not_displace_growth_that_is_worth_more() -> None:
    owner = paraset("s", GROWS, shape("small", cpu=4, value=1))
    outcome = plan(snapshot(node(cpu=8, gpus=1), [filler(owner, 0, cpu=8)], owner))
    assert (creates(outcome), resizes(outcome), deletes(outcome)) == ([], [], [])
