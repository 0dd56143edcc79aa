"""What couples the nodes: ceilings, tenants' limits and fair shares, as rows over instances and their growth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.oracle.problem import Problem
from paraset_operator.model.policy import Tenant

# Fair shares are found to about so many parts of them.
_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Row:
    """What columns use together: of a resource, or instances where none is named; at most `limit`, or at least."""

    name: str
    columns: frozenset[int]
    resource: str
    limit: float
    is_floor: bool = False

    @property
    def sign(self) -> int:
        """What a price does to use: a floor's is a bonus."""
        return -1 if self.is_floor else 1


@dataclass(frozen=True, slots=True)
class Share:
    """A dominant share, and the resource that dominates; none is named for a namespace."""

    part: float
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Achieved:
    """What a plan gives: dominant shares by set and namespace, and shares by set and resource."""

    dominant: Mapping[str, float]
    parts: Mapping[tuple[str, str], float]


def quotas_of(problem: Problem) -> tuple[Row, ...]:
    """Return ceilings and tenants' limits."""
    return (*_ceilings(problem), *_tenant_limits(problem))


def rows_of(problem: Problem, fair: Mapping[str, Share], achieved: Achieved | None) -> tuple[Row, ...]:
    """Return all rows: quotas, and for everybody with a fair share no more than that, and no less.

    A plan that gives somebody more is allowed that much; one that gives less is asked for no more than it gives.
    Without a plan only the resource is limited by which the fair share is measured: what else that takes is open.
    """
    return (*quotas_of(problem), *_most(problem, fair, achieved), *_least(problem, fair, achieved))


def _ceilings(problem: Problem) -> Iterable[Row]:
    for index, owner in enumerate(problem.owners):
        columns = _of_owners(problem, {index})
        if columns:
            yield Row(f"ceiling {owner.key}", columns, "", float(owner.ceiling))


def _tenant_limits(problem: Problem) -> Iterable[Row]:
    for tenant in tenants_of(problem).values():
        columns = _of_key(problem, tenant.namespace)
        for resource, limit in sorted(tenant.limits.items()):
            if columns:
                yield Row(f"limit {tenant.namespace} {resource}", columns, resource, float(limit))


def _most(problem: Problem, fair: Mapping[str, Share], achieved: Achieved | None) -> Iterable[Row]:
    for key, share in sorted(fair.items()):
        columns = _of_key(problem, key)
        part = max(share.part, achieved.dominant.get(key, 0.0)) if achieved else share.part
        for resource, capacity in sorted(problem.fillable.items()):
            is_limited = resource == share.resource or achieved is not None
            if is_limited and any(_touches(problem, column, resource) for column in columns):
                yield Row(f"most {key} {resource}", columns, resource, part * capacity)


def _least(problem: Problem, fair: Mapping[str, Share], achieved: Achieved | None) -> Iterable[Row]:
    for key, share in sorted(fair.items()):
        if not share.resource:
            continue
        held = achieved.parts.get((key, share.resource), 0.0) if achieved else share.part
        part = min(share.part, held)
        limit = part * problem.fillable[share.resource] * (1 - _TOLERANCE)
        yield Row(f"least {key} {share.resource}", _of_key(problem, key), share.resource, limit, is_floor=True)


def tenants_of(problem: Problem) -> dict[str, Tenant]:
    """Return the tenants by namespace; the first policy by name decides."""
    merged: dict[str, Tenant] = {}
    for policy in reversed(problem.policies):
        merged |= policy.tenants
    return merged


def use_of(problem: Problem, row: Row, counts: Mapping[int, float], grown: Mapping[tuple[int, str], float]) -> float:
    """Return how much of a row's limit these instances and their growth take."""
    fixed = sum(count * weight(problem, row, column) for column, count in counts.items())
    return fixed + sum(more for (column, name), more in grown.items() if column in row.columns and name == row.resource)


def weight(problem: Problem, row: Row, column: int) -> float:
    """Return what one smallest instance of a column takes of a row's limit."""
    if column not in row.columns:
        return 0.0
    return float(problem.columns[column].need.get(row.resource, 0)) if row.resource else 1.0


def priced(
    problem: Problem, rows: Sequence[Row], prices: Sequence[float]
) -> tuple[list[float], list[tuple[float, ...]]]:
    """Return what prices leave of each column's worth and of each growth's density."""
    asked = [(row, row.sign * price) for row, price in zip(rows, prices, strict=True) if price > 0]
    values = [
        column.value - sum(price * weight(problem, row, index) for row, price in asked)
        for index, column in enumerate(problem.columns)
    ]
    densities = [
        tuple(
            growth.density
            - sum(price for row, price in asked if index in row.columns and row.resource == growth.resource)
            for growth in column.growths
        )
        for index, column in enumerate(problem.columns)
    ]
    return values, densities


def _of_owners(problem: Problem, owners: set[int]) -> frozenset[int]:
    return frozenset(index for index, column in enumerate(problem.columns) if column.owner in owners)


def _of_key(problem: Problem, key: str) -> frozenset[int]:
    """Return the columns of a set or of a namespace."""
    return _of_owners(problem, {i for i, owner in enumerate(problem.owners) if key in (owner.key, owner.namespace)})


def _touches(problem: Problem, column: int, resource: str) -> bool:
    of = problem.columns[column]
    return of.need.get(resource, 0) > 0 or any(each.resource == resource for each in of.growths)
