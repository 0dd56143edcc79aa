"""Percentiles, usable room, and the lower bound of evictions."""

from dataclasses import replace
from math import inf

import pytest
from demo_timeline import CPU_SHAPE, SET, SHAPE, Timeline, filler, node, pod, resized

from demo.measure import (
    allocation,
    filled,
    gpu_share,
    moved,
    needed_evictions,
    percentile,
    seconds_to_bind,
    usable,
    yielded,
)
from demo.objects import CPU, GPU


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.99, 3.0), ([4, 1, 3, 2], 0.5, 2), (range(1, 101), 0.99, 99), (range(1, 201), 0.5, 100), ([], 0.5, inf)],
)
def test_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_usable_gpus_are_those_with_a_core_and_memory_beside_them() -> None:
    state = Timeline(
        node("enough", gpus=2),
        node("one-core", gpus=2),
        node("no-core", gpus=2),
        node("cordoned", gpus=2, unschedulable=True),
        node("broken", gpus=2, ready=False),
        SET,
        pod("a", "one-core", cores=15),
        pod("b", "no-core", cores=16),
        filler("s-0", "enough"),
    ).state
    assert usable(state)[GPU] == 3
    assert usable(state)[CPU] == 17_000
    assert filled(state)[GPU] == 1
    assert gpu_share(state) == pytest.approx(1 / 3)


def test_a_shape_of_two_gpus_uses_them_in_pairs() -> None:
    pairs = replace(SHAPE, least={**SHAPE.least, GPU: 2})
    state = Timeline(node("n1", gpus=5), replace(SET, shapes=(pairs, CPU_SHAPE))).state
    assert usable(state)[GPU] == 4


def test_nothing_is_usable_without_sets_and_nothing_usable_is_full() -> None:
    state = Timeline(node("n1")).state
    assert usable(state)[GPU] == 0
    assert gpu_share(state) == 1.0


def test_fillers_that_leave_are_held_but_not_filled() -> None:
    state = Timeline(node("n1"), SET, filler("s-0", terminating=True)).state
    assert filled(state)[GPU] == 0
    assert allocation(state).share(GPU, with_fillers=True) == 0.5
    assert allocation(state).share(GPU, with_fillers=False) == 0.0


def test_a_gpu_burst_needs_as_many_gpus_as_are_not_free() -> None:
    state = Timeline(node("n1", gpus=3), SET, filler("s-0"), filler("s-1")).state
    assert needed_evictions(state, [pod("a", gpus=1)]).fillers == 0
    two = needed_evictions(state, [pod("a", gpus=1), pod("b", gpus=1)])
    assert (two.gpus, two.fillers) == (1, 1)


def test_free_gpus_without_cores_for_the_burst_do_not_count_as_room() -> None:
    state = Timeline(node("n1", gpus=3), SET, pod("ls", "n1", cores=14), filler("s-0"), filler("s-1")).state
    assert needed_evictions(state, [pod("a", gpus=1, cores=2)]).gpus == 1


def test_cores_that_shrinking_frees_need_no_eviction() -> None:
    state = Timeline(node("n1"), SET, filler("s-0", cores=8), filler("s-1", cores=8)).state
    assert needed_evictions(state, [pod("a", cores=14)]).fillers == 0


def test_cores_beyond_all_shrinking_need_evictions() -> None:
    state = Timeline(node("n1"), SET, filler("s-0", cores=8), filler("s-1", cores=8)).state
    needed = needed_evictions(state, [pod("a", cores=16)])
    assert (needed.gpus, needed.fillers) == (0, 2)


def test_a_filler_of_many_gpus_covers_the_need_of_many() -> None:
    both = replace(filler("s-0", gpus=2), shape="gone")
    state = Timeline(node("n1"), SET, both).state
    assert needed_evictions(state, [pod("a", gpus=1), pod("b", gpus=1)]).fillers == 1


def test_shrinks_and_evictions_are_counted_once_each() -> None:
    one, two = filler("s-0", cores=4), filler("s-1", cores=4)
    seen = Timeline(node("n1"), SET, one, two)
    small = resized(one, 2)
    seen.see(small).see(replace(two, terminating=True)).see(replace(two, terminating=True)).gone(two).gone(small)
    given = yielded(seen.changes)
    assert (given.shrinks, given.evictions, given.gpus) == (1, 2, 2)


def test_a_filler_that_was_never_bound_is_withdrawn_not_evicted() -> None:
    pending = filler("s-0", on="", pinned=("n1",))
    assert yielded(Timeline(node("n1"), SET, pending).gone(pending).changes).evictions == 0


def test_a_status_change_moves_nothing_and_a_new_size_does() -> None:
    one = filler("s-0")
    seen = Timeline(node("n1"), SET, one)
    mark = len(seen.changes)
    seen.see(replace(one, phase="Running")).see(pod("ls", "n1"))
    assert not moved(seen.changes[mark:])
    assert moved(seen.see(resized(one, 2)).changes[mark:]) == ["tenant/s-0"]
    assert moved(seen.changes) == ["tenant/s-0", "tenant/s-0"]


def test_a_wait_lasts_from_first_sight_to_the_node() -> None:
    seen = Timeline(node("n1"), pod("a")).see(pod("a"), after=1).see(pod("a", "n1"), after=2).see(pod("b"), after=1)
    waits = [seen.state.wait_of(each) for each in seen.state.pods.values()]
    assert seconds_to_bind(waits) == [3.0]
