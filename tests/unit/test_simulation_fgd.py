"""The fragmentation measure in the simulator: the same numbers as the planner's, in the form a scheduler needs."""

import random

import numpy as np
import pytest

from paraset_operator.model.quantity import CPU
from paraset_operator.planning.fragmentation import DeviceTable, Rooms, Workload
from paraset_operator.planning.fragmentation import categories as planned_categories
from paraset_operator.planning.fragmentation import fragments as planned_fragments
from paraset_operator.simulation.fgd import (
    CATEGORIES,
    Gradient,
    categories,
    fragment_rate,
    fragments,
    kind_of,
    target_workload,
)
from paraset_operator.simulation.fleet import GPU, Amount, Fleet
from paraset_operator.simulation.inflation import Inflation
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.trace_tables import Task
from tests.simulation_cases import fleet, node, task, workload


def some_nodes(seed: int) -> Fleet:
    """Return nodes of all sizes on which parts of devices and cores are taken at random."""
    chance = random.Random(seed)
    nodes = fleet(
        *(
            node(f"n{index:02d}", cpu=chance.choice((4, 16, 96)), gpus=chance.choice((0, 1, 2, 8)))
            for index in range(40)
        )
    )
    for index in range(len(nodes)):
        count = int((nodes.size[index] > 0).sum())
        taken = tuple((device, 10 * chance.randrange(101)) for device in range(count))
        nodes.take(index, Amount(chance.randrange(int(nodes.cpu[index])), 0, 0, taken))
    return nodes


TASKS = [
    task(cpu=cpu, gpu=gpu) for cpu, gpu in ((1, 0.1), (4, 0.5), (6, 0.47), (8, 1), (16, 2), (3, 0), (90, 8), (2, 0.81))
]


def planned(nodes: Fleet, tasks: list[Task]) -> tuple[Rooms, Workload]:
    """Return nodes and tasks as the planner's measure takes them."""
    needs = [({CPU: each.cpu, GPU: each.gpu_milli}, 1 / len(tasks)) for each in tasks]
    devices = {GPU: DeviceTable(nodes.gpu, 1000)}
    return Rooms((CPU,), nodes.cpu[:, None], devices), Workload(tuple(needs))


@pytest.mark.parametrize("seed", range(5))
def test_both_forms_of_the_measure_agree_on_random_nodes(seed: int) -> None:
    nodes, common = some_nodes(seed), workload(*TASKS)
    own = fragments(nodes.cpu, nodes.gpu, common.access(nodes), common) / (common.total * 1000)
    theirs = planned_fragments(*planned(nodes, TASKS))[GPU]
    np.testing.assert_allclose(own, theirs, atol=1e-9)
    assert fragment_rate(nodes, common) == pytest.approx(theirs.sum() / (nodes.idle.sum() / 1000))


@pytest.mark.parametrize("seed", range(3))
def test_categories_sum_up_to_what_is_idle_and_agree_with_the_planner(seed: int) -> None:
    nodes, common = some_nodes(seed), workload(*TASKS)
    own = dict(zip(CATEGORIES, categories(nodes, common), strict=True))
    assert sum(own.values()) == pytest.approx(nodes.idle.sum() / 1000)
    theirs = planned_categories(*planned(nodes, TASKS))[GPU].sum(axis=0)
    np.testing.assert_allclose(sorted(value for value in own.values() if value), sorted(theirs[theirs > 0]), atol=1e-9)


def test_the_papers_worked_example() -> None:
    nodes = fleet(node("a", gpus=2))
    nodes.take(0, Amount(0, 0, 0, ((0, 500),)))
    common = workload(*(task(cpu=0, gpu=share) for share in (0.3, 0.5, 0.7)))
    lost = fragments(nodes.cpu, nodes.gpu, common.access(nodes), common) / (common.total * 1000)
    assert lost[0] == pytest.approx(1 / 6)


def test_a_model_that_no_task_allows_is_all_fragment() -> None:
    nodes, common = fleet(node("a", gpus=2, model="T4")), workload(task(gpu=0.5, models=("P100",)))
    assert fragment_rate(nodes, common) == 1.0
    assert dict(zip(CATEGORIES, categories(nodes, common), strict=True))["no_access"] == pytest.approx(2.0)


def test_nothing_idle_is_no_fragment() -> None:
    assert fragment_rate(fleet(node("a")), workload(task(gpu=1))) == 0.0


def test_the_target_workload_is_the_commonest_tasks_that_make_up_95_percent() -> None:
    common = target_workload([*[task(cpu=1)] * 60, *[task(cpu=2)] * 35, *[task(cpu=3)] * 3, *[task(cpu=4)] * 2])
    assert [(kind.cpu, count) for kind, count in common.counts] == [(1000, 60), (2000, 35)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.81, 1.0, 2.0])
def test_the_gradient_is_what_placing_the_task_changes_on_the_best_device(share: float) -> None:
    nodes, common, wanted = some_nodes(7), workload(*TASKS), task(cpu=1, gpu=share)
    gradient = Gradient(kind_of(wanted), nodes, common, common.access(nodes))
    for index in np.flatnonzero(nodes.fitting(wanted)).tolist():
        options = [nodes.whole_devices(index, wanted.gpus)]
        if wanted.is_shared:
            fitting = np.flatnonzero(nodes.gpu[index] >= wanted.share).tolist()
            options = [((device, wanted.share),) for device in fitting]
        scores = [_score(nodes, index, wanted, option, common) for option in options]
        assert gradient.scores[index] == max(scores)
        if wanted.is_shared:
            assert gradient.device[index] == options[scores.index(max(scores))][0][0]


def _score(nodes: Fleet, index: int, wanted: Task, placed: tuple[tuple[int, int], ...], common: object) -> int:
    from paraset_operator.simulation.fgd import TargetWorkload  # noqa: PLC0415

    assert isinstance(common, TargetWorkload)
    after = nodes.copy()
    after.take(index, Amount(wanted.cpu, 0, 1, placed))
    access = common.access(nodes)[[index]]
    before_lost, after_lost = (
        int(fragments(each.cpu[[index]], each.gpu[[index]], access, common)[0]) for each in (nodes, after)
    )
    gain = (before_lost - after_lost) / common.total
    return int(100.0 / (1.0 + np.exp(-gain / 1000)))


def test_load_grown_in_steps_is_the_load_grown_at_once() -> None:
    tasks = [task(cpu=2, gpu=0.5), task(cpu=4, gpu=1), task(cpu=1)]
    grown = []
    for steps in ((100.0,), (30.0, 80.0, 100.0)):
        nodes = fleet(*(node(f"n{index}", cpu=64, memory=256, gpus=8) for index in range(4)))
        inflation = Inflation(nodes, SCHEDULERS["fgd"](nodes, workload(*tasks), 3), tasks, 3)
        for percent in steps:
            inflation.grow(percent)
        grown.append((inflation.bound, inflation.asked, inflation.skipped))
    assert grown[0] == grown[1]
    assert grown[0][1] <= 32_000
