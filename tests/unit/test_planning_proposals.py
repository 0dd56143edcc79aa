"""What nodes take at given prices, and what sets take of them by that."""

import numpy as np
import pytest
from packing_cases import CORES, PART, Offer, Room, faults, holes, options

from paraset_operator.planning.growth import growth_worth
from paraset_operator.planning.problem import Floats, Holes, Options
from paraset_operator.planning.proposals import Prices, Proposal, growth_by_set, propose, propose_alone

NUMBER = -1
ROOMS = [Room(cores=8, devices=(10, 10)), Room(cores=3, devices=(10, 6)), Room(cores=20, devices=(4,))]
# The first set wants cores, the second devices; what is short on most nodes are cores.
TWO = options(Offer(cores=2, part=5, owner=0, value=1.0), Offer(cores=1, part=5, owner=1, value=0.4))


def free_of_charge(sets: int = 2) -> Floats:
    return np.zeros((sets, 5))


def proposed(of_set: Floats, of: Options = TWO, rooms: list[Room] = ROOMS, *, quick: bool = True) -> Proposal:
    return propose(holes(rooms, of, sets=len(of_set)), of, Prices(of_set), quick=quick)


def total(of: Proposal, which: int, column: int = NUMBER) -> float:
    return float(of.taken[:, which, column].sum())


def priced(which: int, column: int, price: float) -> Floats:
    paid = free_of_charge()
    paid[which, column] = price
    return paid


# Prices.


@pytest.mark.parametrize("column", [CORES, PART, NUMBER], ids=["cores", "devices", "number"])
def test_a_set_that_pays_takes_less(column: int) -> None:
    dear = proposed(priced(0, column, 0.9 if column != PART else 0.18))
    assert total(dear, 0) < total(proposed(free_of_charge()), 0)


def test_what_one_set_pays_for_is_left_to_the_other() -> None:
    assert total(proposed(priced(0, CORES, 0.45)), 1) > total(proposed(free_of_charge()), 1)


def test_a_set_that_is_paid_takes_more() -> None:
    assert total(proposed(priced(1, NUMBER, -2.0)), 1) > total(proposed(free_of_charge()), 1)


def test_a_set_that_pays_more_than_all_is_worth_takes_nothing() -> None:
    assert total(proposed(priced(0, NUMBER, 1.01)), 0) == 0


def test_who_is_paid_for_what_is_worth_nothing_takes_it() -> None:
    of = options(Offer(cores=1, part=5, value=0.0))
    paid = free_of_charge(1)
    paid[0, CORES] = -0.1
    assert total(proposed(paid, of), 0) > 0


def test_gains_are_worth_less_what_is_paid() -> None:
    paid = free_of_charge()
    paid[0] = [0.1, 0.0, 0.01, 0.0, 0.2]
    assert Prices(paid).gains(TWO) == pytest.approx([1.0 - 0.2 - 0.05 - 0.2, 0.4])


def test_growth_pays_as_well() -> None:
    of = options(Offer(cores=1, span=3, density=0.5))
    paid = free_of_charge(1)
    paid[0, CORES] = 0.2
    assert Prices(paid).priced(of).density[0, CORES] == pytest.approx(0.3)


def test_growth_that_is_not_worth_its_price_still_is_growth() -> None:
    of = options(Offer(cores=1, span=3, density=0.5))
    paid = free_of_charge(1)
    paid[0, CORES] = 2.0
    assert Prices(paid).priced(of).density[0, CORES] > 0


def test_what_is_no_growth_becomes_none_by_being_paid_for() -> None:
    of = options(Offer(cores=1, span=3, density=0.5))
    paid = np.full((1, 5), -1.0)
    assert np.flatnonzero(Prices(paid).priced(of).density[0]).tolist() == [CORES]


def test_prices_leave_the_options_as_they_are() -> None:
    of = options(Offer(cores=1, part=5, span=3, density=0.5))
    before = of.density.copy()
    proposed(np.ones((1, 5)), of)
    assert np.array_equal(of.density, before)


# Proposals.


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("price", [0.0, 0.3, -0.3])
def test_whatever_the_prices_nothing_gets_more_than_fits(price: float, quick: bool) -> None:
    found = proposed(priced(0, CORES, price), quick=quick)
    assert faults(ROOMS, TWO, found.counts) == []


def test_what_is_taken_is_what_instances_need() -> None:
    found = proposed(free_of_charge())
    needed = np.array([found.counts[:, TWO.owner == of] @ TWO.need[TWO.owner == of] for of in range(2)])
    assert np.array_equal(found.taken[:, :, :NUMBER].transpose(1, 0, 2), needed)


def test_instances_are_counted_by_set() -> None:
    found = proposed(free_of_charge())
    assert np.array_equal(found.taken[:, :, NUMBER], found.counts)


def test_a_proposal_is_worth_what_its_instances_are_whatever_is_paid() -> None:
    found = proposed(priced(0, CORES, 0.3))
    assert found.worth == pytest.approx(found.counts @ TWO.value)


def test_growth_into_what_is_left_is_worth_something() -> None:
    of = options(Offer(cores=1, part=10, span=2, density=0.1))
    found = proposed(free_of_charge(1), of, [Room(cores=9, devices=(10, 10))])
    assert found.worth == pytest.approx([2 * 1.0 + 4 * 0.1])


def test_growth_into_what_is_left_counts_as_taken() -> None:
    of = options(Offer(cores=1, part=10, span=2, density=0.1))
    assert total(proposed(free_of_charge(1), of, [Room(cores=9, devices=(10, 10))]), 0, CORES) == 2 * (1 + 2)


def test_growth_takes_no_more_than_there_is() -> None:
    of = options(Offer(cores=1, part=10, span=5, density=0.1))
    assert total(proposed(free_of_charge(1), of, [Room(cores=4, devices=(10, 10))]), 0, CORES) == 4


# One set by itself.


def test_alone_means_that_nobody_else_takes_anything() -> None:
    first, second = propose_alone(holes(ROOMS, TWO, sets=2), TWO, [0, 1])
    assert (total(first, 1), total(second, 0)) == (0, 0)


def test_alone_each_takes_what_it_would_take_if_there_were_no_others() -> None:
    found = propose_alone(holes(ROOMS, TWO, sets=2), TWO, [0, 1])
    for of, each in enumerate(found):
        only = options(Offer(cores=2 - of, part=5, value=(1.0, 0.4)[of]))
        assert each.counts[:, of].tolist() == proposed(free_of_charge(1), only).counts[:, 0].tolist()


def test_only_the_sets_that_are_named_get_a_proposal() -> None:
    (found,) = propose_alone(holes(ROOMS, TWO, sets=2), TWO, [1])
    assert (total(found, 0), total(found, 1) > 0) == (0, True)


@pytest.mark.parametrize("of", [0, 1])
def test_what_one_set_leaves_is_what_its_instances_do_not_take(of: int) -> None:
    found = propose_alone(holes(ROOMS, TWO, sets=2), TWO, [0, 1])[of]
    free = np.array([each.free for each in ROOMS])
    assert np.array_equal(found.left.free, free - found.counts @ TWO.need)


def test_alone_at_prices_nobody_else_gains() -> None:
    assert Prices(free_of_charge(), alone=0).gains(TWO)[1] < -1e9


# Growth of what runs.

RUNNING = options(Offer(cores=1, value=0.0, span=3, density=0.1, owner=0), Offer(cores=4, part=5, owner=1))


def running(cores: int) -> Holes:
    return holes([Room(cores=cores, devices=(5,))], RUNNING, sets=2, kept=[[1, 0]])


def grown(found: Holes, counts: list[int]) -> list[float]:
    """Return by how many cores each set grows."""
    table = np.array([counts])
    changed = growth_by_set(found, RUNNING, table, found.free - table @ RUNNING.need)
    return [float(each) for each in changed[0, :, CORES]]


def test_growth_that_new_instances_displace_counts_against_who_grew() -> None:
    assert grown(running(5), [0, 1]) == [-2.0, 0.0]


def test_growth_that_stays_counts_for_nothing() -> None:
    assert grown(running(7), [0, 1]) == [0.0, 0.0]


def test_without_new_instances_nobody_grows_more() -> None:
    assert grown(running(5), [0, 0]) == [0.0, 0.0]


def test_new_instances_grow_beside_those_that_run() -> None:
    assert grown(running(6), [1, 0]) == [2.0, 0.0]


def test_where_nodes_lack_something_already_nobody_shrinks_by_it() -> None:
    found = holes([Room(cores=5, devices=(5,))], RUNNING, sets=2)
    assert growth_by_set(found, RUNNING, np.array([[1, 0]]), np.array([[-2, 0, 0, 0]])).tolist() == [[[0.0] * 4] * 2]


def test_where_two_grow_what_is_worth_more_comes_first() -> None:
    of = options(Offer(cores=1, owner=0, span=3, density=0.1), Offer(cores=1, owner=1, span=3, density=0.2))
    found = holes([Room(cores=6)], of, sets=2)
    counts = np.array([[1, 1]])
    assert growth_by_set(found, of, counts, found.free - counts @ of.need)[0, :, CORES].tolist() == [1.0, 3.0]


def test_displaced_growth_counts_against_what_a_proposal_takes() -> None:
    of = options(Offer(cores=1, value=0.0, span=3, density=0.01, owner=0), Offer(cores=4, part=5, owner=1))
    found = holes([Room(cores=4, devices=(5,))], of, sets=2, kept=[[1, 0]])
    taken = propose(found, of, Prices(free_of_charge()), quick=True).taken[0, :, CORES]
    assert taken.tolist() == [-3.0, 4.0]


def test_growth_by_set_comes_to_what_growth_is_worth() -> None:
    of = options(Offer(cores=1, owner=0, span=3, density=0.1), Offer(cores=1, owner=1, span=3, density=0.2))
    found = holes([Room(cores=6), Room(cores=2), Room(cores=30)], of, sets=2)
    counts = np.array([[1, 1], [1, 0], [2, 3]])
    left = found.free - counts @ of.need
    by_set = growth_by_set(found, of, counts, left)[:, :, CORES]
    assert by_set @ np.array([0.1, 0.2]) == pytest.approx(growth_worth(of, counts, left))
