"""The comparison of victims with native preemption's: it keeps its promise, and its native side keeps the rules."""

from planning_cases import amounts, filler, node, paraset, shape, snapshot

from bench.lost_work_bench import report, run
from bench.native_preemption import choice

SET = paraset("s", shape("one", cpu=1, gpus=1), shape("two", cpu=1, gpus=2))


def test_paraset_loses_three_tenths_less_work_than_native_preemption() -> None:
    found = report([run(seed, nodes=12, arrivals=20) for seed in range(2)])
    assert found["paraset"]["gpu_hours"] <= 0.7 * found["native"]["gpu_hours"]
    assert found["paraset"]["core_hours"] <= 0.7 * found["native"]["core_hours"]


def test_natively_who_runs_longest_is_spared_first() -> None:
    pods = [filler(SET, 0, started=100.0), filler(SET, 1, started=50.0)]
    found = choice(amounts(gpus=1), snapshot(node(gpus=2), pods, SET).nodes, 0)
    assert found is not None
    assert [pod.name for pod in found[1]] == ["s-0"]


def test_natively_the_node_with_fewest_victims_is_taken_whatever_they_hold() -> None:
    pods = [filler(SET, 0, "n1"), filler(SET, 1, "n1"), filler(SET, 2, "n2", shape="two")]
    found = choice(amounts(gpus=2), snapshot([node("n1", gpus=2), node("n2", gpus=2)], pods, SET).nodes, 0)
    assert found is not None
    assert found[0] == "n2"


def test_natively_of_as_many_victims_those_go_that_started_last() -> None:
    pods = [filler(SET, 0, "n1", started=50.0), filler(SET, 1, "n2", started=60.0)]
    found = choice(amounts(gpus=1), snapshot([node("n1", gpus=1), node("n2", gpus=1)], pods, SET).nodes, 0)
    assert found is not None
    assert found[0] == "n2"
