"""The best use of devices at a price, against trying everything."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from paraset_operator.planning.price_tables import CUT, NOTHING, Menu, Table, Tables, menu_of, tables_of
from paraset_operator.planning.problem import Floats, Ints

UNIT, MOST = 10, 3


class Case:
    """A few options with a gain at each of three prices."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        number = random.randint(1, 4)
        self.amounts = np.array([random.choice((1, 2, 3, 4, 5, 7, 9, 10, 10, 20)) for _ in range(number)])
        self.value = np.array([[random.randint(1, 20) / 4 for _ in range(number)]] * 3)
        self.need = np.array([[random.randint(0, 3), random.randint(0, 2)] for _ in range(number)])
        self.gain: Floats = self.value - np.array([0.0, 0.5, 2.0])[:, None] * self.need[:, 0]
        self.menu: Menu = menu_of(0, UNIT, np.zeros(number, dtype=np.int64), self.amounts)
        self.tables: Tables = tables_of(self.menu, MOST, self.gain, self.value, self.need)

    def best_part(self, price: int, free: int) -> float:
        """Return the best gain of one device with so much free."""
        parts = [index for index, amount in enumerate(self.amounts) if amount < UNIT]
        return max(self._cuts(price, free, parts))

    def _cuts(self, price: int, free: int, parts: list[int]) -> Iterator[float]:
        yield 0.0
        for index in parts:
            left = free - int(self.amounts[index])
            if left >= 0:
                yield self.gain[price, index] + max(self._cuts(price, left, parts))

    def best_whole(self, price: int, devices: int) -> float:
        """Return the best gain of so many devices that are wholly free."""
        if not devices:
            return 0.0
        ways = [self.best_whole(price, devices - 1) + self.best_part(price, UNIT)]
        for index, amount in enumerate(self.amounts):
            count = int(amount) // UNIT
            if 0 < count <= devices:
                ways.append(self.gain[price, index] + self.best_whole(price, devices - count))
        return max(ways)


def follow(table: Table, price: int, amount: int, size: Ints) -> list[int]:
    """Return what is taken, one after the other."""
    taken, left = [], int(table.used[price, amount])
    while left:
        option = int(table.taken[price, left])
        taken.append(option)
        left = int(table.used[price, left - (1 if option == CUT else int(size[option]))])
    return taken


def all_taken(case: Case, price: int, devices: int) -> list[int]:
    """Return the options that devices are used for, those of cut ones too."""
    taken = follow(case.tables.wholes, price, devices, case.menu.size)
    of_cut = follow(case.tables.parts, price, case.menu.steps, case.menu.size) if CUT in taken else []
    return [option for option in taken if option != CUT] + of_cut * taken.count(CUT)


@pytest.mark.parametrize("seed", range(60))
def test_parts_are_worth_what_the_best_of_all_ways_is(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        for steps in range(case.tables.parts.gain.shape[1]):
            best = case.best_part(price, steps * case.menu.step)
            assert case.tables.parts.gain[price, steps] == pytest.approx(best)


@pytest.mark.parametrize("seed", range(60))
def test_whole_devices_are_worth_what_the_best_of_all_ways_is(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        for devices in range(MOST + 1):
            assert case.tables.wholes.gain[price, devices] == pytest.approx(case.best_whole(price, devices))


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_of_whole_devices_needs_what_the_table_says(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        taken = all_taken(case, price, MOST)
        assert case.need[taken].sum(axis=0).tolist() == case.tables.wholes.need[price, MOST].tolist()


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_of_whole_devices_is_worth_what_the_table_says(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        taken = all_taken(case, price, MOST)
        assert case.value[price, taken].sum() == pytest.approx(case.tables.wholes.value[price, MOST])


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_of_a_part_needs_what_the_table_says(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        for steps in range(case.tables.parts.gain.shape[1]):
            taken = follow(case.tables.parts, price, steps, case.menu.size)
            assert case.need[taken].sum(axis=0).tolist() == case.tables.parts.need[price, steps].tolist()


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_of_a_part_is_no_more_than_is_used(seed: int) -> None:
    case = Case(seed)
    for price in range(3):
        for steps in range(case.tables.parts.gain.shape[1]):
            taken = follow(case.tables.parts, price, steps, case.menu.size)
            assert case.menu.size[taken].sum() == case.tables.parts.used[price, steps] <= steps


def one(amounts: list[int], value: list[float]) -> Tables:
    need = np.ones((len(amounts), 1), dtype=np.int64)
    menu = menu_of(0, UNIT, np.zeros(len(amounts), dtype=np.int64), np.array(amounts))
    return tables_of(menu, 2, np.array([value]), np.array([value]), need)


def test_a_device_is_cut_where_its_parts_are_worth_more_than_the_whole() -> None:
    tables = one([5, 10], [3.0, 5.0])
    assert tables.wholes.taken[0].tolist() == [NOTHING, CUT, CUT]


def test_a_device_stays_whole_where_that_is_worth_as_much() -> None:
    tables = one([5, 10], [2.5, 5.0])
    assert tables.wholes.taken[0].tolist() == [NOTHING, 1, 1]


def test_nothing_is_taken_at_a_loss() -> None:
    tables = one([5, 10], [-1.0, 0.0])
    assert not tables.wholes.used.any()


def test_a_menu_without_parts_has_no_table_of_them() -> None:
    assert one([10, 20], [1.0, 3.0]).parts.gain.shape[1] == 1


def test_parts_are_counted_in_the_largest_steps_they_allow() -> None:
    menu = menu_of(0, 1000, np.zeros(3, dtype=np.int64), np.array([250, 500, 2000]))
    assert (menu.step, menu.steps, menu.size.tolist()) == (250, 4, [1, 2, 2])


def test_odd_parts_are_rounded_up_to_steps_of_a_hundredth_or_less() -> None:
    menu = menu_of(0, 1000, np.zeros(2, dtype=np.int64), np.array([333, 7]))
    assert (menu.size * menu.step >= np.array([333, 7])).all()
    assert menu.step <= 10


def test_options_of_other_kinds_are_not_on_the_menu() -> None:
    menu = menu_of(1, 10, np.array([0, 1, -1, 1]), np.array([5, 5, 0, 10]))
    assert (menu.parts.tolist(), menu.wholes.tolist()) == ([1], [3])
