"""How far each set is with its fair share, and what instances take in sum."""

import numpy as np
import pytest
from packing_cases import Offer, options, quotas

from paraset_operator.planning.quotas import Quotas, number_by, used_by


def levels(of: Quotas, *cores: float) -> list[float]:
    used = np.zeros((len(cores), 4))
    used[:, 0] = cores
    return [float(each) for each in of.levels(used)]


def test_a_share_is_that_of_the_resource_of_which_most_is_taken() -> None:
    of = quotas([9], [10, 100, 0, 0])
    assert of.shares(np.array([[2, 50, 0, 0]])).tolist() == [0.5]


def test_what_nothing_is_fillable_of_gives_no_share() -> None:
    assert quotas([9], [10, 0, 0, 0]).shares(np.array([[2, 50, 7, 7]])).tolist() == [0.2]


def test_without_anything_fillable_nobody_has_a_share() -> None:
    assert quotas([9, 9], [0, 0, 0, 0]).levels(np.ones((2, 4))).tolist() == [0.0, 0.0]


def test_what_is_held_already_counts() -> None:
    of = quotas([9], [10, 0, 0, 0])
    of.held[0, 0] = 3
    assert of.shares(np.array([[2, 0, 0, 0]])).tolist() == [0.5]


def test_tenants_that_hold_as_much_by_weight_are_level() -> None:
    of = quotas([9, 9], [100, 0, 0, 0], tenant_weight=[1.0, 3.0])
    first, second = levels(of, 10, 30)
    assert first == pytest.approx(second)


def test_sets_of_one_tenant_that_hold_as_much_by_weight_are_level() -> None:
    of = quotas([9, 9], [100, 0, 0, 0], weight=[1.0, 5.0], tenant=[0, 0])
    first, second = levels(of, 10, 50)
    assert first == pytest.approx(second)


def test_a_set_with_twice_the_share_of_another_of_its_tenant_has_twice_the_level() -> None:
    of = quotas([9, 9], [100, 0, 0, 0], tenant=[0, 0])
    first, second = levels(of, 10, 20)
    assert second == pytest.approx(2 * first)


def test_a_tenant_with_many_sets_is_level_with_one_that_has_a_single_set() -> None:
    of = quotas([9] * 4, [100, 0, 0, 0], tenant=[0, 1, 1, 1])
    assert levels(of, 30, 10, 10, 10) == pytest.approx([0.3] * 4)


def test_the_number_of_sets_does_not_raise_what_each_of_them_is_due() -> None:
    of = quotas([9] * 4, [100, 0, 0, 0], tenant=[0, 1, 1, 1])
    one, *three = levels(of, 30, 30, 30, 30)
    assert all(each == pytest.approx(3 * one) for each in three)


def test_who_has_nothing_has_no_level() -> None:
    assert levels(quotas([9, 9], [100, 0, 0, 0]), 0, 10)[0] == 0.0


def test_instances_are_counted_by_set() -> None:
    of = options(Offer(owner=0), Offer(owner=1), Offer(owner=0))
    assert number_by(np.array([[1, 2, 3], [1, 0, 0]]), of, 3).tolist() == [5, 2, 0]


def test_what_instances_take_is_summed_by_set() -> None:
    of = options(Offer(cores=2, owner=0), Offer(cores=1, gib=1, owner=1), Offer(cores=3, owner=0))
    assert used_by(np.array([[1, 2, 1]]), of, 2).tolist() == [[5, 0, 0, 0], [2, 2, 0, 0]]
