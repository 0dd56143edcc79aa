"""What a plan leaves empty and why: per node the resource that binds, per set what limits it."""

from collections.abc import Sequence

import numpy as np

from paraset_operator.model.plan import Limit, LimitReport, NodeReport, SetReport
from paraset_operator.planning.bounds import CEILING, COOL_DOWN, DEVICE_PARTS, NO_POLICY, NO_SET, Words
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.planned_rows import Sums
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows

__all__ = ["CEILING", "COOL_DOWN", "DEVICE_PARTS", "NO_POLICY", "NO_SET", "NodeReports", "set_reports"]


class NodeReports:
    """The reports of all nodes; one that would say the same as the last time is the same object."""

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._free: Ints = np.zeros((0, 0), dtype=np.int64)
        self._held: Ints = self._free
        self._reports: list[NodeReport] = []
        self._all: tuple[NodeReport, ...] = ()

    def of(self, survey: Survey, rows: Rows, words: Words, at: Ints) -> tuple[NodeReport, ...]:
        """Return the reports: `rows` as they are once the plan is carried out, other than the last time only `at`."""
        nodes, columns = len(survey.states), survey.ground.columns
        if self._columns != columns or len(self._reports) != nodes:
            self._columns, at = columns, np.arange(nodes)
            self._reports = [NodeReport("") for _ in range(nodes)]
            self._free, self._held = np.zeros_like(rows.room), np.zeros_like(rows.held)
        free, held = rows.room[at] - rows.held[at], rows.held[at]
        is_other = (free != self._free[at]).any(axis=1) | (held != self._held[at]).any(axis=1)
        self._free[at], self._held[at] = free, held
        places, states, reports = list[int](), survey.states, self._reports
        bound_by = words[at].tolist()
        for place, (row, other, word) in enumerate(zip(at.tolist(), is_other.tolist(), bound_by, strict=True)):
            if other or reports[row].bound_by != word or reports[row].name != states[row].node.name:
                places.append(place)
        if places:
            each = _all_named(columns, free[places]), _all_named(columns, held[places])
            for place, left, filled in zip(places, *each, strict=True):
                row = int(at[place])
                reports[row] = NodeReport(states[row].node.name, left, filled, bound_by[place])
        if places or len(self._all) != nodes:
            self._all = tuple(reports)
        return self._all


def _all_named(columns: Sequence[str], amounts: Ints) -> list[dict[str, int]]:
    """Return the amounts of each row by name, zeros left out."""
    named: list[dict[str, int]] = [{}] * len(amounts)
    patterns, pattern = np.unique(amounts != 0, axis=0, return_inverse=True)
    # Nodes have few patterns of zeros.
    for index, some in enumerate(patterns):
        held, mine = np.flatnonzero(some), np.flatnonzero(pattern.reshape(-1) == index)
        names, rows = [columns[column] for column in held.tolist()], amounts[np.ix_(mine, held)].tolist()
        for place, row in zip(mine.tolist(), rows, strict=True):
            named[place] = dict(zip(names, row))  # noqa: B905
    return named


def _named(columns: Sequence[str], amounts: Ints) -> dict[str, int]:
    return {name: amount for name, amount in zip(columns, amounts.tolist(), strict=True) if amount}


def set_reports(ground: Ground, sums: Sums, contenders: Sequence[Contender]) -> tuple[SetReport, ...]:
    """Return what each set holds after the plan and what limits it."""
    reports = []
    for row, contender in enumerate(contenders):
        mine = np.flatnonzero(ground.owners == row).tolist()
        replicas = int(sums.counts[mine].sum())
        reports.append(
            SetReport(
                owner=contender.owner,
                replicas=replicas,
                shapes=tuple((ground.shapes[index][1].name, int(sums.counts[index])) for index in mine),
                resources=_named(ground.columns, sums.own[row]),
                nodes=int(sums.nodes[row]),
                limited_by=_limited_by(contender, replicas, _too_large(ground, sums, row)),
            )
        )
    return tuple(reports)


def _limited_by(contender: Contender, replicas: int, too_large: Sequence[str]) -> tuple[LimitReport, ...]:
    owner = contender.owner
    if replicas >= owner.ceiling and not owner.is_suspended:
        held_up = (LimitReport(*contender.held_up),) if contender.held_up else ()
        return (LimitReport(Limit.CEILING, f"spec.replicas is {owner.ceiling}"), *held_up)
    reports = [
        LimitReport(reason, message, contender.waits.get(reason, ()))
        for reason, message in sorted(contender.limits.items())
    ]
    if too_large:
        names = ", ".join(too_large)
        reports.append(LimitReport(Limit.TOO_LARGE, f"no admitted node could hold shape {names} even if it were empty"))
    if set(contender.limits) <= {Limit.COOL_DOWN} and len(too_large) < len(owner.shapes):
        reports.append(LimitReport(Limit.NO_ROOM, "no node has room for another instance of any shape"))
    return tuple(reports)


def _too_large(ground: Ground, sums: Sums, row: int) -> list[str]:
    if not sums.admitting[row]:
        return []
    return [ground.shapes[index][1].name for index in np.flatnonzero((ground.owners == row) & (sums.able == 0))]
