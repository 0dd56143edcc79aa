"""Single instances that make way for another set's, where that brings both closer to their fair shares."""

from collections.abc import Sequence

import numpy as np
import pytest
from packing_cases import Offer, Room, faults, holes, options, quotas

from paraset_operator.planning.exchange import exchange
from paraset_operator.planning.problem import Options
from paraset_operator.planning.quotas import Quotas

SAME = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, part=5, owner=1))


def exchanged(
    rooms: Sequence[Room], of: Options, limits: Quotas, counts: Sequence[Sequence[int]], barred: Sequence[int] = ()
) -> list[list[int]]:
    found, table = holes(rooms, of, sets=len(limits.most)), np.array(counts, dtype=np.int64)
    found.barred[:, list(barred)] = True
    exchange(found, of, limits, table, limits.due())
    return table.tolist()  # type: ignore[no-any-return]


def node(devices: int = 4, **fields: object) -> Room:
    return Room(cores=20, devices=(10,) * devices, **fields)  # type: ignore[arg-type]


def test_a_set_that_has_all_gives_half_to_another_of_equal_weight() -> None:
    total = exchanged([node()] * 8, SAME, quotas([99, 99], [160, 0, 320, 0]), [[8, 0]] * 8)
    assert np.sum(total, axis=0).tolist() == [32, 32]


def test_shares_follow_weights() -> None:
    limits = quotas([99, 99], [160, 0, 320, 0], tenant_weight=[1.0, 3.0])
    assert np.sum(exchanged([node()] * 8, SAME, limits, [[8, 0]] * 8), axis=0).tolist() == [16, 48]


def test_fair_shares_are_left_as_they_are() -> None:
    counts = [[4, 4]] * 4
    assert exchanged([node()] * 4, SAME, quotas([99, 99], [80, 0, 160, 0]), counts) == counts


def test_a_set_takes_no_more_than_its_quota() -> None:
    total = exchanged([node()] * 8, SAME, quotas([99, 5], [160, 0, 320, 0]), [[8, 0]] * 8)
    assert np.sum(total, axis=0).tolist() == [59, 5]


def test_nobody_gives_to_a_set_that_no_node_admits() -> None:
    rooms = [node(admits=(True, False))] * 4
    assert exchanged(rooms, SAME, quotas([99, 99], [80, 0, 160, 0]), [[8, 0]] * 4) == [[8, 0]] * 4


def test_an_option_left_out_of_a_node_does_not_come_in() -> None:
    limits = quotas([99, 99], [80, 0, 160, 0])
    assert exchanged([node()] * 4, SAME, limits, [[8, 0]] * 4, barred=[1]) == [[8, 0]] * 4


def test_no_exchange_makes_the_one_poorer_than_the_other_was() -> None:
    """One instance of two: exchanged, the other would be where the first is now."""
    of = options(Offer(cores=1, part=10, owner=0), Offer(cores=1, part=10, owner=1))
    rooms = [Room(cores=5, devices=(10,))]
    assert exchanged(rooms, of, quotas([9, 9], [5, 0, 10, 0]), [[1, 0]]) == [[1, 0]]


def test_parts_come_into_a_whole_device_as_many_as_fit() -> None:
    of = options(Offer(cores=1, part=10, owner=0), Offer(cores=1, part=3, owner=1))
    total = exchanged([node()] * 4, of, quotas([99, 99], [80, 0, 160, 0]), [[4, 0]] * 4)
    assert np.sum(total, axis=0)[1] % 3 == 0
    assert np.sum(total, axis=0)[1] > 0


@pytest.mark.parametrize("gpus", [0, 1])
def test_what_comes_in_needs_room_in_devices_of_other_kinds_too(gpus: int) -> None:
    """It takes a part of a device, and a counted one beside it."""
    of = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, part=5, gpus=1, owner=1))
    rooms = [Room(cores=20, devices=(10, 10), gpus=gpus)] * 4
    counts = exchanged(rooms, of, quotas([99, 99], [80, 0, 80, 4 * gpus]), [[4, 0]] * 4)
    assert faults(rooms, of, np.array(counts)) == []


def test_what_comes_in_needs_its_cores() -> None:
    of = options(Offer(cores=1, part=5, owner=0), Offer(cores=5, part=5, owner=1))
    rooms = [Room(cores=5, devices=(10, 10))] * 4
    counts = exchanged(rooms, of, quotas([99, 99], [20, 0, 80, 0]), [[4, 0]] * 4)
    assert faults(rooms, of, np.array(counts)) == []


def test_the_nodes_concerned_are_named() -> None:
    counts = np.array([[8, 0], [4, 4]], dtype=np.int64)
    before = counts.copy()
    found = holes([node()] * 2, SAME, sets=2)
    limits = quotas([99, 99], [40, 0, 80, 0])
    changed = exchange(found, SAME, limits, counts, limits.due())
    assert changed.tolist() == np.flatnonzero((counts != before).any(axis=1)).tolist()
    assert len(changed)
