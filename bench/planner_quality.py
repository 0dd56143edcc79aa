"""What the planner and simpler fillers make of each regime, beside the bound for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TypeVar

from bench.oracle.audit import audit_fillers
from bench.oracle.certificate import Certificate, certify, certify_at
from bench.oracle.outcome import Held, instances_after
from bench.oracle.pool import SolverPool
from bench.oracle.reach import reached
from bench.oracle.solver import Effort
from bench.planner_baselines import METHODS, fillers_by
from bench.planner_instances import instance
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan

PLANNER = "paraset"
# What is left open by this is less than 1/20 of a percent of the bound, and it is open to the planner's disadvantage.
EFFORT = Effort(gap=5e-4, branches=100)
RUNS = 3

# So many nodes are enough to see how tight the bound is: the more nodes, the less one of them matters.
TIGHTNESS_NODES = 100

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Row:
    """One method in one regime. `is_exact`: the bound is the optimum, but for the solver's gap."""

    regime: str
    nodes: int
    method: str
    worth: float
    bound: float
    fraction: float
    ms: float
    is_exact: bool
    violations: int


@dataclass(frozen=True, slots=True)
class Study:
    """The rows of one regime, with what they were made from."""

    snapshot: Snapshot
    certificate: Certificate
    fillers: list[Held]
    rows: list[Row]


def study(regime: str, nodes: int, seed: int, pool: SolverPool) -> Study:
    """Return the planner's row and one for each simple method, on the same cluster."""
    snapshot = instance(regime, nodes, seed)
    ms, outcome = timed(lambda: plan(snapshot))
    certificate = certify(snapshot, outcome, pool, EFFORT)
    fillers = instances_after(snapshot, outcome)
    count = len(snapshot.nodes)
    rows = [_row(regime, count, PLANNER, certificate, ms, len(audit_fillers(snapshot, fillers)))]
    rows += _baselines(regime, count, snapshot, certificate)
    return Study(snapshot, certificate, fillers, rows)


@dataclass(frozen=True, slots=True)
class Tightness:
    """The bound of a regime beside the worth of a plan within the same limits: the optimum lies between."""

    regime: str
    nodes: int
    bound: float
    reached: float
    gap: float


def tightness(regime: str, nodes: int, seed: int, pool: SolverPool) -> Tightness:
    """Return how far the planner's bound can be from the optimum of plans as fair as its own."""
    snapshot = instance(regime, min(nodes, TIGHTNESS_NODES), seed)
    found = reached(certify(snapshot, plan(snapshot), pool, EFFORT).details, pool, EFFORT)
    return Tightness(regime, len(snapshot.nodes), found.bound, found.worth, found.gap)


def _baselines(regime: str, nodes: int, snapshot: Snapshot, certificate: Certificate) -> Iterator[Row]:
    bound = certificate.details
    for method in METHODS:
        ms, fillers = timed(partial(fillers_by, method, snapshot, dict(bound.problem.fillable)), 1)
        yield _row(regime, nodes, method, certify_at(bound, fillers), ms, len(audit_fillers(snapshot, fillers)))


def _row(regime: str, nodes: int, method: str, it: Certificate, ms: float, violations: int) -> Row:
    return Row(regime, nodes, method, it.worth, it.bound, it.fraction, ms, it.is_exact, violations)


def timed(work: Callable[[], _Made], runs: int = RUNS) -> tuple[float, _Made]:
    """Return the median time of some runs in milliseconds, and what the last one made."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        made = work()
        times.append((time.perf_counter() - started) * 1000)
    return median(times), made
