"""A mix of choices under limits in common: against programs with a known best, and against HiGHS."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.oracle.solver import Model, Solution, maximise
from paraset_operator.planning.interior_point import Mixture, Program, best_mixture

GAP = 1e-6
SEEDS = st.integers(0, 2**32 - 1)
SETTINGS = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


def program(
    worth: list[list[float]],
    use: list[list[list[float]]] | None = None,
    bound: list[float] | None = None,
    other_worth: list[float] | None = None,
    other_use: list[list[float]] | None = None,
) -> Program:
    limits, others = len(bound or ()), len(other_worth or ())
    nodes = np.array(worth, dtype=np.float64)
    return Program(
        nodes,
        np.array(use if use is not None else np.zeros((*nodes.shape, limits)), dtype=np.float64),
        np.array(other_worth or [], dtype=np.float64),
        np.array(other_use or [], dtype=np.float64).reshape(limits, others),
        np.array(bound or [], dtype=np.float64),
    )


def drawn(seed: int, *, is_rough: bool = False) -> Program:
    """Return a program that is possible, the last choice being nothing; a rough one has whole numbers and many ties."""
    random = np.random.default_rng(seed)
    nodes, choices, limits = int(random.integers(1, 13)), int(random.integers(1, 6)), int(random.integers(0, 7))
    others = int(random.integers(0, 3)) if limits else 0
    shape = (nodes, choices + 1, limits)
    if is_rough:
        worth, use = random.integers(0, 4, shape[:2]).astype(float), random.integers(-1, 4, shape).astype(float)
        bound = random.integers(0, 3 * nodes, limits).astype(float)
    else:
        worth, use = random.random(shape[:2]), random.random(shape) * (random.random(shape) < 0.7)
        use -= 0.2 * (random.random(shape) < 0.2)
        bound = random.random(limits) * nodes * 0.4
    worth[:, -1], use[:, -1] = 0.0, 0.0
    other_worth, other_use = random.random(others) - 0.3, random.random((limits, others)) - 0.2
    if limits:
        # No other thing is endless.
        other_use[0] = np.abs(other_use[0]) + 0.1
    return Program(worth, use, other_worth, other_use, bound)


def solved(of: Program) -> Solution:
    """Return what HiGHS finds: the choices of node after node first, then the other things."""
    model, (nodes, choices) = Model(), of.worth.shape
    parts = [[model.column(float(of.worth[node, choice])) for choice in range(choices)] for node in range(nodes)]
    others = [model.column(float(each)) for each in of.other_worth]
    for each in parts:
        model.row([(part, 1.0) for part in each], 1.0, 1.0)
    for limit, bound in enumerate(of.bound.tolist()):
        used = [
            (parts[node][choice], float(of.use[node, choice, limit])) for node, choice in np.ndindex(nodes, choices)
        ]
        model.row(used + [(other, float(of.other_use[limit, at])) for at, other in enumerate(others)], bound)
    return maximise(model)


def worth_of(of: Program, mix: Mixture) -> float:
    return float((of.worth * mix.parts).sum() + of.other_worth @ mix.others)


def rest(of: Program, mix: Mixture) -> np.ndarray:
    """Return what is left of each limit."""
    used = np.tensordot(mix.parts, of.use, axes=([0, 1], [0, 1])) + of.other_use @ mix.others
    return np.asarray(of.bound - used)


# By hand.


def test_without_limits_each_node_takes_what_is_worth_most() -> None:
    mix = best_mixture(program([[1.0, 3.0, 2.0], [5.0, 0.0, 1.0]]), GAP)
    assert mix.parts == pytest.approx(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), abs=1e-5)


def test_a_single_choice_is_taken_whole() -> None:
    assert best_mixture(program([[1.0], [0.0]], bound=[1.0]), GAP).parts == pytest.approx(1.0, abs=1e-5)


def test_a_limit_cuts_the_choice_that_uses_it() -> None:
    mix = best_mixture(program([[2.0, 0.0]], [[[4.0], [0.0]]], [1.0]), GAP)
    assert mix.parts[0] == pytest.approx([0.25, 0.75], abs=1e-5)


def test_a_limit_has_the_price_of_what_it_cuts() -> None:
    mix = best_mixture(program([[2.0, 0.0]], [[[4.0], [0.0]]], [1.0]), GAP)
    assert mix.prices == pytest.approx([0.5], abs=1e-4)


def test_a_limit_that_holds_nobody_back_has_no_price() -> None:
    mix = best_mixture(program([[2.0, 0.0]], [[[4.0], [0.0]]], [100.0]), GAP)
    assert mix.prices == pytest.approx([0.0], abs=1e-5)


def test_what_is_limited_goes_to_the_node_that_wins_most_by_it() -> None:
    mix = best_mixture(program([[2.0, 0.0], [3.0, 0.0]], [[[1.0], [0.0]]] * 2, [1.0]), GAP)
    assert mix.parts[:, 0] == pytest.approx([0.0, 1.0], abs=1e-4)


def test_a_limit_of_nothing_lets_nobody_use_it() -> None:
    mix = best_mixture(program([[2.0, 1.0, 0.0]], [[[1.0], [0.0], [0.0]]], [0.0]), GAP)
    assert mix.parts[0] == pytest.approx([0.0, 1.0, 0.0], abs=1e-4)


def test_who_gives_to_a_limit_is_taken_for_who_uses_it() -> None:
    """Use below zero: the second node's choice is worth nothing by itself."""
    mix = best_mixture(program([[2.0, 0.0], [-1.0, 0.0]], [[[1.0], [0.0]], [[-1.0], [0.0]]], [0.0]), GAP)
    assert mix.parts[:, 0] == pytest.approx([1.0, 1.0], abs=1e-4)


def test_who_would_cost_more_than_it_gives_is_not_taken() -> None:
    mix = best_mixture(program([[2.0, 0.0], [-3.0, 0.0]], [[[1.0], [0.0]], [[-1.0], [0.0]]], [0.0]), GAP)
    assert mix.parts[:, 0] == pytest.approx([0.0, 0.0], abs=1e-4)


def test_another_thing_is_taken_as_far_as_limits_go() -> None:
    mix = best_mixture(program([[0.0]], bound=[3.0], other_worth=[1.0], other_use=[[2.0]]), GAP)
    assert mix.others == pytest.approx([1.5], abs=1e-4)


def test_a_level_is_as_high_as_the_poorer_of_two_can_rise() -> None:
    """Both are at least the level, for which alone there is anything: two nodes, each takes one or the other."""
    use = [[[-1.0, 0.0], [0.0, -3.0]]] * 2
    mix = best_mixture(program([[0.0, 0.0]] * 2, use, [0.0, 0.0], [1.0], [[1.0], [1.0]]), GAP)
    assert mix.others == pytest.approx([1.5], abs=1e-4)


def test_a_bound_below_zero_is_reached_by_what_gives() -> None:
    """A part of at least one half is asked for of a choice that only costs."""
    mix = best_mixture(program([[-1.0, 0.0]], [[[-1.0], [0.0]]], [-0.5]), GAP)
    assert mix.parts[0] == pytest.approx([0.5, 0.5], abs=1e-4)


def test_where_nothing_is_worth_anything_there_still_is_a_mix() -> None:
    of = program([[0.0, 0.0]] * 3, [[[1.0], [0.0]]] * 3, [1.0])
    assert rest(of, best_mixture(of, GAP)).min() >= -1e-4


def test_nodes_that_are_alike_share_a_limit_to_the_last_bit() -> None:
    of = program([[1.0, 1.0, 0.0]] * 8, [[[1.0], [1.0], [0.0]]] * 8, [3.0])
    assert worth_of(of, best_mixture(of, GAP)) == pytest.approx(3.0, abs=1e-4)


@pytest.mark.parametrize("seed", [23, 132])
def test_limits_far_from_being_used_up_do_not_keep_it_from_the_best(seed: int) -> None:
    """Their slack is as large as they are, to begin with."""
    use = np.random.default_rng(seed).integers(-1, 4, (2, 3, 2)).astype(float)
    use[:, -1] = 0.0
    of = program([[0.5, 0.5, 0.0]] * 2, use.tolist(), [50.0, 50.0])
    assert worth_of(of, best_mixture(of, GAP)) == pytest.approx(1.0, abs=1e-4)


def test_where_many_limits_bind_at_once_none_is_exceeded() -> None:
    """Newton's equations hardly say anything there once all that can be won is won."""
    of = drawn(492)
    assert rest(of, best_mixture(of, GAP)).min() >= -1e-4


def test_a_wide_gap_is_kept() -> None:
    of = drawn(11)
    assert worth_of(of, best_mixture(of, 0.1)) >= solved(of).objective - 0.1


def test_the_same_program_gives_the_same_mix() -> None:
    first, second = (best_mixture(drawn(5), GAP) for _ in range(2))
    assert np.array_equal(first.parts, second.parts)
    assert np.array_equal(first.prices, second.prices)


# Whatever the program.


@SETTINGS
@given(SEEDS, st.booleans())
def test_no_mix_is_worth_more(seed: int, is_rough: bool) -> None:
    of = drawn(seed, is_rough=is_rough)
    assert worth_of(of, best_mixture(of, GAP)) == pytest.approx(solved(of).objective, abs=1e-4)


@SETTINGS
@given(SEEDS, st.booleans())
def test_no_limit_is_exceeded(seed: int, is_rough: bool) -> None:
    of = drawn(seed, is_rough=is_rough)
    assert rest(of, best_mixture(of, GAP)).min(initial=0.0) >= -1e-4


@SETTINGS
@given(SEEDS, st.booleans())
def test_parts_of_a_node_come_to_one(seed: int, is_rough: bool) -> None:
    parts = best_mixture(drawn(seed, is_rough=is_rough), GAP).parts
    assert parts.sum(axis=1) == pytest.approx(1.0, abs=1e-4)


@SETTINGS
@given(SEEDS, st.booleans())
def test_nothing_is_below_zero(seed: int, is_rough: bool) -> None:
    mix = best_mixture(drawn(seed, is_rough=is_rough), GAP)
    assert min(mix.parts.min(), mix.others.min(initial=0.0), mix.prices.min(initial=0.0)) >= -1e-5


@SETTINGS
@given(SEEDS, st.booleans())
def test_prices_are_of_limits_that_are_used_up(seed: int, is_rough: bool) -> None:
    of = drawn(seed, is_rough=is_rough)
    mix = best_mixture(of, GAP)
    assert np.abs(mix.prices * rest(of, mix)).max(initial=0.0) <= 1e-4


@SETTINGS
@given(SEEDS, st.booleans())
def test_at_the_prices_nodes_and_limits_are_worth_what_the_best_mix_is(seed: int, is_rough: bool) -> None:
    """Strong duality."""
    of = drawn(seed, is_rough=is_rough)
    prices = best_mixture(of, GAP).prices
    bound = float((of.worth - of.use @ prices).max(axis=1).sum() + of.bound @ prices)
    assert bound == pytest.approx(solved(of).objective, abs=1e-4)


@SETTINGS
@given(SEEDS, st.booleans())
def test_no_other_thing_is_worth_more_than_it_costs(seed: int, is_rough: bool) -> None:
    of = drawn(seed, is_rough=is_rough)
    prices = best_mixture(of, GAP).prices
    assert (of.other_worth - of.other_use.T @ prices).max(initial=0.0) <= 1e-4
