"""Fillings that were proposed for nodes, the best mix of them, and who holds back whom."""

from collections.abc import Sequence

import numpy as np
import pytest
from packing_cases import CORES, GPUS, PART, Offer, Room, holes, options, quotas

from paraset_operator.planning.interior_point import Mixture
from paraset_operator.planning.menu import Menu
from paraset_operator.planning.problem import Floats, Options
from paraset_operator.planning.quotas import Limit, Quotas

NODES = 6
ROOMS = [Room(cores=20, devices=(10, 10, 10, 10))] * NODES
FREE = [20 * NODES, 0, 40 * NODES, 0]
SAME = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, part=5, owner=1))
THREE = options(*(Offer(cores=1, part=5, owner=owner) for owner in range(3)))
# The first set is short of devices, the second takes no devices.
APART = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, owner=1))


def opened(
    of: Options = SAME,
    limits: Quotas | None = None,
    rooms: Sequence[Room] = ROOMS,
    scale: Floats | None = None,
) -> Menu:
    limits = limits or quotas([999, 999], FREE)
    return Menu.open(holes(rooms, of, sets=len(limits.most)), of, limits, np.ones(5) if scale is None else scale)


def searched(menu: Menu, rounds: int = 6) -> Mixture:
    """Propose at the prices of the best mix, some times, and return the last mix."""
    for number in range(rounds):
        if number == 2:
            menu.find_tiers()
        menu.propose(menu.mix())
    return menu.mix()


def tiers(of: Options, limits: Quotas, rooms: Sequence[Room] = ROOMS) -> list[int]:
    menu = opened(of, limits, rooms)
    menu.find_tiers()
    return [int(each) for each in menu.fair.tier]


def shares(menu: Menu, mixture: Mixture) -> list[float]:
    return [float(each) for each in menu.quotas.shares(menu.taken_in(mixture.parts)[:, :-1])]


# What a menu opens with.


def test_it_opens_with_each_set_alone_and_all_together() -> None:
    menu = opened()
    assert [each.alone for each in menu.prices] == [0, 1, -1]
    assert len(menu.proposals) == 3


@pytest.mark.parametrize("most", [0, -2])
def test_a_set_that_may_have_no_more_gets_no_proposal(most: int) -> None:
    assert [each.alone for each in opened(limits=quotas([most, 9], FREE)).prices] == [1, -1]


def test_a_set_that_no_node_admits_gets_no_proposal() -> None:
    rooms = [Room(cores=20, devices=(10,), admits=(False, True))] * 2
    assert [each.alone for each in opened(rooms=rooms).prices] == [1, -1]


def test_a_set_without_options_gets_no_proposal() -> None:
    assert [each.alone for each in opened(options(Offer(cores=1, owner=1))).prices] == [1, -1]


def test_a_set_is_dominated_by_the_resource_of_which_it_takes_most() -> None:
    assert opened(APART).fair.dominant.tolist() == [PART, CORES]


def test_what_is_held_already_counts_for_the_dominant_resource() -> None:
    limits = quotas([1, 999], FREE)
    limits.held[0, CORES] = 60
    assert opened(limits=limits).fair.dominant.tolist() == [CORES, PART]


def test_a_set_that_fits_nowhere_takes_nothing() -> None:
    of = options(Offer(cores=50, owner=0), Offer(cores=1, owner=1))
    assert opened(of).fair.dominant.tolist() == [-1, CORES]


def test_where_nothing_fits_nobody_wants_anything() -> None:
    assert not opened(options(Offer(cores=50, owner=0), Offer(gpus=1, owner=1))).is_wanted


def test_where_something_fits_it_is_wanted() -> None:
    assert opened(options(Offer(cores=50, owner=0), Offer(cores=1, owner=1))).is_wanted


def test_only_a_ceiling_that_may_be_reached_is_scarce() -> None:
    assert opened(limits=quotas([5, 9999], FREE)).scarce.tolist() == [True, False]


def test_a_ceiling_is_scarce_where_nodes_stand_for_more_of_them() -> None:
    most = 8 * NODES
    found = [opened(limits=quotas([most, 9999], FREE), scale=np.full(5, scale)).scarce[0] for scale in (1.0, 2.0)]
    assert found == [False, True]


def test_a_ceiling_that_is_reached_only_by_two_shapes_beside_each_other_is_scarce() -> None:
    """Four with a device each, and four with a core each, on every node."""
    of = options(Offer(gib=1, gpus=1, owner=0), Offer(cores=1, owner=0))
    menu = opened(of, quotas([30], [24, 24, 0, 24]), [Room(cores=4, gib=4, gpus=4)] * NODES)
    assert menu.scarce.tolist() == [True]


# Tiers.


def test_who_competes_for_the_same_devices_shares_a_level() -> None:
    assert tiers(SAME, quotas([999, 999], FREE)) == [0, 0]


def test_who_competes_shares_a_level_whatever_the_weights() -> None:
    limits = quotas([999, 999], FREE, weight=[1.0, 9.0], tenant=[0, 0])
    assert tiers(SAME, limits) == [0, 0]


def test_a_set_at_its_ceiling_holds_nobody_back() -> None:
    assert tiers(SAME, quotas([4, 999], FREE)) == [0, 1]


def test_beside_a_set_at_its_ceiling_the_others_share_a_level() -> None:
    assert tiers(THREE, quotas([999, 4, 999], FREE)) == [1, 0, 1]


def test_ceilings_that_are_reached_one_after_the_other_are_tiers_of_their_own() -> None:
    assert tiers(THREE, quotas([999, 12, 4], FREE)) == [2, 1, 0]


def test_a_set_at_the_limit_of_its_tenant_holds_nobody_back() -> None:
    limits = quotas([999, 999], FREE, limits=[Limit(np.array([1]), CORES, 5)])
    assert tiers(SAME, limits) == [1, 0]


def test_a_set_that_has_all_of_its_few_nodes_holds_nobody_back() -> None:
    few = [Room(cores=20, devices=(10,) * 4, admits=(True, False))]
    rest = [Room(cores=20, devices=(10,) * 4, admits=(False, True))] * (NODES - 1)
    assert tiers(SAME, quotas([999, 999], FREE), few + rest) == [0, 1]


def test_who_takes_no_devices_holds_nobody_back_who_does() -> None:
    assert len(set(tiers(APART, quotas([999, 999], FREE), [Room(cores=60, devices=(10,))] * NODES))) == 2


def test_a_ceiling_above_the_fair_share_changes_nothing() -> None:
    assert tiers(SAME, quotas([30, 999], FREE)) == [0, 0]


def test_the_level_that_was_reached_is_that_of_the_poorest() -> None:
    menu = opened(limits=quotas([999, 999], FREE))
    menu.find_tiers()
    assert menu.fair.reached == pytest.approx((0.5,), abs=0.01)


def test_levels_that_were_reached_are_by_tier() -> None:
    menu = opened(limits=quotas([12, 999], FREE))
    menu.find_tiers()
    assert menu.fair.reached == pytest.approx((0.25, 0.75), abs=0.01)


def test_tiers_once_found_are_no_news() -> None:
    menu = opened(limits=quotas([4, 999], FREE))
    assert [menu.find_tiers(), menu.find_tiers()] == [True, False]


# Mixes.


def test_a_mix_is_fair() -> None:
    menu = opened()
    assert shares(menu, searched(menu)) == pytest.approx([0.5, 0.5], abs=0.01)


def test_a_mix_is_fair_by_weight() -> None:
    menu = opened(limits=quotas([999, 999], FREE, weight=[1.0, 3.0], tenant=[0, 0]))
    assert shares(menu, searched(menu)) == pytest.approx([0.25, 0.75], abs=0.01)


def test_a_mix_is_within_ceilings() -> None:
    menu = opened(limits=quotas([12, 999], FREE))
    assert shares(menu, searched(menu)) == pytest.approx([0.25, 0.75], abs=0.01)


def test_a_mix_is_within_the_limits_of_tenants() -> None:
    menu = opened(limits=quotas([999, 999], FREE, limits=[Limit(np.array([0]), PART, 48)]))
    assert shares(menu, searched(menu)) == pytest.approx([0.2, 0.8], abs=0.01)


def test_a_mix_is_worth_what_fair_shares_allow() -> None:
    """Half of the devices each: what is worth three, and what is worth one."""
    menu = opened(options(Offer(cores=1, part=5, owner=0, value=3.0), Offer(cores=1, part=5, owner=1)))
    mixture = searched(menu)
    worth = sum(float(mixture.parts[:, index] @ each.worth) for index, each in enumerate(menu.proposals))
    assert worth == pytest.approx(NODES * 4 * (3.0 + 1.0), rel=0.01)


def test_of_two_that_compete_for_cores_the_one_with_devices_uses_its_cores_on_them() -> None:
    """At a price of cores it takes few of them by device: what is best without a price is not what is fair."""
    of = options(
        Offer(cores=10, part=10, owner=0, value=1.2), Offer(cores=2, part=10, owner=0), Offer(cores=1, owner=1)
    )
    menu = opened(of)
    mixture = searched(menu)
    assert min(shares(menu, mixture)) > 0.55


def test_at_prices_at_which_nothing_more_can_be_won_it_says_so() -> None:
    menu = opened()
    searched(menu)
    assert not menu.propose(menu.mix())


def test_prices_that_win_something_are_worth_another_round() -> None:
    """Alone each takes all nodes by what is best without a price; what spares cores is found at a price."""
    of = options(
        Offer(cores=10, part=10, owner=0, value=1.2), Offer(cores=2, part=10, owner=0), Offer(cores=1, owner=1)
    )
    menu = opened(of)
    assert menu.propose(menu.mix())


def test_each_round_adds_a_proposal_and_its_prices() -> None:
    menu = opened()
    menu.propose(menu.mix())
    assert (len(menu.proposals), len(menu.prices)) == (4, 4)


def test_some_of_the_nodes_stand_for_all() -> None:
    menu = opened()
    some = menu.at(np.array([0, 3]))
    assert some.scale == pytest.approx(menu.scale * NODES / 2)
    assert all(len(each.taken) == len(each.worth) == 2 for each in some.proposals)


def test_a_mix_of_some_alike_nodes_is_that_of_all() -> None:
    menu = opened(limits=quotas([12, 999], FREE))
    searched(menu)
    part, whole = menu.at(np.array([0, 3])).mix(), menu.mix()
    assert part.parts.mean(axis=0) == pytest.approx(whole.parts.mean(axis=0), abs=0.02)


def parts(menu: Menu, *choice: int) -> Floats:
    found = np.zeros((NODES, len(menu.proposals) + 1))
    found[np.arange(NODES), list(choice)] = 1.0
    return found


def test_what_is_taken_is_the_sum_of_what_nodes_choose() -> None:
    menu = opened()
    taken = menu.taken_in(parts(menu, 0, 0, 0, 0, 1, 3))
    assert taken[:, PART].tolist() == [4 * 40, 40]


def weights(menu: Menu, *choice: int) -> Floats:
    return menu.weights(Mixture(parts(menu, *choice), np.zeros(0), np.zeros(0), 0.0))


def test_a_proposal_weighs_as_much_as_comes_by_it_to_the_set_to_which_most_does() -> None:
    menu = opened()
    assert weights(menu, 0, 0, 0, 1, 3, 3) == pytest.approx([1.0, 1.0, 0.0])


def test_what_is_left_empty_weighs_nothing() -> None:
    assert not weights(opened(), 3, 3, 3, 3, 3, 3).any()


def test_what_was_proposed_after_a_mix_weighs_nothing_in_it() -> None:
    menu = opened()
    mixture = menu.mix()
    menu.propose(mixture)
    assert len(menu.weights(mixture)) == 3


def test_counted_devices_are_shared_as_well() -> None:
    of = options(Offer(cores=1, gpus=1, owner=0), Offer(cores=1, gpus=1, owner=1))
    menu = opened(of, quotas([999, 999], [20 * NODES, 0, 0, 4 * NODES]), [Room(cores=20, gpus=4)] * NODES)
    assert menu.fair.dominant.tolist() == [GPUS, GPUS]
    assert shares(menu, searched(menu)) == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_same_nodes_give_the_same_mix() -> None:
    first, second = (searched(opened(limits=quotas([12, 999], FREE))).parts for _ in range(2))
    assert np.array_equal(first, second)
