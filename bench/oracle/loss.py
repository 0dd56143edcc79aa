"""Where a plan loses against its bound: on which nodes, and what of the coupling limits it leaves unused.

bound - worth = what each node's fillers are worth less than its best choice at the prices + price x what is left of
each limit. Both are never below zero, but for the solver's gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.oracle.certificate import Bound
from bench.oracle.coupling import Row
from bench.oracle.node import Choice
from bench.oracle.outcome import Held
from bench.oracle.problem import Group, Problem
from paraset_operator.model.quantity import CPU
from paraset_operator.planning.worth import worth_of


@dataclass(frozen=True, slots=True)
class NodeLoss:
    """What one node could be worth more at the prices: its room, the best choice and what is there."""

    name: str
    lost: float
    group: Group
    best: Choice
    fillers: tuple[Held, ...]


def node_losses(bound: Bound, fillers: Sequence[Held]) -> list[NodeLoss]:
    """Return all nodes, those that lose most first."""
    there: dict[str, list[Held]] = {}
    for each in fillers:
        there.setdefault(each.node, []).append(each)
    losses = []
    for group, choice in zip(bound.problem.groups, bound.choices, strict=True):
        for name in group.names:
            here = there.get(name, [])
            worth = sum(_priced(bound, each) for each in here)
            losses.append(NodeLoss(name, choice.bound - worth, group, choice, tuple(here)))
    return sorted(losses, key=lambda it: (-it.lost, it.name))


def loss_by_quarter(losses: Sequence[NodeLoss]) -> list[float]:
    """Return which part of the loss each quarter of the nodes has, from most cores per device to least."""

    def cores_per_device(it: NodeLoss) -> float:
        devices = sum(each.whole + sum(each.partial) / each.size for each in it.group.devices if each.size)
        return it.group.free.get(CPU, 0) / (devices + 1e-3)

    ranked = sorted(losses, key=cores_per_device, reverse=True)
    total = sum(it.lost for it in losses) or 1.0
    cuts = [len(ranked) * quarter // 4 for quarter in range(5)]
    return [sum(it.lost for it in ranked[begin:end]) / total for begin, end in pairwise(cuts)]


def sets_per_node(bound: Bound, losses: Sequence[NodeLoss]) -> tuple[float, float]:
    """Return how many sets share a node in the best choices, and in the plan."""
    columns = bound.problem.columns
    best = sum(len({columns[column].owner for column in it.best.counts}) for it in losses)
    here = sum(len({each.owner.uid for each in it.fillers}) for it in losses)
    return best / max(1, len(losses)), here / max(1, len(losses))


def unused_limits(bound: Bound, fillers: Sequence[Held]) -> list[tuple[str, float]]:
    """Return what is lost by limits with a price that are not used up, by row, most first."""
    found = [
        (row.name, row.sign * price * (row.limit - sum(_use(bound.problem, row, each) for each in fillers)))
        for row, price in zip(bound.rows, bound.prices, strict=True)
        if price > 0
    ]
    return sorted(found, key=lambda it: (-it[1], it[0]))


def _priced(bound: Bound, filler: Held) -> float:
    index = bound.problem.owners.index(filler.owner)
    paid = sum(
        row.sign * price * _use(bound.problem, row, filler)
        for row, price in zip(bound.rows, bound.prices, strict=True)
        if price
    )
    return bound.problem.scales[index] * worth_of(filler.shape, filler.sizes) - paid


def _use(problem: Problem, row: Row, filler: Held) -> float:
    if not any(problem.owners[problem.columns[column].owner].uid == filler.owner.uid for column in row.columns):
        return 0.0
    return float(filler.requests.get(row.resource, 0)) if row.resource else 1.0
