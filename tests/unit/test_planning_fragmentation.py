"""How much idle room no LS pod can use, by FGD's definition (USENIX ATC'23, equations 1 to 6)."""

from dataclasses import replace

import pytest
from planning_cases import GPU, amounts, filler, ls, paraset

from paraset_operator.planning.fragmentation import (
    Workload,
    cluster_fragmentation,
    fragment,
    rate_of,
    workload_of,
)

LARGE = amounts(cpu=8, gpus=2)
SMALL = amounts(cpu=1, gpus=1)
NO_GPU = amounts(cpu=1)


def mix(*classes: tuple[dict[str, int], float]) -> Workload:
    return Workload(classes)


def test_all_idle_devices_are_fragment_for_a_task_that_lacks_cores() -> None:
    assert fragment(amounts(cpu=2, gpus=4), mix((LARGE, 1.0))) == {GPU: 4.0}


def test_all_idle_devices_are_fragment_for_a_task_that_lacks_devices() -> None:
    assert fragment(amounts(cpu=16, gpus=1), mix((LARGE, 1.0))) == {GPU: 1.0}


def test_whole_devices_are_no_fragment_for_a_task_that_fits() -> None:
    assert fragment(amounts(cpu=16, gpus=4), mix((LARGE, 1.0))) == {GPU: 0.0}


def test_all_idle_devices_are_fragment_for_a_task_without_devices_even_if_it_fits() -> None:
    assert fragment(amounts(cpu=16, gpus=4), mix((NO_GPU, 1.0))) == {GPU: 4.0}


def test_the_measure_is_the_mean_over_the_workload() -> None:
    workload = mix((LARGE, 0.5), (SMALL, 0.25), (NO_GPU, 0.25))
    assert fragment(amounts(cpu=2, gpus=4), workload) == {GPU: 3.0}


def test_the_rate_of_a_node_is_the_fragment_part_of_its_idle_devices() -> None:
    assert rate_of(amounts(cpu=2, gpus=4), mix((LARGE, 0.5), (SMALL, 0.5))) == 0.5


@pytest.mark.parametrize("room", [amounts(cpu=8), amounts(cpu=8, gpus=-1)])
def test_a_node_without_idle_devices_is_all_fragment(room: dict[str, int]) -> None:
    assert rate_of(room, mix((SMALL, 1.0))) == 1.0


def test_where_no_ls_work_is_known_all_is_fragment() -> None:
    assert rate_of(amounts(cpu=8, gpus=1), Workload()) == 1.0


def test_the_cluster_is_measured_over_all_its_idle_devices() -> None:
    rooms = [amounts(cpu=8, gpus=3), amounts(cpu=0.5, gpus=1)]
    assert cluster_fragmentation(rooms, mix((SMALL, 1.0))) == {GPU: {"idle": 3 + 1, "fragment": 1.0, "rate": 0.25}}


def test_a_device_that_a_task_does_not_ask_for_is_fragment_beside_one_that_it_does() -> None:
    room = amounts(cpu=8, gpus=1) | {"other/device": 2}
    assert fragment(room, mix((SMALL, 1.0))) == {GPU: 0.0, "other/device": 2.0}


def test_the_workload_is_the_mix_of_requests() -> None:
    pods = [ls("a", cpu=1), ls("b", cpu=1), ls("c", cpu=1), ls("d", cpu=2)]
    assert workload_of(pods, 0) == mix((amounts(cpu=1, pods=1), 0.75), (amounts(cpu=2, pods=1), 0.25))


def test_neither_fillers_nor_pods_below_the_ls_priority_count_to_the_workload() -> None:
    pods = [filler(paraset()), replace(ls("low", cpu=1), priority=-1)]
    assert workload_of(pods, 0) == Workload()


def test_only_the_commonest_requests_count() -> None:
    pods = [ls(f"{size}-{number}", cpu=size) for size in range(1, 101) for number in range(1 + (size <= 64))]
    workload = workload_of(pods, 0)
    assert len(workload.classes) == 64
    assert sum(share for _, share in workload.classes) == pytest.approx(1.0)
    assert max(need["cpu"] for need, _ in workload.classes) == 64_000
