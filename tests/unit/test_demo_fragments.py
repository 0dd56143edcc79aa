"""Idle GPUs, how many of them LS pods like those seen can't use, and how much of that fillers hold."""

from dataclasses import replace

import pytest
from demo_timeline import SET, Timeline, filler, node, pod

from demo.fragments import Fragments, fragments


def test_gpus_without_cores_beside_them_are_fragment() -> None:
    ls = pod("ls", "n1", gpus=1, cores=8)
    state = Timeline(node("n1", gpus=3), node("n2", gpus=2, cores=4), SET, ls).state
    assert fragments(state) == Fragments(4, 4, fragment_before=2.0, fragment_after=2.0)


def test_fillers_hold_fragments_in_proportion_and_do_not_change_what_is_fragment() -> None:
    ls = pod("ls", "n1", gpus=1, cores=8)
    state = Timeline(node("n1", gpus=3), node("n2", gpus=2, cores=4), SET, ls, filler("s-0", "n2")).state
    found = fragments(state)
    assert found == Fragments(4, 3, fragment_before=2.0, fragment_after=1.0)
    assert found.filled_share == 0.5


def test_nodes_that_do_not_serve_and_fillers_that_leave_do_not_count() -> None:
    ls = pod("ls", "n1", gpus=1, cores=17)
    state = Timeline(
        node("n1", gpus=2), node("cordoned", unschedulable=True), SET, ls, filler("s-0", "n1", terminating=True)
    ).state
    assert fragments(state) == Fragments(1, 1, fragment_before=1.0, fragment_after=1.0)


def test_the_measure_is_the_mean_over_all_ls_pods_waiting_ones_too() -> None:
    small, large = pod("small", "n1", gpus=1), pod("large", gpus=2, cores=2)
    state = Timeline(node("n1", gpus=2), node("n2", gpus=1), SET, small, large).state
    found = fragments(state)
    # Each node has one idle GPU, which the small pod can use and the large one cannot.
    assert (found.idle_before, found.fragment_before) == (2, 1.0)


def test_a_full_cluster_has_no_fragments_and_all_of_them_are_filled() -> None:
    state = Timeline(node("n1", gpus=1), pod("ls", "n1", gpus=1)).state
    assert fragments(state) == Fragments(0, 0, 0.0, 0.0)
    assert fragments(state).filled_share == 1.0


def test_pods_below_the_ls_priority_are_no_workload() -> None:
    state = Timeline(node("n1", gpus=1), replace(pod("low", "n1", cores=4), priority=-1)).state
    assert fragments(state).fragment_before == pytest.approx(1.0)
