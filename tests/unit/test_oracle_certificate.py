"""The bound of a whole cluster, with ceilings, limits and shares, against the best of all plans."""

import ast
from itertools import product
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import (
    GIB,
    MILLI,
    SETTINGS,
    all_counts,
    cluster,
    milli_shape,
    owner,
    pool,
    state,
    worth_with_growth,
)

import paraset_operator
from bench.oracle import audit, bound_of, certify
from bench.oracle.certificate import bound_under, certify_at
from bench.oracle.outcome import instances_after
from bench.oracle.problem import Problem, problem_of
from bench.planner_instances import REGIMES, instance
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.shape import Elastic, Shape
from paraset_operator.planning.planner import plan

FEW = settings(SETTINGS, max_examples=60)
SHAPES = (
    milli_shape("g1", 1000, 1000, 1.0),
    milli_shape("m600", 600, 1000, 0.7, grows_to=3000),
    milli_shape("m300", 300, 500, 0.2),
    milli_shape("c2", 0, 2000, 0.1, grows_to=4000),
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw two nodes and two sets of two shapes, with small ceilings."""
    used = st.lists(st.sampled_from([0, 200, 400, 700, 1000]), min_size=2, max_size=2)
    states = [state(name, draw(st.integers(1, 6)) * 1000, used=draw(used), gpus=2, pods=5) for name in ("n1", "n2")]
    sets = [
        owner(name, *draw(st.permutations(SHAPES))[:2], ceiling=draw(st.integers(0, 4)), weight=draw(st.integers(1, 3)))
        for name in ("s", "t")
    ]
    return problem_of(cluster(states, *sets))


def best_under_ceilings(problem: Problem) -> float:
    """Return the best worth of all plans, by trying the choices of all nodes together."""
    each = [
        [(counts, worth_with_growth(group, problem.columns, counts)) for counts in all_counts(group, problem.columns)]
        for group in problem.groups
        for _ in group.names
    ]
    best = 0.0
    for choices in product(*each):
        total = [sum(numbers) for numbers in zip(*(counts for counts, _ in choices), strict=True)]
        if all(_held(problem, total, index) <= it.ceiling for index, it in enumerate(problem.owners)):
            best = max(best, sum(worth for _, worth in choices))
    return best


def _held(problem: Problem, total: list[int], index: int) -> int:
    return sum(count for count, column in zip(total, problem.columns, strict=True) if column.owner == index)


@FEW
@given(problems())
def test_no_plan_within_the_ceilings_is_worth_more_than_the_bound(problem: Problem) -> None:
    bound = bound_under(problem, {}, {}, pool())
    best = best_under_ceilings(problem)
    assert bound.value >= best - 1e-7
    if bound.is_exact:
        assert bound.value == pytest.approx(best, rel=1e-3, abs=1e-7)


@FEW
@given(problems())
def test_any_limits_at_the_same_prices_give_a_true_bound(problem: Problem) -> None:
    bound = bound_under(problem, {}, {}, pool())
    assert bound.under(bound.rows) == pytest.approx(bound.value)
    assert bound.relaxed >= bound.inner - 1e-6


def test_without_coupling_the_bound_is_the_optimum() -> None:
    snapshot = cluster([state(gpus=1)], owner("s", SHAPES[1]))
    certificate = certify(snapshot, plan(snapshot), pool())
    assert certificate.is_exact
    assert (certificate.fraction, certificate.gap) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))


def test_a_plan_that_makes_nothing_is_worth_nothing() -> None:
    snapshot = cluster([state(gpus=1)], owner("s", SHAPES[0]))
    empty = certify(snapshot, plan(cluster([state(gpus=1)])), pool())
    assert (empty.worth, empty.fraction) == (0.0, 0.0)
    assert certify(cluster([]), plan(cluster([])), pool()).fraction == 1.0


def test_equal_nodes_are_solved_once() -> None:
    problem = problem_of(cluster([state(f"n{index}", gpus=2, used=[300]) for index in range(4)], owner("s", *SHAPES)))
    assert [group.count for group in problem.groups] == [4]


def test_a_wasteful_plan_is_held_to_the_fair_shares() -> None:
    """One set holds everything: its own cap is raised to that, the other keeps the claim to its half."""
    states = [state(f"n{index}", gpus=2, cpu=8000) for index in range(4)]
    sets = [owner("s", SHAPES[0], ceiling=8), owner("t", SHAPES[0], ceiling=8)]
    alone = plan(cluster(states, sets[0]))
    certificate = certify(cluster(states, *sets), alone, pool())
    assert certificate.shares["a/s"] == pytest.approx(1.0)
    assert certificate.details.shares == pytest.approx({"a/s": 0.5, "a/t": 0.5}, rel=1e-5)
    assert certificate.bound == pytest.approx(1.0, rel=1e-3)


def test_limits_of_tenants_bound_the_worth() -> None:
    tenants = MappingProxyType({"a": Tenant("a", limits={MILLI: 2000})})
    snapshot = cluster([state(gpus=8, cpu=64000)], owner("s", SHAPES[0]), policies=(PolicyView(tenants=tenants),))
    assert bound_of(snapshot, pool()).value == pytest.approx(2 / 8, rel=1e-3)


def test_growth_that_init_containers_have_paid_for_needs_no_room() -> None:
    shape = Shape("s", {}, (Elastic("cpu", 1000, 3000, 2.0),), 1.0, initial={"cpu": 2000, "memory": GIB})
    [column] = problem_of(cluster([state()], owner("s", shape))).columns
    assert column.need["cpu"] == 2000
    assert [growth.span for growth in column.growths] == [1000]


@pytest.mark.parametrize("regime", REGIMES)
def test_plans_keep_below_the_bound_and_are_possible(regime: str) -> None:
    snapshot = instance(regime, 10)
    outcome = plan(snapshot)
    certificate = certify(snapshot, outcome, pool())
    assert 0.0 < certificate.fraction <= 1.0 + 1e-6
    assert certificate.details.relaxed >= certificate.bound * (1 - 1e-3)
    assert audit(snapshot, outcome) == []
    assert dict(outcome.usable) == dict(certificate.details.problem.fillable)
    again = certify_at(certificate.details, instances_after(snapshot, outcome))
    assert (again.worth, again.bound) == (certificate.worth, pytest.approx(certificate.bound))


def test_the_operator_never_imports_the_solver() -> None:
    for file in Path(paraset_operator.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [it.name for it in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("highspy", "bench") for name in names), file
