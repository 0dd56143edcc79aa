"""One node solved exactly: which instances, and how much growth, are worth most under given prices.

A device is cut by patterns: one integer per way to cut it, so that equal devices are one column and the relaxation is
tight. Where there are many patterns, they are paths of a flow over what has been cut so far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.oracle.coupling import Row
from bench.oracle.packing import arcs, levels, most_of, patterns, whole_need
from bench.oracle.problem import Column, Devices, Group, unit_of
from bench.oracle.solver import EXACT, INFINITY, Effort, Model, maximise

Entry = tuple[int, float]
# Floors are kept but for the solver's tolerance, or a choice that just keeps one could not be made again.
_LITTLE = 1e-6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that is worth placing on the node: `value` and `densities` are what prices leave of its worth."""

    index: int
    column: Column
    value: float
    densities: tuple[float, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The best for one node: a proven bound, the worth found, instances by column, growth by column and resource."""

    bound: float
    worth: float
    counts: Mapping[int, float]
    grown: Mapping[tuple[int, str], float]


EMPTY = Choice(0.0, 0.0, {}, {})


def solve_node(
    group: Group, candidates: Sequence[Candidate], effort: Effort = EXACT, quotas: Sequence[Row] = ()
) -> Choice:
    """Return the best choice for one node of the group, within quotas of what couples it with others."""
    if not candidates:
        return EMPTY
    model = Model()
    instances = [model.column(each.value, each.most, is_integer=True) for each in candidates]
    growths = _add_growths(model, candidates, instances, group)
    tracked = {each.resource: each for each in group.devices}
    for resource in sorted(group.free):
        _limit(model, candidates, instances, growths, group, resource)
        if resource in tracked:
            _pack(model, candidates, instances, tracked[resource], effort.patterns)
    for quota in quotas:
        _keep(model, candidates, instances, growths, quota)
    solution = maximise(model, effort)
    counts = {each.index: round(solution.values[at]) for each, at in zip(candidates, instances, strict=True)}
    grown = {
        (candidates[position].index, name): solution.values[at] * unit
        for (position, name), (at, unit) in growths.items()
    }
    return Choice(
        max(solution.bound, solution.objective),
        solution.objective,
        {index: count for index, count in counts.items() if count > 0},
        {key: amount for key, amount in grown.items() if amount > 0},
    )


def candidates_on(
    group: Group, columns: Sequence[Column], values: Sequence[float], densities: Sequence[Sequence[float]]
) -> list[Candidate]:
    """Return the columns that fit on a node of the group and are worth anything at these prices."""
    found = []
    for index, column in enumerate(columns):
        if column.owner not in group.admitted:
            continue
        gain = sum(max(0.0, each) * it.span for each, it in zip(densities[index], column.growths, strict=True))
        most = most_on(group, column)
        if most > 0 and values[index] + gain > 1e-12:
            found.append(Candidate(index, column, values[index], tuple(densities[index]), most))
    return found


def most_on(group: Group, column: Column) -> int:
    """Return how many instances of a column fit on an otherwise empty node of the group."""
    tracked = {each.resource: each for each in group.devices}
    by_sum = [group.free.get(name, 0) // need for name, need in column.need.items()]
    by_device = [most_of(need, tracked[name]) for name, need in column.need.items() if name in tracked]
    return min(by_sum + by_device)


def _add_growths(
    model: Model, candidates: Sequence[Candidate], instances: Sequence[int], group: Group
) -> dict[tuple[int, str], tuple[int, float]]:
    growths: dict[tuple[int, str], tuple[int, float]] = {}
    for position, each in enumerate(candidates):
        for growth, worth in zip(each.column.growths, each.densities, strict=True):
            if worth > 0:
                unit = unit_of(growth.resource, group)
                at = model.column(worth * unit)
                model.row([(at, 1.0), (instances[position], -growth.span / unit)], upper=0.0)
                growths[position, growth.resource] = at, unit
    return growths


def _limit(
    model: Model,
    candidates: Sequence[Candidate],
    instances: Sequence[int],
    growths: Mapping[tuple[int, str], tuple[int, float]],
    group: Group,
    resource: str,
) -> None:
    unit = unit_of(resource, group)
    entries = [
        (at, each.column.need[resource] / unit)
        for at, each in zip(instances, candidates, strict=True)
        if resource in each.column.need
    ]
    entries += [(at, 1.0) for (_, name), (at, _) in growths.items() if name == resource]
    if entries:
        model.row(entries, upper=group.free[resource] / unit)


def _keep(
    model: Model,
    candidates: Sequence[Candidate],
    instances: Sequence[int],
    growths: Mapping[tuple[int, str], tuple[int, float]],
    quota: Row,
) -> None:
    columns, resource, left = quota.columns, quota.resource, quota.limit
    entries = [
        (at, float(each.column.need.get(resource, 0)) if resource else 1.0)
        for at, each in zip(instances, candidates, strict=True)
        if each.index in columns
    ]
    entries += [
        (at, unit)
        for (position, name), (at, unit) in growths.items()
        if name == resource and candidates[position].index in columns
    ]
    size = max(1.0, abs(left))
    parts = [(at, weight / size) for at, weight in entries]
    if parts and quota.is_floor:
        model.row(parts, lower=left / size - _LITTLE)
    elif parts:
        model.row(parts, upper=max(0.0, left) / size)


def _pack(
    model: Model, candidates: Sequence[Candidate], instances: Sequence[int], devices: Devices, limit: int
) -> None:
    needs = [(at, each.column.need.get(devices.resource, 0)) for at, each in zip(instances, candidates, strict=True)]
    wholes = [(at, float(whole_need(need, devices) or 0)) for at, need in needs if need >= devices.size]
    amounts = tuple(sorted({need for _, need in needs if 0 < need < devices.size}))
    demand = {amount: [(at, -1.0) for at, need in needs if need == amount] for amount in amounts}
    if not amounts:
        if wholes:
            model.row(wholes, upper=devices.whole)
        return
    if not _pack_by_patterns(model, demand, wholes, devices, limit):
        _pack_by_flow(model, demand, wholes, devices)


def _pack_by_patterns(
    model: Model, demand: Mapping[int, list[Entry]], wholes: list[Entry], devices: Devices, limit: int
) -> bool:
    amounts = tuple(demand)
    free = levels(devices)
    cuts = {level: patterns(amounts, level, limit) for level in set(free)}
    if any(each is None for each in cuts.values()):
        return False
    supply: dict[int, list[Entry]] = {amount: [] for amount in amounts}
    for level in sorted(cuts):
        used = [(model.column(0.0, is_integer=True), cut) for cut in cuts[level] or () if any(cut)]
        for at, cut in used:
            for amount, count in zip(amounts, cut, strict=True):
                if count:
                    supply[amount].append((at, float(count)))
        taken = wholes if level == devices.size and devices.whole else []
        model.row([*taken, *((at, 1.0) for at, _ in used)], upper=free.count(level))
    for amount in amounts:
        model.row([*supply[amount], *demand[amount]], lower=0.0)
    if not devices.whole and wholes:
        model.row(wholes, upper=0.0)
    return True


def _pack_by_flow(model: Model, demand: Mapping[int, list[Entry]], wholes: list[Entry], devices: Devices) -> None:
    """Every device is a path over what is taken of it so far; it ends at what was free. Paths are counted, not told
    apart: arcs say how often a piece is cut at a place.
    """
    places, cuts = arcs(tuple(demand), devices.size)
    ends: dict[int, int] = {}
    for free in levels(devices):
        last = max(place for place in places if place <= free)
        ends[last] = ends.get(last, 0) + 1
    balance: dict[int, list[Entry]] = {place: [] for place in places}
    supply: dict[int, list[Entry]] = {amount: [] for amount in demand}
    for start, amount in cuts:
        at = model.column(0.0, is_integer=True)
        balance[start].append((at, -1.0))
        balance[start + amount].append((at, 1.0))
        supply[amount].append((at, 1.0))
    for start, end in pairwise(places):
        at = model.column(0.0, is_integer=True)
        balance[start].append((at, -1.0))
        balance[end].append((at, 1.0))
    for place in places[1:]:
        taken = wholes if place == max(places) and devices.whole else []
        # What arrives and does not go on ends here: no more devices than end here.
        model.row([*balance[place], *taken], upper=ends.get(place, 0), lower=-INFINITY if taken else 0.0)
        if taken:
            model.row(balance[place], lower=0.0)
    for amount in demand:
        model.row([*supply[amount], *demand[amount]], lower=0.0)
    if wholes and not devices.whole:
        model.row(wholes, upper=0.0)
