"""How near to the bound a plan can come: one that keeps all limits, put together from nodes' choices at many prices.

At each round's prices every node names its best choice. A small program mixes the choices so that the limits hold; its
duals are the next prices. In the last mix nearly every node has a single choice; the few others choose again within
what is left of the limits, and then so does every node, in case it can do better. What comes out is no bound, but a
plan (with growth in any step), so that the optimum lies between it and the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.oracle.certificate import Bound, priced, solve_all
from bench.oracle.coupling import Row, use_of
from bench.oracle.node import EMPTY, Choice, candidates_on, solve_node
from bench.oracle.pool import SolverPool
from bench.oracle.problem import Group, Problem
from bench.oracle.solver import Effort, Model, maximise

ROUNDS = 7
# The last rounds take the mix's prices as they are; before, they would jump.
UNDAMPED = 2
# A limit of zero, as something to divide by.
_NOTHING = 1e-6

Usage = tuple[float, ...]


@dataclass(slots=True)
class Menu:
    """The choices known for one node of each group, with what each is worth and takes of the limits' parts."""

    problem: Problem
    rows: tuple[Row, ...]
    choices: list[list[Choice]] = field(default_factory=list)
    worths: list[list[float]] = field(default_factory=list)
    usages: list[list[Usage]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _ in self.problem.groups:
            self.choices.append([EMPTY])
            self.worths.append([0.0])
            self.usages.append([(0.0,) * len(self.rows)])

    def add(self, choices: Sequence[Choice]) -> None:
        """Take in one choice for each group."""
        for at, choice in enumerate(choices):
            usage = usage_of(self.problem, self.rows, choice)
            worth = worth_of_choice(self.problem, choice)
            if (worth, usage) not in zip(self.worths[at], self.usages[at], strict=True):
                self.choices[at].append(choice)
                self.worths[at].append(worth)
                self.usages[at].append(usage)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many nodes of each group take which choice, and the price of a limit as a whole."""

    counts: tuple[tuple[float, ...], ...]
    prices: tuple[float, ...]


def reached(bound: Bound, pool: SolverPool, effort: Effort, rounds: int = ROUNDS) -> float:
    """Return the worth of a plan that keeps the limits of the bound."""
    if bound.is_exact:
        return sum(it.worth * group.count for it, group in zip(bound.choices, bound.problem.groups, strict=True))
    menu = Menu(bound.problem, bound.rows)
    menu.add(bound.choices)
    counts = [group.count for group in bound.problem.groups]
    for left in range(rounds, 0, -1):
        mix = pool.call(mixed, menu.worths, menu.usages, counts)
        prices = _next_prices(bound, mix, damped=left > UNDAMPED)
        menu.add(solve_all(bound.problem, bound.rows, prices, pool, effort))
    mix = pool.call(mixed, menu.worths, menu.usages, counts)
    prices = _next_prices(bound, mix, damped=False)
    return pool.call(settled, _portable(bound.problem), bound.rows, menu.choices, mix.counts, prices, effort)


def _next_prices(bound: Bound, mix: Mix, *, damped: bool) -> list[float]:
    prices = [price / max(row.limit, _NOTHING) for price, row in zip(mix.prices, bound.rows, strict=True)]
    return [(new + old) / 2 if damped else new for new, old in zip(prices, bound.prices, strict=True)]


def _portable(problem: Problem) -> Problem:
    """Return the part of a problem that can be sent to another process."""
    return Problem((), (), problem.columns, problem.groups, dict(problem.fillable), ())


def usage_of(problem: Problem, rows: Sequence[Row], choice: Choice) -> Usage:
    """Return which part of each limit a choice takes."""
    used = (use_of(problem, row, choice.counts, choice.grown) for row in rows)
    return tuple(use / max(row.limit, _NOTHING) for use, row in zip(used, rows, strict=True))


def worth_of_choice(problem: Problem, choice: Choice) -> float:
    """Return what a choice is worth without prices."""
    densities = {(at, it.resource): it.density for at, column in enumerate(problem.columns) for it in column.growths}
    fixed = sum(problem.columns[at].value * count for at, count in choice.counts.items())
    return fixed + sum(densities[key] * amount for key, amount in choice.grown.items())


def mixed(worths: Sequence[Sequence[float]], usages: Sequence[Sequence[Usage]], counts: Sequence[int]) -> Mix:
    """Return the best mix of known choices within the limits."""
    model = Model()
    at = [[model.column(worth) for worth in several] for several in worths]
    for several, count in zip(at, counts, strict=True):
        model.row([(each, 1.0) for each in several], upper=float(count))
    limits = [
        model.row(
            [
                (each, usage[row])
                for several, used in zip(at, usages, strict=True)
                for each, usage in zip(several, used, strict=True)
                if usage[row]
            ],
            upper=1.0,
        )
        for row in range(len(usages[0][0]))
    ]
    solution = maximise(model)
    return Mix(
        tuple(tuple(solution.values[each] for each in several) for several in at),
        tuple(abs(solution.prices[each]) for each in limits),
    )


def settled(
    problem: Problem,
    rows: Sequence[Row],
    choices: Sequence[Sequence[Choice]],
    counts: Sequence[Sequence[float]],
    prices: Sequence[float],
    effort: Effort,
) -> float:
    """Return the worth of one choice for each node: that of the mix where it is whole, else the best that is left."""
    settlement = _Settlement(problem, rows, [row.limit for row in rows], effort)
    nodes: list[tuple[Group, Choice]] = []
    torn: list[Group] = []
    for group, several, taken in zip(problem.groups, choices, counts, strict=True):
        whole = [choice for choice, count in zip(several, taken, strict=True) for _ in range(int(count + 1e-6))]
        settlement.take(whole, 1.0)
        nodes += [(group, choice) for choice in whole]
        torn += [group] * (group.count - len(whole))
    nodes += [(group, settlement.best(group, EMPTY, prices)) for group in torn]
    free = [0.0] * len(rows)
    return sum(worth_of_choice(problem, settlement.best(group, choice, free)) for group, choice in nodes)


@dataclass(slots=True)
class _Settlement:
    """What is left of the limits while nodes choose one after the other."""

    problem: Problem
    rows: Sequence[Row]
    left: list[float]
    effort: Effort

    def take(self, choices: Sequence[Choice], sign: float) -> None:
        """Take choices from what is left, or, negative, give them back."""
        for choice in choices:
            used = (use_of(self.problem, row, choice.counts, choice.grown) for row in self.rows)
            self.left = [left - sign * use for left, use in zip(self.left, used, strict=True)]

    def best(self, group: Group, instead_of: Choice, prices: Sequence[float]) -> Choice:
        """Return a node's best choice within what is left, or the one it has where that is as good."""
        self.take([instead_of], -1.0)
        values, densities = priced(self.problem, self.rows, prices)
        quotas = [(row.columns, row.resource, left) for row, left in zip(self.rows, self.left, strict=True)]
        candidates = candidates_on(group, self.problem.columns, values, densities)
        found = solve_node(group, candidates, self.effort, quotas)
        is_better = worth_of_choice(self.problem, found) > worth_of_choice(self.problem, instead_of)
        chosen = found if is_better else instead_of
        self.take([chosen], 1.0)
        return chosen
