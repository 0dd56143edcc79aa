"""Where on a node's devices an amount goes, and what is free of each."""

import pytest

from paraset_operator.model.devices import DeviceShare, free_of, place, without

FULL = (10, 10, 10)


def test_a_part_goes_to_the_fullest_device_that_takes_it() -> None:
    assert place(3, (10, 4, 3), FULL) == ((2, 3),)


def test_of_equally_full_devices_the_first_takes_a_part() -> None:
    assert place(3, (10, 4, 4), FULL) == ((1, 3),)


def test_a_part_does_not_go_where_only_the_sum_is_enough() -> None:
    assert place(6, (5, 5, 0), FULL) is None


def test_whole_devices_go_to_those_that_nobody_touched() -> None:
    assert place(20, (10, 9, 10), FULL) == ((0, 10), (2, 10))


@pytest.mark.parametrize("free", [(10, 9, 9), (0, 10, 0)])
def test_whole_devices_do_not_fit_where_too_few_are_untouched(free: tuple[int, ...]) -> None:
    assert place(20, free, FULL) is None


def test_more_than_one_device_and_no_multiple_of_it_fits_nowhere() -> None:
    assert place(15, FULL, FULL) is None


@pytest.mark.parametrize("need", [0, -1])
def test_nothing_is_placed_nowhere(need: int) -> None:
    assert place(need, (0, 0), (10, 10)) == ()


def test_nothing_fits_on_no_devices() -> None:
    assert place(1, (), ()) is None


def test_a_smaller_device_is_no_whole_one() -> None:
    assert place(10, (5, 10), (5, 10)) == ((1, 10),)


def test_what_is_free_is_the_size_less_what_is_held() -> None:
    shares = [DeviceShare("gpu", 0, 3), DeviceShare("gpu", 0, 2), DeviceShare("gpu", 2, 10)]
    assert free_of(FULL, "gpu", shares) == (5, 10, 0)


def test_shares_of_another_resource_hold_nothing() -> None:
    assert free_of(FULL, "gpu", [DeviceShare("other", 0, 3)]) == FULL


@pytest.mark.parametrize("device", [-1, 3])
def test_shares_of_devices_that_are_not_there_hold_nothing(device: int) -> None:
    assert free_of(FULL, "gpu", [DeviceShare("gpu", device, 3)]) == FULL


def test_what_nobody_has_placed_may_be_on_any_device() -> None:
    assert free_of(FULL, "gpu", [DeviceShare("gpu", 0, 3)], unplaced=4) == (3, 6, 6)


def test_what_is_free_is_never_below_nothing() -> None:
    assert free_of((10,), "gpu", [DeviceShare("gpu", 0, 8)], unplaced=4) == (0,)


def test_what_is_placed_is_free_no_more() -> None:
    assert without((10, 4), ((0, 10), (1, 3))) == (0, 1)


def test_what_was_given_stays_as_it_is() -> None:
    free = (10, 4)
    without(free, ((0, 10),))
    assert free == (10, 4)
