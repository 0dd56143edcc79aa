"""No device is left idle for cores that are worth more with it."""

from dataclasses import replace

import numpy as np
import pytest
from packing_cases import GPUS, Offer, Room, holes, options, quotas

from paraset_operator.planning.idle_devices import use_idle_devices
from paraset_operator.planning.leftovers import Left
from paraset_operator.planning.problem import Ints, Options
from paraset_operator.planning.quotas import Limit

PLAIN = Offer(cores=1, value=1.0)


def exchanged(
    room: Room,
    of: Options,
    counts: list[int],
    sets: int = 1,
    most: tuple[int, ...] = (9, 9),
    limits: tuple[Limit, ...] = (),
) -> tuple[list[int], Ints]:
    """Return what there is of each option, and the sums left, after the exchange on one node."""
    seen, table = holes([room], of, sets), np.array([counts])
    left = Left.of(seen)
    left.free -= table @ of.need
    allowed = quotas(most[:sets], [99, 99, 99, 99], limits=limits)
    use_idle_devices(seen, of, allowed, table, left)
    assert (left.free == seen.free - table @ of.need).all()
    return table[0].tolist(), left.free[0]


def test_an_instance_makes_way_for_one_with_an_idle_device() -> None:
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0))
    assert exchanged(Room(cores=2, gpus=1), of, [2, 0])[0] == [1, 1]


def test_as_many_make_way_as_one_with_a_device_needs() -> None:
    of = options(PLAIN, Offer(cores=3, gpus=1, value=5.0))
    counts, left = exchanged(Room(cores=5, gpus=2), of, [4, 0])
    assert (counts, left[0]) == ([2, 1], 0)


@pytest.mark.parametrize("value", [2.0, 3.0])
def test_who_is_worth_as_much_without_stays(value: float) -> None:
    of = options(PLAIN, Offer(cores=3, gpus=1, value=value))
    assert exchanged(Room(cores=3, gpus=1), of, [3, 0])[0] == [3, 0]


def test_growth_that_is_lost_counts() -> None:
    """It would be worth 3.5; the two who would make way and the two cores that they grow into are worth 4."""
    of = options(Offer(cores=1, value=1.0, span=9, density=1.0), Offer(cores=4, gpus=1, value=3.5))
    assert exchanged(Room(cores=4, gpus=1), of, [2, 0])[0] == [2, 0]


def test_without_an_idle_device_everybody_stays() -> None:
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0))
    assert exchanged(Room(cores=2), of, [2, 0])[0] == [2, 0]


def test_who_makes_way_is_of_the_same_set_first() -> None:
    of = options(PLAIN, replace(PLAIN, owner=1), Offer(cores=1, gpus=1, value=5.0, owner=1))
    assert exchanged(Room(cores=4, gpus=3), of, [2, 2, 0], sets=2)[0] == [1, 0, 3]


def test_a_set_has_no_more_than_its_ceiling_allows() -> None:
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0, owner=1))
    assert exchanged(Room(cores=4, gpus=4), of, [4, 0], sets=2, most=(4, 3))[0] == [1, 3]
    assert exchanged(Room(cores=4, gpus=4), of, [4, 0], sets=2, most=(4, 0))[0] == [4, 0]


def test_a_set_at_its_ceiling_exchanges_its_own() -> None:
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0))
    assert exchanged(Room(cores=2, gpus=1), of, [2, 0], most=(2,))[0] == [1, 1]


def test_what_there_is_room_for_costs_nobody_its_place() -> None:
    """That is offered afterwards to everybody."""
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0))
    assert exchanged(Room(cores=3, gpus=1), of, [2, 0])[0] == [2, 0]


def test_a_tenant_s_limit_holds() -> None:
    of = options(PLAIN, Offer(cores=1, gpus=1, value=5.0))
    limits = (Limit(np.array([0]), GPUS, 1),)
    assert exchanged(Room(cores=2, gpus=2), of, [2, 0], limits=limits)[0] == [1, 1]
