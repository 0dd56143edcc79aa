"""The fragmentation measure: one node and many alike, never more than is idle, nothing lost between categories."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraset_operator.planning.fragmentation import (
    Category,
    DeviceRoom,
    Rooms,
    Workload,
    categories,
    categories_of,
    cluster_fragmentation,
    fragment,
    fragments,
    idle_of,
    rate_of,
    rates,
    rooms_of,
)

GPU, MILLI, OTHER = "nvidia.com/gpu", "gpu-milli", "other/device"
UNIT = 4
SETTINGS = settings(max_examples=300, derandomize=True, deadline=None)


@dataclass
class Cluster:
    rooms: list[dict[str, int]]
    devices: list[dict[str, DeviceRoom]]
    workload: Workload
    access: list[list[bool]] | None

    def table(self) -> Rooms:
        access = None if self.access is None else np.array(self.access, dtype=bool).reshape(len(self.rooms), -1)
        return rooms_of(self.rooms, self.devices, access)

    def access_of(self, index: int) -> list[bool] | None:
        return None if self.access is None else self.access[index]


def amounts(**most: int) -> st.SearchStrategy[dict[str, int]]:
    """Amounts from just below nothing on, any of them missing."""
    names = {"gpu": GPU, "milli": MILLI, "other": OTHER}
    return st.fixed_dictionaries({}, optional={names.get(key, key): st.integers(-1, end) for key, end in most.items()})


free_devices = st.lists(st.integers(0, UNIT), min_size=1, max_size=4).map(lambda free: DeviceRoom(tuple(free), UNIT))


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    number, classes = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    needs = [draw(amounts(cpu=5, memory=5, gpu=3, other=1, milli=3 * UNIT)) for _ in range(classes)]
    counts = [draw(st.integers(1, 5)) for _ in needs]
    return Cluster(
        rooms=[draw(amounts(cpu=6, memory=6, gpu=4, other=2, milli=3)) for _ in range(number)],
        devices=[draw(st.fixed_dictionaries({}, optional={MILLI: free_devices})) for _ in range(number)],
        workload=Workload(tuple((need, count / sum(counts)) for need, count in zip(needs, counts, strict=True))),
        access=draw(st.none() | st.just([[draw(st.booleans()) for _ in needs] for _ in range(number)])),
    )


@SETTINGS
@given(clusters())
def test_one_node_and_many_nodes_are_measured_alike(cluster: Cluster) -> None:
    table = cluster.table()
    split, lost, rate = (measure(table, cluster.workload) for measure in (categories, fragments, rates))
    for index, (room, devices) in enumerate(zip(cluster.rooms, cluster.devices, strict=True)):
        given = (room, cluster.workload, devices, cluster.access_of(index))
        single = {name: [parts[each] for each in Category] for name, parts in categories_of(*given).items()}
        for name in split:
            assert split[name][index] == pytest.approx(single.get(name, [0.0] * len(Category)))
            assert lost[name][index] == pytest.approx(fragment(*given).get(name, 0.0))
        assert single.keys() <= split.keys()
        assert rate[index] == pytest.approx(rate_of(*given))


@SETTINGS
@given(clusters())
def test_categories_sum_up_to_what_is_idle_and_fragment_is_never_more(cluster: Cluster) -> None:
    table = cluster.table()
    idle, split, lost = table.idle(), categories(table, cluster.workload), fragments(table, cluster.workload)
    for name, amount in idle.items():
        assert (split[name] >= 0).all()
        assert (lost[name] <= amount + 1e-9).all()
        if cluster.workload.classes:
            assert split[name].sum(axis=1) == pytest.approx(amount)
    assert ((rates(table, cluster.workload) >= 0) & (rates(table, cluster.workload) <= 1)).all()


@SETTINGS
@given(clusters())
def test_what_is_idle_is_the_same_in_both_forms_and_in_sum(cluster: Cluster) -> None:
    table = cluster.table().idle()
    nodes = [idle_of(room, devices) for room, devices in zip(cluster.rooms, cluster.devices, strict=True)]
    for name, amount in table.items():
        assert amount.tolist() == [node.get(name, 0.0) for node in nodes]
    measured = cluster_fragmentation(cluster.rooms, cluster.workload, cluster.devices)
    assert measured.keys() == {name for node in nodes for name in node}


@SETTINGS
@given(clusters(), st.integers(0, 4), st.sampled_from(["cpu", "memory"]))
def test_more_cores_or_memory_never_make_more_fragment(cluster: Cluster, index: int, resource: str) -> None:
    index %= len(cluster.rooms)
    room, devices = cluster.rooms[index], cluster.devices[index]
    larger = room | {resource: room.get(resource, 0) + 2}
    assert rate_of(larger, cluster.workload, devices) <= rate_of(room, cluster.workload, devices) + 1e-9
