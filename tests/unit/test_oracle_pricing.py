"""Prices that couple the nodes: any are true, refined ones are close; mixes of known choices keep the limits."""

import pytest
from hypothesis import given, settings
from oracle_cases import SETTINGS, cluster, milli_shape, owner, pool, small_problems, state

from bench.oracle import sampling
from bench.oracle.coupling import Row, quotas_of
from bench.oracle.pricing import bound_at, mixed, refined_prices, solve_all, used_by
from bench.oracle.problem import Problem, problem_of
from bench.oracle.sampling import moved, sample_of
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


def test_a_sample_leaves_as_much_of_its_limits_as_all_nodes_do_of_theirs() -> None:
    states = [state(f"n{index}", 1000 + 7 * index, gpus=1) for index in range(2 * sampling.SAMPLE)]
    problem = problem_of(cluster(states, owner("s", milli_shape("g1", 1000, 100), ceiling=250)))
    few, row = sample_of(problem), Row("most", frozenset({0}), "", 250.0)
    assert len(few.groups) == sampling.SAMPLE
    assert sample_of(few) is few
    assert moved(few, problem, [row], [120.0], [240.0])[0].limit == pytest.approx(120 + 5)
    assert moved(few, problem, [row], [100.0], [240.0])[0].limit == pytest.approx(100 + 5)
    assert moved(few, problem, [row], [0.0], [800.0])[0].limit == 0.0


def test_a_sample_that_is_unlike_the_rest_prices_no_limit_that_all_nodes_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE", 8)
    # The sample is every fifth node by size. These have twice the devices, and for that fewer cores.
    is_double = [index % 5 == 2 for index in range(40)]
    cores = [200_000 - 1000 * index - 128_900 * double for index, double in enumerate(is_double)]
    states = [state(f"n{index}", cores[index], gpus=1 + double) for index, double in enumerate(is_double)]
    problem = problem_of(cluster(states, owner("s", milli_shape("g1", 1000, 100), ceiling=50)))
    assert all(each.devices[0].whole == 2 for each in sample_of(problem).groups)
    rows = quotas_of(problem)
    prices = refined_prices(problem, rows, pool(), EXACT)
    choices = solve_all(problem, rows, prices, pool(), EXACT)
    assert used_by(problem, rows, choices) == [48.0]
    assert bound_at(problem, rows, prices, choices) == pytest.approx(48 * problem.columns[0].value)
