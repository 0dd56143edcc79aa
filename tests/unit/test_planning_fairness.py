"""Whose turn it is: weighted dominant shares, namespaces first."""

from dataclasses import replace

from planning_cases import GPU, amounts, paraset, shape

from paraset_operator.model.policy import Tenant
from paraset_operator.model.resources import dominant_share
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.worth import default_growth_value, scale_of, worth_of

FILLABLE = amounts(cpu=10, memory=100, gpus=10)
A, B = paraset("one", namespace="a"), paraset("two", namespace="b")


def test_who_holds_least_comes_first() -> None:
    shares = Shares(FILLABLE)
    shares.add(A, amounts(cpu=1))
    assert shares.turn_of(B) < shares.turn_of(A)


def test_the_resource_counts_of_which_a_set_holds_the_largest_part() -> None:
    assert dominant_share(amounts(cpu=1, gpus=5), FILLABLE) == 0.5


def test_a_resource_that_no_one_can_have_does_not_count() -> None:
    assert dominant_share({"other/device": 4}, FILLABLE) == 0.0


def test_a_set_of_twice_the_weight_may_hold_twice_as_much() -> None:
    heavy = paraset("heavy", namespace="a", weight=2)
    shares = Shares(FILLABLE)
    shares.add(A, amounts(cpu=2))
    shares.add(heavy, amounts(cpu=3))
    assert shares.turn_of(heavy) < shares.turn_of(A)


def test_more_sets_of_a_namespace_do_not_get_it_more() -> None:
    second = paraset("second", namespace="a")
    shares = Shares(FILLABLE)
    shares.add(A, amounts(cpu=2))
    shares.add(B, amounts(cpu=1))
    assert shares.turn_of(B) < shares.turn_of(second)


def test_a_namespace_of_twice_the_weight_may_hold_twice_as_much() -> None:
    shares = Shares(FILLABLE, tenants={"a": Tenant("a", weight=2)})
    shares.add(A, amounts(cpu=3))
    shares.add(B, amounts(cpu=2))
    assert shares.turn_of(A) < shares.turn_of(B)


def test_ties_go_to_the_set_whose_key_comes_first() -> None:
    shares = Shares(FILLABLE)
    assert shares.turn_of(A) < shares.turn_of(B)


def test_what_a_set_gives_back_counts_no_more() -> None:
    shares = Shares(FILLABLE)
    shares.add(A, amounts(cpu=2))
    shares.add(A, {"cpu": -2000})
    assert shares.turn_of(A) == Shares(FILLABLE).turn_of(A)


def test_a_namespace_without_limits_may_take_all() -> None:
    assert Shares(FILLABLE).left_within_limits(A, "cpu", 1000000) == 1000000


def test_limits_are_shared_by_the_sets_of_a_namespace() -> None:
    second = paraset("second", namespace="a")
    shares = Shares(FILLABLE, tenants={"a": Tenant("a", limits=amounts(cpu=4))})
    shares.add(A, amounts(cpu=3))
    assert shares.left_within_limits(second, "cpu", 2000) == 1000


def test_of_what_is_wanted_only_what_the_limits_leave_is_allowed() -> None:
    shares = Shares(FILLABLE, tenants={"a": Tenant("a", limits=amounts(cpu=4))})
    shares.add(A, amounts(cpu=3))
    assert shares.left_within_limits(A, "cpu", 5000) == 1000
    assert shares.left_within_limits(A, "memory", 5) == 5


def test_worth_grows_linearly_from_the_smallest_to_the_largest() -> None:
    elastic = shape(cpu=(1, 5), value=10, growth={"cpu": 4})
    assert [worth_of(elastic, {"cpu": cpu}) for cpu in (1000, 3000, 5000)] == [10, 12, 14]


def test_a_shape_without_devices_is_worth_its_cores() -> None:
    elastic = shape(cpu=(1, 8), value=1)
    assert worth_of(elastic, {"cpu": 8000}) == 8


def test_the_cores_of_a_shape_with_devices_are_worth_half_of_it() -> None:
    assert worth_of(shape(cpu=(1, 8), gpus=1, value=10), {"cpu": 8000}) == 15


def test_memory_is_worth_nothing_unless_it_is_said() -> None:
    assert default_growth_value("memory", 1, 8, 10.0, has_devices=False) == 0


def test_a_minimum_that_equals_the_maximum_adds_no_worth() -> None:
    assert worth_of(shape(cpu=(4, 4), value=2), {"cpu": 4000}) == 2


def test_no_set_gains_by_writing_bigger_numbers() -> None:
    modest, loud = (paraset("s", shape(cpu=2, value=value)) for value in (1, 1000))
    scaled = [scale_of(each, FILLABLE) * each.shapes[0].value for each in (modest, loud)]
    assert scaled[0] == scaled[1] == 0.2


def test_the_scaled_worth_of_the_best_shape_is_its_share_times_the_weight() -> None:
    owner = replace(paraset("s", shape(cpu=1, gpus=5, value=7)), weight=3)
    assert scale_of(owner, FILLABLE) * 7 == 1.5


def test_what_could_never_fit_is_worth_nothing() -> None:
    assert scale_of(paraset("s", shape(cpu=0, memory=0, gpus=1)), {GPU: 0}) == 0
