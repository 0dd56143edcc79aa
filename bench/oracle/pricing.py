"""Prices for what couples the nodes, such that the bound they give is as low as it gets.

The relaxation's duals are where it begins. Then, at each round's prices, every node names its best choice; a small
program mixes all choices known so that the limits hold, and its duals, moved towards the best prices so far, are the
next. What the mix is worth comes up to the bound from below; where both meet there are no better prices.

A sample of the nodes is enough for that: the bound is true for any prices. Its limits are moved, a few times, until its
nodes leave as much of them as all nodes do of theirs (sampling.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.oracle.coupling import Row, priced, use_of
from bench.oracle.node import EMPTY, Choice, candidates_on
from bench.oracle.pool import SolverPool
from bench.oracle.problem import Problem
from bench.oracle.sampling import moved, sample_of
from bench.oracle.solver import Effort, Model, maximise

ROUNDS = 12
# How much of the way to the best prices so far: at first the mix knows little and its prices jump.
SMOOTHING = (0.7, 0.7, 0.7, 0.5, 0.3)
MET = 2e-4
# How often a sample's limits are moved, and which change of the bound by that is none.
CORRECTIONS = 3
LITTLE = 3e-4
WHOLE = Effort(gap=2e-4)
# A limit of zero, as something to divide by.
_NOTHING = 1e-6


@dataclass(slots=True)
class Menu:
    """The choices known for one node of each group, with what each is worth and uses of each row's limit."""

    problem: Problem
    rows: tuple[Row, ...]
    choices: list[list[Choice]] = field(default_factory=list)
    worths: list[list[float]] = field(default_factory=list)
    uses: list[list[tuple[float, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _ in self.problem.groups:
            self.choices.append([EMPTY])
            self.worths.append([0.0])
            self.uses.append([(0.0,) * len(self.rows)])

    def add(self, choices: Sequence[Choice]) -> None:
        """Take in one choice for each group."""
        for at, choice in enumerate(choices):
            use = uses_of(self.problem, self.rows, choice)
            worth = worth_of_choice(self.problem, choice)
            if (worth, use) not in zip(self.worths[at], self.uses[at], strict=True):
                self.choices[at].append(choice)
                self.worths[at].append(worth)
                self.uses[at].append(use)

    def mix(self, pool: SolverPool, *, is_whole: bool = False) -> Mix:
        """Return the best mix of what is known; a whole one leaves no node with parts of two choices."""
        counts = [group.count for group in self.problem.groups]
        return pool.call(mixed, self.worths, self.uses, counts, self.rows, is_whole)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many nodes of each group take which choice, what that is worth, and the price of each row."""

    counts: tuple[tuple[float, ...], ...]
    worth: float
    prices: tuple[float, ...]


def refined_prices(problem: Problem, rows: Sequence[Row], pool: SolverPool, effort: Effort) -> tuple[float, ...]:
    """Return a price for each row."""
    relaxed, duals = pool.prices(problem.columns, problem.groups, rows)
    prices, few = _without_dust(problem, rows, duals, relaxed), sample_of(problem)
    if few is problem:
        return tuple(_refined(Menu(problem, tuple(rows)), prices, pool, effort))
    return tuple(_refined_on(Menu(few, tuple(rows)), problem, rows, prices, pool, effort))


def _refined_on(
    menu: Menu, problem: Problem, rows: Sequence[Row], prices: list[float], pool: SolverPool, effort: Effort
) -> list[float]:
    """Return the best prices found for all nodes, where a menu has only some of them."""
    choices = solve_all(problem, rows, prices, pool, effort)
    lowest, best = bound_at(problem, rows, prices, choices), prices
    for _ in range(CORRECTIONS):
        here = solve_all(menu.problem, rows, prices, pool, effort)
        used = used_by(menu.problem, rows, here), used_by(problem, rows, choices)
        menu.rows = moved(menu.problem, problem, rows, *used)
        prices = _refined(menu, prices, pool, effort)
        choices = solve_all(problem, rows, prices, pool, effort)
        value = bound_at(problem, rows, prices, choices)
        is_settled = abs(value - lowest) < LITTLE * lowest
        if value < lowest:
            lowest, best = value, prices
        if is_settled:
            break
    return best


def used_by(problem: Problem, rows: Sequence[Row], choices: Sequence[Choice]) -> list[float]:
    """Return how much of each limit all nodes' choices use."""
    used = [0.0] * len(rows)
    for group, choice in zip(problem.groups, choices, strict=True):
        uses = uses_of(problem, rows, choice)
        used = [before + group.count * use for before, use in zip(used, uses, strict=True)]
    return used


def _refined(menu: Menu, best: Sequence[float], pool: SolverPool, effort: Effort) -> list[float]:
    """Return the best prices found for the nodes of a menu, beginning with some."""
    lowest, best = _try(menu, best, pool, effort), list(best)
    for number in range(ROUNDS):
        mix = menu.mix(pool)
        if mix.worth >= lowest * (1 - MET):
            break
        part = SMOOTHING[min(number, len(SMOOTHING) - 1)]
        prices = [part * old + (1 - part) * new for old, new in zip(best, mix.prices, strict=True)]
        prices = _without_dust(menu.problem, menu.rows, prices, lowest)
        value = _try(menu, prices, pool, effort)
        if value < lowest:
            lowest, best = value, prices
    return best


def _try(menu: Menu, prices: Sequence[float], pool: SolverPool, effort: Effort) -> float:
    """Return the bound at these prices, and remember the nodes' choices."""
    choices = solve_all(menu.problem, menu.rows, prices, pool, effort)
    menu.add(choices)
    return bound_at(menu.problem, menu.rows, prices, choices)


def _without_dust(problem: Problem, rows: Sequence[Row], prices: Sequence[float], worth: float) -> list[float]:
    """Leave out prices that come to nothing. A byte's price is tiny: what counts is the price of all there is."""
    size = [max(row.limit, problem.fillable.get(row.resource, 1)) for row in rows]
    return [price if price * most > 1e-9 * worth else 0.0 for price, most in zip(prices, size, strict=True)]


def solve_all(
    problem: Problem, rows: Sequence[Row], prices: Sequence[float], pool: SolverPool, effort: Effort
) -> list[Choice]:
    """Return the best choice for one node of each group at these prices."""
    values, densities = priced(problem, rows, prices)
    tasks = [(group, candidates_on(group, problem.columns, values, densities)) for group in problem.groups]
    return pool.nodes(tasks, effort)


def bound_at(problem: Problem, rows: Sequence[Row], prices: Sequence[float], choices: Sequence[Choice]) -> float:
    """Return the bound that prices and the nodes' best choices at them prove."""
    inner = sum(choice.bound * group.count for choice, group in zip(choices, problem.groups, strict=True))
    return inner + sum(row.sign * price * row.limit for price, row in zip(prices, rows, strict=True))


def uses_of(problem: Problem, rows: Sequence[Row], choice: Choice) -> tuple[float, ...]:
    """Return how much of each limit a choice uses."""
    return tuple(use_of(problem, row, choice.counts, choice.grown) for row in rows)


def worth_of_choice(problem: Problem, choice: Choice) -> float:
    """Return what a choice is worth without prices."""
    densities = {(at, it.resource): it.density for at, column in enumerate(problem.columns) for it in column.growths}
    fixed = sum(problem.columns[at].value * count for at, count in choice.counts.items())
    return fixed + sum(densities[key] * amount for key, amount in choice.grown.items())


def mixed(
    worths: Sequence[Sequence[float]],
    uses: Sequence[Sequence[Sequence[float]]],
    counts: Sequence[int],
    rows: Sequence[Row],
    is_whole: bool = False,
) -> Mix:
    """Return the best mix of known choices within the limits; what they lack of floors costs more than it can win."""
    model = Model()
    at = [[model.column(worth, is_integer=is_whole) for worth in several] for several in worths]
    for several, count in zip(at, counts, strict=True):
        model.row([(each, 1.0) for each in several], upper=float(count))
    dear = sum(max(several) * count for several, count in zip(worths, counts, strict=True))
    limits = []
    for index, row in enumerate(rows):
        size = max(row.limit, _NOTHING)
        entries = [
            (each, use[index] / size)
            for several, used in zip(at, uses, strict=True)
            for each, use in zip(several, used, strict=True)
            if use[index]
        ]
        if row.is_floor:
            limits.append((model.row([*entries, (model.column(-dear), 1.0)], lower=row.limit / size), size))
        else:
            limits.append((model.row(entries, upper=row.limit / size), size))
    solution = maximise(model, WHOLE)
    return Mix(
        tuple(tuple(solution.values[each] for each in several) for several in at),
        solution.objective,
        () if is_whole else tuple(abs(solution.prices[each]) / size for each, size in limits),
    )
