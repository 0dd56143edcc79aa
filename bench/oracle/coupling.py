"""What couples the nodes: ceilings, tenants' limits and fair shares, as rows over instances and their growth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.oracle.problem import Problem
from paraset_operator.model.policy import Tenant
from paraset_operator.model.resources import Resources


@dataclass(frozen=True, slots=True)
class Row:
    """`sum of use <= limit`: of instances where `resource` is empty, else of the resource; by the columns named."""

    name: str
    columns: frozenset[int]
    resource: str
    limit: float


def rows_of(problem: Problem, shares: Mapping[str, float]) -> tuple[Row, ...]:
    """Return all rows that could bind; `shares` are the greatest dominant shares by set key and by namespace."""
    return (*_ceilings(problem), *_tenant_limits(problem), *_fair_shares(problem, shares))


def _ceilings(problem: Problem) -> Iterable[Row]:
    for index, owner in enumerate(problem.owners):
        columns = _of_owners(problem, {index})
        if columns:
            yield Row(f"ceiling {owner.key}", columns, "", float(owner.ceiling))


def _tenant_limits(problem: Problem) -> Iterable[Row]:
    for tenant in tenants_of(problem).values():
        columns = _of_namespace(problem, tenant.namespace)
        for resource, limit in sorted(tenant.limits.items()):
            if columns:
                yield Row(f"limit {tenant.namespace} {resource}", columns, resource, float(limit))


def _fair_shares(problem: Problem, shares: Mapping[str, float]) -> Iterable[Row]:
    for key, share in sorted(shares.items()):
        columns = _of_owners(
            problem, {i for i, owner in enumerate(problem.owners) if key in (owner.key, owner.namespace)}
        )
        for resource, capacity in sorted(problem.fillable.items()):
            if any(_touches(problem, column, resource) for column in columns):
                yield Row(f"share {key} {resource}", columns, resource, share * capacity)


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


def _of_owners(problem: Problem, owners: set[int]) -> frozenset[int]:
    return frozenset(index for index, column in enumerate(problem.columns) if column.owner in owners)


def _of_namespace(problem: Problem, namespace: str) -> frozenset[int]:
    return _of_owners(problem, {i for i, owner in enumerate(problem.owners) if owner.namespace == namespace})


def _touches(problem: Problem, column: int, resource: str) -> bool:
    of = problem.columns[column]
    return of.need.get(resource, 0) > 0 or any(each.resource == resource for each in of.growths)


def resources_of(problem: Problem, column: int, count: float, grown: Mapping[str, float]) -> Resources:
    """Return what instances of a column hold in sum, rounded down."""
    need = problem.columns[column].need
    return {name: int(need.get(name, 0) * count + grown.get(name, 0.0)) for name in {*need, *grown}}
