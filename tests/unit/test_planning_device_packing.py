"""On which device each part goes."""

from random import Random

import pytest

from bench.oracle.packing import homes
from paraset_operator.planning.device_packing import assign


def drawn(seed: int) -> tuple[list[int], list[int]]:
    random = Random(seed)
    free = [random.randint(0, 10) for _ in range(random.randint(1, 4))]
    return free, [random.randint(1, 9) for _ in range(random.randint(1, 6))]


@pytest.mark.parametrize("seed", range(100))
def test_a_way_is_found_where_there_is_one(seed: int) -> None:
    free, amounts = drawn(seed)
    assert (assign(free, amounts) is None) == (homes(amounts, free) is None)


@pytest.mark.parametrize("seed", range(100))
def test_no_device_holds_more_than_is_free_on_it(seed: int) -> None:
    free, amounts = drawn(seed)
    placed = assign(free, amounts) or []
    held = [sum(amounts[at] for at, home in enumerate(placed) if home == device) for device in range(len(free))]
    assert all(each <= room for each, room in zip(held, free, strict=True))


def test_the_first_fit_is_taken_back_where_it_leads_nowhere() -> None:
    """6 into 6 and 4 into 8 leave no device for 4 + 4: only 6 into 6, 4 + 4 into 8 does."""
    assert assign([8, 6], [4, 6, 4]) == [0, 1, 0]


def test_a_part_goes_to_the_fullest_device() -> None:
    assert assign([10, 4, 7], [4]) == [1]


def test_nothing_to_place_is_placed() -> None:
    assert assign([3], []) == []


def test_nothing_fits_on_no_devices() -> None:
    assert assign([], [1]) is None


def test_what_is_free_stays_as_it_was() -> None:
    free = [8, 6]
    assign(free, [4, 6, 4])
    assert free == [8, 6]


def test_a_search_without_end_is_given_up() -> None:
    assert assign([7] * 12, [4] * 13 + [3] * 20) is None
