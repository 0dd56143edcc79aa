"""Fair shares of the relaxation: max-min by weight over dominant shares, namespaces first, then their sets.

A set's share is measured in the resource of which it holds most when it is alone. All shares rise together in
proportion to their weights; who can't rise any more keeps what it has, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.oracle.coupling import Row, Share
from bench.oracle.problem import Column, Group
from bench.oracle.relaxation import Relaxation, add_rows, relax
from bench.oracle.solver import maximise

# A price this much below the highest is none.
_FREE = 1e-6


@dataclass(frozen=True, slots=True)
class Party:
    """A set or a namespace: its columns, and its weight among its like."""

    key: str
    columns: frozenset[int]
    weight: float
    parent: str = ""


def fair_shares(
    columns: tuple[Column, ...],
    groups: tuple[Group, ...],
    fillable: Mapping[str, int],
    parties: tuple[Party, ...],
    rows: Sequence[Row],
) -> dict[str, Share]:
    """Return the fair share of every set and, where there are several, namespace, by key."""
    race = _Race(columns, groups, fillable, rows)
    resource = {it.key: _dominant(race, it) for it in parties if it.parent}
    sets = tuple(it for it in parties if it.parent and resource[it.key])
    namespaces = tuple(it for it in parties if not it.parent)
    held = _fill_up(race, sets, namespaces, resource)
    found = {key: Share(part, resource[key]) for key, part in held.items()}
    if len(namespaces) > 1:
        found |= {it.key: Share(_of_namespace(it.key, sets, resource, held)) for it in namespaces}
    return found


@dataclass(frozen=True, slots=True)
class _Race:
    """What all rounds have in common."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    fillable: Mapping[str, int]
    rows: Sequence[Row]

    def relaxation(self, only: frozenset[int] | None = None, *, worth: bool = False) -> Relaxation:
        """Return the relaxation with the rows that are no shares: ceilings and limits."""
        relaxation = relax(self.columns, self.groups, only, worth=worth)
        add_rows(relaxation, self.rows)
        return relaxation

    def share(self, relaxation: Relaxation, columns: frozenset[int], resource: str) -> list[tuple[int, float]]:
        """Return a party's share of a resource, as entries of a row."""
        capacity = self.fillable[resource] / relaxation.units.get(resource, 1.0)
        return [(at, weight / capacity) for at, weight in relaxation.use(columns, resource)]


def _of_namespace(key: str, sets: Sequence[Party], resource: Mapping[str, str], held: Mapping[str, float]) -> float:
    """Return the share of a namespace: of the resource of which its sets have most together."""
    sums: dict[str, float] = {}
    for it in sets:
        if it.parent == key:
            sums[resource[it.key]] = sums.get(resource[it.key], 0.0) + held.get(it.key, 0.0)
    return max(sums.values(), default=0.0)


def _dominant(race: _Race, party: Party) -> str:
    """Return the resource of which a set holds most when it is alone; none where nothing of it fits."""
    relaxation = race.relaxation(party.columns, worth=True)
    if not relaxation.instances:
        return ""
    values = maximise(relaxation.model).values
    shares = {
        name: sum(values[at] * weight for at, weight in race.share(relaxation, party.columns, name))
        for name in race.fillable
    }
    return max(sorted(shares), key=lambda name: shares[name])


def _fill_up(
    race: _Race, sets: Sequence[Party], namespaces: Sequence[Party], resource: Mapping[str, str]
) -> dict[str, float]:
    """Return the shares of the sets, all rising together until they can't."""
    held = dict.fromkeys((it.key for it in sets), 0.0)
    rising = list(sets)
    while rising:
        rates = _rates(rising, namespaces, resource)
        relaxation = race.relaxation()
        step = relaxation.model.column(1.0)
        rows = {}
        for it in sets:
            entries = race.share(relaxation, it.columns, resource[it.key])
            rise = [(step, -rates[it.key])] if it in rising else []
            rows[it.key] = relaxation.model.row([*entries, *rise], lower=held[it.key] * (1 - 1e-6))
        solution = maximise(relaxation.model)
        prices = {it.key: abs(solution.prices[rows[it.key]]) for it in rising}
        for it in rising:
            held[it.key] += rates[it.key] * max(0.0, solution.objective)
        most = max(prices.values())
        rising = [it for it in rising if prices[it.key] <= _FREE * most]
    return held


def _rates(rising: Sequence[Party], namespaces: Sequence[Party], resource: Mapping[str, str]) -> dict[str, float]:
    """Return how fast each set rises, so that its namespace's dominant share rises by the namespace's weight."""
    rates: dict[str, float] = {}
    for namespace in namespaces:
        own = [it for it in rising if it.parent == namespace.key]
        speed = _of_namespace(namespace.key, own, resource, {it.key: it.weight for it in own})
        rates |= {it.key: namespace.weight * it.weight / speed for it in own}
    return rates
