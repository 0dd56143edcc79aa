"""What options count for, so that fair shares come out of packing each node by itself."""

import numpy as np
from packing_cases import Offer, Room, holes, options, quotas

from paraset_operator.planning.fair_prices import fair_gains
from paraset_operator.planning.packing import Gains, pack
from paraset_operator.planning.problem import Ints, Options
from paraset_operator.planning.quotas import Limit, Quotas, number_by, used_by

ROOMS = [Room(cores=40, devices=(10,) * 4)] * 80
FREE = [3200, 0, 3200, 0]
THREE = options(*(Offer(cores=1, part=5, owner=owner) for owner in range(3)))


def favoured(of: Options, limits: Quotas) -> tuple[Gains, Ints]:
    found = holes(ROOMS, of, sets=len(limits.most))
    gains = fair_gains(found, of, limits)
    return gains, pack(found, of, gains)[0]


def test_every_node_has_a_row_of_gains() -> None:
    gains, _ = favoured(THREE, quotas([999] * 3, FREE))
    assert gains.group.shape == (len(ROOMS),)
    assert 0 <= gains.group.min() <= gains.group.max() < len(gains.worth)


def test_sets_of_equal_weight_all_get_some() -> None:
    numbers = number_by(favoured(THREE, quotas([999] * 3, FREE))[1], THREE, 3)
    assert numbers.max() <= 2 * numbers.min()


def test_a_set_of_more_weight_gets_more() -> None:
    limits = quotas([999] * 3, FREE, weight=[1.0, 2.0, 5.0], tenant=[0, 0, 0])
    equal = quotas([999] * 3, FREE, tenant=[0, 0, 0])
    heavy = [number_by(favoured(THREE, each)[1], THREE, 3)[2] for each in (limits, equal)]
    assert heavy[0] > 1.2 * heavy[1]


def test_sets_with_a_limit_in_common_get_less() -> None:
    limits = quotas([999] * 3, FREE, limits=[Limit(np.array([0, 1]), 0, 60)])
    used = [used_by(favoured(THREE, each)[1], THREE, 3)[:2, 0].sum() for each in (limits, quotas([999] * 3, FREE))]
    assert used[0] < used[1]


def test_nobody_below_its_quota_pays_more_than_all_an_option_is_worth() -> None:
    gains, _ = favoured(THREE, quotas([999] * 3, FREE))
    assert (gains.worth > 0).all()


def test_the_same_holes_give_the_same_gains() -> None:
    first, second = (favoured(THREE, quotas([50, 999, 999], FREE))[0] for _ in range(2))
    assert np.array_equal(first.worth, second.worth)
    assert np.array_equal(first.group, second.group)
