"""Some of the nodes in the place of all, with what couples them in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.oracle.coupling import Row
from bench.oracle.problem import Group, Problem

SAMPLE = 120


def sample_of(problem: Problem) -> Problem:
    """Return some of the nodes, large and small; all of them where they are few."""
    if len(problem.groups) <= SAMPLE:
        return problem
    size = [
        sum(group.free.get(name, 0) / amount for name, amount in problem.fillable.items()) for group in problem.groups
    ]
    order = sorted(range(len(size)), key=lambda at: -size[at])
    groups = tuple(problem.groups[order[(2 * place + 1) * len(order) // (2 * SAMPLE)]] for place in range(SAMPLE))
    return replace(problem, groups=groups)


def moved(
    few: Problem, problem: Problem, rows: Sequence[Row], here: Sequence[float], everywhere: Sequence[float]
) -> tuple[Row, ...]:
    """Return limits for a sample: as far from what its nodes use, in proportion, as those of all nodes from theirs.

    Both uses are those at the same prices. Limits in proportion alone would be off by as much as the sample is, and
    where a limit just exceeds what there is, prices are quite others than where it just doesn't.
    """
    limits = []
    for row, mine, used in zip(rows, here, everywhere, strict=True):
        part = _amount(few.groups, row.resource) / max(1, _amount(problem.groups, row.resource))
        limits.append(max(0.0, part * (row.limit - used) + mine))
    return tuple(replace(row, limit=limit) for row, limit in zip(rows, limits, strict=True))


def _amount(groups: Sequence[Group], resource: str) -> int:
    """Return how much of a resource is free on the nodes, or how many nodes there are where none is named."""
    return sum((group.free.get(resource, 0) if resource else 1) * group.count for group in groups)
