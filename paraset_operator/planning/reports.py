"""What a plan leaves empty and why: per node the resource that binds, per set what limits it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import Limit, LimitReport, NodeReport, SetReport
from paraset_operator.model.resources import is_device
from paraset_operator.model.shape import Shape
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows

# What a node is bound by when it is not a resource.
NO_POLICY, NO_SET, COOL_DOWN, CEILING = "noPolicy", "noEligibleSet", "coolDown", "ceiling"
# Devices of which enough is free in sum, and not on one of them.
DEVICE_PARTS = "deviceParts"

Words = NDArray[np.str_]
# Beyond any number of resources that a shape can lack.
_LAST = 2**20


class NodeReports:
    """The reports of all nodes; one that would say the same as the last time is the same object."""

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._names: list[str] = []
        self._free: Ints = np.zeros((0, 0), dtype=np.int64)
        self._filled: Ints = self._free
        self._words: Words = np.zeros(0, dtype=np.str_)
        self._reports: list[NodeReport] = []

    def of(self, survey: Survey, rows: Rows, words: Words) -> tuple[NodeReport, ...]:
        """Return the reports: `rows` as they are once the plan is carried out."""
        names = [state.node.name for state in survey.states]
        free = rows.room - rows.held
        if self._columns == survey.ground.columns and self._names == names:
            same = (free == self._free).all(axis=1) & (rows.held == self._filled).all(axis=1) & (words == self._words)
            changed = np.flatnonzero(~same).tolist()
        else:
            self._reports = [NodeReport(name) for name in names]
            changed = list(range(len(names)))
        columns = survey.ground.columns
        for row in changed:
            left, held = free[row].tolist(), rows.held[row].tolist()
            self._reports[row] = NodeReport(
                names[row],
                {name: amount for name, amount in zip(columns, left, strict=True) if amount},
                {name: amount for name, amount in zip(columns, held, strict=True) if amount},
                str(words[row]),
            )
        self._columns, self._names, self._free, self._filled, self._words = columns, names, free, rows.held, words
        return tuple(self._reports)


def bounds(survey: Survey, rows: Rows, cooling: NDArray[np.bool_], contenders: Sequence[Contender]) -> Words:
    """Return what keeps the free room of each node empty, in one word."""
    words = _by_missing(survey.ground, rows, contenders)
    for row in np.flatnonzero(cooling).tolist():
        words[row] = COOL_DOWN
    for row, (state, policy) in enumerate(zip(survey.states, survey.policies, strict=True)):
        if policy is None:
            words[row] = NO_POLICY
        elif state.node.trouble:
            words[row] = state.node.trouble[0].lower() + state.node.trouble[1:]
    return words.astype(np.str_)


def _by_missing(ground: Ground, rows: Rows, contenders: Sequence[Contender]) -> NDArray[np.object_]:
    """Return the resource that the shape which lacks least lacks: it says what would have to come free."""
    free = rows.room - rows.held
    order = sorted(range(len(ground.columns)), key=lambda column: _device_first(ground.columns[column]))
    words = np.full(len(free), NO_SET, dtype=object)
    least = np.full(len(free), 2**30)
    rank = np.full(len(free), 2**30)
    is_open, lacks_device = np.zeros(len(free), dtype=bool), np.zeros(len(free), dtype=bool)
    free = free[:, order]
    for owner, need, (_, shape) in zip(ground.owners, ground.needs[:, order], ground.shapes, strict=True):
        missing = (free < need) & (need > 0)
        number, first = missing.sum(axis=1), missing.argmax(axis=1)
        has_device = _has_device(ground, rows, shape)
        lacks_device |= rows.admits[:, owner] & (number == 0) & ~has_device
        number = number + ~has_device * _LAST
        closer = rows.admits[:, owner] & ((number < least) | ((number == least) & (first < rank)))
        least[closer], rank[closer] = number[closer], first[closer]
        is_open |= closer & (number == 0) & np.bool_(not _is_full(contenders[owner]))
    named = np.array([ground.columns[column] for column in order], dtype=object)
    found = (least > 0) & (least < _LAST)
    words[found] = named[rank[found]]
    words[least == 0] = CEILING
    words[is_open & (least == 0)] = COOL_DOWN
    words[lacks_device & (least > 0)] = DEVICE_PARTS
    return words


def _has_device(ground: Ground, rows: Rows, shape: Shape) -> NDArray[np.bool_]:
    """Say where single devices have room for a shape, beside fillers that run; new ones are on none yet."""
    has: NDArray[np.bool_] = np.ones(len(rows.total), dtype=bool)
    for kind, name in enumerate(ground.tracked):
        amount, unit = shape.smallest.get(name, 0), rows.unit[:, kind]
        if amount > 0:
            whole = (rows.devices[:, kind] == unit[:, None]).sum(axis=1) * unit >= amount
            part = (rows.devices[:, kind] >= amount).any(axis=1)
            has &= (unit == 0) | np.where(amount >= unit, whole, part)
    return has


def _device_first(name: str) -> tuple[bool, str]:
    return not is_device(name), name


def _is_full(contender: Contender) -> bool:
    return bool(contender.limits) or contender.count >= contender.owner.ceiling


def set_reports(ground: Ground, rows: Rows, contenders: Sequence[Contender]) -> tuple[SetReport, ...]:
    """Return what each set holds after the plan and what limits it."""
    total, held = rows.counts.sum(axis=0), rows.own.sum(axis=0)
    reports = []
    for row, contender in enumerate(contenders):
        mine = np.flatnonzero(ground.owners == row)
        replicas = int(total[mine].sum())
        reports.append(
            SetReport(
                owner=contender.owner,
                replicas=replicas,
                shapes=tuple((ground.shapes[index][1].name, int(total[index])) for index in mine),
                resources={
                    name: int(held[row, column]) for column, name in enumerate(ground.columns) if held[row, column]
                },
                nodes=int((rows.counts[:, mine].sum(axis=1) > 0).sum()),
                limited_by=_limited_by(ground, rows, row, contender, replicas),
            )
        )
    return tuple(reports)


def _limited_by(ground: Ground, rows: Rows, row: int, contender: Contender, replicas: int) -> tuple[LimitReport, ...]:
    owner = contender.owner
    if replicas >= owner.ceiling and not owner.is_suspended:
        return (LimitReport(Limit.CEILING, f"spec.replicas is {owner.ceiling}"),)
    reports = [LimitReport(reason, message) for reason, message in sorted(contender.limits.items())]
    too_large = _too_large(ground, rows, row)
    if too_large:
        names = ", ".join(too_large)
        reports.append(LimitReport(Limit.TOO_LARGE, f"no admitted node could hold shape {names} even if it were empty"))
    if set(contender.limits) <= {Limit.COOL_DOWN} and len(too_large) < len(owner.shapes):
        reports.append(LimitReport(Limit.NO_ROOM, "no node has room for another instance of any shape"))
    return tuple(reports)


def _too_large(ground: Ground, rows: Rows, row: int) -> list[str]:
    total = rows.total[rows.admits[:, row]]
    if not len(total):
        return []
    mine = np.flatnonzero(ground.owners == row)
    return [ground.shapes[index][1].name for index in mine if not (total >= ground.needs[index]).all(axis=1).any()]
