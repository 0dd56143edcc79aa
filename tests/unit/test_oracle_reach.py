"""What the oracle reaches: a plan within all limits, so that the optimum is between it and the bound."""

import pytest
from hypothesis import given, settings
from oracle_cases import MILLI, SETTINGS, best_under_ceilings, cluster, milli_shape, owner, pool, small_problems, state

from bench.oracle.certificate import bound_of, bound_under
from bench.oracle.problem import Problem
from bench.oracle.reach import reached
from bench.oracle.solver import EXACT


@settings(SETTINGS, max_examples=25)
@given(small_problems())
def test_the_optimum_lies_between_what_is_reached_and_the_bound(problem: Problem) -> None:
    bound = bound_under(problem, {}, None, pool())
    worth = reached(bound, pool(), EXACT, rounds=3).worth
    assert worth <= best_under_ceilings(problem) * (1 + 1e-6) + 1e-9
    assert worth <= bound.value * (1 + 1e-6) + 1e-9


def test_half_of_the_nodes_each() -> None:
    """Two sets of equal weight share four nodes, and all of it is used."""
    sets = [owner("s", milli_shape("g1", 1000, 1000)), owner("t", milli_shape("m500", 500, 500))]
    bound = bound_of(cluster([state(f"n{index}", gpus=1) for index in range(4)], *sets), pool())
    found = reached(bound, pool(), EXACT)
    assert (found.worth, found.bound) == (pytest.approx(1.0, rel=1e-3), pytest.approx(1.0, rel=1e-3))
    assert bound.problem.fillable[MILLI] == 4000
