"""How near to the bound a plan can come: one that keeps all limits, put together from nodes' choices at many prices.

Choices are collected at prices around those of the bound (pricing.py), and one is picked for each node. Then every node
may do better within what the others leave of the limits. What comes out is no bound, but a plan (with growth in any
step), so that the optimum lies between it and the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.oracle.certificate import Bound
from bench.oracle.coupling import Row, priced
from bench.oracle.node import EMPTY, Choice, candidates_on, solve_node
from bench.oracle.pool import SolverPool
from bench.oracle.pricing import Menu, solve_all, uses_of, worth_of_choice
from bench.oracle.problem import Group, Problem
from bench.oracle.solver import Effort

ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Reached:
    """What a plan is worth, and the bound for plans as fair as it is."""

    worth: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the bound can be from the optimum."""
        return 1.0 - self.worth / self.bound if self.bound > 0 else 0.0


def reached(bound: Bound, pool: SolverPool, effort: Effort, rounds: int = ROUNDS) -> Reached:
    """Return what a plan reaches that keeps the limits of the bound; where it misses a floor its bound is higher."""
    if bound.is_exact:
        choices = zip(bound.choices, bound.problem.groups, strict=True)
        return Reached(sum(it.worth * group.count for it, group in choices), bound.value)
    menu = Menu(bound.problem, bound.rows)
    menu.add(bound.choices)
    for number in range(rounds):
        mix = menu.mix(pool)
        part = 0.5 if number < rounds - 1 else 0.0
        prices = [part * old + (1 - part) * new for old, new in zip(bound.prices, mix.prices, strict=True)]
        menu.add(solve_all(bound.problem, bound.rows, prices, pool, effort))
    mix = menu.mix(pool, is_whole=True)
    worth, uses = pool.call(settled, _portable(bound.problem), bound.rows, menu.choices, mix.counts, effort)
    return Reached(worth, bound.under([_lowered(row, use) for row, use in zip(bound.rows, uses, strict=True)]))


def _lowered(row: Row, use: float) -> Row:
    """Return a row as it is for a plan that uses this: a floor is no higher than what the plan gives."""
    return replace(row, limit=min(row.limit, use)) if row.is_floor else row


def _portable(problem: Problem) -> Problem:
    """Return the part of a problem that can be sent to another process."""
    return Problem((), (), problem.columns, problem.groups, dict(problem.fillable), ())


def settled(
    problem: Problem,
    rows: Sequence[Row],
    choices: Sequence[Sequence[Choice]],
    counts: Sequence[Sequence[float]],
    effort: Effort,
) -> tuple[float, tuple[float, ...]]:
    """Return what the nodes' choices are worth and use once every node has done better within what is left."""
    settlement = _Settlement(problem, rows, [0.0] * len(rows), effort)
    nodes: list[tuple[Group, Choice]] = []
    for group, several, taken in zip(problem.groups, choices, counts, strict=True):
        chosen = [choice for choice, count in zip(several, taken, strict=True) for _ in range(round(count))]
        settlement.take(chosen, 1.0)
        nodes += [(group, choice) for choice in chosen]
        nodes += [(group, EMPTY)] * (group.count - len(chosen))
    worth = sum(worth_of_choice(problem, settlement.better(group, choice)) for group, choice in nodes)
    return worth, tuple(settlement.used)


@dataclass(slots=True)
class _Settlement:
    """What is used of the limits while nodes choose one after the other."""

    problem: Problem
    rows: Sequence[Row]
    used: list[float]
    effort: Effort

    def take(self, choices: Sequence[Choice], sign: float) -> None:
        """Count choices as taken, or, negative, as given back."""
        for choice in choices:
            uses = uses_of(self.problem, self.rows, choice)
            self.used = [used + sign * use for used, use in zip(self.used, uses, strict=True)]

    def better(self, group: Group, choice: Choice) -> Choice:
        """Return the best choice for a node that keeps what limits and floors leave it, or the one it has."""
        own = uses_of(self.problem, self.rows, choice)
        left = [
            replace(row, limit=min(row.limit - used + use, use) if row.is_floor else row.limit - used + use)
            for row, used, use in zip(self.rows, self.used, own, strict=True)
        ]
        values, densities = priced(self.problem, self.rows, [0.0] * len(self.rows))
        found = solve_node(group, candidates_on(group, self.problem.columns, values, densities), self.effort, left)
        if worth_of_choice(self.problem, found) <= worth_of_choice(self.problem, choice):
            return choice
        self.take([choice], -1.0)
        self.take([found], 1.0)
        return found
