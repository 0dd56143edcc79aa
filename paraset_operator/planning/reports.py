"""What a plan leaves empty and why: per node the resource that binds, per set what limits it."""

from collections.abc import Sequence

import numpy as np

from paraset_operator.model.plan import Limit, LimitReport, NodeReport, SetReport
from paraset_operator.model.resources import named
from paraset_operator.planning.bounds import CEILING, COOL_DOWN, DEVICE_PARTS, NO_POLICY, NO_SET, Words
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.planned_rows import Sums
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows

__all__ = ["CEILING", "COOL_DOWN", "DEVICE_PARTS", "NO_POLICY", "NO_SET", "NodeReports", "set_reports"]


class NodeReports:
    """The reports of all nodes, kept from plan to plan."""

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._free: Ints = np.zeros((0, 0), dtype=np.int64)
        self._held: Ints = self._free
        self._all: tuple[NodeReport, ...] = ()

    def of(self, survey: Survey, rows: Rows, words: Words, at: Ints) -> tuple[NodeReport, ...]:
        """Return the reports: `rows` as they are once the plan is carried out, other than the last time only `at`."""
        nodes, columns = len(survey.states), survey.ground.columns
        if self._columns != columns or len(self._all) != nodes:
            self._columns, self._all, at = columns, (NodeReport(""),) * nodes, np.arange(nodes)
            self._free, self._held = np.zeros_like(rows.room), np.zeros_like(rows.held)
        if len(at):
            self._free[at], self._held[at] = rows.room[at] - rows.held[at], rows.held[at]
            left, held = map(tuple, self._free[at].tolist()), map(tuple, self._held[at].tolist())
            reports = list(self._all)
            for row, free, filled, word in zip(at.tolist(), left, held, words[at].tolist(), strict=True):
                reports[row] = NodeReport(survey.states[row].node.name, columns, free, filled, word)
            self._all = tuple(reports)
        return self._all

    @property
    def filled(self) -> dict[str, int]:
        """What fillers hold of all nodes."""
        return named(self._columns, self._held.sum(axis=0).tolist())

    @property
    def idle(self) -> dict[str, int]:
        """What they could hold of all nodes, and don't."""
        return named(self._columns, self._free.clip(min=0).sum(axis=0).tolist())


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
                resources=named(ground.columns, sums.own[row].tolist()),
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
