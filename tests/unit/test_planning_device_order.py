"""In which order new fillers are made, so that best fit finds a device for each."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.planning.device_order import in_order
from paraset_operator.planning.survey_rows import Ground, Rows

PARTS = "example.com/gpu-milli"
UNIT = 1000
AMOUNTS = (2000, 1000, 600, 500, 350, 250, 100, 0)
# What is free of the devices of a node, and what its new fillers take.
Node = tuple[Free, list[int]]


def ground(amounts: Sequence[int] = AMOUNTS) -> Ground:
    shapes = tuple(Shape(f"s{at}", {PARTS: amount}) for at, amount in enumerate(amounts))
    return Ground(
        sets=(ParaSetView("a", "s", "uid", shapes=shapes),),
        columns=("cpu", PARTS),
        tracked=(PARTS,),
        most_devices=8,
        shapes=tuple((0, shape) for shape in shapes),
    )


def ordered(nodes: Sequence[Node], amounts: Sequence[int] = AMOUNTS) -> list[list[int]]:
    """Return what the new fillers of each node take, in the order found for them."""
    of, row_of = ground(amounts), np.repeat(np.arange(len(nodes)), [len(takes) for _, takes in nodes])
    rows = Rows.empty(len(nodes), of)
    rows.devices[:], rows.unit[:] = -1, UNIT
    for row, (free, _) in enumerate(nodes):
        rows.devices[row, 0, : len(free)] = free
    shapes = np.array([amounts.index(each) for _, takes in nodes for each in takes], dtype=np.int64)
    order = in_order(of, rows, row_of, shapes)
    assert sorted(order.tolist()) == list(range(len(shapes)))
    assert row_of[order].tolist() == row_of.tolist()
    takes = np.array(amounts)[shapes[order]]
    return [takes[row_of == row].tolist() for row in range(len(nodes))]


def fits(free: Free, takes: Sequence[int]) -> bool:
    """Say whether best fit finds a device for each, in this order."""
    for need in takes:
        placed = place(need, free, (UNIT,) * len(free))
        if placed is None:
            return False
        free = without(free, placed)
    return True


def drawn(seed: int, step: int = 50) -> Node:
    """Return a node whose new fillers take exactly, or nearly, what is free: devices are cut until little is left."""
    random = Random(seed)
    parts = [each for each in AMOUNTS if 0 < each < UNIT]
    free, takes = [], []
    for _ in range(random.randint(1, 6)):
        cut = [random.choice(parts) for _ in range(random.randint(0, 6))]
        while sum(cut) > UNIT:
            cut.pop()
        free.append(min(UNIT, sum(cut) + random.choice((0, 0, step))))
        takes += cut
    takes += [1000] * random.randint(0, 1) + [0] * random.randint(0, 2)
    free += [UNIT] * takes.count(1000)
    random.shuffle(free)
    return tuple(free), sorted(takes, reverse=True)


def test_best_fit_places_all_on_nearly_every_node_that_can_be_packed() -> None:
    nodes = [drawn(seed) for seed in range(1500)]
    placed = [fits(free, takes) for (free, _), takes in zip(nodes, ordered(nodes), strict=True)]
    largest_first = [fits(*node) for node in nodes]
    assert placed.count(False) <= 1
    assert largest_first.count(False) > 100


@pytest.mark.parametrize("seed", range(20))
def test_a_node_s_order_is_its_own_affair(seed: int) -> None:
    nodes = [drawn(seed * 20 + at) for at in range(20)]
    assert ordered(nodes) == [ordered([node])[0] for node in nodes]


def test_who_comes_first_stays_first_where_all_find_a_device() -> None:
    assert ordered([((1000, 600), [100, 0, 600, 250])]) == [[100, 0, 600, 250]]


def test_a_part_waits_for_the_device_it_is_meant_for() -> None:
    """500 into 600 and 350 + 350 into 850 leave no device for 250; 350 + 250 and then 500 + 350 do."""
    free, takes = (850, 600), [500, 350, 350, 250]
    assert not fits(free, takes)
    assert ordered([(free, takes)]) == [[350, 250, 500, 350]]


def test_whole_devices_are_taken_before_any_is_cut() -> None:
    free, takes = (1000, 850, 600), [1000, 500, 350, 350, 250]
    assert ordered([(free, takes)]) == [[1000, 350, 250, 500, 350]]


def test_who_takes_no_device_comes_last_where_the_order_changes() -> None:
    assert ordered([((850, 600), [500, 350, 350, 250, 0])]) == [[350, 250, 500, 350, 0]]


def test_devices_of_very_many_steps_are_cut_node_by_node(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [drawn(seed) for seed in range(100)]
    at_once = ordered(nodes)
    monkeypatch.setattr("paraset_operator.planning.device_cuts._MOST_STEPS", 1)
    placed = [fits(free, takes) for (free, _), takes in zip(nodes, ordered(nodes), strict=True)]
    assert all(placed)
    assert [sorted(each) for each in at_once] == [sorted(each) for each in ordered(nodes)]


def test_what_fits_on_no_devices_comes_largest_first() -> None:
    assert ordered([((600, 600), [100, 500, 500, 250])]) == [[500, 500, 250, 100]]


def test_nothing_new_has_no_order() -> None:
    assert ordered([]) == []
