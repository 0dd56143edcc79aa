"""The metrics of fragmentation follow the cluster, fillers left out, and are brought up to date now and then only."""

import asyncio

import pytest
from planning_cases import GPU, filler, ls, node, paraset, shape, snapshot

from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.fragmentation import Category
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.fragments import FragmentMeter, FragmentWatch

SET = paraset("s", shape("gpu", cpu=1, gpus=1))
# Of two nodes with 2 GPUs one has cores for tasks of 4 cores and a GPU, the other has not.
NODES = [node("n1", cpu=8, gpus=3), node("n2", cpu=8, gpus=2), node("n3", cpu=8, gpus=4, trouble="NotReady")]
PODS = [ls("a", cpu=4, gpus=1, node="n1"), ls("b", cpu=6, node="n2")]


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_fillers_neither_hold_room_nor_count_as_work() -> None:
    fillers = [filler(SET, index, "n1") for index in range(2)]
    bare, filled = (FragmentMeter().measure(snapshot(NODES, [*PODS, *more], SET)) for more in ((), fillers))
    assert bare == filled
    assert sum(bare[GPU].values()) == pytest.approx(4)


def test_each_idle_device_is_in_one_category_for_each_class() -> None:
    split = FragmentMeter().measure(snapshot(NODES, PODS, SET))[GPU]
    # The class of a fits on n1, lacks cores on n2; that of b asks for no GPU and fits on neither.
    assert {category: amount for category, amount in split.items() if amount} == {
        Category.SATISFIED: 1.0,
        Category.LACK_CPU: 1.0,
        Category.NOT_ASKED_LACK_CPU: 2.0,
    }


def test_a_changed_node_is_measured_anew() -> None:
    meter = FragmentMeter()
    meter.measure(snapshot(NODES, PODS, SET))
    changed = snapshot(NODES, [PODS[0], ls("b", cpu=6, gpus=2, node="n2")], SET)
    assert meter.measure(changed) == FragmentMeter().measure(changed)


@pytest.mark.parametrize("picture", [snapshot(NODES), snapshot(node(cpu=8), [ls("a", cpu=1, node="n1")])])
def test_without_ls_work_or_idle_devices_there_is_nothing_to_tell(picture: Snapshot) -> None:
    assert FragmentMeter().measure(picture) == {}


def test_series_of_what_is_not_idle_any_more_vanish() -> None:
    metrics = Metrics()
    metrics.fragmented({GPU: dict.fromkeys(Category, 0.0) | {Category.SATISFIED: 1.0, Category.LACK_CPU: 3.0}})
    assert sample(metrics, "paraset_fragmentation_ratio", resource=GPU) == 0.75
    assert sample(metrics, "paraset_fragment_devices", resource=GPU, category="q4_lack_cpu") == 3.0
    metrics.fragmented({})
    assert sample(metrics, "paraset_fragmentation_ratio", resource=GPU) is None
    assert sample(metrics, "paraset_fragment_devices", resource=GPU, category="q4_lack_cpu") is None


def test_what_comes_soon_after_a_measure_is_not_measured() -> None:
    metrics = Metrics()
    watch = FragmentWatch(metrics)
    first, second = snapshot(NODES, PODS, SET), snapshot(node(cpu=8, gpus=2), [ls("a", gpus=1)])

    async def see_both() -> None:
        for picture in (first, second):
            watch.saw(picture)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                await task

    asyncio.run(see_both())
    assert sample(metrics, "paraset_fragmentation_ratio", resource=GPU) == 0.75
