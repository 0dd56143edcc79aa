"""Where each scheduler puts a task, on nodes made by hand."""

import numpy as np
import pytest

from paraset_operator.simulation.fleet import Amount, Fleet
from paraset_operator.simulation.schedulers import SCHEDULERS, Scheduler
from paraset_operator.simulation.trace_tables import Task
from tests.simulation_cases import fleet, node, task, workload


def scheduler(name: str, cluster: Fleet, *tasks: Task, seed: int = 0) -> Scheduler:
    return SCHEDULERS[name](cluster, workload(*(tasks or (task(gpu=0.5),))), seed)


def holding(cluster: Fleet, index: int, cpu: float = 0, **devices: int) -> Fleet:
    """Take room of a node; devices as d0=500."""
    placed = tuple((int(name[1:]), part) for name, part in devices.items())
    cluster.take(index, Amount(round(cpu * 1000), 0, 0, placed))
    return cluster


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_task_goes_only_where_all_it_asks_for_is_free(name: str) -> None:
    nodes = fleet(node("a", cpu=2, gpus=2), node("b", cpu=8, memory=1, gpus=2), node("c", cpu=8, gpus=1), node("d"))
    chosen = scheduler(name, nodes)
    assert chosen.choose(task(cpu=4, gpu=1, memory=2)) == (2, ((0, 1000),))
    assert chosen.choose(task(cpu=4, gpu=2, memory=2)) is None
    assert chosen.choose(task(cpu=9)) is None


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_part_of_a_gpu_must_be_free_on_one_device_and_whole_ones_untouched(name: str) -> None:
    half_taken = holding(fleet(node("a", gpus=2)), 0, d0=500, d1=500)
    assert scheduler(name, half_taken).choose(task(gpu=0.6)) is None
    assert scheduler(name, half_taken).choose(task(gpu=1)) is None
    assert scheduler(name, half_taken).choose(task(gpu=0.5)) is not None


@pytest.mark.parametrize("name", SCHEDULERS)
def test_only_nodes_with_a_model_that_the_task_allows_are_chosen(name: str) -> None:
    nodes = fleet(node("a", gpus=1, model="T4"), node("b", gpus=1, model="P100"), node("c", gpus=1))
    assert scheduler(name, nodes).choose(task(gpu=1, models=("P100", "V100"))) == (1, ((0, 1000),))


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_node_takes_no_more_pods_than_it_has_slots_for(name: str) -> None:
    nodes = fleet(node("a", cpu=200))
    for _ in range(110):
        choice = scheduler(name, nodes).choose(task(cpu=1, memory=0))
        assert choice is not None
        nodes.take(choice[0], Amount(1000, 0, 1, choice[1]))
    assert scheduler(name, nodes).choose(task(cpu=1, memory=0)) is None


def test_best_fit_takes_the_node_with_least_left_of_cores_and_gpus_together() -> None:
    nodes = fleet(node("a", cpu=96, gpus=8), node("b", cpu=32, gpus=4), node("c", cpu=96, gpus=2))
    assert scheduler("best-fit", nodes).choose(task(cpu=4, gpu=1)) == (1, ((0, 1000),))


def test_least_allocated_takes_the_node_with_most_left_in_proportion() -> None:
    nodes = holding(fleet(node("a", cpu=96, memory=384), node("b", cpu=32, memory=128)), 0, cpu=48)
    assert scheduler("least-allocated", nodes).choose(task(cpu=4, memory=8)) == (1, ())


def test_a_shared_task_goes_to_the_fullest_gpu_that_takes_it() -> None:
    nodes = holding(fleet(node("a", gpus=4)), 0, d1=300, d2=600, d3=800)
    assert scheduler("best-fit", nodes).choose(task(gpu=0.4)) == (0, ((2, 400),))
    assert scheduler("least-allocated", nodes).choose(task(gpu=0.7)) == (0, ((1, 700),))


def test_fgd_spares_the_gpu_that_a_common_task_needs() -> None:
    # The paper's example: 0.5 and 1.0 are free, and tasks of 0.3, 0.5 and 0.7 are equally common. A task of 0.3 on the
    # half GPU would leave 0.2, which serves nobody; on the whole one it leaves 0.7, which serves all.
    nodes = holding(fleet(node("a", cpu=100, gpus=2)), 0, d0=500)
    common = [task(cpu=0, gpu=share) for share in (0.3, 0.5, 0.7)]
    fgd = scheduler("fgd", nodes, *common)
    assert fgd.choose(common[0]) == (0, ((1, 300),))
    nodes.take(0, Amount(0, 0, 1, ((1, 300),)))
    assert fgd.choose(common[1]) == (0, ((0, 500),))


def test_fgd_looks_again_at_nodes_that_changed_since_it_last_chose() -> None:
    nodes, common = fleet(node("a", gpus=2), node("b", gpus=2)), [task(gpu=share) for share in (0.3, 0.5, 0.7)]
    fgd = scheduler("fgd", nodes, *common)
    for share in (0.7, 0.3, 0.5, 0.5, 0.3, 0.7, 0.5):
        wanted = task(gpu=share)
        choice = fgd.choose(wanted)
        assert choice == scheduler("fgd", nodes, *common).choose(wanted)
        assert choice is not None
        nodes.take(choice[0], Amount(1000, 0, 1, choice[1]))


def test_equal_nodes_are_taken_in_an_order_that_the_seed_draws() -> None:
    cluster = [node(f"n{index}", gpus=1) for index in range(20)]
    firsts = [scheduler("best-fit", fleet(*cluster), seed=seed).choose(task(gpu=1)) for seed in range(5)]
    assert firsts == [scheduler("best-fit", fleet(*cluster), seed=seed).choose(task(gpu=1)) for seed in range(5)]
    assert len(set(firsts)) > 1


def test_random_reaches_every_node_and_every_gpu_that_fits() -> None:
    nodes = holding(fleet(node("a", gpus=2), node("b", gpus=2), node("c", gpus=2)), 1, d0=900)
    chosen = scheduler("random", nodes)
    seen = {chosen.choose(task(gpu=0.5)) for _ in range(200)}
    assert seen == {(index, ((device, 500),)) for index, device in ((0, 0), (0, 1), (1, 1), (2, 0), (2, 1))}


def test_a_node_in_trouble_takes_nothing_new() -> None:
    nodes = fleet(node("a", cpu=64), node("b", cpu=2))
    nodes.is_open = np.array([False, True])
    assert scheduler("best-fit", nodes).choose(task(cpu=1)) == (1, ())
    assert scheduler("best-fit", nodes).choose(task(cpu=4)) is None
