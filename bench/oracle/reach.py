"""How near to the bound a plan can come: one that keeps all limits, put together from nodes' choices at many prices.

At each round's prices every node names its best choice. A small program mixes the choices so that the limits hold; its
duals are the next prices. In the last mix nearly every node has a single choice; the few others choose again within
what is left of the limits, and then so does every node, in case it can do better. What comes out is no bound, but a
plan (with growth in any step), so that the optimum lies between it and the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bench.oracle.certificate import Bound, solve_all
from bench.oracle.coupling import Row, priced, use_of
from bench.oracle.node import EMPTY, Choice, candidates_on, solve_node
from bench.oracle.pool import SolverPool
from bench.oracle.problem import Group, Problem
from bench.oracle.solver import Effort, Model, maximise

ROUNDS = 7
# The last rounds take the mix's prices as they are; before, they would jump.
UNDAMPED = 2
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


@dataclass(frozen=True, slots=True)
class Mix:
    """How many nodes of each group take which choice, and the price of each row."""

    counts: tuple[tuple[float, ...], ...]
    prices: tuple[float, ...]


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
    """Return what a plan reaches that keeps the limits of the bound, and the floors nearly."""
    if bound.is_exact:
        choices = zip(bound.choices, bound.problem.groups, strict=True)
        return Reached(sum(it.worth * group.count for it, group in choices), bound.value)
    menu = Menu(bound.problem, bound.rows)
    menu.add(bound.choices)
    counts = [group.count for group in bound.problem.groups]
    for left in range(rounds, 0, -1):
        mix = pool.call(mixed, menu.worths, menu.uses, counts, bound.rows)
        menu.add(solve_all(bound.problem, bound.rows, _next_prices(bound, mix, left > UNDAMPED), pool, effort))
    mix = pool.call(mixed, menu.worths, menu.uses, counts, bound.rows)
    worth, uses = pool.call(settled, _portable(bound.problem), bound.rows, menu.choices, mix, effort)
    return Reached(worth, bound.under([_lowered(row, use) for row, use in zip(bound.rows, uses, strict=True)]))


def _lowered(row: Row, use: float) -> Row:
    """Return a row as it is for a plan that uses this: a floor is no higher than what the plan gives."""
    return replace(row, limit=min(row.limit, use)) if row.is_floor else row


def _next_prices(bound: Bound, mix: Mix, is_damped: bool) -> list[float]:
    return [(new + old) / 2 if is_damped else new for new, old in zip(mix.prices, bound.prices, strict=True)]


def _portable(problem: Problem) -> Problem:
    """Return the part of a problem that can be sent to another process."""
    return Problem((), (), problem.columns, problem.groups, dict(problem.fillable), ())


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
) -> Mix:
    """Return the best mix of known choices within the limits; what they lack of floors costs more than it can win."""
    model = Model()
    at = [[model.column(worth) for worth in several] for several in worths]
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
    solution = maximise(model)
    return Mix(
        tuple(tuple(solution.values[each] for each in several) for several in at),
        tuple(abs(solution.prices[each]) / size for each, size in limits),
    )


def settled(
    problem: Problem, rows: Sequence[Row], choices: Sequence[Sequence[Choice]], mix: Mix, effort: Effort
) -> tuple[float, tuple[float, ...]]:
    """Return what one choice for each node is worth and uses: that of the mix where it is whole, else the best left."""
    settlement = _Settlement(problem, rows, [0.0] * len(rows), effort)
    nodes: list[tuple[Group, Choice]] = []
    torn: list[Group] = []
    for group, several, taken in zip(problem.groups, choices, mix.counts, strict=True):
        whole = [choice for choice, count in zip(several, taken, strict=True) for _ in range(int(count + 1e-6))]
        settlement.take(whole, 1.0)
        nodes += [(group, choice) for choice in whole]
        torn += [group] * (group.count - len(whole))
    nodes += [(group, settlement.best(group, EMPTY, mix.prices)) for group in torn]
    bonuses = [price if row.is_floor else 0.0 for row, price in zip(rows, mix.prices, strict=True)]
    worth = sum(worth_of_choice(problem, settlement.best(group, choice, bonuses)) for group, choice in nodes)
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

    def best(self, group: Group, instead_of: Choice, prices: Sequence[float]) -> Choice:
        """Return a node's best choice within what is left, or the one it has where that is as good at the prices."""
        self.take([instead_of], -1.0)
        values, densities = priced(self.problem, self.rows, prices)
        left = [
            replace(row, limit=row.limit - used)
            for row, used in zip(self.rows, self.used, strict=True)
            if not row.is_floor
        ]
        found = solve_node(group, candidates_on(group, self.problem.columns, values, densities), self.effort, left)
        chosen = found if self._net(found, prices) > self._net(instead_of, prices) else instead_of
        self.take([chosen], 1.0)
        return chosen

    def _net(self, choice: Choice, prices: Sequence[float]) -> float:
        uses = uses_of(self.problem, self.rows, choice)
        paid = sum(row.sign * price * use for row, price, use in zip(self.rows, prices, uses, strict=True))
        return worth_of_choice(self.problem, choice) - paid
