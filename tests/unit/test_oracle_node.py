"""The oracle's choice for one node, against trying everything."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_cases import MILLI, SETTINGS, best_by_trying, column, group, packs_by_trying, small_groups, solved

from bench.oracle.packing import arcs, can_pack, fullest, homes, patterns
from bench.oracle.problem import Column, Devices, Group, Growth
from bench.oracle.solver import Effort

AMOUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True).map(lambda it: tuple(sorted(it)))


@SETTINGS
@given(small_groups())
def test_the_bound_is_the_best_of_all_choices(case: tuple[Group, list[Column]]) -> None:
    bound, worth = solved(*case)
    best = best_by_trying(*case)
    assert bound >= best - 1e-7
    assert worth == pytest.approx(best, rel=2e-4, abs=1e-7)


@SETTINGS
@given(small_groups())
def test_flows_say_the_same_as_patterns(case: tuple[Group, list[Column]]) -> None:
    bound, worth = solved(*case, Effort(patterns=0))
    assert bound >= worth - 1e-7
    assert worth == pytest.approx(solved(*case)[1], rel=2e-4, abs=1e-7)


def test_growth_is_bounded_by_span_and_room() -> None:
    columns = [column({"cpu": 2, "pods": 1}, 1.0, growths=[Growth("cpu", 2, 0.1)])]
    assert solved(group({"cpu": 7, "pods": 9}), columns)[1] == pytest.approx(3.1)
    assert solved(group({"cpu": 7, "pods": 1}), columns)[1] == pytest.approx(1.2)


def test_a_set_that_is_not_admitted_gets_nothing() -> None:
    assert solved(group({"cpu": 4, "pods": 9}), [column({"cpu": 1, "pods": 1}, owner=1)]) == (0.0, 0.0)


def test_a_part_sits_on_one_device() -> None:
    columns = [column({MILLI: 600, "pods": 1})]
    halves = Devices(MILLI, 1000, 0, (500, 500))
    assert solved(group({MILLI: 1000, "pods": 9}, [halves]), columns)[1] == 0.0
    assert solved(group({MILLI: 1000, "pods": 9}), columns)[1] == pytest.approx(1.0)


@SETTINGS
@given(AMOUNTS, st.integers(0, 20))
def test_patterns_are_all_cuts_to_which_nothing_can_be_added(amounts: tuple[int, ...], free: int) -> None:
    found = patterns(amounts, free, 10_000)
    assert found is not None
    every = product(*(range(free // amount + 1) for amount in amounts))
    taken = {cut: sum(n * amount for n, amount in zip(cut, amounts, strict=True)) for cut in every}
    assert Counter(found) == Counter(cut for cut, sums in taken.items() if sums <= free < sums + amounts[0])
    assert fullest(amounts, free) == max(sums for sums in taken.values() if sums <= free)


def test_too_many_patterns_are_not_listed() -> None:
    assert patterns((1, 2, 3), 60, 10) is None


def test_arcs_cut_the_largest_first() -> None:
    places, cuts = arcs((4, 6), 10)
    assert places == (0, 4, 6, 8, 10)
    assert cuts == ((0, 6), (0, 4), (4, 4), (6, 4))


@SETTINGS
@given(
    st.lists(st.integers(1, 25), max_size=6),
    st.integers(0, 3),
    st.lists(st.integers(1, 9), max_size=3).map(lambda it: tuple(sorted(it))),
)
def test_packing_is_exact(needs: list[int], whole: int, partial: tuple[int, ...]) -> None:
    devices = Devices(MILLI, 10, whole, partial)
    assert can_pack(needs, devices) == packs_by_trying(needs, devices)


def test_homes_name_a_device_for_each_part() -> None:
    assert homes([3, 7, 4, 6], [10, 10]) in ([0, 0, 1, 1], [1, 1, 0, 0])
    assert homes([6, 6], [10]) is None
