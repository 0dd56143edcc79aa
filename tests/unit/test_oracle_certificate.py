"""The bound of a whole cluster, with ceilings, limits and shares, against the best of all plans."""

import ast
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from oracle_cases import (
    GIB,
    MILLI,
    SETTINGS,
    SHAPES,
    best_under_ceilings,
    cluster,
    milli_shape,
    owner,
    pool,
    small_problems,
    state,
)

import paraset_operator
from bench.oracle import audit, bound_of, certify
from bench.oracle.certificate import bound_under, certify_at
from bench.oracle.loss import loss_by_quarter, node_losses, sets_per_node, unused_limits
from bench.oracle.outcome import instances_after
from bench.oracle.problem import Problem, problem_of
from bench.planner_instances import REGIMES, instance
from paraset_operator.model.plan import CreatePod, Plan
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan

FEW = settings(SETTINGS, max_examples=40)


@FEW
@given(small_problems())
def test_no_plan_within_the_ceilings_is_worth_more_than_the_bound(problem: Problem) -> None:
    bound = bound_under(problem, {}, None, pool())
    best = best_under_ceilings(problem)
    assert bound.value >= best - 1e-7
    if bound.is_exact:
        assert bound.value == pytest.approx(best, rel=1e-3, abs=1e-7)


@FEW
@given(small_problems())
def test_any_limits_at_the_same_prices_give_a_true_bound(problem: Problem) -> None:
    bound = bound_under(problem, {}, None, pool())
    assert bound.under(bound.rows) == pytest.approx(bound.value)


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
    """One set holds everything: its own limit is raised to that, but the other may still have its half."""
    states = [state(f"n{index}", gpus=2, cpu=8000) for index in range(4)]
    sets = [owner("s", SHAPES[0], ceiling=8), owner("t", SHAPES[0], ceiling=8)]
    alone = plan(cluster(states, sets[0]))
    certificate = certify(cluster(states, *sets), alone, pool())
    assert certificate.shares["a/s"] == pytest.approx(1.0)
    assert {key: it.part for key, it in certificate.details.shares.items()} == pytest.approx({"a/s": 0.5, "a/t": 0.5})
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
    snapshot = instance(regime, 8)
    outcome = plan(snapshot)
    certificate = certify(snapshot, outcome, pool())
    assert 0.0 < certificate.fraction <= 1.0 + 1e-6
    assert audit(snapshot, outcome) == []
    assert dict(outcome.usable) == dict(certificate.details.problem.fillable)
    fillers = instances_after(snapshot, outcome)
    losses = node_losses(certificate.details, fillers)
    missing = sum(it.lost for it in losses) + sum(lost for _, lost in unused_limits(certificate.details, fillers))
    assert missing == pytest.approx(certificate.bound - certificate.worth, abs=1e-3 * certificate.bound)
    assert sum(loss_by_quarter(losses)) == pytest.approx(1.0)
    again = certify_at(certificate.details, instances_after(snapshot, outcome))
    assert (again.worth, again.bound) == (certificate.worth, pytest.approx(certificate.bound))


def test_the_operator_never_imports_the_solver() -> None:
    for file in Path(paraset_operator.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [it.name for it in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("highspy", "bench") for name in names), file


def two_sets() -> tuple[Snapshot, ParaSetView, ParaSetView]:
    """Four nodes of one GPU; the second set's best shape fits on none, and what does is worth half as much."""
    full, half = milli_shape("g1", 1000, 1000), milli_shape("g1", 1000, 1000, 0.5)
    sets = owner("s", full), owner("t", half, milli_shape("g4", 4000, 1000, 4.0))
    return cluster([state(f"n{index}", gpus=1) for index in range(4)], *sets), *sets


def ones(of: ParaSetView, *nodes: int) -> tuple[CreatePod, ...]:
    return tuple(CreatePod(of, "g1", node, f"n{node}", {}, of.shapes[0].smallest) for node in nodes)


def test_fairness_is_no_loss_and_unfairness_no_gain() -> None:
    snapshot, first, second = two_sets()
    fair = certify(snapshot, Plan(actions=ones(first, 0, 1) + ones(second, 2, 3)), pool())
    assert (fair.worth, fair.bound) == (pytest.approx(0.75), pytest.approx(0.75, rel=1e-3))
    unfair = certify(snapshot, Plan(actions=ones(first, 0, 1, 2) + ones(second, 3)), pool())
    assert (unfair.worth, unfair.bound) == (pytest.approx(0.875), pytest.approx(0.875, rel=1e-3))
    lazy = certify(snapshot, Plan(actions=ones(second, 3)), pool())
    assert (lazy.worth, lazy.bound) == (pytest.approx(0.125), pytest.approx(0.75, rel=1e-3))


def test_losses_add_up_to_what_is_missing() -> None:
    snapshot, first, second = two_sets()
    lazy = certify(snapshot, Plan(actions=ones(first, 0) + ones(second, 3)), pool())
    fillers = instances_after(snapshot, Plan(actions=ones(first, 0) + ones(second, 3)))
    losses = node_losses(lazy.details, fillers)
    unused = sum(lost for _, lost in unused_limits(lazy.details, fillers))
    assert sum(it.lost for it in losses) + unused == pytest.approx(lazy.bound - lazy.worth, rel=1e-3)
    assert sets_per_node(lazy.details, losses)[1] == 0.5
