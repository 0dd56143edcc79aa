"""The whole cluster as one linear program: instances may be fractions, devices are counted by what they can take.

Its coupling rows' duals are the prices under which nodes can be solved one by one. What the rows about devices say of
a node is true of every packing, so that the relaxation stays an upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.oracle.coupling import Row
from bench.oracle.node import most_on
from bench.oracle.packing import fullest, levels, whole_need
from bench.oracle.problem import UNITS, Column, Devices, Group
from bench.oracle.solver import Model

MOST_THRESHOLDS = 10

Entry = tuple[int, float]


@dataclass(slots=True)
class Relaxation:
    """The model, and which of its columns are instances and growth: by group and column, and resource."""

    model: Model
    columns: tuple[Column, ...]
    units: dict[str, float]
    instances: dict[tuple[int, int], int] = field(default_factory=dict)
    growths: dict[tuple[int, int, str], int] = field(default_factory=dict)

    def use(self, columns: Iterable[int], resource: str) -> list[Entry]:
        """Return what instances of the columns take of a resource in its unit, or their number for no resource."""
        wanted, unit = frozenset(columns), self.units.get(resource, 1.0)
        entries = [
            (at, self.columns[column].need.get(resource, 0) / unit if resource else 1.0)
            for (_, column), at in self.instances.items()
            if column in wanted and (not resource or self.columns[column].need.get(resource, 0))
        ]
        grown = [(at, 1.0) for (_, column, name), at in self.growths.items() if column in wanted and name == resource]
        return entries + grown


def relax(
    columns: tuple[Column, ...], groups: Sequence[Group], only: frozenset[int] | None = None, *, worth: bool = True
) -> Relaxation:
    """Return the relaxation without coupling rows, of all columns or some; without worth nothing is maximised yet."""
    relaxation = Relaxation(Model(), columns, units_of(groups))
    for index, group in enumerate(groups):
        fitting = {
            column: most
            for column, of in enumerate(columns)
            if of.owner in group.admitted and (only is None or column in only) and (most := most_on(group, of)) > 0
        }
        if fitting:
            _add_group(relaxation, index, group, fitting, worth=worth)
    return relaxation


def add_rows(relaxation: Relaxation, rows: Iterable[Row]) -> list[tuple[int, float]]:
    """Add coupling rows; return the index of each, and the amount that is one in it."""
    places = []
    for row in rows:
        unit = relaxation.units.get(row.resource, 1.0)
        use, limit = relaxation.use(row.columns, row.resource), row.limit / unit
        at = relaxation.model.row(use, lower=limit) if row.is_floor else relaxation.model.row(use, upper=limit)
        places.append((at, unit))
    return places


def units_of(groups: Sequence[Group]) -> dict[str, float]:
    """Return the amount of each resource that the solver sees as one."""
    return dict(UNITS) | {each.resource: float(each.size or 1) for group in groups for each in group.devices}


def _add_group(relaxation: Relaxation, index: int, group: Group, fitting: dict[int, int], *, worth: bool) -> None:
    model = relaxation.model
    at: dict[int, int] = {}
    uses: dict[str, list[Entry]] = {name: [] for name in group.free}
    for column, most in fitting.items():
        of = relaxation.columns[column]
        at[column] = model.column(of.value if worth else 0.0, most * group.count)
        relaxation.instances[index, column] = at[column]
        for name, need in of.need.items():
            uses[name].append((at[column], need / relaxation.units.get(name, 1.0)))
        for growth in of.growths:
            unit = relaxation.units.get(growth.resource, 1.0)
            more = model.column(growth.density * unit if worth else 0.0)
            model.row([(more, 1.0), (at[column], -growth.span / unit)], upper=0.0)
            relaxation.growths[index, column, growth.resource] = more
            uses[growth.resource].append((more, 1.0))
    for name, entries in uses.items():
        if entries:
            model.row(entries, upper=group.free[name] * group.count / relaxation.units.get(name, 1.0))
    for devices in group.devices:
        needs = [(at[column], relaxation.columns[column].need.get(devices.resource, 0)) for column in fitting]
        for entries, limit in device_rows([each for each in needs if each[1] > 0], devices):
            model.row(entries, upper=limit * group.count)


def device_rows(needs: Sequence[tuple[int, int]], devices: Devices) -> Iterable[tuple[list[Entry], float]]:
    """Yield inequalities that every packing keeps: whole devices, then for some amounts those at least as large.

    Pieces of at least some amount take no more of a device than the fullest cut by such pieces, and are no more in
    number than fit there; a device taken whole takes none of them.
    """
    wholes = [(at, float(whole_need(need, devices) or 0)) for at, need in needs if need >= devices.size]
    parts = [(at, need) for at, need in needs if need < devices.size]
    if wholes:
        yield wholes, float(devices.whole)
    amounts = sorted({need for _, need in parts})
    for least in amounts[:: max(1, -(-len(amounts) // MOST_THRESHOLDS))]:
        large = tuple(each for each in amounts if each >= least)
        most = fullest(large, devices.size)
        size = float(devices.size)
        entries = [(at, need / size) for at, need in parts if need >= least]
        entries += [(at, count * most / size) for at, count in wholes]
        yield entries, sum(fullest(large, free) for free in levels(devices)) / size
        pieces = [(at, 1.0) for at, need in parts if need >= least]
        pieces += [(at, count * (devices.size // least)) for at, count in wholes]
        yield pieces, float(sum(free // least for free in levels(devices)))
