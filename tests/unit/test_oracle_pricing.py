"""Prices that couple the nodes: any are true, refined ones are close; mixes of known choices keep the limits."""

import pytest
from hypothesis import given, settings
from oracle_cases import SETTINGS, cluster, milli_shape, owner, pool, small_problems, state

from bench.oracle.coupling import Row, quotas_of
from bench.oracle.pricing import SAMPLE, bound_at, mixed, refined_prices, sample_of, solve_all
from bench.oracle.problem import Problem, problem_of
from bench.oracle.solver import EXACT


@settings(SETTINGS, max_examples=25)
@given(small_problems())
def test_refined_prices_are_no_worse_than_the_duals_they_began_with(problem: Problem) -> None:
    rows = quotas_of(problem)
    _, duals = pool().prices(problem.columns, problem.groups, rows)
    begun, refined = (
        bound_at(problem, rows, prices, solve_all(problem, rows, prices, pool(), EXACT))
        for prices in (duals, refined_prices(problem, rows, pool(), EXACT))
    )
    assert refined <= begun * (1 + 1e-3) + 1e-9


def test_a_mix_keeps_limits_and_prices_what_binds() -> None:
    row = Row("most", frozenset({0}), "", 1.0)
    mix = pool().call(mixed, [[0.0, 3.0, 2.0]], [[(0.0,), (0.5,), (0.25,)]], [4], [row])
    assert mix.counts == (pytest.approx((0.0, 0.0, 4.0)),)
    assert mix.prices == (pytest.approx(4.0),)


def test_a_floor_is_worth_more_than_anything_else() -> None:
    row = Row("least", frozenset({0}), "", 3.0, is_floor=True)
    mix = pool().call(mixed, [[0.0, 3.0, 1.0]], [[(0.0,), (0.0,), (1.0,)]], [4], [row])
    assert mix.counts == (pytest.approx((0.0, 1.0, 3.0)),)
    assert mix.prices == (pytest.approx(2.0),)


def test_a_whole_mix_tears_no_node() -> None:
    row = Row("most", frozenset({0}), "", 5.0)
    menus = [[0.0, 3.0]], [[(0.0,), (2.0,)]], [4], [row]
    assert pool().call(mixed, *menus).counts == (pytest.approx((0.0, 2.5)),)
    assert pool().call(mixed, *menus, True).counts[0][1] == 2.0


def test_a_sample_has_limits_in_proportion() -> None:
    states = [state(f"n{index}", 1000 + 7 * index, gpus=1) for index in range(2 * SAMPLE)]
    problem = problem_of(cluster(states, owner("s", milli_shape("g1", 1000, 100), ceiling=60)))
    few, [row] = sample_of(problem, quotas_of(problem))
    assert len(few.groups) == SAMPLE
    assert row.limit == pytest.approx(30, rel=0.05)
    assert sample_of(few, [row]) == (few, (row,))
