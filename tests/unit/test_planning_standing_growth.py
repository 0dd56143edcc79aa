"""Whose growth new instances without devices leave alone."""

from dataclasses import replace

import numpy as np
from packing_cases import GPUS, Offer, Room, holes, options, quotas

from paraset_operator.planning.problem import Holes
from paraset_operator.planning.quotas import Quotas
from paraset_operator.planning.standing_growth import StandingGrowth

RICH, POOR, GPU = 0, 1, 2
# One core each; those of the first set are worth twice as much. The first also has a shape with a GPU.
OFFERS = options(
    Offer(cores=1, value=2.0, owner=0),
    Offer(cores=1, value=1.0, owner=1, span=7, density=1.0),
    Offer(cores=1, gpus=1, value=9.0, owner=0),
)


def seen(room: Room, kept: list[int] | None = None) -> Holes:
    return holes([room], OFFERS, sets=2, kept=[kept or [0, 0, 0]])


def held(rich: int, poor: int) -> Quotas:
    """Return the quotas where the sets hold so many of 100 cores."""
    made = quotas(most=[50, 50], fillable=[100, 0, 0, 0])
    return replace(made, held=np.array([[rich, 0, 0, 0], [poor, 0, 0, 0]]))


def test_who_has_more_of_its_share_gets_nothing_that_another_has_grown_into() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7), [0, 1, 0]), OFFERS, held(rich=60, poor=20))
    assert standing.barred(1)[0, RICH]


def test_of_two_with_as_much_neither_takes_the_other_s_growth() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7), [0, 1, 0]), OFFERS, held(rich=20, poor=20))
    assert standing.barred(1)[0, RICH]


def test_who_has_less_of_its_share_may_take_growth() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7), [0, 1, 0]), OFFERS, held(rich=10, poor=20))
    assert not standing.barred(1)[0, RICH]


def test_who_grows_as_well_itself_makes_no_more_instances_for_it() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7), [0, 1, 0]), OFFERS, held(rich=60, poor=20))
    assert standing.barred(1)[0, POOR]


def test_own_growth_makes_way_for_instances_that_are_worth_more() -> None:
    of = options(Offer(cores=1, value=2.0), Offer(cores=1, gpus=1, value=9.0, span=7, density=1.0))
    kept = holes([Room(cores=7)], of, kept=[[0, 1, 0]])
    assert not StandingGrowth.of(kept, of, quotas(most=[50], fillable=[100, 0, 0, 9])).barred(1)[0, RICH]


def test_who_would_have_no_more_of_its_share_takes_no_growth() -> None:
    """Half of all GPUs is what it has most of, beside a tenth of the cores."""
    made = replace(held(rich=10, poor=60), fillable=np.array([100, 0, 0, 10]))
    made.held[RICH, GPUS] = 5
    standing = StandingGrowth.of(seen(Room(cores=7), [0, 1, 0]), OFFERS, made)
    assert standing.barred(1)[0, RICH]


def test_what_is_left_beside_growth_is_for_everybody() -> None:
    standing = StandingGrowth.of(seen(Room(cores=9), [0, 1, 0]), OFFERS, held(rich=60, poor=20))
    counts = np.array([[5, 0, 0]])
    assert not standing.barred(1).any()
    assert standing.give_back(counts).tolist() == [0]
    assert counts.tolist() == [[2, 0, 0]]


def test_who_takes_devices_may_take_growth() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7, gpus=1), [0, 1, 0]), OFFERS, held(rich=60, poor=20))
    counts = np.array([[0, 0, 1]])
    assert not standing.barred(1)[0, GPU]
    assert standing.give_back(counts).tolist() == []


def test_where_nobody_has_grown_everything_is_for_everybody() -> None:
    standing = StandingGrowth.of(seen(Room(cores=7)), OFFERS, held(rich=60, poor=20))
    counts = np.array([[7, 0, 0]])
    assert not standing.barred(1).any()
    assert standing.give_back(counts).tolist() == []
    assert counts.tolist() == [[7, 0, 0]]
