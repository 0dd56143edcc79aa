"""How much a plan is worth, and how much any plan could be: prices for what couples the nodes, and every node exactly.

With prices p >= 0 for rows `use <= limit`, no plan that keeps the rows is worth more than the best of every node at
worth less p x use, plus p x limit. Any prices give a true bound; the relaxation's duals give a close one. Where
nothing couples the nodes all prices are zero and the bound is the optimum.

Everybody's share is limited from above and from below: by the fair share, or by what the plan gives where that is more,
or less. So the bound is true for the plan, the price of fairness is no loss, and unfairness wins nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.oracle.coupling import Achieved, Row, Share, quotas_of, rows_of, tenants_of
from bench.oracle.fair import Party
from bench.oracle.node import Choice
from bench.oracle.outcome import Held, achieved_by, instances_after, worth_after
from bench.oracle.pool import SolverPool
from bench.oracle.pricing import bound_at, refined_prices, solve_all, used_by
from bench.oracle.problem import Problem, problem_of
from bench.oracle.solver import EXACT, Effort
from paraset_operator.model.plan import Plan
from paraset_operator.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Bound:
    """`value` is proven. `is_exact` where the choices it is made of are themselves a plan, but for the solver's gap."""

    value: float
    is_exact: bool
    shares: Mapping[str, Share]
    rows: tuple[Row, ...]
    prices: tuple[float, ...]
    inner: float
    choices: tuple[Choice, ...]
    problem: Problem

    def under(self, rows: Sequence[Row]) -> float:
        """Return the bound at the same prices under other limits of the same rows."""
        limits = {row.name: row.sign * row.limit for row in rows}
        return self.inner + sum(p * limits[row.name] for row, p in zip(self.rows, self.prices, strict=True) if p > 0)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a plan is worth beside the bound for it; `fraction` is worth / bound."""

    worth: float
    bound: float
    is_exact: bool
    shares: Mapping[str, float]
    details: Bound = field(repr=False)

    @property
    def fraction(self) -> float:
        """Worth over bound; 1 where nothing is possible."""
        return self.worth / self.bound if self.bound > 0 else 1.0

    @property
    def gap(self) -> float:
        """What is missing to the bound, as a part of it."""
        return 1.0 - self.fraction


def certify(snapshot: Snapshot, outcome: Plan, pool: SolverPool, effort: Effort = EXACT) -> Certificate:
    """Return the certificate of a plan for a snapshot."""
    problem = problem_of(snapshot)
    after = instances_after(snapshot, outcome)
    achieved = achieved_by(after, problem)
    bound = bound_under(problem, fair_limits(problem, pool), achieved, pool, effort)
    return Certificate(worth_after(after, problem), bound.value, bound.is_exact, achieved.dominant, bound)


def certify_at(bound: Bound, after: Sequence[Held]) -> Certificate:
    """Return the certificate of other instances at the prices of a bound that was found before: true, less close."""
    problem = bound.problem
    achieved = achieved_by(after, problem)
    value = bound.under(rows_of(problem, bound.shares, achieved))
    return Certificate(worth_after(after, problem), value, is_exact=False, shares=achieved.dominant, details=bound)


def bound_of(snapshot: Snapshot, pool: SolverPool, effort: Effort = EXACT) -> Bound:
    """Return the bound for plans that keep to the fair shares."""
    problem = problem_of(snapshot)
    return bound_under(problem, fair_limits(problem, pool), None, pool, effort)


def fair_limits(problem: Problem, pool: SolverPool) -> dict[str, Share]:
    """Return the fair dominant share of each set and namespace; none where only one set wants anything."""
    if len({column.owner for column in problem.columns}) < 2 or not problem.groups:
        return {}
    fillable, parties = dict(problem.fillable), parties_of(problem)
    return pool.fair_shares(problem.columns, problem.groups, fillable, parties, quotas_of(problem))


def parties_of(problem: Problem) -> tuple[Party, ...]:
    """Return namespaces, then sets, with their weights."""
    tenants = tenants_of(problem)
    owned = [
        frozenset(at for at, it in enumerate(problem.columns) if it.owner == i) for i in range(len(problem.owners))
    ]
    namespaces = sorted({owner.namespace for owner in problem.owners})
    parties = []
    for namespace in namespaces:
        columns = [owned[i] for i, owner in enumerate(problem.owners) if owner.namespace == namespace]
        tenant = tenants.get(namespace)
        parties.append(Party(namespace, frozenset().union(*columns), float(tenant.weight if tenant else 1)))
    sets = [Party(it.key, owned[i], float(it.weight), it.namespace) for i, it in enumerate(problem.owners)]
    return (*parties, *sets)


def bound_under(
    problem: Problem,
    fair: Mapping[str, Share],
    achieved: Achieved | None,
    pool: SolverPool,
    effort: Effort = EXACT,
) -> Bound:
    """Return the bound for plans as fair as one that achieves this: nobody further from the fair share, up or down."""
    rows = rows_of(problem, fair, achieved)
    if not problem.groups or not problem.columns:
        return Bound(0.0, True, fair, rows, (0.0,) * len(rows), 0.0, (), problem)
    prices = refined_prices(problem, rows, pool, effort)
    choices = solve_all(problem, rows, prices, pool, effort)
    inner = bound_at(problem, (), (), choices)
    found = sum(choice.worth * group.count for choice, group in zip(choices, problem.groups, strict=True))
    exact = found >= inner * (1 - 2 * effort.gap) and _is_plan(problem, rows, prices, choices)
    value = bound_at(problem, rows, prices, choices)
    return Bound(value, exact, fair, rows, prices, inner, tuple(choices), problem)


def _is_plan(problem: Problem, rows: Sequence[Row], prices: Sequence[float], choices: Sequence[Choice]) -> bool:
    """Say whether the nodes' choices together keep every row, and use up those with a price: then they are optimal."""
    for row, price, used in zip(rows, prices, used_by(problem, rows, choices), strict=True):
        slack = row.sign * (row.limit - used)
        if slack < -1e-6 * max(1.0, row.limit) or (price > 0 and slack > 1e-6 * max(1.0, row.limit)):
            return False
    return True
