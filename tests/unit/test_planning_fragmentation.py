"""How much idle room no LS pod can use, by FGD's definition (USENIX ATC'23, equations 1 to 6)."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from planning_cases import GPU, amounts, filler, ls, node, paraset, policy, snapshot

from paraset_operator.model.constraints import Constraints, NodeSelectorTerm, Requirement, Toleration
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node, Taint
from paraset_operator.planning.fragmentation import (
    Category,
    DeviceRoom,
    DeviceTable,
    Rooms,
    Workload,
    categories_of,
    cluster_categories,
    cluster_fragmentation,
    device_rooms,
    fragment,
    fragments,
    observed_workload,
    rate_of,
    rates,
    rooms_of,
    workload_of,
)
from paraset_operator.planning.target_workload import WorkloadCounts

LARGE = amounts(cpu=8, gpus=2)
SMALL = amounts(cpu=1, gpus=1)
NO_GPU = amounts(cpu=1)


MILLI = "gpu-milli"
# The three tasks of the paper's Fig. 8, which leaves CPU aside: 0.3, 0.5 and 0.7 of a GPU.
FIGURE_8 = Workload(tuple(({MILLI: need}, 1 / 3) for need in (300, 500, 700)))


def mix(*classes: tuple[dict[str, int], float]) -> Workload:
    return Workload(classes)


def shared(*free: int) -> dict[str, DeviceRoom]:
    """Return GPUs of 1,000 shares with so many free."""
    return {MILLI: DeviceRoom(free, 1000)}


def only(category: Category, amount: float) -> dict[Category, float]:
    return dict.fromkeys(Category, 0.0) | {category: amount}


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


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        ((500, 1000), 1 / 6),
        ((200, 1000), 0.2),  # 0.3 went to the half GPU
        ((500, 700), 1 / 6),  # 0.3 went to the whole one, which FGD prefers, as nothing is lost
        ((0, 700), 0.0),  # then 0.5 goes to the half one
    ],
)
def test_the_worked_example_of_the_paper(free: tuple[int, ...], expected: float) -> None:
    assert fragment({}, FIGURE_8, shared(*free))[MILLI] == pytest.approx(expected)
    rooms = Rooms((), np.zeros((1, 0), dtype=np.int64), {MILLI: DeviceTable(np.array([free]), 1000)})
    assert fragments(rooms, FIGURE_8)[MILLI] == pytest.approx([expected])


@pytest.mark.parametrize(
    ("room", "free", "need", "category"),
    [
        (amounts(cpu=1), (0, 200), amounts(cpu=2) | {MILLI: 300}, Category.LACK_BOTH),
        (amounts(cpu=4), (0, 200), amounts(cpu=2) | {MILLI: 300}, Category.LACK_GPU),
        (amounts(cpu=4), (0, 500), amounts(cpu=2) | {MILLI: 300}, Category.SATISFIED),
        (amounts(cpu=1), (0, 500), amounts(cpu=2) | {MILLI: 300}, Category.LACK_CPU),
        (amounts(cpu=4), (0, 500), amounts(cpu=2), Category.NOT_ASKED),
        (amounts(cpu=1), (0, 500), amounts(cpu=2), Category.NOT_ASKED_LACK_CPU),
        # Memory is left out in the paper; here it counts as CPU does.
        (amounts(cpu=4, memory=1), (0, 500), amounts(cpu=2, memory=2) | {MILLI: 300}, Category.LACK_CPU),
        # Half a GPU here and half a GPU there are no whole one.
        (amounts(cpu=4), (500, 500), amounts(cpu=2) | {MILLI: 1000}, Category.LACK_GPU),
        (amounts(cpu=4), (1000, 999), amounts(cpu=2) | {MILLI: 2000}, Category.LACK_GPU),
        (amounts(cpu=4), (1000, 1000), amounts(cpu=2) | {MILLI: 2000}, Category.SATISFIED),
        # Nothing takes one and a half.
        (amounts(cpu=4), (1000, 1000), amounts(cpu=2) | {MILLI: 1500}, Category.LACK_GPU),
    ],
)
def test_the_six_categories(
    room: dict[str, int], free: tuple[int, ...], need: dict[str, int], category: Category
) -> None:
    workload = mix((need, 1.0))
    expected = only(category, sum(free) / 1000)
    assert categories_of(room, workload, shared(*free))[MILLI] == expected
    assert cluster_categories(rooms_of([room], [shared(*free)]), workload)[MILLI] == expected


def test_devices_too_small_for_a_task_that_fits_count_as_lack_of_devices() -> None:
    split = categories_of(amounts(cpu=4), mix((amounts(cpu=2) | {MILLI: 2000}, 1.0)), shared(1000, 1000, 1000, 300))
    assert split[MILLI] == only(Category.SATISFIED, 3.0) | {Category.LACK_GPU: pytest.approx(0.3)}


def test_a_node_that_a_task_may_not_run_on_is_no_access_to_it() -> None:
    room, workload = amounts(cpu=8, gpus=2), mix((SMALL, 0.5), (NO_GPU, 0.5))
    split = categories_of(room, workload, access=(False, False))[GPU]
    assert split == only(Category.NO_ACCESS, 1.0) | {Category.NOT_ASKED: 1.0}
    access = np.array([[False, False]])
    assert cluster_categories(rooms_of([room], access=access), workload)[GPU] == split


def test_nodes_may_have_devices_of_different_sizes_and_only_some_may_track_them() -> None:
    workload = mix(({MILLI: 16}, 1.0))
    rooms: list[dict[str, int]] = [{}, {}, {MILLI: 3}]
    devices = [{MILLI: DeviceRoom((16, 8), 16)}, {MILLI: DeviceRoom((24, 8), 80)}, {}]
    table = rooms_of(rooms, devices)
    assert table.idle()[MILLI].tolist() == [1.5, 0.4, 3.0]
    assert fragments(table, workload)[MILLI] == pytest.approx([0.5, 0.1, 3.0])
    assert rates(table, workload) == pytest.approx([1 / 3, 0.25, 1.0])


def test_absurd_quantities_do_not_overflow() -> None:
    room = {"cpu": 2**70, GPU: 1}
    assert rates(rooms_of([room]), mix(({"cpu": 2**80, GPU: 1}, 1.0))).tolist() == [0.0]


def test_devices_are_what_pods_leave_of_them() -> None:
    tracking = Node("n1", {MILLI: 3000}, devices=MappingProxyType({MILLI: (1000, 1000, 1000)}))
    placed = replace(ls("a", node="n1"), held={MILLI: 300}, on_devices=(DeviceShare(MILLI, 1, 300),))
    assert device_rooms(tracking, [placed, ls("b", node="n1")]) == shared(1000, 700, 1000)


def test_what_a_pod_holds_on_nobody_knows_which_device_is_free_on_none() -> None:
    tracking = Node("n1", {MILLI: 2000}, devices=MappingProxyType({MILLI: (1000, 1000)}))
    unplaced = replace(ls("a", node="n1"), held={MILLI: 300})
    assert device_rooms(tracking, [unplaced]) == shared(700, 700)


def test_pods_tied_to_a_node_by_name_are_no_tasks() -> None:
    at_n1 = Constraints(affinity=(NodeSelectorTerm(fields=(Requirement("metadata.name", "In", ("n1",)),)),))
    assert workload_of([ls("daemon", cpu=1, constraints=at_n1)], 0) == Workload()


def test_where_tasks_that_ask_for_devices_may_run_is_kept() -> None:
    model = Constraints(node_selector=(("model", "a"),))
    pods = [ls("a", gpus=1, constraints=model), ls("b", gpus=1), ls("c", cpu=1, constraints=model)]
    workload = workload_of(pods, 0)
    assert sorted(share for _, share in workload.classes) == pytest.approx([1 / 3] * 3)
    right, wrong = node("n1", labels={"model": "a"}), node("n2", labels={"model": "b"})
    access = workload.may_run_on_each([right, wrong])
    assert access is not None
    assert access.tolist() == [list(workload.may_run(right) or ()), list(workload.may_run(wrong) or ())]
    assert access.sum(axis=1).tolist() == [3, 2]


def test_tolerations_of_troubles_do_not_tell_tasks_apart() -> None:
    usual = Constraints(tolerations=(Toleration("node.kubernetes.io/not-ready", "Exists", "", "NoExecute"),))
    assert workload_of([ls("a", gpus=1, constraints=usual)], 0).constraints == ()


def test_a_tainted_node_is_open_to_tasks_that_tolerate_the_taint() -> None:
    tolerant = Constraints(tolerations=(Toleration("team", "Exists"),))
    workload = workload_of([ls("a", gpus=1, constraints=tolerant), ls("b", gpus=1)], 0)
    access = workload.may_run_on_each([node("n1", taints=(Taint("team"),)), node("n2")])
    assert access is not None
    assert access.sum(axis=1).tolist() == [1, 2]


def test_ls_is_who_has_the_lowest_priority_that_a_policy_names() -> None:
    picture = snapshot(
        node(), [ls("a", cpu=1, priority=-5), ls("b", cpu=2, priority=-50)], policies=policy(ls_priority=-10)
    )
    assert observed_workload(picture) == mix((amounts(cpu=1, pods=1), 1.0))


def test_counts_kept_by_node_follow_what_changes() -> None:
    counts = WorkloadCounts()
    first = snapshot([node("n1"), node("n2", gpus=1)], [ls("a", cpu=1, node="n1"), ls("b", gpus=1, node="n2"), ls("c")])
    assert counts.observed(first) == counts.observed(first) == observed_workload(first)
    moved = snapshot([node("n1"), node("n3")], [ls("a", cpu=1, node="n1"), ls("d", cpu=2, node="n3")])
    assert counts.observed(moved) == observed_workload(moved)
    stricter = replace(moved, policies=(policy(ls_priority=1),))
    assert counts.observed(stricter) == observed_workload(stricter) == Workload()
